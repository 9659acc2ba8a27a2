"""The signed tag in the address that our answers ask replies to: `pay+t.<tag>@`. It finds a thread and proves nothing
about who writes."""

from datetime import timedelta

from models.context import Context
from models.conversation import Conversation
from models.errors import DomainError
from models.merchant import Merchant
from models.signing import Purpose

LIFETIME = timedelta(days=365)
LOCAL_PART_CHARS = 64  # RFC 5321
_MARK = "t."


def reply_to(ctx: Context, merchant: Merchant, thread: Conversation) -> str | None:
    """None where replies have no address of their own, or it is too long to carry a tag."""
    local, _, domain = (merchant.inbound_email or "").rpartition("@")
    tag = ctx.signer.mint(Purpose.REPLY, thread.id.to_bytes(8, "big"), ctx.clock.now())
    tagged = f"{local}+{_MARK}{tag}"
    return f"{tagged}@{domain}" if local and len(tagged) <= LOCAL_PART_CHARS else None


def thread_id(ctx: Context, merchant: Merchant, tag: str | None) -> int | None:
    """The conversation that a mail answers, if the tag is one of ours. Never one whose owner was erased."""
    if tag is None or not tag.startswith(_MARK):
        return None
    try:
        payload = ctx.signer.read(Purpose.REPLY, tag.removeprefix(_MARK), now=ctx.clock.now(), max_age=LIFETIME)
    except DomainError:
        return None
    thread = ctx.session.get(Conversation, int.from_bytes(payload, "big"))
    is_ours = thread is not None and thread.merchant_id == merchant.id and not thread.is_erased
    return thread.id if thread is not None and is_ours else None
