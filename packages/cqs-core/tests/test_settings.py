"""Where settings come from, and who wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from cqs_core import UnknownName, UsageError, settings
from cqs_core.config.variables import bucket_url
from cqs_core.time.intervals import HOUR


@pytest.fixture
def dotenv():
    """Writes the `.env` of the working folder."""
    return lambda *lines: Path(".env").write_text("\n".join(lines) + "\n")


def test_defaults_are_those_of_the_contract():
    found = settings()
    assert (found.bucket, found.exchange, found.quote, found.endpoint) == (None, "upbit", "KRW", None)
    assert (found.timezone, found.day_start, found.publish) == (None, 0, ("1d",))
    assert (found.fee, found.slippage_bps) == (0.0005, 5.0)


def test_option_beats_environment_beats_dotenv_beats_default(monkeypatch, dotenv):
    dotenv("CQS_QUOTE=DOTENV")
    assert settings().quote == "DOTENV"
    monkeypatch.setenv("CQS_QUOTE", "ENVIRONMENT")
    assert settings().quote == "ENVIRONMENT"
    assert settings(quote="OPTION").quote == "OPTION"
    assert settings(quote=None).quote == "ENVIRONMENT"


def test_a_bare_gcs_bucket_means_gs(monkeypatch):
    monkeypatch.setenv("GCS_BUCKET", "mine")
    assert settings().bucket == "gs://mine"
    monkeypatch.setenv("GCS_BUCKET", "gs://mine")
    assert settings().bucket == "gs://mine"


def test_inside_one_source_cqs_bucket_wins(monkeypatch, dotenv):
    dotenv("GCS_BUCKET=theirs", "CQS_BUCKET=ours")
    assert settings().bucket == "ours"
    monkeypatch.setenv("GCS_BUCKET", "theirs")
    monkeypatch.setenv("CQS_BUCKET", "here")
    assert settings().bucket == "here"


def test_gcs_bucket_of_the_environment_beats_cqs_bucket_of_the_file(monkeypatch, dotenv):
    dotenv("CQS_BUCKET=ours")
    monkeypatch.setenv("GCS_BUCKET", "theirs")
    assert settings().bucket == "gs://theirs"
    assert settings(bucket="given").bucket == "given"


def test_an_empty_variable_counts_as_absent(monkeypatch, dotenv):
    dotenv("CQS_BUCKET=ours", "CQS_QUOTE=")
    monkeypatch.setenv("CQS_BUCKET", "")
    assert settings().bucket == "ours"
    assert settings().quote == "KRW"


def test_an_empty_option_is_refused_not_passed_over(monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", "ours")
    for empty in ("", " "):
        with pytest.raises(UsageError, match=r"--bucket is ' ?'; give it a value, or leave it out"):
            bucket_url(empty)


def test_settings_are_read_afresh(monkeypatch):
    assert settings().quote == "KRW"
    monkeypatch.setenv("CQS_QUOTE", "USDT")
    assert settings().quote == "USDT"


def test_what_the_file_holds_besides_is_not_minded(dotenv):
    dotenv("# a comment", "OTHER=1", 'export CQS_QUOTE="USDT"', "TELEGRAM_TOKEN=x")
    assert settings().quote == "USDT"


def test_a_file_from_windows_is_read():
    Path(".env").write_bytes(b"\xef\xbb\xbfCQS_QUOTE=USDT\r\nCQS_EXCHANGE=binance\r\n")
    assert (settings().quote, settings().exchange) == ("USDT", "binance")


def test_a_folder_called_dotenv_is_no_settings():
    Path(".env").mkdir()
    assert settings().exchange == "upbit"


def test_a_file_that_is_no_text_is_named():
    Path(".env").write_bytes(b"CQS_BUCKET=\xff\xfe\n")
    with pytest.raises(UsageError, match=r"\.env' cannot be read .*; fix or remove it"):
        settings()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CQS_TIMEZONE", "Asia/Seuol", "CQS_TIMEZONE is 'Asia/Seuol'; write an IANA name such as Asia/Seoul"),
        ("CQS_TIMEZONE", "../../etc/passwd", "CQS_TIMEZONE is "),
        ("CQS_TIMEZONE", "Asia", "CQS_TIMEZONE is 'Asia'"),
        ("CQS_TIMEZONE", "x" * 5000, "CQS_TIMEZONE is "),
        ("CQS_TIMEZONE", "🚀", "CQS_TIMEZONE is "),
        ("CQS_DAY_START", "9", "CQS_DAY_START is '9'; write it as 00:00, in UTC"),
        ("CQS_DAY_START", "24:00", "CQS_DAY_START is '24:00'"),
        ("CQS_PUBLISH", "1d,2d", "CQS_PUBLISH is '1d,2d'; unknown interval '2d'; there are: 1m"),
        ("CQS_FEE", "cheap", "CQS_FEE is 'cheap'; input should be a valid number"),
        ("CQS_FEE", "nan", "CQS_FEE is 'nan'"),
        ("CQS_FEE", "1", "CQS_FEE is '1'"),
        ("CQS_SLIPPAGE_BPS", "-1", "CQS_SLIPPAGE_BPS is '-1'"),
        ("CQS_ENDPOINT", "127.0.0.1:8000", "CQS_ENDPOINT is '127.0.0.1:8000'; write a URL such as http://"),
        ("CQS_EXCHANGE", " ", "CQS_EXCHANGE is ' '"),
    ],
)
@pytest.mark.parametrize("source", ["environment", "file"])
def test_a_wrong_value_is_told_with_its_variable(monkeypatch, dotenv, source, variable, value, told):
    if source == "file":
        dotenv(f'{variable}="{value}"')
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError) as caught:
        settings()
    assert str(caught.value).startswith(told)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_wrong_option_is_told_as_an_option():
    with pytest.raises(UsageError, match="--slippage-bps is -1; input should be"):
        settings(slippage_bps=-1)
    with pytest.raises(UnknownName, match="unknown setting 'buckt'; did you mean 'bucket'"):
        settings(buckt="x")


def test_lists_and_times_of_day_are_read(monkeypatch):
    monkeypatch.setenv("CQS_PUBLISH", "1d, 4h,day")
    monkeypatch.setenv("CQS_DAY_START", "09:00")
    monkeypatch.setenv("CQS_TIMEZONE", "Asia/Seoul")
    assert settings().publish == ("1d", "4h", "1d")
    assert settings().day_start == 9 * HOUR
    assert settings().timezone == "Asia/Seoul"


def test_without_a_bucket_there_is_one_of_the_users_own_named_once(capsys, own_folders):
    url = bucket_url()
    assert url == str(own_folders / "data" / "bucket")
    assert Path(url).is_dir()
    assert bucket_url() == url
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count(url) == 1


def test_a_home_that_cannot_hold_it_is_told(monkeypatch):
    Path("file").write_text("x")
    monkeypatch.setenv("CQS_DATA_DIR", str(Path("file").absolute()))
    with pytest.raises(UsageError, match=r"cannot be made \(Not a directory\); name a bucket with CQS_BUCKET"):
        bucket_url()


def test_settings_are_read_again_only_when_a_variable_or_the_file_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CQS_QUOTE", "USDT")
    first = settings()
    assert settings() is first
    monkeypatch.setenv("cqs_fee", "0.01")  # names are read in lower case, too
    assert (settings().quote, settings().fee) == ("USDT", 0.01)
    (tmp_path / ".env").write_text("CQS_CAPITAL=5\n")
    assert settings().capital == 5
    (tmp_path / ".env").unlink()
    monkeypatch.delenv("cqs_fee")
    assert settings() == first
    assert settings(fee=0.02).fee == 0.02
    monkeypatch.setenv("CQS_FEE", "much")
    for _ in range(2):
        with pytest.raises(UsageError, match="CQS_FEE"):
            settings()
