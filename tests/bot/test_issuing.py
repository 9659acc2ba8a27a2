"""One job finds whose email it is and mails the code, whatever dies in between; for a stranger it does nothing."""

import pytest
import sqlalchemy as sa

from bot import issuing, member_codes, messenger, verifying
from bot.verifying import Asker
from models.base import new_public_id
from models.customer import Channel
from models.errors import ProviderError
from models.member import Member, Role, SignIn
from models.merchant import Merchant
from models.message import Message, MessageStatus
from models.verification import Verification, VerificationStatus
from tests.support.post import ALICE_EMAIL, NOW, Post

BUSY = ProviderError("smtp_451")
SILENCE = ProviderError("timeout", accepted_unknown=True)
KILLED = RuntimeError("the worker has died")


def ask(post: Post, email: str = ALICE_EMAIL) -> int:
    """Returns the challenge's id; its job waits."""
    with post.runtime.write() as ctx:
        merchant = ctx.session.get_one(Merchant, post.merchant_id)
        verifying.start(ctx, merchant, Asker(None, browser_hash=verifying.browser_hash(new_public_id())), email)
        return ctx.session.scalars(sa.select(sa.func.max(Verification.id))).one()


def messages(post: Post) -> list[Message]:
    with post.runtime.read() as ctx:
        mine = sa.select(Message).where(Message.merchant_id == post.merchant_id)
        return list(ctx.session.scalars(mine))


def is_good(post: Post, asked: int, code: str) -> bool:
    with post.runtime.write() as ctx:
        return ctx.session.get_one(Verification, asked).check(code, NOW) is VerificationStatus.APPROVED


def codes(post: Post) -> list[str]:
    return [next(word for word in mail.text.split() if word.isdigit()) for mail in post.mailer.sent]


def test_it_mails_a_code_in_the_job_that_found_whose_it_is(post: Post) -> None:
    post.on_file(Channel.EMAIL, ALICE_EMAIL)
    asked = ask(post)

    assert post.run() == 1
    [message] = messages(post)
    assert (message.status, message.attempt, [mail.to for mail in post.mailer.sent]) == (
        MessageStatus.SENT,
        1,
        [ALICE_EMAIL],
    )
    assert is_good(post, asked, codes(post)[0])


@pytest.mark.parametrize("landed", [True, False])
def test_it_mails_another_after_a_crash_and_only_that_one_works(post: Post, landed: bool) -> None:
    post.on_file(Channel.EMAIL, ALICE_EMAIL)
    post.mailer.troubles.append(KILLED)
    post.mailer.lands = landed
    asked = ask(post)
    with pytest.raises(RuntimeError):
        post.run()
    messenger.sweep(post.runtime)
    assert post.run() == 0, "what a run has in hand is no other job's"

    issuing.issue_code(post.runtime, asked)
    issuing.issue_code(post.runtime, asked)
    assert [message.status for message in messages(post)] == [MessageStatus.SENT]
    assert len(codes(post)) == 1 + landed
    assert [is_good(post, asked, code) for code in codes(post)] == [False] * landed + [True]


@pytest.mark.parametrize("trouble", [BUSY, SILENCE])
def test_it_leaves_the_next_attempt_to_its_own_job(post: Post, trouble: ProviderError) -> None:
    post.on_file(Channel.EMAIL, ALICE_EMAIL)
    post.mailer.troubles.append(trouble)
    asked = ask(post)
    post.run()
    issuing.issue_code(post.runtime, asked)  # killed before the engine had noted its end
    assert codes(post) == []

    assert post.later(messenger.BACKOFF[0]) == 1
    [message] = messages(post)
    assert (message.status, message.attempt, len(codes(post))) == (MessageStatus.SENT, 2, 1)


def test_it_is_silent_for_a_strangers_email(post: Post) -> None:
    post.on_file(Channel.EMAIL, ALICE_EMAIL)
    ask(post, "stranger@example.com")

    assert (post.run(), messages(post), post.mailer.sent) == (1, [], [])


def test_it_mails_a_member_another_after_a_crash(post: Post) -> None:
    with post.runtime.write() as ctx:
        rosa = Member(merchant_id=post.merchant_id, email="rosa@acme.example", name="Rosa", role=Role.OWNER)
        rosa.created_at = NOW
        ctx.session.add(rosa)
        asked = member_codes.start(ctx, "c" * 64, rosa.email).id
    post.mailer.troubles.append(KILLED)
    post.mailer.lands = True
    with pytest.raises(RuntimeError):
        post.run()

    member_codes.issue(post.runtime, asked)
    member_codes.issue(post.runtime, asked)
    first, second = codes(post)
    with post.runtime.write() as ctx:
        sign_in = ctx.session.get_one(SignIn, asked)
        assert [member_codes.check(ctx, sign_in, code) for code in (first, second)] == ["wrong", "right"]
