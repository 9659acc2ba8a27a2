"""What surrounds every page of the console, and how a page becomes a response. Pages are frozen values: views fill them
in, templates only print them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Response, current_app, flash, g, get_flashed_messages, redirect
from werkzeug.wrappers import Response as AnyResponse

from models.conversation import Conversation, ConversationState
from models.member import Role
from models.merchant import Merchant
from web import framing, templating
from web.console import roles
from web.console.visitor import visitor
from web.context import runtime
from web.pages import Frame, Page

LANGUAGE = "en"
WAITING_SHOWN = 99
Problems = Mapping[str, str]
"""Code of what is wrong, by the field's name; "" for the form as a whole. Words are in the templates."""


@dataclass(frozen=True, slots=True)
class Shell:
    """The bar: who is signed in, what they may, how many customers wait for a person."""

    member_name: str
    role: Role
    waiting: int
    has_simulator: bool
    endpoints: frozenset[str]
    """What this role may open."""

    @property
    def may_work(self) -> bool:
        return self.role.covers(Role.STAFF)

    @property
    def may_rule(self) -> bool:
        return self.role.covers(Role.OWNER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePage(Page):
    """`said`: what the last press did, as (code, detail) pairs."""

    section: ClassVar[str] = ""
    shell: Shell
    problems: Problems = field(default_factory=dict)
    said: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage(ConsolePage):
    template: ClassVar[str] = "web/console/refused.html"


def frame(merchant: Merchant | None) -> Frame:
    around = framing.frame(merchant)
    return Frame(
        language=LANGUAGE,
        time_zone=around.time_zone,
        now=around.now,
        brand=around.brand,
        banner=around.banner,
    )


def parts() -> dict[str, Any]:
    """What every page is made with: `SomePage(**parts(), …)`."""
    who = visitor()
    return {
        "frame": frame(who.merchant),
        "shell": Shell(
            who.member.name, who.member.role, _waiting(who.merchant.id), has_simulator(), roles.open_to(who.member.role)
        ),
        "said": tuple(get_flashed_messages(with_categories=True)),
    }


def has_simulator() -> bool:
    return "till.simulator" in current_app.extensions


def show(page: Page, status: int = 200) -> Response:
    html = templating.render(current_app.jinja_env, page)
    return Response(html, status, content_type="text/html; charset=utf-8")


def refuse() -> Response:
    """Signed in, but not as somebody who may."""
    return show(RefusedPage(**parts()), 403)


def done(code: str, to: str, detail: str = "") -> AnyResponse:
    """Say it once at the top of the page that comes next."""
    flash(detail, code)
    return redirect(to, 303)


def unchanged(code: str, to: str, detail: str = "") -> AnyResponse:
    """`done`, where it was so already, or may not be: there is nothing to record."""
    g.is_unchanged = True
    return done(code, to, detail)


def _waiting(merchant_id: int) -> int:
    mine = (Conversation.merchant_id == merchant_id) & (Conversation.state == ConversationState.HUMAN)
    some = sa.select(Conversation.id).where(mine).limit(WAITING_SHOWN + 1).subquery()
    with runtime().read() as ctx:
        return ctx.session.scalars(sa.select(sa.func.count()).select_from(some)).one()
