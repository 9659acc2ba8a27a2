"""Accounts that customers keep for the next time: kept when they asked for it and the payment went through, removed
when they say so, never used again after the bank said no for good or its owner disputed."""

from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from models.context import Context, Runtime
from models.errors import DomainError, ProviderError
from models.gateway import SavedWord
from models.merchant import Mode
from models.payment import Payment
from models.saved_account import SavedAccount

log = structlog.get_logger()

BLOCKING = frozenset({"R02", "R03", "R04", "R05", "R07", "R08", "R10", "R11", "R29"})
"""Closed, not found, not allowed: the mandate is gone. After R01 (not enough money) it holds."""
DISPUTED = "disputed"


def of(ctx: Context, customer_id: int, mode: Mode = Mode.LIVE) -> Sequence[SavedAccount]:
    """Those that can be used, the newest first."""
    mine = (SavedAccount.customer_id == customer_id) & (SavedAccount.mode == mode)
    usable = SavedAccount.removed_at.is_(None) & SavedAccount.blocked_at.is_(None)
    return ctx.session.scalars(sa.select(SavedAccount).where(mine, usable).order_by(SavedAccount.id.desc())).all()


def find(ctx: Context, customer_id: int, public_id: str) -> SavedAccount:
    """A usable one of this customer's. Raises DomainError("not_found")."""
    which = (SavedAccount.public_id == public_id) & (SavedAccount.customer_id == customer_id)
    found = ctx.session.scalars(sa.select(SavedAccount).where(which)).one_or_none()
    if found is None or not found.is_usable:
        raise DomainError("not_found")
    return found


def remove(runtime: Runtime, customer_id: int, public_id: str) -> None:
    """Here at once, then at the provider. Call with no transaction open. Raises DomainError("not_found")."""
    with runtime.write() as ctx:
        account = find(ctx, customer_id, public_id)
        account.removed_at = ctx.clock.now()
    forget_at_provider(runtime, account)


def forget_at_provider(runtime: Runtime, account: SavedAccount) -> bool:
    """Call with no transaction open. False: the provider could not be told."""
    gateway = runtime.ports.gateways.get(account.provider)
    try:
        if gateway is not None:
            gateway.forget(account.token)
    except ProviderError as error:
        log.error("account.not_forgotten", account=account.public_id, code=error.code)
        return False
    return True


def hear(ctx: Context, payment: Payment, told: SavedWord) -> None:
    """What it was paid with in the end: kept if its owner asked for that. On a provider's page another account than the
    one that was meant may be chosen, and that one is not to blame for what follows."""
    if payment.saves_account:
        keep(ctx, payment, told)
    elif payment.saved_account_id is not None:
        meant = ctx.session.get_one(SavedAccount, payment.saved_account_id)
        payment.saved_account_id = meant.id if meant.token == told.token else None


def keep(ctx: Context, payment: Payment, told: SavedWord) -> None:
    """The account that this payment was made with. Known already: taken up again."""
    which = (SavedAccount.customer_id == payment.customer_id) & (SavedAccount.token == told.token)
    known = ctx.session.scalars(sa.select(SavedAccount).where(which, SavedAccount.provider == payment.provider)).first()
    account = known or SavedAccount(
        merchant_id=payment.merchant_id,
        customer_id=payment.customer_id,
        mode=payment.mode,
        provider=payment.provider,
        token=told.token,
        method=payment.method,
        name=told.name[:40],
        last4=told.last4,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    payment.saved_account_id = account.id


def block(ctx: Context, payment: Payment, code: str | None) -> None:
    """The account behind this payment, if it is one that was kept and this is for good."""
    if payment.saved_account_id is None or (code != DISPUTED and code not in BLOCKING):
        return
    account = ctx.session.get_one(SavedAccount, payment.saved_account_id)
    account.blocked_at = account.blocked_at or ctx.clock.now()
    account.blocked_code = account.blocked_code or code


def token_for(ctx: Context, payment: Payment) -> str | None:
    """None: it was removed or blocked meanwhile; the provider's own page asks for another."""
    if payment.saved_account_id is None:
        return None
    account = ctx.session.get_one(SavedAccount, payment.saved_account_id)
    return account.token if account.is_usable else None
