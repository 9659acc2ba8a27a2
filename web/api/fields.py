"""The kinds of value that requests hold, each with its schema: what they refuse, they refuse before any view runs."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from models.customer import normalise_email
from models.money import CURRENCIES, MAX_MINOR


class Body(BaseModel):
    """Strict: no unknown names (nobody sets merchant_id or a status), no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


_LINE = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
_EMAIL = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@"
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_LINE)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_LINE)]
Number = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=_LINE)]
Description = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Wording = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$")]
"""A few sentences."""
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=_EMAIL), AfterValidator(normalise_email)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{7,14}$")]
"""E.164."""
Locale = Annotated[str, Field(pattern=r"^(en|es)$")]
Currency = Annotated[str, Field(json_schema_extra={"enum": sorted(CURRENCIES)})]
Amount = Annotated[int, Field(ge=1, le=MAX_MINOR)]
"""Minor units, above zero."""
