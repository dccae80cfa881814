"""The environment variables that buckets read."""

from __future__ import annotations

from cqs_core.bucket.cache import cache_limit
from cqs_core.host.variable import Variable


def bucket_variables() -> list[Variable]:
    """Those of the cache and of Google Cloud Storage."""
    return [
        Variable("GCS_BUCKET", "bare name, means `gs://name`; inside one source `CQS_BUCKET` wins", section="Data"),
        Variable(
            "GOOGLE_APPLICATION_CREDENTIALS",
            "file with Google's credentials",
            "what `gcloud auth application-default login` stored",
            section="Data",
        ),
        Variable(
            "CQS_GCS_TIMEOUT",
            "seconds without progress after which a request to `gs://` has failed; it is repeated for about as long",
            "`15`",
            check=_request_timeout,
        ),
        Variable("CQS_CACHE_BYTES", "size of the cache of remote objects", "`8589934592`", check=cache_limit),
        Variable(
            "STORAGE_EMULATOR_HOST",
            "Google's own variable: where an emulator of GCS listens; for tests",
            section="Set by cqs itself",
        ),
        Variable(
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT",
            "a switch of gcsfs that cqs turns off",
            "`false`",
            section="Set by cqs itself",
        ),
    ]


def _request_timeout() -> float:
    from cqs_core.bucket.gcs_client import request_timeout  # imports gcsfs

    return request_timeout()
