"""Every test of core has folders of its own, and settings that nobody has touched."""

from __future__ import annotations

import pytest

from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator, own_folders

__all__ = ["gcs_bucket", "gcs_emulator", "own_folders"]


@pytest.fixture(autouse=True)
def _alone(own_folders):
    """Nothing here reads or writes what belongs to the user who runs it."""
