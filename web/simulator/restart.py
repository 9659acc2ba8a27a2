"""Starting over: phone and mailbox look empty, and Till has forgotten who is there. Payments stay as they are."""

import sqlalchemy as sa

from bot import optouts, verifying
from models.context import Context
from models.conversation import Conversation, ConversationState, Proof
from web.simulator.feed import Stage
from web.simulator.people import Person


def start_over(ctx: Context, stage: Stage, person: Person, newest_id: int) -> None:
    for place in (person.thread, *person.emails):
        stage.floors[place] = newest_id
    merchant_id = person.merchant.id
    thread = ctx.session.scalars(
        sa.select(Conversation).where(
            Conversation.merchant_id == merchant_id,
            Conversation.channel == person.channel,
            Conversation.address == person.phone,
        )
    ).first()
    if thread is None:
        return
    verifying.end_proofs(ctx, Proof.conversation_id == thread.id)
    thread.state, thread.customer_id, thread.shown = ConversationState.IDLE, None, None
    thread.misses, thread.chosen_at, thread.last_inbound_at, thread.locale = 0, None, None, None
    if optouts.is_opted_out(ctx, merchant_id, person.channel, person.phone):
        optouts.opt_in(ctx, merchant_id, person.channel, person.phone, "simulator")
