"""What stands in a demo's mailboxes before anybody has written."""

from datetime import UTC, datetime
from pathlib import Path

from models.base import Base
from web.assembly import Assembly, assemble
from web.config import Settings
from web.seeding import SeededMerchant, Size, sow
from web.seeding.mailing import mail_invoices

NOW = datetime(2026, 6, 19, 21, 30, tzinfo=UTC)


def demo(folder: Path) -> Assembly:
    sandboxes = dict.fromkeys(("TILL_SMS", "TILL_EMAIL", "TILL_PAYMENTS"), "sandbox")
    places = {"DATABASE_URL": f"sqlite:///{folder / 'till.db'}", "TILL_VAR": str(folder)}
    base = {
        "TILL_ENV": "demo",
        "TILL_BASE_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    }
    return assemble(Settings.model_validate(base | places | sandboxes))


def seeded(assembly: Assembly) -> SeededMerchant:
    Base.metadata.create_all(assembly.runtime.database.engine)
    return sow(assembly.runtime.database, NOW, Size(), lambda _count: None)[0]


def test_it_fills_the_first_mailboxes_with_invoices_to_reply_to(tmp_path: Path) -> None:
    assembly = demo(tmp_path)
    first = seeded(assembly)
    assert mail_invoices(assembly) == 6
    assert assembly.sandbox is not None
    [mail] = assembly.sandbox.outside.messages(first.customers[0].emails[-1])
    assert str(mail.subject).startswith("Invoice INV-1060")
    assert "pay+t." in mail.headers["Reply-To"]
    assert "application/pdf" in str(mail.source)
