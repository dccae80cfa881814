"""Settings: command-line option, then environment, then `.env`, then default.

`CQS_BUCKET` is a folder or an fsspec URL, `GCS_BUCKET` a bare name that means `gs://name`; inside one source
`CQS_BUCKET` wins. An empty variable counts as absent.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from cqs_core.errors import UnknownName, UsageError
from cqs_core.files.env_file import file_variables
from cqs_core.files.folders import data_folder
from cqs_core.files.plaintext import masked
from cqs_core.time.intervals import DAY, HOUR, MINUTE, parse_interval
from cqs_core.trading.defaults import CAPITAL, FEE, SLIPPAGE_BPS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from pydantic_settings import PydanticBaseSettingsSource


class _Variables(EnvSettingsSource):
    """Variables of the environment, which win, and of the file; GCS_BUCKET stands in for CQS_BUCKET."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        of_file = {name.lower(): text for name, text in file_variables().items()}
        return _with_gcs(of_file) | _with_gcs(super()._load_env_vars())


def _with_gcs(found: Mapping[str, str | None]) -> dict[str, str | None]:
    values: dict[str, str | None] = {k: v for k, v in found.items() if v}
    name = values.get("gcs_bucket")
    if name and not values.get("cqs_bucket"):
        values["cqs_bucket"] = gcs_url(name)
    return values


def gcs_url(name: str) -> str:
    """The bucket that `GCS_BUCKET` names."""
    return f"gs://{name.removeprefix('gs://')}"


def default_jobs() -> int:
    """How many jobs work at once where `CQS_JOBS` is not set: one for each core, two at least."""
    return max(2, os.cpu_count() or 1)


class Settings(BaseSettings):
    """The user's configuration.

    Attributes:
        bucket: folder or fsspec URL; None where nothing was configured.
        exchange: the home exchange.
        quote: the home quote currency, of bare symbols on the home exchange; by default the exchange's own.
        timezone: IANA name for display; None is the machine's.
        day_start: ms after 00:00 UTC at which a day begins, for candles and backtests.
        endpoint: base URL of an exchange to use instead of the real ones.
        publish: home-market intervals that are published to `data/processed`.
        fee: fraction of a fill's value, a side.
        slippage_bps: basis points, a side.
        capital: that a backtest starts with, in quote currency.
        jobs: how many jobs work at once on this machine; None is one for each core, two at least.
        colors: `western` (green up, red down) or `korean` (red up, blue down).
        disable: plugins that are not loaded; the plugin host reads it itself.
        plugin_limit: seconds that a plugin has to load, or to answer a hook; the plugin host reads it itself.
    """

    model_config = SettingsConfigDict(env_prefix="CQS_", extra="ignore", frozen=True, enable_decoding=False)

    bucket: str | None = None
    exchange: str = "upbit"
    quote: str = "KRW"
    timezone: str | None = None
    day_start: int = Field(0, ge=0, lt=DAY)
    endpoint: str | None = None
    publish: tuple[str, ...] = ("1d",)
    fee: float = Field(FEE, ge=0, lt=1)
    slippage_bps: float = Field(SLIPPAGE_BPS, ge=0, lt=10_000)
    capital: float = Field(CAPITAL, gt=0, allow_inf_nan=False)
    jobs: int | None = Field(None, ge=1, le=64)
    colors: Literal["western", "korean"] = "western"
    disable: tuple[str, ...] = ()
    plugin_limit: float = Field(20.0, gt=0)

    @field_validator("bucket", "exchange", "quote")
    @classmethod
    def _check_given(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("give it a value, or leave it out")
        return value

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/]", value):
            raise ValueError("write a URL such as http://127.0.0.1:8000")
        return value

    @field_validator("day_start", mode="before")
    @classmethod
    def _read_day_start(cls, value: Any) -> int:
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value)):
            raise ValueError("write it as 00:00, in UTC")
        hours, minutes = str(value).split(":")
        return int(hours) * HOUR + int(minutes) * MINUTE

    @field_validator("publish", mode="before")
    @classmethod
    def _read_publish(cls, value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(parse_interval(part.strip()) for part in parts if part.strip())

    @field_validator("disable", mode="before")
    @classmethod
    def _read_disable(cls, value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() for part in parts if part.strip())

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, value: str | None) -> str | None:
        try:
            return ZoneInfo(value).key if value else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("write an IANA name such as Asia/Seoul") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - read in our own way
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - part of the above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - there are none
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _Variables(settings_cls)


def settings(**options: Any) -> Settings:
    """The settings now; options that are not None win over every other source.

    Raises:
        UsageError: a value is wrong; the message names the option or variable.
    """
    for name in options:
        if name not in Settings.model_fields:
            raise UnknownName("setting", name, Settings.model_fields)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return _with_own_quote(Settings(**given) if given else _of_variables(_those_now()), given)
    except ValidationError as error:
        raise UsageError(next(iter(_faults(error, given).values()))) from None


def _those_now() -> tuple[tuple[str, str], ...]:
    """All variables that settings may come from: names are read in upper and lower case."""
    own = ((name, text) for name, text in os.environ.items() if name[:4].upper() in ("CQS_", "GCS_"))
    return *own, *file_variables().items()


@functools.lru_cache(maxsize=4)
def _of_variables(_variables: tuple[tuple[str, str], ...]) -> Settings:
    """The settings that these variables give; to check them takes a millisecond, and a page asks dozens of times."""
    options: dict[str, Any] = {}
    return Settings(**options)


def setting_faults() -> dict[str, str]:
    """Errors in the settings that variables give, by the field's name."""
    options: dict[str, Any] = {}
    try:
        _with_own_quote(Settings(**options))
    except ValidationError as error:
        return _faults(error, ())
    except UsageError as error:
        return {"exchange": str(error)}
    return {}


def _faults(error: ValidationError, given: Collection[str]) -> dict[str, str]:
    """One line for each wrong field; `given` are those that came as options."""
    found = {}
    for one in error.errors():
        name, fact = str(one["loc"][0]), str(one["msg"]).removeprefix("Value error, ")
        source = f"--{name.replace('_', '-')}" if name in given else variable_of(name)
        found[name] = f"{source} is {one['input']!r}; {fact[0].lower() + fact[1:]}"
    return found


def variable_of(field: str) -> str:
    """The variable of a setting."""
    return f"CQS_{field.upper()}"


def _with_own_quote(found: Settings, given: Collection[str] = ()) -> Settings:
    """Where an exchange is configured and no quote, the exchange's own.

    Raises:
        UsageError: a variable names an exchange that does not exist. Commands check their own options.
    """
    if "exchange" not in found.model_fields_set:
        return found
    from cqs_core.host.plugin_registry import plugins

    known = plugins().exchanges()
    if found.exchange not in known and known and "exchange" not in given:
        failed = ", ".join(dict.fromkeys(problem.plugin for problem in plugins().problems))
        remedy = f"plugin {failed} failed to load, see `cqs plugins`" if failed else ""
        raise UsageError(f"{variable_of('exchange')}: {UnknownName('exchange', found.exchange, known, remedy)}")
    if "quote" in found.model_fields_set or found.exchange not in known:
        return found
    return found.model_copy(update={"quote": known[found.exchange].quote})


@functools.cache
def _say_default(folder: Path) -> None:
    print(f"cqs: no bucket configured (CQS_BUCKET, GCS_BUCKET or --bucket); using {folder}", file=sys.stderr)  # noqa: T201


def bucket_url(option: str | None = None) -> str:
    """The configured bucket; without one a folder of the user's data directory, named once on stderr.

    An option that shows the configured bucket as messages do, with its credentials masked, means that bucket.
    """
    url = settings(bucket=option).bucket
    if option and (configured := settings().bucket) and option == masked(configured):
        url = configured
    if url:
        return url
    folder = data_folder() / "bucket"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{str(folder)!r} cannot be made ({error.strerror}); name a bucket with CQS_BUCKET") from None
    _say_default(folder)
    return str(folder)
