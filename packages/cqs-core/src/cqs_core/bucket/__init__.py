"""The bucket: the root of all data, a local folder or any fsspec URL, with the same few verbs on all of them."""

from cqs_core.bucket.bucket import Bucket
from cqs_core.bucket.entry import Entry

__all__ = ["Bucket", "Entry"]
