"""Views around the shared candle chart, table and jobs."""

from cqs_core import Series, hookimpl


def candles(page):
    from cqs_panel import CandleChart, LakeCandles, section

    chart = CandleChart(page)

    def show(market):
        chart.show(LakeCandles(page.bucket, Series("upbit", market, "1m")))
        chart.offer(["BTC/KRW", "ETH/KRW"], market, show)

    show(page.query.get("market", "BTC/KRW"))
    return section("Candles", chart)


def refreshed(page):
    import pandas as pd
    import panel as pn

    from cqs_panel import refresh, section, table

    rows = [{"name": f"row {i}", "value": float(i)} for i in range(60)]
    shown = table(pd.DataFrame(rows), filters=["name"], page_size=100, height=300, selectable=1)
    count = pn.pane.HTML("0", css_classes=["refreshes"])

    def update():
        rows[0]["value"] += 1
        refresh(shown, pd.DataFrame(rows))
        count.object = str(int(count.object) + 1)

    page.every(0.3, update)
    return pn.Column(count, section("Rows", shown))


def early(page):
    import pandas as pd

    from cqs_panel import refresh, table

    shown = table(pd.DataFrame({"name": pd.Series([], dtype="str")}))
    page.load(lambda: pd.DataFrame({"name": ["first", "second"]}), lambda rows: refresh(shown, rows))
    return shown


def working(page):
    import panel as pn
    import panel_material_ui as pmui

    from cqs_core import jobs
    from cqs_panel import JobCard

    place = pn.Column()
    start = pmui.Button(label="Start")

    def run(_):
        place[:] = [JobCard(page, jobs.start("A <b>long</b> job", ["sleeping"]))]

    start.on_click(run)
    return pn.Column(start, place)


@hookimpl
def register_views():
    from cqs_panel import View

    return [View(v.__name__, v.__name__.title(), "storage", 500, v) for v in (candles, refreshed, early, working)]


@hookimpl
def register_overlays():
    import numpy as np

    from cqs_panel import Line, Overlay

    def middle(series, start, end):
        ts = np.array([start, end], dtype=np.int64)
        return [Line(str(series), ts, np.array([100.0, 100.0]))]

    return [Overlay("middle", "Middle line", middle)]
