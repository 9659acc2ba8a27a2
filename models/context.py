"""What one unit of work may touch, passed as the first argument: no globals, no framework below web/."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from models.clock import Clock
from models.database import Database, turn_to
from models.gateway import Gateway
from models.ports import EmailChannel, Jobs, SmsAccount, SmsChannel
from models.signing import Signer
from models.walls import NOBODY, Whose


class Environment(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Site:
    """Where we are served and as what. `base_url` has no trailing slash."""

    base_url: str
    environment: Environment
    sms_account: SmsAccount | None
    """The platform's own Twilio account, for merchants that bring none."""


@dataclass(frozen=True, slots=True)
class Ports:
    sms: SmsChannel
    email: EmailChannel
    gateways: Mapping[str, Gateway]
    gateway: Gateway
    """The one that new payments start at; `gateways` still knows every name that old payments carry."""
    jobs: Jobs


@dataclass(frozen=True, slots=True)
class Context:
    session: Session
    clock: Clock
    signer: Signer
    site: Site
    ports: Ports

    def turn_to(self, whose: Whose) -> None:
        """The rest of this unit of work is about that merchant, now that a token or an id has told whose it is. Refuses
        to go on to another."""
        turn_to(self.session, whose)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that outlives a unit of work; opens Contexts, for the rows of one merchant or of all."""

    database: Database
    clock: Clock
    signer: Signer
    site: Site
    ports: Ports
    whose: Whose = NOBODY

    def of(self, whose: Whose) -> "Runtime":
        return self if whose == self.whose else replace(self, whose=whose)

    @contextmanager
    def write(self) -> Iterator[Context]:
        """A unit of work: commits on return, rolls back on raise."""
        with self.database.write(self.whose) as session:
            yield Context(session, self.clock, self.signer, self.site, self.ports)

    @contextmanager
    def write_together(self) -> Iterator[Context]:
        """The same for a turn: those that come at once may share one commit."""
        with self.database.write_together(self.whose) as session:
            yield Context(session, self.clock, self.signer, self.site, self.ports)

    @contextmanager
    def read(self) -> Iterator[Context]:
        with self.database.read(self.whose) as session:
            yield Context(session, self.clock, self.signer, self.site, self.ports)
