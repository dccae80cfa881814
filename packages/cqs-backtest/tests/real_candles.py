"""Real candles, which are not part of the project."""

from pathlib import Path

REAL = Path(__file__).parents[4] / "shared" / "data" / "candles"


def real_frame(exchange, market, interval):
    import pandas as pd

    frame = pd.read_parquet(REAL / exchange / f"{market.replace('/', '-')}_{interval}.parquet")
    return frame.set_index("ts").rename_axis("timestamp")
