"""`cqs config`: values, sources, problems, and warnings of probable mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cqs_core import Exchange, Plugins, UsageError, Variable, hookimpl, settings
from cqs_core import plugin as core
from cqs_core.bucket import cache_limit
from cqs_core.cli import run_command
from cqs_core.files import state_folder
from cqs_core.host import plugin_registry


@pytest.fixture
def config(capsys):
    """Runs `cqs config --json`: exit code, settings by variable, warnings."""

    def run():
        code = run_command(["config", "--json"])
        found = json.loads(capsys.readouterr().out)
        return code, {one["name"]: one for one in found["settings"]}, found["warnings"]

    return run


@pytest.fixture
def dotenv():
    """Writes the `.env` of the working folder, which only its owner can read."""

    def write(*lines, name=".env", mode=0o600):
        path = Path(name).absolute()
        path.write_text("\n".join(lines) + "\n")
        path.chmod(mode)
        return str(path)

    return write


class Weather:
    @hookimpl
    def register_variables(self):
        def check():
            raise UsageError("CQS_WEATHER_KEY is 'hunter2'; write another")

        return [
            Variable("CQS_WEATHER_KEY", "key of a service", secret=True, check=check),
            Variable("CQS_WEATHER_CITY_", "a city each", many=True),
        ]


@pytest.fixture
def weather(monkeypatch):
    host = Plugins()
    host.register(core, "core")
    host.register(Weather(), "weather")
    monkeypatch.setattr(plugin_registry, "_hosts", [host])


def test_each_setting_has_a_value_and_a_source(config, dotenv, monkeypatch):
    path = dotenv("CQS_FEE=0.001", "CQS_COLORS=korean")
    monkeypatch.setenv("CQS_COLORS", "western")
    code, found, warnings = config()
    assert (code, warnings) == (0, [])
    assert (found["CQS_FEE"]["value"], found["CQS_FEE"]["source"]) == ("0.001", path)
    assert (found["CQS_COLORS"]["value"], found["CQS_COLORS"]["source"]) == ("western", "environment")
    assert (found["CQS_CAPITAL"]["value"], found["CQS_CAPITAL"]["source"]) == ("10000000", "default")
    assert found["CQS_STATE_DIR"]["value"] == str(state_folder())


def test_gcs_bucket_is_the_source_of_the_bucket(config, dotenv, monkeypatch):
    dotenv("CQS_BUCKET=ours")
    monkeypatch.setenv("GCS_BUCKET", "theirs")
    found = config()[1]["CQS_BUCKET"]
    assert (found["value"], found["source"]) == ("gs://theirs", "GCS_BUCKET, environment")
    assert settings().bucket == found["value"]


def test_secrets_are_masked(config, weather, monkeypatch):
    monkeypatch.setenv("CQS_WEATHER_KEY", "hunter2")
    monkeypatch.setenv("CQS_BUCKET", "s3://key:hunter2@bucket/a?token=hunter2")
    code, found, _ = config()
    assert (code, found["CQS_WEATHER_KEY"]["problem"]) == (1, "CQS_WEATHER_KEY is not valid")
    assert "hunter2" not in json.dumps(found)


@pytest.mark.parametrize(
    ("variable", "text", "fact"),
    [
        ("CQS_FEE", "2", "less than 1"),
        ("CQS_DAY_START", "9", "write it as 00:00"),
        ("CQS_CACHE_BYTES", "many", "whole number of bytes"),
        ("CQS_PLUGIN_LIMIT", "-1", "greater than 0"),
        ("CQS_ENDPOINT", "upbit.com", "write a URL"),
    ],
)
def test_a_wrong_value_is_named_and_the_code_is_1(config, monkeypatch, variable, text, fact):
    monkeypatch.setenv(variable, text)
    code, found, _ = config()
    assert (code, found[variable]["value"]) == (1, text)
    assert fact in found[variable]["problem"]
    assert [name for name, one in found.items() if one["problem"]] == [variable]


def test_all_wrong_values_are_named_at_once(config, monkeypatch):
    monkeypatch.setenv("CQS_FEE", "x")
    monkeypatch.setenv("CQS_JOBS", "0")
    found = config()[1]
    assert found["CQS_FEE"]["problem"]
    assert found["CQS_JOBS"]["problem"]


def test_unknown_names_are_warned_of_with_a_suggestion(config, dotenv, monkeypatch, weather):
    dotenv("CQS_BUKET=x", "OTHER=1")
    monkeypatch.setenv("CQS_WHATEVER", "1")
    monkeypatch.setenv("CQS_WEATHER_CITY_SEOUL", "1")
    assert config()[2] == [
        "CQS_BUKET is not a setting; did you mean CQS_BUCKET?",
        "CQS_WHATEVER is not a setting; no installed package reads it; remove it",
    ]


def test_variables_for_many_are_listed_where_they_are_set(config, monkeypatch, weather):
    monkeypatch.setenv("CQS_WEATHER_CITY_SEOUL", "rain")
    assert [one["value"] for name, one in config()[1].items() if name.startswith("CQS_WEATHER_CITY")] == ["rain"]


def test_secrets_that_others_can_read_are_warned_of(config, dotenv, monkeypatch, weather):
    path = dotenv("CQS_WEATHER_KEY=hunter2", mode=0o644)
    [warning] = config()[2]
    assert repr(path) in warning
    assert "chmod 600" in warning
    dotenv("CQS_FEE=0.1", mode=0o644)
    assert config()[2] == []
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", dotenv("{}", name="key.json", mode=0o640))
    assert "key.json" in config()[2][0]


def test_credentials_of_google_in_the_file_do_nothing(config, dotenv):
    dotenv("GOOGLE_APPLICATION_CREDENTIALS=/k.json")
    assert "export it in the environment" in config()[2][0]


def test_another_file_of_variables(config, dotenv, monkeypatch):
    dotenv("CQS_FEE=0.1")
    path = dotenv("CQS_FEE=0.2", "CQS_CACHE_BYTES=77", "CQS_STATE_DIR=/elsewhere", name="mine.env")
    monkeypatch.setenv("CQS_ENV_FILE", "mine.env")
    monkeypatch.delenv("CQS_STATE_DIR")
    assert (settings().fee, cache_limit(), str(state_folder())) == (0.2, 77, "/elsewhere")
    assert config()[1]["CQS_CACHE_BYTES"]["source"] == path


def test_a_changed_file_is_read_again(dotenv):
    dotenv("CQS_FEE=0.1")
    assert settings().fee == 0.1
    dotenv("CQS_FEE=0.25")
    assert settings().fee == 0.25


def test_a_file_of_variables_that_is_missing_is_named(config, monkeypatch):
    monkeypatch.setenv("CQS_ENV_FILE", "absent.env")
    with pytest.raises(UsageError, match=r"absent\.env"):
        settings()
    code, found, _ = config()
    assert (code, found["CQS_ENV_FILE"]["problem"][:29]) == (1, "CQS_ENV_FILE is 'absent.env',")


def test_a_file_that_is_not_text_is_named(config):
    Path(".env").write_bytes(b"\xff\xfe\x00CQS")
    code, found, _ = config()
    assert code == 1
    assert "cannot be read" in found["CQS_ENV_FILE"]["problem"]


def test_the_table_of_people(capsys, monkeypatch):
    monkeypatch.setenv("CQS_FEE", "2")
    assert run_command(["config"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Variable", "Value", "From"]
    assert lines[-1].startswith("CQS_FEE is '2'; ")


def test_an_exchange_that_does_not_exist_is_named_by_its_variable(config, monkeypatch):
    class Upbit(Exchange):
        id = "upbit"

    class Weather:
        @hookimpl
        def register_exchanges(self):
            return [Upbit]

    host = Plugins()
    host.register(core, "core")
    host.register(Weather(), "weather")
    monkeypatch.setattr(plugin_registry, "_hosts", [host])
    monkeypatch.setenv("CQS_EXCHANGE", "upbitt")
    with pytest.raises(UsageError, match=r"^CQS_EXCHANGE: unknown exchange 'upbitt'; did you mean 'upbit'\?$"):
        settings()
    assert settings(exchange="elsewhere").exchange == "elsewhere"  # commands check their own options
    code, found, _ = config()
    assert (code, found["CQS_EXCHANGE"]["problem"][:13]) == (1, "CQS_EXCHANGE:")
