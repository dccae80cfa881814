"""The same lake on every storage."""

import pytest

from cqs_core import Lake
from cqs_core.testing.lake import LakeContract


class TestFolder(LakeContract):
    @pytest.fixture
    def lake(self, tmp_path):
        return Lake(str(tmp_path))


class TestMemory(LakeContract):
    @pytest.fixture
    def lake(self, tmp_path):
        return Lake(f"memory://{tmp_path.name}-{id(tmp_path)}")


class TestGcs(LakeContract):
    @pytest.fixture
    def lake(self, gcs_bucket):
        return Lake(gcs_bucket)
