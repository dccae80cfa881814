"""What a form can offer changes while a page is open: a fetch brings candles, a backtest brings a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.views.candle_choices import offered_series
from cqs_panel import empty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_core import SeriesStatus
    from cqs_core.lake import MarketSet
    from cqs_panel import PageState, Workbench


def follow_offers(page: PageState, ask: Callable[[bool], Any], lacking: Callable[[], bool]) -> None:
    """Ask what a form can offer: now, and again when the page is shown after a job has ended or while it lacks all.

    Args:
        page: of the form.
        ask: loads it, quietly or not.
        lacking: whether the last answer was that there is nothing; false while there is no answer yet.
    """
    old = False

    def again(*_: Any) -> None:
        nonlocal old
        if page.shown and (old or lacking()):
            old = False
            ask(True)

    def ended(_: Any) -> None:
        nonlocal old
        old = True
        again()

    page.param.watch(again, "shown")
    page.on_job(ended)
    ask(False)


def follow_candles(
    page: PageState,
    bench: Workbench,
    place: Any,
    advice: str,
    offer: Callable[[Sequence[SeriesStatus], Sequence[MarketSet]], Any],
) -> None:
    """Offer the candles of the lake, now and whenever there may be others; until there are any, say where to get them.

    Args:
        page: of the form.
        bench: whose button is there with the form.
        place: a column for the form.
        advice: said while there are no candles.
        offer: makes the form, or renews it.
    """
    asked = had = False

    def show(answer: tuple[Sequence[SeriesStatus], Sequence[MarketSet]]) -> None:
        nonlocal asked, had
        asked, had = True, had or any(status.rows for status in answer[0])
        bench.ready(yes=had)
        if had:
            offer(*answer)
        else:
            place[:] = [empty("No candles in the lake", advice, link=("Fetch candles", page.link("data")))]

    def ask(quiet: bool) -> None:
        bucket = page.bucket
        page.load(lambda: offered_series(bucket), show, quiet=quiet)

    follow_offers(page, ask, lambda: asked and not had)
