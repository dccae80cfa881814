"""The user's folders of cqs; a variable each moves them."""

from __future__ import annotations

from pathlib import Path

from cqs_core.files.env_file import variable_if_readable


def data_folder() -> Path:
    """The user's data folder of cqs, where the bucket is when none is configured."""
    import platformdirs

    return Path(variable_if_readable("CQS_DATA_DIR") or platformdirs.user_data_path("cqs", appauthor=False))


def state_folder() -> Path:
    """The user's state folder of cqs: jobs, and which plugins are disabled."""
    import platformdirs

    return Path(variable_if_readable("CQS_STATE_DIR") or platformdirs.user_state_path("cqs", appauthor=False))


def cache_folder() -> Path:
    """The user's cache folder of cqs: copies of remote objects, indexes; all of it may be deleted."""
    import platformdirs

    return Path(variable_if_readable("CQS_CACHE_DIR") or platformdirs.user_cache_path("cqs", appauthor=False))
