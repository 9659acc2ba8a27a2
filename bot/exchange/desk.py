"""Files that are handed in through the console or the API: kept, checked by a job, carried out once after one press.
What is carried out is what was shown; where that is not so any more, it is shown anew."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from bot.exchange import importing, planning, reading, telling
from bot.exchange.planning import Parsed
from models.context import Context, Runtime
from models.errors import DomainError
from models.file_import import FileImport, ImportStatus
from models.merchant import Merchant, Mode

KEPT = timedelta(days=7)
AT_ONCE = 500
"""Lines that are worked through while whoever handed them in waits; more are left to the job."""
TOLD_EVERY = 2_000


def take(ctx: Context, merchant: Merchant, mode: Mode, name: str, content: bytes, by: str) -> FileImport:
    """Keep it, and have it checked. Raises DomainError("file_too_large")."""
    if len(content) > reading.MOST_BYTES:
        raise DomainError("file_too_large")
    found = FileImport(
        merchant_id=merchant.id,
        mode=mode,
        name=name[:120],
        sha256=hashlib.sha256(content).hexdigest(),
        content=zlib.compress(content, 1),
        day=planning.usual(ctx, merchant).today,
        lines=max(content.count(b"\n") - 1, 0),
        handed_in_by=by,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(found)
    ctx.session.flush()
    _enqueue(ctx, "check_import", found)
    return found


def press(ctx: Context, found: FileImport) -> bool:
    """`found` is locked. False: it was pressed before, or there is nothing to press."""
    if not found.move_to(ImportStatus.IMPORTING):
        return False
    found.done, found.is_stale = 0, False
    _enqueue(ctx, "carry_out_import", found)
    return True


def is_small(found: FileImport) -> bool:
    return found.lines <= AT_ONCE


def check(runtime: Runtime, public_id: str) -> None:
    """The dry run. A second one, of a job that was killed or came late, does no more."""
    found = _find(runtime, public_id, ImportStatus.CHECKING)
    if found is None:
        return
    runtime = runtime.of(found.merchant_id)
    try:
        parsed = _parse(runtime, found)
    except DomainError as refusal:
        _refuse(runtime, public_id, refusal.code)
        return
    with runtime.read() as ctx:
        told = telling.tell(planning.plan(ctx, _merchant(ctx, found), found.mode, parsed))
    with runtime.write() as ctx:
        held = _hold(ctx, public_id)
        if held.status is ImportStatus.CHECKING:
            telling.note(held, told)
            held.move_to(ImportStatus.REFUSED if told.trouble_count else ImportStatus.CHECKED)


def carry_out(runtime: Runtime, public_id: str) -> None:
    """All of it in one transaction, once."""
    found = _find(runtime, public_id, ImportStatus.IMPORTING)
    if found is None:
        return
    runtime = runtime.of(found.merchant_id)
    parsed = _parse(runtime, found)
    with runtime.write() as ctx:
        held = _hold(ctx, public_id)
        if held.status is not ImportStatus.IMPORTING:
            return
        merchant = _merchant(ctx, held)
        planned = planning.plan(ctx, merchant, held.mode, parsed)
        told = telling.tell(planned)
        if told.fingerprint != held.fingerprint:
            telling.note(held, told)
            held.is_stale = True
            held.move_to(ImportStatus.REFUSED if told.trouble_count else ImportStatus.CHECKED)
            return
        importing.carry_out(ctx, merchant, held.mode, planned, given_by=f"{held.handed_in_by}, {held.name}")
        held.move_to(ImportStatus.IMPORTED)
        held.content, held.finished_at, held.done = None, ctx.clock.now(), held.lines


def forget(ctx: Context) -> None:
    """What nobody pressed within a week: its story stays, its lines go."""
    old = (FileImport.created_at < ctx.clock.now() - KEPT) & FileImport.content.is_not(None)
    waits = FileImport.status.in_((ImportStatus.CHECKED, ImportStatus.REFUSED))
    ctx.session.execute(
        sa.update(FileImport)
        .where(old, waits)
        .values(content=None, status=ImportStatus.REFUSED, problem=sa.func.coalesce(FileImport.problem, "file_expired"))
        .execution_options(synchronize_session=False)
    )


def _enqueue(ctx: Context, job: str, found: FileImport) -> None:
    stamp = f"{ctx.clock.now():%Y%m%d%H%M%S%f}"  # pressed again after it was shown anew: another job
    ctx.ports.jobs.enqueue(ctx.session, job, found.public_id, queue="jobs", job_id=f"{job}-{found.public_id}-{stamp}")


def _find(runtime: Runtime, public_id: str, status: ImportStatus) -> FileImport | None:
    which = (FileImport.public_id == public_id) & (FileImport.status == status)
    with runtime.read() as ctx:
        return ctx.session.scalars(sa.select(FileImport).where(which)).one_or_none()


def _hold(ctx: Context, public_id: str) -> FileImport:
    mine = sa.select(FileImport).where(FileImport.public_id == public_id)
    return ctx.session.scalars(mine.with_for_update()).one()


def _merchant(ctx: Context, found: FileImport) -> Merchant:
    return ctx.session.get_one(Merchant, found.merchant_id)


def _parse(runtime: Runtime, found: FileImport) -> Parsed:
    """Outside of any transaction. Raises DomainError for what is no file of ours."""
    table = reading.read(zlib.decompress(found.content or b""))
    with runtime.read() as ctx:
        usually = replace(planning.usual(ctx, _merchant(ctx, found)), today=found.day)
    return planning.parse(table, usually, _progress(runtime, found, len(table.lines)))


def _progress(runtime: Runtime, found: FileImport, lines: int) -> Callable[[int], None]:
    done = told = 0
    mine = sa.update(FileImport).where(FileImport.id == found.id)

    def grown(more: int) -> None:
        nonlocal done, told
        done += more
        if done - told >= TOLD_EVERY:
            told = done
            with runtime.write() as ctx:
                ctx.session.execute(mine.values(done=done, lines=lines))

    return grown


def _refuse(runtime: Runtime, public_id: str, code: str) -> None:
    with runtime.write() as ctx:
        held = _hold(ctx, public_id)
        if held.move_to(ImportStatus.REFUSED):
            held.problem = code
