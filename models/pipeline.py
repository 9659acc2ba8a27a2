"""PostgreSQL's pipeline mode, at libpq itself: what goes together is sent at once and waited for once. The driver's own
pipeline looks for answers after each statement, sends BEGIN on a trip of its own and builds a cursor for each."""

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Error, OperationalError, abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from models.prepared import Statement

_FAILED = frozenset({ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE})
_BEGIN, _COMMIT = Statement("BEGIN"), Statement("COMMIT")


@dataclass(slots=True)
class Answer:
    """Of one statement: filled when its trip ends."""

    _transformer: abc.Transformer
    result: PGresult | None = None

    def rows(self) -> list[Any]:
        if self.result is None:
            raise RuntimeError("this answer has not arrived")
        self._transformer.set_pgresult(self.result)
        return self._transformer.load_rows(0, self.result.ntuples, tuple)


class Pipeline:
    """Of one connection. Begins the transaction with its first trip, as the driver does with its first statement."""

    def __init__(self, driver: Connection[Any]) -> None:
        self._driver, self._pgconn = driver, driver.pgconn
        self._transformer: abc.Transformer = Transformer(driver)
        self._known: set[bytes] = set()
        self._waiting: list[tuple[Statement, Sequence[abc.Buffer | None], Answer]] = []
        self.is_open = False
        """Statements are being gathered for one trip."""

    @contextmanager
    def one_trip(self) -> Iterator[None]:
        """Raises psycopg.Error at its end if the server refused a statement; those after it have not run then."""
        self.is_open = True
        try:
            yield
            self._go()
        finally:
            self.is_open = False
            self._waiting.clear()

    def send(self, statement: Statement, arguments: Sequence[Any]) -> Answer:
        """In one trip with others, or in one of its own."""
        answer = Answer(self._transformer)
        texts = self._transformer.dump_sequence(arguments, [PyFormat.TEXT] * len(arguments))
        self._waiting.append((statement, texts, answer))
        if not self.is_open:
            with self.one_trip():
                pass
        return answer

    def commit(self) -> None:
        self.send(_COMMIT, ())

    def _go(self) -> None:
        if not self._waiting:
            return
        if self._pgconn.status != ConnStatus.OK:
            raise OperationalError("the connection is closed")
        if self._pgconn.transaction_status == TransactionStatus.IDLE and not self._driver.autocommit:
            self._waiting.insert(0, (_BEGIN, (), Answer(self._transformer)))
        try:
            self._pgconn.enter_pipeline_mode()
            asked: list[Answer | bytes] = []
            for statement in self._waiting:
                self._ask(asked, *statement)
            self._pgconn.pipeline_sync()
            refused = self._hear(asked)
            self._pgconn.exit_pipeline_mode()
        except BaseException:
            self._pgconn.finish()  # nobody can tell which answer would come next
            raise
        if refused is not None:
            raise _error(refused)

    def _ask(
        self, asked: list[Answer | bytes], statement: Statement, arguments: Sequence[abc.Buffer | None], answer: Answer
    ) -> None:
        """`asked`: what each result will be, of a statement that becomes known or of one that ran."""
        if statement.name not in self._known:
            self._pgconn.send_prepare(statement.name, statement.text.encode())
            self._known.add(statement.name)
            asked.append(statement.name)
        self._pgconn.send_query_prepared(statement.name, arguments)
        asked.append(answer)

    def _hear(self, asked: Sequence[Answer | bytes]) -> PGresult | None:
        """The result of what the server refused, if it refused something."""
        self._flush()
        refused = None
        awaited = iter(asked)
        while (result := self._next()) is None or result.status != ExecStatus.PIPELINE_SYNC:
            if result is None:  # ends what one statement gave, and comes for ever once the server has hung up
                if self._pgconn.status != ConnStatus.OK:
                    raise _error(refused) if refused else OperationalError("the connection is lost")
                continue
            of = next(awaited)
            if result.status in _FAILED:
                refused = refused or result
            if isinstance(of, Answer):
                of.result = result
            elif result.status != ExecStatus.COMMAND_OK:
                self._known.discard(of)
        return refused

    def _flush(self) -> None:
        while self._pgconn.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            self._pgconn.consume_input()  # a server that cannot get rid of its answers reads no further

    def _next(self) -> PGresult | None:
        while self._pgconn.is_busy():
            self._wait(select.POLLIN)
            self._pgconn.consume_input()
        return self._pgconn.get_result()

    def _wait(self, events: int) -> None:
        poller = select.poll()
        poller.register(self._pgconn.socket, events)
        poller.poll()


def _error(refused: PGresult) -> Error:
    return error_from_result(refused)  # in UTF-8, which the driver asks for
