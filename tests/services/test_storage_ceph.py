"""The S3 store against a real Ceph gateway: the common contract, and what a double does not know."""

from __future__ import annotations

import tracemalloc
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from app.kernel.storage import ManagedStorage, open_storage, s3_bucket
from app.kernel.storage.s3 import PART_BYTES
from config.settings import StoreSection
from media_pipeline.ports import StorageFull, StorageUnavailable
from tests.fixtures.services import s3_section
from tests.services.adopting_contract import AdoptingContract
from tests.services.storage_contract import StorageContract

pytestmark = pytest.mark.services


@pytest.fixture
def section(s3_server) -> StoreSection:
    return s3_section(s3_server)


@pytest.fixture
def storage(section) -> ManagedStorage:
    storage = open_storage(section)
    storage.ensure()
    return storage


class TestCeph(StorageContract, AdoptingContract):
    pass


def test_wrong_keys_are_told_at_start_up(section):
    for update in ({"access_key": "nobody"}, {"bucket": section.bucket + "2", "access_key": "nobody"}):
        with pytest.raises(StorageUnavailable):
            open_storage(section.model_copy(update=update)).ensure()


def test_a_link_serves_ranges_and_is_bound_to_its_object(storage):
    storage.put_bytes("媒体/a b+c.mp4", b"0123456789", "video/mp4")
    storage.put_bytes("other", b"secret", "text/plain")
    url = storage.presigned_url("媒体/a b+c.mp4", 60)
    request = urllib.request.Request(url, headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert (answer.status, answer.read(), answer.headers["Content-Type"]) == (206, b"234", "video/mp4")
    address, signature = url.split("?")
    stolen = address.rsplit("/", 2)[0] + "/other"
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{stolen}?{signature}", timeout=10)
    refusal.value.close()
    assert refusal.value.code == 403


def test_a_large_file_is_sent_at_constant_memory(storage, tmp_path):
    with (tmp_path / "in").open("wb") as file:
        file.truncate(6 * PART_BYTES)
    storage.put_bytes("warm", b"x", "text/plain")
    tracemalloc.start()
    try:
        storage.put_file("big", tmp_path / "in", "video/mp4")
        sending_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        storage.fetch("big", tmp_path / "out")
        fetching_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "out").stat().st_size == 6 * PART_BYTES
    assert sending_bytes < 3 * PART_BYTES
    assert fetching_bytes < PART_BYTES


@pytest.fixture
def small_storage(s3_server) -> ManagedStorage:
    storage = open_storage(s3_section(s3_server.with_quota(3_000_000)))
    storage.ensure()
    return storage


def test_a_full_quota_is_told_as_full_and_nothing_stays(small_storage, tmp_path):
    (tmp_path / "in").write_bytes(bytes(PART_BYTES + 1))
    small_storage.put_bytes("fits", bytes(1_000_000), "text/plain")
    with pytest.raises(StorageFull):
        small_storage.put_bytes("no", bytes(4_000_000), "text/plain")
    with pytest.raises(StorageFull):
        small_storage.put_file("no/parts", tmp_path / "in", "video/mp4")
    assert [info.key for info in small_storage.list_keys("")] == ["fits"]
    assert small_storage.sweep_partial(timedelta(0)) == 0


def test_many_broken_uploads_are_swept_page_by_page(storage, monkeypatch):
    monkeypatch.setattr(s3_bucket, "UPLOADS_PER_PAGE", 7)
    for number in range(30):
        storage._bucket.begin(f"课{number % 3}/a b+%2F{number:02}", "video/mp4")
    assert storage.sweep_partial(timedelta(hours=1)) == 0
    assert storage.sweep_partial(timedelta(0)) == 30
    assert storage.sweep_partial(timedelta(0)) == 0
