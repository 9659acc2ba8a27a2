"""Reminders: who would get what and when, the press, and what becomes of it. The planning and its rules are bot/'s."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from bot import reminders
from bot.reminders import Plan, Progress, Selection, countries
from models.cadence import Cadence, Ways
from models.context import Context
from models.errors import DomainError
from models.reminder import Campaign, CampaignSource
from web.console import audit, frame
from web.console.frame import ConsolePage, done, parts, unchanged
from web.console.visitor import visitor
from web.context import reads, writes

blueprint = Blueprint("console_reminders", __name__, url_prefix="/console/reminders")

MOST_TICKED = 500
ROWS_SHOWN = 200
RECENT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersPage(ConsolePage):
    template: ClassVar[str] = "web/console/reminders.html"
    section: ClassVar[str] = "reminders"
    cadence: Cadence
    campaigns: Sequence[tuple[Campaign, Progress]]
    is_attested: bool

    @property
    def running(self) -> bool:
        return any(one.is_running and not progress.is_over for one, progress in self.campaigns)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage(ConsolePage):
    """`key` makes a second press the same press."""

    template: ClassVar[str] = "web/console/reminder_plan.html"
    section: ClassVar[str] = "reminders"
    plan: Plan
    selection: Selection
    key: str
    is_attested: bool

    @property
    def countries(self) -> str:
        return countries.names(self.plan.countries)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage(ConsolePage):
    template: ClassVar[str] = "web/console/campaign.html"
    section: ClassVar[str] = "reminders"
    campaign: Campaign
    progress: Progress


@blueprint.get("")
@reads
def index(ctx: Context) -> Response:
    merchant = visitor().merchant
    recent = reminders.recent(ctx, merchant, RECENT)
    page = RemindersPage(
        **parts(),
        cadence=reminders.cadence_of(ctx, merchant),
        campaigns=[(campaign, reminders.progress(ctx, campaign)) for campaign in recent],
        is_attested=merchant.is_attested,
    )
    return frame.show(page)


@blueprint.get("/plan")
@reads
def plan(ctx: Context) -> AnyResponse:
    """The dry run: writes nothing, sends nothing."""
    chosen, merchant = _selection(request.args), visitor().merchant
    try:
        planned = reminders.plan(ctx, merchant, chosen, ROWS_SHOWN)
    except DomainError as error:
        return unchanged(f"plan_{error.code}", url_for("console_invoices.index"))
    page = PlanPage(
        **parts(),
        plan=planned,
        selection=chosen,
        key=secrets.token_hex(16),
        is_attested=merchant.is_attested,
    )
    return frame.show(page)


@blueprint.post("/send")
@writes
def send(ctx: Context) -> AnyResponse:
    """One press. What has changed since the dry run is looked at again, for each message, when it leaves."""
    who, chosen = visitor(), _selection(request.form)
    key = request.form.get("key", "")[:64] or secrets.token_hex(16)
    try:
        campaign = reminders.launch(
            ctx, who.merchant, chosen, by=who.member.name, source=CampaignSource.CONSOLE, key=f"console-{key}"
        )
    except DomainError as error:
        return unchanged(f"plan_{error.code}", url_for("console_reminders.index"))
    what = "everyone overdue" if chosen.everyone_overdue else f"{len(chosen.invoices)} invoices"
    audit.record(ctx, "reminders.sent", campaign, label=what, after={"to": what})
    return done("reminders_sent", url_for("console_reminders.show", public_id=campaign.public_id))


@blueprint.get("/<public_id>")
@reads
def show(ctx: Context, public_id: str) -> Response:
    campaign = reminders.find(ctx, visitor().merchant, public_id)
    return frame.show(CampaignPage(**parts(), campaign=campaign, progress=reminders.progress(ctx, campaign)))


@blueprint.post("/<public_id>")
@writes
def steer(ctx: Context, public_id: str) -> AnyResponse:
    """`act`: pause, resume or cancel."""
    campaign = reminders.find(ctx, visitor().merchant, public_id)
    act = request.form.get("act", "")
    steps = {"pause": reminders.pause, "resume": reminders.resume, "cancel": reminders.cancel}
    here = url_for("console_reminders.show", public_id=public_id)
    if act not in steps:
        return unchanged("plan_not_found", here)
    try:
        steps[act](ctx, campaign)
    except DomainError:
        return unchanged("campaign_over", here)
    audit.record(ctx, f"reminders.{act}", campaign)
    return done(f"campaign_{act}", here)


@blueprint.post("/pause-all")
@writes
def pause_all(ctx: Context) -> AnyResponse:
    running = [one for one in reminders.recent(ctx, visitor().merchant, RECENT) if one.is_running]
    for campaign in running:
        reminders.pause(ctx, campaign)
    audit.record(ctx, "reminders.pause", visitor().merchant, label=f"all {len(running)}")
    return done("campaign_pause", url_for("console_reminders.index"))


def _selection(fields: MultiDict[str, str]) -> Selection:
    named, ways = fields.getlist("invoice")[:MOST_TICKED], fields.get("ways", "")
    return Selection(
        invoices=tuple(dict.fromkeys(one[:32] for one in named)),
        everyone_overdue=not named and fields.get("everyone") == "1",
        ways=Ways(ways) if ways in list(Ways) else None,
    )
