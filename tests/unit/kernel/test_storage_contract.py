"""Both stores keep the same promises; the S3 one here against a double, in tests/services against the real thing."""

from __future__ import annotations

import pytest

from config.settings import StoreSection
from tests.fixtures.services import s3_section
from tests.services.adopting_contract import AdoptingContract
from tests.services.storage_contract import StorageContract


class TestFolder(StorageContract, AdoptingContract):
    @pytest.fixture
    def section(self, tmp_path_factory) -> StoreSection:
        return StoreSection(kind="folder", path=tmp_path_factory.mktemp("store") / "not" / "yet")


class TestFolderWithQuota(StorageContract, AdoptingContract):
    @pytest.fixture
    def section(self, tmp_path_factory) -> StoreSection:
        return StoreSection(kind="folder", path=tmp_path_factory.mktemp("store"), quota_bytes=200_000_000)


class TestS3Double(StorageContract, AdoptingContract):
    knows_age_of_partials = False

    @pytest.fixture
    def section(self, s3_double) -> StoreSection:
        return s3_section(s3_double)
