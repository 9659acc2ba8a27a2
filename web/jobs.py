"""What the workers run, by name: thin calls into bot/ and payments/, and when. A name here is stored with every job,
so it outlives a rename of what it calls."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import sqlalchemy as sa
import structlog

from bot import catching_up, delivery, forgetting, issuing, member_codes, messenger, put_off, replies, vitals
from bot.exchange import desk
from bot.reminders import filling, releasing, scanning
from models import customer_word
from models.context import Context, Runtime
from models.idempotency import ANSWERS_KEPT, ApiAnswer
from models.isolation import each
from models.limits import LimitCount
from payments import attempts, erasing, reconcile, refunds
from payments.settle import Announce
from web import books, engine
from web.announcing import announce
from web.callouts import delivering
from web.work import Job, Work

log = structlog.get_logger()

Resolve = Callable[[Runtime, Announce], Sequence[object]]

JOBS_KEPT = timedelta(days=14)
LIMITS_KEPT = timedelta(days=2)  # the longest limit counts a day and looks back one more


def janitor(runtime: Runtime) -> int:
    """Ask about payments and refunds that no event has ended, and tell about them. Returns how many changed."""
    resolvers: tuple[Resolve, ...] = (reconcile.resolve_due, refunds.resolve_due)
    return sum(each(resolvers, lambda resolve: len(resolve(runtime, announce))))


def compare_books(runtime: Runtime) -> int:
    """Ours with the providers'. Returns how many differences are left."""
    return sum(len(outcome.open) for outcome in books.compare(runtime))


def close_attempt(runtime: Runtime, public_id: str, tries: int) -> None:
    attempts.close_by_id(runtime, public_id, tries, announce)


def purge(runtime: Runtime) -> int:
    """Forget ended jobs and old counters. Returns how many jobs."""
    now = runtime.clock.now()
    with runtime.write() as ctx:
        ctx.session.execute(sa.delete(LimitCount).where(LimitCount.window_at < now - LIMITS_KEPT))
        forget_answers(ctx)
        delivering.forget(ctx)
        desk.forget(ctx)
        put_off.forget_put_aside(ctx, now - JOBS_KEPT)
    return engine.purge(runtime.database, now - JOBS_KEPT)


def forget(runtime: Runtime) -> int:
    """What is as old as its merchant says; and at the providers the accounts of erased customers that they have not
    forgotten yet. Returns how many rows were passed."""
    steps: tuple[Callable[[Runtime], int], ...] = (forgetting.forget_old_words, erasing.forget_accounts)
    return sum(each(steps, lambda step: step(runtime)))


def sound_alarms(runtime: Runtime) -> list[str]:
    """One line at level error per alarm that rings, each time: whoever watches the logs is told until it stops."""
    with runtime.read() as ctx:
        found = vitals.read(ctx)
    names = vitals.ringing(found)
    for name in names:
        log.error("alarm", name=name)
    return names


def forget_answers(ctx: Context) -> None:
    old = ApiAnswer.created_at < ctx.clock.now() - ANSWERS_KEPT
    ctx.session.execute(sa.delete(ApiAnswer).where(old))


def run_due(runtime: Runtime) -> None:
    """Everything that time alone makes due, at once: for a clock that has jumped."""
    scanning.scan_all(runtime)
    releasing.release_all(runtime)
    messenger.sweep(runtime)
    delivering.sweep(runtime)
    replies.confirm_all(runtime)
    janitor(runtime)
    forget(runtime)


JOBS: dict[str, Job] = {
    "send_message": delivery.send,
    "issue_code": issuing.issue_code,
    "issue_sign_in_code": member_codes.issue,
    "confirm_reply": replies.confirm,
    "confirm_replies": replies.confirm_all,
    "sweep": messenger.sweep,
    "scan_cadences": scanning.scan_all,
    "check_import": desk.check,
    "carry_out_import": desk.carry_out,
    "fill_campaign": filling.fill,
    "release_reminders": releasing.release,
    "release_due": releasing.release_all,
    "janitor": janitor,
    "reconcile": compare_books,
    "close_attempt": close_attempt,
    "purge": purge,
    "forget_old_words": forget,
    "enter_missing_words": customer_word.enter_missing,
    "sound_alarms": sound_alarms,
    "deliver_webhook": delivering.deliver,
    "sweep_webhooks": delivering.sweep,
}

SCHEDULES: dict[str, str] = {
    "janitor": "* * * * *",
    "reconcile": "15 4 * * *",
    "confirm_replies": "*/5 * * * *",
    "sound_alarms": "*/5 * * * *",
    "scan_cadences": "5 * * * *",
    "release_due": "* * * * *",
    "purge": "0 3 * * *",
    "forget_old_words": "30 2 * * *",
    "enter_missing_words": "45 2 * * *",
    "sweep": "30 3 * * *",
    "sweep_webhooks": "*/10 * * * *",
}
"""In UTC."""

WORK = Work(JOBS, SCHEDULES, at_start=("sweep",), looks=(catching_up.look,))
