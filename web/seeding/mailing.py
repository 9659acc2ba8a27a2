"""The emails that a demo begins with: invoices in the first customers' mailboxes, by real SMTP, before anybody looks:
there is something to reply to."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from bot import delivery, invoicing
from models.context import Context, Runtime
from models.customer import Channel, ContactPoint, Customer
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Mode
from models.ports import FailedJob
from models.walls import ALL_MERCHANTS
from payments import papers
from web.assembly import Assembly

CUSTOMERS = 3
"""Of each merchant."""
_PAGE = b"BT /F1 24 Tf 72 720 Td (%s) Tj ET"


class _Now:
    """models.ports.Jobs for one thread: what is queued is sent in a moment anyway."""

    def enqueue(self, *_args: object, **_options: object) -> None:
        return

    def bring_forward(self, job_ids: Sequence[str]) -> None:  # noqa: ARG002 - the port's
        return

    def failed(self, limit: int = 100) -> list[FailedJob]:  # noqa: ARG002
        return []

    def retry(self, job_id: str) -> str:
        return job_id

    def discard(self, job_id: str) -> None:  # noqa: ARG002
        return


def mail_invoices(assembly: Assembly) -> int:
    """Returns how many. Leaves no connection and no thread behind."""
    if assembly.sandbox is None:
        return 0
    runtime = replace(assembly.runtime, ports=replace(assembly.runtime.ports, jobs=_Now()), whose=ALL_MERCHANTS)
    assembly.sandbox.mail.start()
    try:
        with runtime.write() as ctx:
            queued = [_mail(ctx, invoice) for invoice in _first_invoices(ctx)]
        for message_id in queued:
            delivery.send(runtime, message_id)
    finally:
        assembly.sandbox.mail.close()
        _let_go(runtime, assembly)
    return len(queued)


def _first_invoices(ctx: Context) -> list[Invoice]:
    """The newest open invoice of each of the first customers who have an email."""
    found: list[Invoice] = []
    for (merchant_id,) in ctx.session.execute(sa.select(Customer.merchant_id).distinct()).all():
        has_email = sa.exists().where(ContactPoint.customer_id == Customer.id, ContactPoint.channel == Channel.EMAIL)
        first = sa.select(Customer.id).where(Customer.merchant_id == merchant_id, has_email).order_by(Customer.id)
        for customer_id in ctx.session.scalars(first.limit(CUSTOMERS)):
            theirs = sa.select(Invoice).where(
                Invoice.customer_id == customer_id,
                Invoice.status == InvoiceStatus.OPEN,
                Invoice.mode == Mode.LIVE,
                Invoice.balance_minor > 0,
            )
            found += ctx.session.scalars(theirs.order_by(Invoice.issued_on.desc(), Invoice.id).limit(1)).all()
    return found


def _mail(ctx: Context, invoice: Invoice) -> int:
    """To the last address on file: the first one is for codes, and whoever waits for one expects an empty mailbox."""
    papers.attach(ctx, invoice, f"{invoice.number}.pdf", _page(f"Invoice {invoice.number}"))
    theirs = sa.select(ContactPoint).where(
        ContactPoint.customer_id == invoice.customer_id, ContactPoint.channel == Channel.EMAIL
    )
    return invoicing.send_invoice(ctx, invoice, ctx.session.scalars(theirs.order_by(ContactPoint.id.desc())).first()).id


def _page(title: str) -> bytes:
    """A PDF of one page that says this and no more."""
    text = _PAGE % title.encode("ascii", "replace").translate(None, b"()\\")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


def _let_go(runtime: Runtime, assembly: Assembly) -> None:
    """SQLite's locks do not pass through an exec."""
    runtime.database.dispose()
    if assembly.sandbox is not None:
        assembly.sandbox.outside.database.dispose()
        assembly.sandbox.bank.database.dispose()
