"""The pages of the console's door, as values: email, code, authenticator, recovery codes. They say the same to
everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from flask import Response, url_for

from models.member import IDLE_LIFETIME, SIGN_IN_LIFETIME
from models.verification import CODE_LIFETIME
from web.console import frame
from web.pages import Choice, Page


class DoorNotice(StrEnum):
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    CODE_RESENT = "code_resent"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPage(Page):
    """`said`: the notice above the form. `wrong`: a code for what was wrong with what was typed. `wanted`: the page of
    the console to go to afterwards."""

    action: str
    said: DoorNotice | None = None
    wrong: str | None = None
    wanted: str = ""
    demo_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(DoorPage):
    template: ClassVar[str] = "web/console/sign_in.html"
    email: str = ""
    idle_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage(DoorPage):
    template: ClassVar[str] = "web/console/code.html"
    email: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPage(DoorPage):
    """The authenticator's code. `qr` and `secret` while it is being set up. `choices`: for which merchant."""

    template: ClassVar[str] = "web/console/factor.html"
    choices: Sequence[Choice] = ()
    chosen: str = ""
    qr: str = ""
    secret: str = ""
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPage(Page):
    """Shown once, where the authenticator has just been set up. `to`: the way on."""

    template: ClassVar[str] = "web/console/recovery.html"
    codes: Sequence[str]
    to: str


def sign_in(
    *,
    notice: DoorNotice | None = None,
    wrong: str | None = None,
    email: str = "",
    wanted: str = "",
    status: int = 200,
) -> Response:
    page = SignInPage(
        frame=frame.frame(None),
        action=url_for("console.ask"),
        said=notice,
        wrong=wrong,
        wanted=wanted,
        email=email,
        idle_minutes=int(IDLE_LIFETIME.total_seconds() // 60),
        demo_url=demo_url(),
    )
    return frame.show(page, status)


def code(email: str, wanted: str, *, notice: DoorNotice | None = None, wrong: str | None = None) -> Response:
    page = CodePage(
        frame=frame.frame(None),
        action=url_for("console.check_code"),
        said=notice,
        wrong=wrong,
        wanted=wanted,
        email=email,
        minutes=int(CODE_LIFETIME.total_seconds() // 60),
        demo_url=demo_url(),
    )
    return frame.show(page, _status(wrong))


def factor(
    wanted: str,
    *,
    choices: Sequence[Choice] = (),
    chosen: str = "",
    qr: str = "",
    secret: str = "",
    wrong: str | None = None,
) -> Response:
    page = FactorPage(
        frame=frame.frame(None),
        action=url_for("console.check_factor"),
        wrong=wrong,
        wanted=wanted,
        choices=choices,
        chosen=chosen,
        qr=qr,
        secret=secret,
        minutes=int(SIGN_IN_LIFETIME.total_seconds() // 60),
        demo_url=demo_url(),
    )
    return frame.show(page, _status(wrong))


def recovery(codes: Sequence[str], to: str) -> Response:
    return frame.show(RecoveryPage(frame=frame.frame(None), codes=codes, to=to))


def demo_url() -> str | None:
    """Where the demo shows the codes that a real member finds in their mailbox and on their phone."""
    return url_for("simulator_members.index") if frame.has_simulator() else None


def _status(wrong: str | None) -> int:
    if wrong is None:
        return 200
    return 429 if wrong == "locked" else 400
