"""Environment variables as the fields of a dataclass, each read as its field says; all that cannot be read is told at
once. Without pydantic: it takes a twelfth of a web process's start, for twenty texts."""

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any, TypeVar

_ON, _OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

Read = Callable[[str], Any]
T = TypeVar("T")


class VariableError(ValueError):
    """What a value must be, as one would go on after the variable's name. Never the value: it may be a secret."""


def variable(name: str, default: Any, read: Read = str, *, is_secret: bool = False) -> Any:
    """A field of a dataclass."""
    return field(default=default, repr=not is_secret, metadata={"variable": name, "read": read})


def told(cls: type[T], variables: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The values for `cls`, and a line for each variable that cannot be read."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for one in fields(cls):  # type: ignore[arg-type]
        name = one.metadata["variable"]
        if name in variables:
            try:
                values[one.name] = one.metadata["read"](variables[name])
            except VariableError as error:
                problems.append(f"{name} {error}")
    return values, problems


def names(cls: type) -> dict[str, str]:
    """Fields' names, and their variables'."""
    return {one.name: one.metadata["variable"] for one in fields(cls)}


# --- how they are read ------------------------------------------------------------------------------------------------
def one_of(*choices: str) -> Read:
    def read(value: str) -> str:
        if value not in choices:
            raise VariableError(f"must be one of: {', '.join(choices)}")
        return value

    return read


def flag(value: str) -> bool:
    word = value.strip().lower()
    if word not in (*_ON, *_OFF):
        raise VariableError("must be true or false")
    return word in _ON


def several(value: str) -> tuple[str, ...]:
    """Apart by commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
