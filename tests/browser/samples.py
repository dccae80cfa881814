"""Views as a plugin gives them: good ones, and each way to break."""

from cqs_core import hookimpl

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def plain(page):
    import panel_material_ui as pmui

    market = pmui.Select(label="Market", options=["BTC", "ETH"], value=page.query.get("market", "BTC"))
    market.param.watch(lambda event: page.remember(market=event.new), "value")
    page.param.watch(lambda event: setattr(market, "value", event.new.get("market", "BTC")), "query")
    go = pmui.Button(label="Go to names")
    go.on_click(lambda _: page.goto("names", market=market.value))
    return pmui.Column(market, go)


def names(page):
    import pandas as pd
    import panel as pn

    from cqs_panel import Metric, empty, metric_cards, plain_table, section, table

    frame = pd.DataFrame({"account": [EVIL, "메인"], "pnl": [1.5, -2.5]})
    return pn.Column(
        metric_cards([Metric(EVIL, EVIL, EVIL, hint=EVIL, trend=[1, 2])]),
        section(EVIL, table(frame, signed={"pnl": 1}, filters=["account"]), note=EVIL),
        section("Plain", plain_table([EVIL], [[EVIL]])),
        empty(EVIL, EVIL, EVIL),
    )


def unbuilt(page):
    raise ValueError(f"cannot be built {EVIL}")


def unloaded(page):
    import panel as pn

    def work():
        raise ValueError("cannot be loaded")

    page.load(work, print)
    return pn.pane.HTML("what was there stays")


def unchanged(page):
    import panel_material_ui as pmui

    def fail(_):
        raise ValueError("cannot be changed")

    button = pmui.Button(label="Change")
    button.on_click(fail)
    return button


def ticking(page):
    import panel as pn

    shown = pn.pane.HTML("0")

    def tick():
        shown.object = str(int(shown.object) + 1)
        if int(shown.object) > 3:
            raise ValueError("cannot be updated")

    page.every(0.2, tick)
    return shown


def slow(page):
    import time

    import panel as pn

    shown = pn.pane.HTML("waiting")

    def work():
        time.sleep(0.8)
        return "arrived"

    def show(text):
        with pn.io.hold():
            shown.object = text

    page.load(work, show)
    return shown


@hookimpl
def register_views():
    from cqs_panel import View

    views = [plain, names, unbuilt, unloaded, unchanged, ticking, slow]
    return [View(v.__name__, v.__name__.title(), "storage", 500 + i, v) for i, v in enumerate(views)]


@hookimpl
def register_cards():
    from cqs_panel import Card

    return [Card("samples.unbuilt", "Unbuilt card", 1, unbuilt), Card("samples.plain", "Plain card", 2, plain)]
