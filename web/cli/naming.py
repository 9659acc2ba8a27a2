"""What command lines name: a merchant, by its slug."""

import click
import sqlalchemy as sa

from models.context import Context
from models.merchant import Merchant


def merchant_named(ctx: Context, slug: str, *, lock: bool = False) -> Merchant:
    """From here on the command's transaction is about it alone. Raises click.ClickException."""
    query = sa.select(Merchant).where(Merchant.slug == slug)
    found = ctx.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no merchant {slug!r}.")
    ctx.turn_to(found.id)
    return found
