"""The lake: every series of a bucket as immutable parquet objects whose names are the catalog."""

from cqs_core.lake.lake import Lake
from cqs_core.lake.names import LakeObject, Series
from cqs_core.lake.status import SeriesStatus

__all__ = ["Lake", "LakeObject", "Series", "SeriesStatus"]
