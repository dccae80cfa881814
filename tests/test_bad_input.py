"""What the caller can fix is refused at the edge: one line, exit code 2, nothing written, nobody asked."""

from __future__ import annotations

import socket
import threading

import pytest

from cqs_core.testing.command import refusal


class Listener:
    """A port that counts who knocks."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.knocks = 0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.knocks += 1
            connection.close()


@pytest.fixture
def nobody():
    listener = Listener()
    yield listener
    listener.socket.close()


FETCH = ["fetch", "--exchange", "upbit", "--symbols", "BTC", "--interval", "1d"]
RUN = ["backtest", "run", "volatility_breakout", "--symbols", "BTC"]


def changed(command: list[str], **options: str) -> list[str]:
    """The command with other option values."""
    words = list(command)
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if flag in words:
            words[words.index(flag) + 1] = value
        else:
            words += [flag, value]
    return words


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (changed(FETCH, exchange="upbti"), "unknown exchange 'upbti'; did you mean 'upbit'?"),
        (changed(FETCH, interval="2d"), "unknown interval '2d'"),
        (changed(FETCH, symbols="BTC//KRW"), "'BTC//KRW'"),
        (changed(FETCH, symbols="BTC-USDT"), "is ambiguous on 'upbit'; write"),
        (changed(FETCH, symbols=""), "symbol"),
        (changed(FETCH, start="2024-02-01", end="2024-01-01"), "is not before end '2024-01-01'"),
        (changed(FETCH, start="tomorrow"), "'tomorrow' is not a date"),
        (["backtest", "run", "volatility_breakot", "--symbols", "BTC"], "did you mean 'volatility_breakout'?"),
        (changed(RUN, exchange="upbti"), "unknown exchange 'upbti'; did you mean 'upbit'?"),
        (changed(RUN, interval="1D"), "unknown interval '1D'"),
        (changed(RUN, set="noise=0.5"), "unknown parameter"),
        (changed(RUN, set="noise_ratio=5"), "'noise_ratio' is 5.0; it must be a number from 0.1 to 0.9"),
        (changed(RUN, set="noise_ratio=high"), "'noise_ratio' is 'high'"),
        (changed(RUN, set="noise_ratio"), "noise_ratio"),
        (changed(RUN, capital="0"), "capital"),
        (changed(RUN, fee="-1"), "fee"),
        (changed(RUN, start="2024-02-01", end="2024-01-01"), "is not before end"),
        (changed(RUN, engine="fats"), "unknown engine 'fats'; did you mean 'fast'?"),
        (["sandbox", "--candles", "/nowhere/at/all", "--port", "1"], "/nowhere/at/all"),
        (["serve", "--address", "0.0.0.0"], "0.0.0.0"),
        (["plugin"], "unknown command 'plugin'; did you mean 'plugins'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_are_refused(command, told, tmp_path, nobody):
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    line = refusal(
        *command, *([] if command[0] in ("plugin", "sandbox") else ["--bucket", bucket]), CQS_ENDPOINT=nobody.url
    )
    assert told in line
    assert list(bucket.iterdir()) == []
    assert nobody.knocks == 0


@pytest.mark.parametrize("command", [FETCH, ["data", "status"], RUN])
def test_a_bucket_that_cannot_be_used_is_refused(command, tmp_path, nobody):
    file = tmp_path / "file"
    file.write_text("not a folder")
    for bucket in (file, tmp_path / "no" / "parent", "s4://x", "gs://"):
        refusal(*command, "--bucket", bucket, CQS_ENDPOINT=nobody.url)
    assert nobody.knocks == 0


@pytest.mark.parametrize("command", [FETCH, ["data", "status"], RUN])
def test_missing_credentials_are_named(command, tmp_path, nobody):
    line = refusal(*command, "--bucket", "gs://somebody", CQS_ENDPOINT=nobody.url, HOME=str(tmp_path))
    assert "GOOGLE_APPLICATION_CREDENTIALS" in line
    line = refusal(*command, "--bucket", "gs://somebody", GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "no.json"))
    assert "no.json" in line
    assert nobody.knocks == 0


def test_a_market_that_the_lake_does_not_have_names_the_nearest(tmp_path, sandbox):
    from cqs_core.testing.command import cqs

    bucket = tmp_path / "bucket"
    cqs(*FETCH, "--start", "2026-01-01", "--bucket", bucket, "--endpoint", sandbox)
    assert "did you mean 'BTC/KRW'?" in refusal(*changed(RUN, symbols="BTX"), "--bucket", bucket)
    assert "cqs fetch" in refusal(*changed(RUN, interval="1h"), "--bucket", bucket)


def test_a_market_that_the_exchange_does_not_have_names_the_nearest(tmp_path, sandbox):
    line = refusal(*changed(FETCH, symbols="BTX"), "--bucket", tmp_path / "bucket", "--endpoint", sandbox)
    assert "did you mean 'BTC/KRW'?" in line
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_folder_that_cannot_be_written_is_refused_by_what_writes(nobody):
    assert "cannot be written" in refusal(*FETCH, "--bucket", "/proc/self", CQS_ENDPOINT=nobody.url)
    assert nobody.knocks == 0
