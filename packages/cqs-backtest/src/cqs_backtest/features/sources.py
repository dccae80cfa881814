"""Features as text: `regime=models:v9`, `funding=funding.parquet`, `spread@1h=sql:select …`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core import Lake, UsageError
from cqs_core.trading import TIMES, Feature

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core import Bucket

FORM = "NAME=models:VERSION, NAME=FILE.parquet, NAME=FILE.csv or NAME='sql:SELECT …'; NAME@KNOWN says when it is known"
_TEXT = re.compile(r"([^=@]+)(?:@([^=]+))?=(.+)", re.DOTALL)
_REGIMES = "select ts, market, regime from regimes where version = $version and exchange = $exchange order by ts"


def from_text(text: str, bucket: Bucket, exchange: str, markets: Sequence[str]) -> tuple[str, Feature]:
    """Name and feature.

    Args:
        text: see `FORM`.
        bucket: for models and SQL.
        exchange: of the run.
        markets: that it trades.

    Raises:
        UsageError: the text is not a feature, or names something that does not exist.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"--feature {text!r} is not a feature; write {FORM}")
    name, known, source = (found[1].strip(), (found[2] or "close").strip(), found[3].strip())
    return name, Feature(_table(source, bucket, exchange, markets), known, source)


def _table(source: str, bucket: Bucket, exchange: str, markets: Sequence[str]) -> object:
    if source.startswith("models:"):
        return _regimes(source.removeprefix("models:"), bucket, exchange, markets)
    if source.startswith("sql:"):
        return Lake(bucket).sql(source.removeprefix("sql:"))
    path = Path(source).expanduser()
    if path.suffix not in (".parquet", ".csv"):
        raise UsageError(f"--feature from {source!r} is not known; write {FORM}")
    if not path.is_file():
        raise UsageError(f"there is no file {source!r}; name one that is there")
    return _file(path)


def _file(path: Path) -> object:
    import pandas as pd
    import pyarrow as pa

    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            table: pa.Table = pq.read_table(path)
            return table
        return _of_csv(path, pd.read_csv(path))
    except (pa.ArrowException, ValueError, OSError) as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error}); give a table with a column 'ts'") from None


def _of_csv(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Its times are in the column `ts`, or else in the first one; a bare date is a UTC day."""
    import pandas as pd

    column = next((name for name in TIMES if name in frame.columns), frame.columns[0])
    texts = frame[column].astype(str)
    if texts.str.fullmatch(r"\d{4}-\d{2}-\d{2}").all():
        return frame.set_index(pd.DatetimeIndex(pd.to_datetime(texts, utc=True))).drop(columns=column)
    if not texts.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").all():
        raise UsageError(f"{str(path)!r} has times without a zone ({texts.iloc[0]}); write 2024-01-31T09:00+00:00")
    return frame.set_index(pd.DatetimeIndex(pd.to_datetime(texts, utc=True, format="ISO8601"))).drop(columns=column)


def _regimes(version: str, bucket: Bucket, exchange: str, markets: Sequence[str]) -> object:
    """A model's regimes: of each traded market if there are, else of the only market that has some."""
    frame = Lake(bucket).sql(_REGIMES, version=version, exchange=exchange).to_pandas()
    have = sorted(set(frame["market"]))
    if not have:
        raise UsageError(f"no regimes of model {version!r} are stored; store some: cqs models evaluate {version}")
    if set(markets) <= set(have):
        return frame[frame["market"].isin(markets)]
    if len(have) > 1:
        raise UsageError(f"model {version!r} has regimes of {', '.join(have)}, not of all of {', '.join(markets)}")
    return frame.drop(columns="market")
