"""Whether `gs://` can be asked at all, found out without asking any network."""

from __future__ import annotations

import functools
import json
import os
import warnings
from pathlib import Path
from typing import Any

from cqs_core.errors import UsageError

_NONE, _DEFAULT = "anon", "google_default"  # gcsfs' words for how it finds a token
_SCOPES = ("https://www.googleapis.com/auth/devstorage.full_control",)
_REMEDY = "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run `gcloud auth application-default login`"


def gcs_options() -> dict[str, Any]:
    """Options for gcsfs.

    Raises:
        UsageError: there are no credentials, or their file cannot be read.
    """
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # else the first call probes gRPC for minutes
    options: dict[str, Any] = {"use_listings_cache": False}
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        return options | {"token": _NONE}
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return options | {"token": _readable(named)}
    if not (_application_default().is_file() or _on_google_cloud()):
        raise UsageError(f"no credentials for gs://; {_REMEDY}")
    return options | {"token": _DEFAULT}


def gcs_token(token: Any) -> Any:
    """The `token` argument of gcsfs. Key files are read here, since gcsfs hides what is wrong with them.

    Raises:
        UsageError: the key file, or Google's own default, cannot be used.
    """
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    default = token == _DEFAULT
    if token == _NONE or not isinstance(token, str):
        return token
    try:
        if default:
            return google.auth.default(scopes=_SCOPES)[0]
        return _key_file(token, Path(token).stat().st_mtime_ns)
    except (GoogleAuthError, ValueError, KeyError, TypeError, OSError) as error:
        fact = " ".join(str(error).split())[:200] or type(error).__name__
        named = "the default credentials" if default else f"the key file {token!r}"
        raise UsageError(f"{named} of gs:// cannot be used ({fact}); {_REMEDY}") from None


@functools.lru_cache(maxsize=8)
def _key_file(path: str, _changed: int) -> Any:
    """The same object each time, since gcsfs keeps one connection per token object."""
    import google.auth

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of key files in general
        return google.auth.load_credentials_from_file(path, scopes=_SCOPES)[0]  # type: ignore[no-untyped-call]


def _readable(path: str) -> str:
    try:
        about = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {path!r}, which cannot be read ({error.strerror}); {_REMEDY}"
        ) from None
    except ValueError:
        about = None
    if not isinstance(about, dict):
        raise UsageError(f"GOOGLE_APPLICATION_CREDENTIALS names {path!r}, which is not a key file; {_REMEDY}")
    return path


def _application_default() -> Path:
    default = Path(os.environ.get("APPDATA", "")) / "gcloud" if os.name == "nt" else Path.home() / ".config" / "gcloud"
    return Path(os.environ.get("CLOUDSDK_CONFIG") or default) / "application_default_credentials.json"


def _on_google_cloud() -> bool:
    """Machines of Google's own have credentials without a file; their firmware says so."""
    try:
        return Path("/sys/class/dmi/id/product_name").read_text().strip() == "Google Compute Engine"
    except OSError:
        return False
