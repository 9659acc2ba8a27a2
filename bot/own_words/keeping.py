"""Keeps what a merchant worded, as one more version: nothing is overwritten, and nothing kept that was not judged."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from bot.own_words import book as books
from bot.own_words import judging, measuring, tills
from bot.own_words.catalogue import Part, Template
from bot.own_words.judging import Fault
from models.context import Context
from models.errors import DomainError
from models.merchant import Merchant
from models.template import TemplateVersion

HISTORY = 20


class Refused(DomainError):
    """The words may not be kept: `faults` says why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("template_refused")
        self.faults = faults


def newest(ctx: Context, merchant_id: int) -> dict[tuple[str, str], TemplateVersion]:
    """By template and language; what was never worded is not in it."""
    return {(one.name, one.language): one for one in ctx.session.scalars(books.current(merchant_id))}


def history(ctx: Context, merchant_id: int, name: str, language: str) -> Sequence[TemplateVersion]:
    """The newest first."""
    return ctx.session.scalars(_versions(merchant_id, name, language).limit(HISTORY)).all()


def save(
    ctx: Context,
    merchant: Merchant,
    template: Template,
    language: str,
    words: Mapping[Part, str],
    *,
    by: str,
    after: int | None = None,
) -> TemplateVersion:
    """What says the same as Till's beside what does not is left to Till. `after`: the version that was changed; another
    one has come meanwhile if it is not the newest. The same words again are no new version. Raises Refused,
    DomainError("template_changed")."""
    tidy = {part: tidied for part, source in words.items() if (tidied := judging.tidied(source))}
    examined = measuring.examine(ctx.site.base_url, merchant, template, language, tidy)
    if examined.faults:
        raise Refused(examined.faults)
    usual = tills.words(template.name, language)
    own = {part: source for part, source in tidy.items() if source != usual[part]}
    return _add(ctx, merchant, template, language, own or tidy, by, after)


def reset(
    ctx: Context, merchant: Merchant, template: Template, language: str, *, by: str, after: int | None = None
) -> TemplateVersion | None:
    """Back to Till's words. None: they were in use. Raises DomainError("template_changed")."""
    if not history(ctx, merchant.id, template.name, language):
        return None
    return _add(ctx, merchant, template, language, {}, by, after)


def _add(
    ctx: Context,
    merchant: Merchant,
    template: Template,
    language: str,
    words: Mapping[Part, str],
    by: str,
    after: int | None,
) -> TemplateVersion:
    # Two who save at once take turns at their merchant's row.
    ctx.session.execute(sa.select(Merchant.id).where(Merchant.id == merchant.id).with_for_update(key_share=True))
    last = ctx.session.scalars(_versions(merchant.id, template.name, language).limit(1)).first()
    version = last.version if last is not None else 0
    if after is not None and after != version:
        raise DomainError("template_changed")
    wanted = {part.value: source for part, source in words.items()}
    if last is not None and last.words == wanted:
        return last
    made = TemplateVersion(
        merchant_id=merchant.id,
        name=template.name,
        language=language,
        version=version + 1,
        words=wanted,
        written_by=by,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    return made


def _versions(merchant_id: int, name: str, language: str) -> sa.Select[TemplateVersion]:
    return (
        sa.select(TemplateVersion)
        .where(
            TemplateVersion.merchant_id == merchant_id,
            TemplateVersion.name == name,
            TemplateVersion.language == language,
        )
        .order_by(TemplateVersion.version.desc())
    )
