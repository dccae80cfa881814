"""Contract tests of bot log formats: rows are complete and consistent, and no file breaks the reader.

from cqs_core.testing.log_format import LogFormatContract

class TestMine(LogFormatContract):
format = Mine()
name, data = "trades.csv", b"..."  # a file as the bot writes it, with a purchase and a sale
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, ClassVar

import pytest

from cqs_core.host.hook_results import named

if TYPE_CHECKING:
    from cqs_core.errors import DataError
    from cqs_core.host.log_format import LogFormat, LoggedTrade


class LogFormatContract:
    """A subclass names the `format`, and the `name` and `data` of a sound file of trades."""

    format: ClassVar[LogFormat]
    name: ClassVar[str]
    data: ClassVar[bytes]

    def _read(self, data: bytes) -> tuple[list[LoggedTrade], list[tuple[int | None, str]]]:
        lines: list[tuple[int | None, str]] = []
        return list(self.format.trades(io.BytesIO(data), lambda line, reason: lines.append((line, reason)))), lines

    def test_the_host_takes_it(self) -> None:
        taken: list[tuple[str, object] | DataError] = list(named("register_log_formats", [self.format]))
        assert taken == [(self.format.name, self.format)]

    def test_it_knows_its_files_and_leaves_others_alone(self) -> None:
        assert self.format.kind(self.name) == "trades"
        assert self.format.owns(self.name, self.data[:4096])
        assert self.format.kind("readme.txt") == ""

    def test_a_sound_file_gives_purchases_and_sales_and_no_problem(self) -> None:
        rows, told = self._read(self.data)
        assert told == []
        assert {row.sell for row in rows} == {False, True}
        assert [row.line for row in rows] == sorted(row.line for row in rows)

    def test_rows_are_consistent(self) -> None:
        for row in self._read(self.data)[0]:
            assert row.amount == pytest.approx(row.price * row.quantity, rel=1e-3)
            assert row.price > 0 < row.quantity
            assert math.isfinite(row.profit or 0.0)
            assert (row.profit is not None) == row.sell

    @pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
    def test_a_torn_file_keeps_the_rows_before_the_tear(self, cut: float) -> None:
        """Files are copied while they grow: a cut never raises, and never makes a row that is not in the whole file."""
        whole, _ = self._read(self.data)
        torn, _ = self._read(self.data[: int(cut * len(self.data))])
        assert torn == whole[: len(torn)]

    def test_garbage_is_reported_and_not_counted(self) -> None:
        rows, told = self._read(b"\xff\xfe\0garbage")
        assert rows == []
        assert all(reason and "\n" not in reason for _, reason in told)
