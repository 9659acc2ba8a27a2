"""Accounts kept for next time, on the pay page: offered to the signed-in customer whose link it is and to nobody else.
A link alone may be in anybody's hands, and must neither name an account nor charge it."""

from collections.abc import Sequence
from dataclasses import replace

from models.errors import DomainError
from models.money import Money
from models.saved_account import SavedAccount
from payments import accounts, fees
from web import auth
from web.checkout import KEPT, Form
from web.checkout_pages import KeptAccount
from web.outcomes import Visit
from web.pages import MethodKind, MethodUsed


def is_signed_in(visit: Visit) -> bool:
    session = auth.visitor(visit.view.merchant)
    return session is not None and session.customer_id == visit.view.link.customer_id


def may_keep(visit: Visit) -> bool:
    return is_signed_in(visit) and visit.ctx.ports.gateway.keeps_accounts


def choices(visit: Visit, amount: Money, form: Form | None) -> Sequence[KeptAccount]:
    """Those that can pay this, the newest first."""
    mode = visit.view.invoices[0].mode
    usable = accounts.of(visit.ctx, visit.view.link.customer_id, mode) if is_signed_in(visit) else ()
    here = visit.ctx.ports.gateway.name  # one kept at a provider that is used no more pays nothing
    return [_choice(visit, one, amount, form) for one in usable if one.provider == here]


def resolved(visit: Visit, form: Form) -> Form:
    """The form with the method of the account it names. Not theirs, not usable, not signed in: no method at all. Nobody
    keeps an account who is not signed in."""
    if not is_signed_in(visit):
        return replace(form, kept=None, keeps=False)
    if form.kept is None:
        return form
    try:
        account = accounts.find(visit.ctx, visit.view.link.customer_id, form.kept)
    except DomainError:
        return replace(form, kept=None)
    return replace(form, method=account.method, keeps=False)


def _choice(visit: Visit, one: SavedAccount, amount: Money, form: Form | None) -> KeptAccount:
    quote = fees.quote(visit.view.merchant, one.method, amount)
    return KeptAccount(
        value=f"{KEPT}{one.public_id}",
        method=MethodUsed(kind=MethodKind(one.method.value), name=one.name, ending=one.last4),
        is_selected=form is not None and form.kept == one.public_id,
        is_confirmed_there=visit.ctx.ports.gateway.confirms_kept,
        fee=quote.fee or None,
        total=quote.total if quote.fee else None,
    )
