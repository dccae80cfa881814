"""Whether `gs://` can be asked at all, found out without asking any network."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cqs_core.errors import UsageError

_REMEDY = "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or run `gcloud auth application-default login`"


def gcs_options() -> dict[str, Any]:
    """Options for gcsfs.

    Raises:
        UsageError: there are no credentials, or their file cannot be read.
    """
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # else the first call probes gRPC for minutes
    options: dict[str, Any] = {"use_listings_cache": False}
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        return options | {"token": "anon"}
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return options | {"token": _readable(named)}
    if not (_application_default().is_file() or _on_google_cloud()):
        raise UsageError(f"no credentials for gs://; {_REMEDY}")
    return options | {"token": "google_default"}


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
        raise UsageError(f"GOOGLE_APPLICATION_CREDENTIALS names {path!r}, which is no key file; {_REMEDY}")
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
