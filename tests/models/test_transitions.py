"""Every status is in its table, and every table is closed."""

from enum import StrEnum

import pytest

from models import file_import, invoice, message, payment

TABLES: list[tuple[type[StrEnum], dict[StrEnum, frozenset[StrEnum]]]] = [
    (invoice.InvoiceStatus, invoice.TRANSITIONS),  # type: ignore[list-item]
    (file_import.ImportStatus, file_import.TRANSITIONS),  # type: ignore[list-item]
    (message.MessageStatus, message.TRANSITIONS),  # type: ignore[list-item]
    (payment.PaymentStatus, payment.TRANSITIONS),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("statuses", "table"), TABLES)
def test_it_has_a_row_for_every_status(statuses: type[StrEnum], table: dict[StrEnum, frozenset[StrEnum]]) -> None:
    assert set(table) == set(statuses)


@pytest.mark.parametrize(("statuses", "table"), TABLES)
def test_it_never_steps_onto_itself(statuses: type[StrEnum], table: dict[StrEnum, frozenset[StrEnum]]) -> None:
    assert not any(status in steps for status, steps in table.items())
    assert all(step in statuses for steps in table.values() for step in steps)


def test_it_never_takes_back_a_delivery() -> None:
    delivered = message.Message(status=message.MessageStatus.DELIVERED)
    assert not delivered.move_to(message.MessageStatus.SENT)
