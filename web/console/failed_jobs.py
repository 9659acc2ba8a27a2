"""Jobs that failed and are one merchant's, told by the row that their first argument names. Jobs of the whole house
(the janitor, the purge) are nobody's: `flask jobs` lists those."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.base import Base
from models.context import Context
from models.errors import DomainError
from models.file_import import FileImport
from models.merchant import Merchant
from models.message import Message
from models.payment import Payment
from models.ports import FailedJob
from models.reminder import Campaign
from models.verification import Verification
from models.webhook import WebhookDelivery

LOOKED_AT = 200
OWNERS: dict[str, tuple[type[Base], str]] = {
    "send_message": (Message, "id"),
    "confirm_reply": (Message, "id"),
    "issue_code": (Verification, "id"),
    "fill_campaign": (Campaign, "id"),
    "release_reminders": (Merchant, "id"),
    "deliver_webhook": (WebhookDelivery, "id"),
    "close_attempt": (Payment, "public_id"),
    "check_import": (FileImport, "public_id"),
    "carry_out_import": (FileImport, "public_id"),
}
"""Which row a job's first argument names, and by which column."""


def of(ctx: Context, merchant: Merchant) -> list[FailedJob]:
    """The newest first."""
    failed = ctx.ports.jobs.failed(LOOKED_AT)
    return [job for job in failed if _owner(ctx, job) == merchant.id]


def find(ctx: Context, merchant: Merchant, job_id: str) -> FailedJob:
    """Raises DomainError("not_found"), also for another merchant's."""
    found: Sequence[FailedJob] = [job for job in of(ctx, merchant) if job.job_id == job_id]
    if not found:
        raise DomainError("not_found")
    return found[0]


def _owner(ctx: Context, job: FailedJob) -> int | None:
    if job.name not in OWNERS or not job.args:
        return None
    kind, column = OWNERS[job.name]
    columns = kind.__table__.c
    owner = columns.id if kind is Merchant else columns.merchant_id
    return ctx.session.scalars(sa.select(owner).where(columns[column] == job.args[0])).first()
