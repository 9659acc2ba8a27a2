"""What every gateway must do alike, whatever stands behind it: the sandbox bank and Stripe, each with its customers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.clock import FrozenClock
from models.errors import ProviderError
from models.gateway import Gateway, GatewayEvent, GatewayEventKind, SavedWord, StartPayment, StartRefund
from models.money import Money
from models.payment import Method
from models.refund import RefundStatus
from payments.gateways import bank_tables as tables
from payments.gateways.bank import Bank
from payments.gateways.sandbox import SandboxGateway
from payments.gateways.stripe import StripeGateway
from payments.gateways.stripe_words import Kept
from tests.support.shop import NOW, SECRET, WANTED, usd
from tests.support.stripe_server import VISA, StripeServer

AMOUNTS = [usd(10_000), Money(500, "JPY"), Money(12_340, "KWD")]
REFERENCE = "f" * 32


@dataclass(frozen=True)
class Provider:
    gateway: Gateway
    pays: Callable[[str], None]
    """Its customer confirms the payment with this reference of theirs."""
    offers: Callable[[str], bool]
    """Whether the account with this token can be paid with there."""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Provider]:
    bank = Bank(tmp_path / "bank.db", FrozenClock(NOW))
    gateway = SandboxGateway(bank, base_url="https://till.example", secrets=[SECRET], sleep=lambda _s: None)

    def pays(session_id: str) -> None:
        bank.confirm(session_id, "visa")

    def offers(token: str) -> bool:
        with bank.database.read() as db:
            return db.execute(sa.select(tables.saved).where(tables.saved.c.token == token)).first() is not None

    yield Provider(gateway, pays, offers)
    bank.database.dispose()


@pytest.fixture
def through_stripe(stripe: StripeServer, gateway: StripeGateway) -> Provider:
    def offers(token: str) -> bool:
        kept = Kept.read(token)
        return kept.method in stripe.customers[kept.customer]

    return Provider(gateway, lambda session_id: stripe.confirm(session_id, VISA), offers)


@pytest.fixture(params=["sandbox", "through_stripe"])
def provider(request: pytest.FixtureRequest) -> Provider:
    found: Provider = request.getfixturevalue(request.param)
    return found


def paid(provider: Provider, amount: Money = WANTED.amount) -> StartRefund:
    """A whole refund of a payment that went through."""
    started = provider.gateway.start(replace(WANTED, amount=amount))
    provider.pays(started.provider_reference)
    return StartRefund(REFERENCE, WANTED.reference, started.provider_reference, amount)


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
def test_it_takes_exactly_the_amount(provider: Provider, amount: Money) -> None:
    wanted = paid(provider, amount)
    event = provider.gateway.fetch(WANTED.reference, wanted.provider_reference)
    assert event is not None
    assert (event.kind, event.reference, event.amount) == (GatewayEventKind.SUCCEEDED, WANTED.reference, amount)


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
def test_it_gives_back_exactly_the_amount(provider: Provider, amount: Money) -> None:
    word = provider.gateway.refund(paid(provider, amount))
    assert (word.reference, word.status, word.amount) == (REFERENCE, RefundStatus.SUCCEEDED, amount)


def test_the_same_reference_starts_one_payment(provider: Provider) -> None:
    assert provider.gateway.start(WANTED) == provider.gateway.start(WANTED)


def test_the_same_reference_gives_back_once(provider: Provider) -> None:
    wanted = replace(paid(provider), amount=usd(6_000))
    assert provider.gateway.refund(wanted) == provider.gateway.refund(wanted)


def test_it_gives_back_no_more_than_it_took(provider: Provider) -> None:
    wanted = paid(provider)
    provider.gateway.refund(replace(wanted, amount=usd(6_000)))
    with pytest.raises(ProviderError) as refused:
        provider.gateway.refund(replace(wanted, reference="e" * 32, amount=usd(4_001)))
    assert refused.value.permanent


def test_it_gives_back_nothing_that_it_never_took(provider: Provider) -> None:
    started = provider.gateway.start(WANTED)
    with pytest.raises(ProviderError) as refused:
        provider.gateway.refund(StartRefund(REFERENCE, WANTED.reference, started.provider_reference, usd(1)))
    assert refused.value.permanent


def test_it_finds_a_refund_or_knows_that_there_is_none(provider: Provider) -> None:
    wanted = paid(provider)
    assert provider.gateway.find_refund(wanted) is None
    assert provider.gateway.refund(wanted) == provider.gateway.find_refund(wanted)


def test_a_closed_payment_cannot_be_confirmed_and_is_told_as_closed(provider: Provider) -> None:
    started = provider.gateway.start(WANTED)
    assert provider.gateway.cancel(WANTED.reference, started.provider_reference)
    event = provider.gateway.fetch(WANTED.reference, started.provider_reference)
    assert event is not None
    assert event.kind is GatewayEventKind.CANCELLED


def test_a_confirmed_payment_cannot_be_closed(provider: Provider) -> None:
    wanted = paid(provider)
    assert not provider.gateway.cancel(WANTED.reference, wanted.provider_reference)


def test_it_lists_every_payment_with_what_went_back(provider: Provider) -> None:
    wanted = replace(paid(provider), amount=usd(2_500))
    provider.gateway.refund(wanted)
    provider.gateway.start(replace(WANTED, reference="o" * 32, method=Method.CARD))
    known = {record.reference: record for record in provider.gateway.list_since(NOW)}
    assert (known[WANTED.reference].kind, known[WANTED.reference].refunded) == (GatewayEventKind.SUCCEEDED, usd(2_500))
    assert known["o" * 32].kind is None


# --- accounts that are kept ------------------------------------------------------------------------------------------
AGAIN = replace(WANTED, reference="2" * 32)


def told_of(provider: Provider, wanted: StartPayment, *, is_confirmed: bool = True) -> GatewayEvent:
    """What the provider says of a payment that its customer has confirmed, where they are asked."""
    started = provider.gateway.start(wanted)
    if is_confirmed:
        provider.pays(started.provider_reference)
    event = provider.gateway.fetch(wanted.reference, started.provider_reference)
    assert event is not None
    return event


def kept(provider: Provider) -> SavedWord:
    saved = told_of(provider, replace(WANTED, saves_account=True)).saved
    assert saved is not None
    return saved


def test_it_names_a_kept_account_by_its_label_only(provider: Provider) -> None:
    saved = kept(provider)
    assert (saved.name, saved.last4) == ("Visa", "4242")
    assert provider.offers(saved.token)


def test_it_keeps_nothing_unasked(provider: Provider) -> None:
    assert told_of(provider, WANTED).saved is None


def test_a_kept_account_pays_again(provider: Provider) -> None:
    saved = kept(provider)
    wanted = replace(AGAIN, saved_token=saved.token)
    event = told_of(provider, wanted, is_confirmed=provider.gateway.confirms_kept)
    assert (event.kind, event.amount) == (GatewayEventKind.SUCCEEDED, WANTED.amount)
    assert event.saved in (None, saved)


def test_it_forgets_an_account_for_good(provider: Provider) -> None:
    saved = kept(provider)
    for _ in range(2):
        provider.gateway.forget(saved.token)
        assert not provider.offers(saved.token)
