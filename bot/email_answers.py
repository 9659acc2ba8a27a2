"""A turn's replies as emails: each in its own letter or the plain one, in the sender's thread, to the address on file.
Refuses every other recipient: Reply-To and Cc are only claims."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import identity, messenger
from bot.email_words import words
from bot.letters import Letter, letter
from bot.own_words.book import TILLS
from bot.turn import Reply, Turn
from models.customer import Channel
from models.merchant import Merchant
from models.message import Direction, Message, MessageStatus, Route
from models.ports import InboundEmail

LETTERS = {"list_page": "list", "pay_link": "pay_link", "pay_all": "pay_link"}
"""The letters that show more than words. Everything else stands in `answer`."""
PORTAL_KINDS = frozenset({"portal_link", "list_empty"})

SUBJECT_CHARS = 200
REFERENCES_CHARS = 800  # one header line of ours holds 900


@dataclass(frozen=True, slots=True)
class Thread:
    """Where in the sender's mail program an answer belongs. `subject` None: the letter's own."""

    headers: dict[str, str]
    subject: str | None


def send(turn: Turn, mail: InboundEmail, replies: Sequence[Reply]) -> None:
    """Queue one email for each reply with a letter or a link of its own; the first one says all the rest as well."""
    mains = [reply for reply in replies if _stands_alone(reply)] or list(replies[:1])
    rest = [reply for reply in replies if reply not in mains]
    thread = thread_of(mail)
    for reply in mains:
        _queue(turn, reply, letter_of(reply, turn.locale, turn.merchant, rest), thread)
        rest = []


def thread_of(mail: InboundEmail) -> Thread:
    """RFC 5322 3.6.4: the mail answered, after those that it answers itself."""
    identifier = mail.provider_reference if mail.provider_reference.startswith("<") else None
    if identifier is None:
        return Thread({}, reply_subject(mail.subject))
    chain = [*mail.references, identifier]
    while len(" ".join(chain)) > REFERENCES_CHARS and len(chain) > 1:
        del chain[0]
    return Thread({"In-Reply-To": identifier, "References": " ".join(chain)}, reply_subject(mail.subject))


def reply_subject(subject: str) -> str | None:
    """The sender's own, so that mail programs keep the thread together."""
    kept = " ".join(subject.replace("{", "").replace("}", "").split())
    if not kept:
        return None
    return (kept if kept.casefold().startswith("re:") else f"Re: {kept}")[:SUBJECT_CHARS]


def _stands_alone(reply: Reply) -> bool:
    return reply.kind in LETTERS or reply.pay_link_id is not None or reply.payment_id is not None


def _queue(turn: Turn, reply: Reply, parts: Letter, thread: Thread) -> None:
    link = identity.portal_url(turn) if _button(reply) == "portal" else "{link}"
    messenger.queue(
        turn.ctx,
        Message(
            merchant_id=turn.merchant.id,
            conversation_id=turn.thread.id,
            customer_id=turn.thread.customer_id,
            direction=Direction.OUT,
            channel=Channel.EMAIL,
            kind=reply.kind,
            our_address=turn.inbound.to,
            their_address=turn.inbound.sender,
            subject=thread.subject or parts.subject,
            body=parts.text.replace("{link}", link),
            html=parts.html.replace("{link}", link),
            headers=thread.headers or None,
            locale=turn.locale,
            reply_to_id=turn.message_id,
            pay_link_id=reply.pay_link_id,
            payment_id=reply.payment_id,
            status=MessageStatus.QUEUED,
            route=Route.MESSENGER,
            created_at=turn.now,
        ),
    )


def letter_of(reply: Reply, locale: str, merchant: Merchant, rest: Sequence[Reply] = ()) -> Letter:
    """`{link}` still in place."""
    notes = [words(one.kind, locale, merchant, **one.slots) for one in rest]
    kind = LETTERS.get(reply.kind)
    if kind is None:
        notes.insert(0, words(reply.kind, locale, merchant, **reply.slots))
        return letter("answer", locale, merchant=merchant, about=reply.kind, notes=notes, button=_button(reply))
    usual = {"inv": None, "amt": reply.slots.get("total")}
    return letter(kind, locale, merchant=merchant, book=TILLS, notes=notes, **(usual | reply.slots))


def _button(reply: Reply) -> str:
    if reply.kind in PORTAL_KINDS:
        return "portal"
    return "receipt" if reply.payment_id is not None else ""
