"""The first page: what came in, what is owed, what waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from flask import Blueprint, Response

from models.context import Context
from models.money import Money
from web.console import charts, figures, frame, waiting
from web.console.charts import Bars, Slice
from web.console.figures import Coming, Day, Owed, Prompted, Texts
from web.console.frame import ConsolePage, parts
from web.console.matters import Waiting
from web.console.visitor import visitor
from web.context import reads

blueprint = Blueprint("console_overview", __name__, url_prefix="/console")

NEEDS_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage(ConsolePage):
    template: ClassVar[str] = "web/console/overview.html"
    section: ClassVar[str] = "overview"
    days: Sequence[Day]
    bars: Bars
    top: Money
    owed: Owed
    ages: Sequence[float]
    """Percent of the whole, per bucket."""
    texts: Texts
    slices: Sequence[Slice]
    prompted: Prompted
    needs: Sequence[Waiting]
    has_more_needs: bool
    coming: Sequence[Coming]

    @property
    def collected(self) -> Money:
        return Money(sum(day.amount.minor for day in self.days), self.days[0].amount.currency)

    @property
    def half(self) -> Money:
        return Money(self.top.minor // 2, self.top.currency)

    @property
    def nothing(self) -> Money:
        return Money(0, self.top.currency)

    @property
    def payments(self) -> int:
        return sum(day.count for day in self.days)

    @property
    def best(self) -> Day | None:
        best = max(self.days, key=lambda day: day.amount.minor)
        return best if best.amount else None


@blueprint.get("")
@reads
def show(ctx: Context) -> Response:
    merchant, around = visitor().merchant, parts()
    today = around["frame"].today
    days = figures.collected(ctx, merchant, today)
    bars = charts.bars([day.amount.minor for day in days])
    owed = figures.owed(ctx, merchant, today)
    texts = figures.texts(ctx, merchant, ctx.clock.now() - timedelta(days=figures.DAYS))
    needs = waiting.waiting(ctx, merchant, NEEDS_SHOWN + 1)
    page = OverviewPage(
        **around,
        days=days,
        bars=bars,
        top=Money(bars.top, merchant.currency),
        owed=owed,
        ages=[charts.share(bucket.minor, owed.total.minor) for bucket in owed.buckets],
        texts=texts,
        slices=charts.stack(
            [
                ("ok", texts.delivered),
                ("plain", texts.on_the_way),
                ("bad", texts.failed),
                ("warn", texts.stopped),
            ]
        ),
        prompted=figures.prompted(ctx, merchant),
        needs=needs[:NEEDS_SHOWN],
        has_more_needs=len(needs) > NEEDS_SHOWN,
        coming=figures.coming(ctx, merchant),
    )
    return frame.show(page)
