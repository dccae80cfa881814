"""Many rows at once: whole lines of trades CSVs into an Arrow table, or a refusal to judge them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from cqs_core.files import stream_of
from cqs_monitor.logs.bot.row import COLUMNS, DAY, KST_OFFSET, PROFIT_TOLERANCE, Row
from cqs_monitor.logs.table import AMOUNT_TOLERANCE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

pc: Any = compute  # its functions are made at import; stubs know them badly
_TYPES = {"action": pa.string(), "profit_krw": pa.float64()}
_TYPES |= {field.name: field.type for field in SCHEMA if field.name in COLUMNS}
_NAMES = ["profit" if name == "profit_krw" else name for name in COLUMNS]
_NUMBERS = ("price", "quantity", "amount")
_PROFITS = ("profit_pct", "profit")


def read_block(data: bytes, lines: int) -> pa.Table | None:
    """The first nine columns of `SCHEMA`, if every one of `lines` whole lines is a complete row; else None."""
    if b"\0" in data or b'"' in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    try:
        table = csv.read_csv(
            stream_of(data),
            read_options=csv.ReadOptions(column_names=list(COLUMNS), use_threads=False, block_size=len(data) + 1),
            parse_options=csv.ParseOptions(ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(column_types=_TYPES, null_values=[""], strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    return _trades(table.rename_columns(_NAMES)) if table.num_rows == lines else None


def table_of(rows: Sequence[Row], lines: Sequence[int], files: Sequence[int]) -> pa.Table:
    """Rows judged one by one, in `SCHEMA`."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    values = [*columns, lines, files]
    return pa.table([pa.array(v, type=f.type) for v, f in zip(values, SCHEMA, strict=True)], schema=SCHEMA)


def located(table: pa.Table, lines: npt.NDArray[np.int32], files: npt.NDArray[np.int32]) -> pa.Table:
    """The table with its last two columns."""
    return table.append_column("line", pa.array(lines, pa.int32())).append_column("file", pa.array(files, pa.int32()))


def _trades(table: pa.Table) -> pa.Table | None:
    sell, buy = pc.equal(table["action"], "SELL"), pc.equal(table["action"], "BUY")
    if not (_all(pc.xor(sell, buy)) and _positive(table) and _profits(table, buy) and _named(table)):
        return None
    return table.set_column(2, "sell", sell) if _consistent(table, sell) else None


def _consistent(table: pa.Table, sell: Any) -> bool:
    """As `Row.contradiction` judges one row."""
    price, quantity, amount = (table[name].to_numpy() for name in _NUMBERS)
    days = table["date"].cast(pa.int32()).to_numpy()
    shown = (table["timestamp"].cast(pa.int64()).to_numpy() + KST_OFFSET) // DAY
    paid = np.abs(price * quantity - amount) <= AMOUNT_TOLERANCE * amount
    if not (paid.all() and (np.abs(days - shown) <= 1).all()):
        return False
    sold = sell.to_numpy()
    amount, percent, profit = (table[name].to_numpy()[sold] for name in ("amount", *_PROFITS))
    rest = 100 + percent
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(profit - amount * percent / rest)
    return bool(((rest > 0) & (off <= np.maximum(1.0, PROFIT_TOLERANCE * amount))).all())


def _named(table: pa.Table) -> bool:
    whole = table["timestamp"].null_count == table["date"].null_count == 0
    return whole and _all(pc.not_equal(table["symbol"], ""))


def _positive(table: pa.Table) -> bool:
    columns = [table[name] for name in _NUMBERS]
    return all(c.null_count == 0 and _all(pc.and_(pc.is_finite(c), pc.greater(c, 0.0))) for c in columns)


def _profits(table: pa.Table, buy: Any) -> bool:
    columns = [table[name] for name in _PROFITS]
    return all(_all(pc.equal(pc.is_null(c), buy)) and _all(pc.is_finite(c)) for c in columns)


def _all(flags: Any) -> bool:
    return bool(pc.all(flags, min_count=0).as_py())
