"""Messages by program: read only. Links and codes are not in the rows, so they are not in here."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from models.customer import Channel, Customer
from models.message import Direction, Failure, Message, MessageStatus
from web.api import rows
from web.api.cursors import PageQuery, page
from web.api.fields import Id
from web.api.operations import Call, get

TAG = "Messages"


class MessageShape(BaseModel):
    """`kind`: the template of what was sent, or how what came in was understood. `removed_at`: since when subject and
    text are gone, because they were too old or their customer was erased."""

    id: str
    customer_id: str | None
    direction: Direction
    channel: Channel
    kind: str
    their_address: str
    subject: str | None
    text: str
    status: MessageStatus
    failure: Failure | None
    error_code: str | None
    created_at: datetime
    finished_at: datetime | None
    removed_at: datetime | None


class MessageList(BaseModel):
    items: list[MessageShape]
    next_cursor: str | None


class MessageQuery(PageQuery):
    customer_id: Id | None = None
    direction: Direction | None = None
    status: MessageStatus | None = None


@get("/messages", answer=MessageList, query=MessageQuery, tag=TAG)
def list_messages(call: Call, query: MessageQuery) -> MessageList:
    """Texts and emails in and out, the newest first"""
    which = rows.mine(call, Message)
    if query.customer_id is not None:
        which = which.where(Message.customer_id == rows.find(call, Customer, query.customer_id).id)
    if query.direction is not None:
        which = which.where(Message.direction == query.direction)
    if query.status is not None:
        which = which.where(Message.status == query.status)
    found, cursor = page(call, which, Message, query)
    return MessageList(items=shapes(call, found), next_cursor=cursor)


@get("/messages/<message_id>", answer=MessageShape, tag=TAG)
def get_message(call: Call, message_id: str) -> MessageShape:
    """One message"""
    return shapes(call, [rows.find(call, Message, message_id)])[0]


def shapes(call: Call, found: Sequence[Message]) -> list[MessageShape]:
    owners = rows.public_ids(call, Customer, {one.customer_id for one in found if one.customer_id is not None})
    return [
        MessageShape(
            id=one.public_id,
            customer_id=owners.get(one.customer_id or 0),
            direction=one.direction,
            channel=one.channel,
            kind=one.kind,
            their_address=one.their_address,
            subject=one.subject,
            text=one.body,
            status=one.status,
            failure=one.failure,
            error_code=one.error_code,
            created_at=one.created_at,
            finished_at=one.finished_at,
            removed_at=one.removed_at,
        )
        for one in found
    ]
