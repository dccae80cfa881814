"""Every test of core has folders of its own, and settings that nobody has touched."""

from __future__ import annotations

import hypothesis
import pytest

from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator, own_folders

__all__ = ["gcs_bucket", "gcs_emulator", "own_folders"]


# how long an example takes says more about the machine's other work than about ours
hypothesis.settings.register_profile("cqs", deadline=None, max_examples=60)
hypothesis.settings.load_profile("cqs")


@pytest.fixture(autouse=True)
def _alone(own_folders):
    """Nothing here reads or writes what belongs to the user who runs it."""
