"""Differences between the books that a lost event explains: the provider is asked for its word, which is settled as the
event would have been. Nothing is taken from the comparison itself, and nothing that was paid is taken back by it."""

import structlog

from models.context import Runtime
from models.errors import ProviderError
from models.gateway import GatewayEvent, GatewayEventKind, ProviderRecord
from models.payment import OPEN_STATUSES
from models.reconciliation import Difference, DifferenceKind
from payments import settle

log = structlog.get_logger()


def is_safe(one: Difference) -> bool:
    """Money that has arrived there for an attempt that is open here, more refunded there than here, a fee that we have
    not booked. Anything else is for a person: an amount, an end that differs, what one side has never heard of."""
    if one.kind is DifferenceKind.STATE:
        return one.ours in OPEN_STATUSES and one.theirs == GatewayEventKind.SUCCEEDED
    if one.kind is DifferenceKind.REFUND:
        return int(one.theirs.split()[0]) > int(one.ours.split()[0])
    return one.kind is DifferenceKind.FEE and not one.ours


def heal(runtime: Runtime, provider: str, record: ProviderRecord, announce: settle.Announce) -> None:
    """Call with no transaction open. What cannot be asked about now stays a difference."""
    gateway = runtime.ports.gateways[provider]
    try:
        event = gateway.fetch(record.reference, record.provider_reference)
        words = gateway.refunds_of(record.reference, record.provider_reference) if record.refunded else ()
    except ProviderError as error:
        log.warning("reconciliation.not_healed", reference=record.reference, code=error.code)
        return
    if event is not None and event.kind is GatewayEventKind.SUCCEEDED:
        settle.record(runtime, provider, event, announce)
    for word in words:
        said = GatewayEvent(None, record.reference, "", GatewayEventKind.REFUND, record.amount, refund=word)
        settle.record(runtime, provider, said, announce)
