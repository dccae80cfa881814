"""The environment variables of the settings and of the user's folders."""

from __future__ import annotations

from cqs_core.config.variables import Settings, variable_of
from cqs_core.host.variable import Variable

_ABOUT: dict[str, tuple[str, str]] = {
    "bucket": ("Data", "folder or fsspec URL of all data"),
    "exchange": ("Data", "the home exchange: where a bare `BTC` trades"),
    "quote": ("Data", "the home quote currency"),
    "endpoint": ("Data", "base URL of a server to ask instead of the real exchanges"),
    "publish": ("Data", "intervals of the home market that are written to `data/processed`, `1d,1h`"),
    "day_start": ("Data", "when a day begins, in UTC: for derived days, and for the daily metrics of backtests"),
    "fee": ("Backtests", "fraction of a fill's value, a side"),
    "slippage_bps": ("Backtests", "basis points, a side"),
    "capital": ("Backtests", "cash at the start, in quote currency"),
    "timezone": ("Display", "IANA name; for display only"),
    "colors": ("Display", "`western`: green is up; `korean`: red is up"),
    "jobs": ("Running", "how many jobs work at once; others wait"),
    "disable": ("Running", "plugins that are not loaded, `name,name`"),
    "plugin_limit": ("Running", "seconds that a plugin has to load, or to answer a hook"),
}
_WITHOUT: dict[str, str] = {
    "bucket": "a folder of the user's data directory, named on standard error",
    "quote": "the exchange's own, `KRW` for `upbit`",
    "timezone": "the machine's",
    "day_start": "`00:00`",
    "jobs": "one for each core, at least 2",
}
_FOLDERS = {
    "CQS_DATA_DIR": (
        "the default bucket, the demo's bucket, the list of trusted models, the users of the dashboard",
        "data",
    ),
    "CQS_STATE_DIR": ("jobs, disabled plugins, state of the alert watcher, logins of the dashboard", "state"),
    "CQS_CACHE_DIR": ("copies of remote objects, indexes; may be deleted", "cache"),
}


def own_variables() -> list[Variable]:
    """One for each setting, and those that move files."""
    return [
        *(
            Variable(variable_of(field), about, _default(field), section=section)
            for field, (section, about) in _ABOUT.items()
        ),
        Variable(
            "CQS_ENV_FILE",
            "file with variables instead of `.env`; only the environment can set it",
            "`.env` in the working folder",
        ),
        *(Variable(name, about, f"the user's {kind} folder of `cqs`") for name, (about, kind) in _FOLDERS.items()),
        Variable("CQS_JOB", "the folder of the job that a process works on", section="Set by cqs itself"),
    ]


def _default(field: str) -> str:
    default = Settings.model_fields[field].default
    if field in _WITHOUT or not default:
        return _WITHOUT.get(field, "")
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    return f"`{default:.10g}`" if isinstance(default, float) else f"`{default}`"
