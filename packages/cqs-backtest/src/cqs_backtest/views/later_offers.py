"""What a form can offer changes while a page is open: a fetch brings candles, a backtest brings a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel import PageState


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
