"""What happens beside an upload while it is asked about: it ends, expires, or its store goes away and comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from app.kernel.clock import utc_now
from app.kernel.storage import S3Storage
from app.media.models import Source
from app.studio import intake
from app.studio.jobs import request_upload_sweep
from app.studio.models import Upload, UploadState
from app.studio.parts import PartFolder
from config.settings import Settings, load
from media_pipeline.ports import StorageUnavailable
from tests.fixtures.app import build_app, make_environ
from tests.fixtures.services import S3Double, s3_section
from tests.integration.studio.college import Browser, College, in_work, signed_in
from tests.integration.studio.test_upload_door import DATA, rows, work_default_lane
from tests.integration.studio.test_upload_extensions import checksum, send_piece

MIB = 1024 * 1024


def test_an_upload_that_ends_while_it_is_asked_about_is_not_lost(
    app: Flask, teacher: Browser, lecture_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    teacher.patch(url, 0, DATA[:1000])
    settle = PartFolder.settle

    def ends_meanwhile(parts: PartFolder, public_id: str) -> int | None:
        monkeypatch.undo()
        assert teacher.patch(url, 1000, DATA[1000:]).status_code == 204
        work_default_lane(app)
        return settle(parts, public_id)

    monkeypatch.setattr(PartFolder, "settle", ends_meanwhile)
    answer = teacher.head(url)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, str(len(DATA)))
    assert [upload.state for upload in rows(app, Upload)] == [UploadState.DONE]


def test_a_kill_right_after_a_checked_piece_was_noted_takes_nothing_back(
    app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    # A killed process runs no clean-up; this is the last thing the request would have done.
    monkeypatch.setattr(PartFolder, "_drop_unsure", lambda *_: None)
    noted: list[tuple[int, int | None]] = []
    monkeypatch.setattr(
        "app.studio.uploads.note_received",
        lambda _db, name, *, offset_bytes, **_: noted.append((offset_bytes, parts.length(name)))
        or UploadState.RECEIVING,
    )
    teacher.patch(url, 0, DATA[:1000], **checksum("sha256", DATA[:1000]))
    assert noted == [(1000, 1000)], "the file was as far as its row before the row was written"


def test_the_creation_tells_when_the_upload_ends(teacher: Browser, lecture_id: str) -> None:
    begun = teacher.begin(lecture_id, 10)
    left = parsedate_to_datetime(begun.headers["Upload-Expires"]) - utc_now()
    assert timedelta(days=13, hours=23) < left <= timedelta(days=14)
    body = {"Content-Type": "application/offset+octet-stream"}
    assert "Upload-Expires" in teacher.begin(lecture_id, 10, data=b"12345", **body).headers
    assert "Upload-Expires" not in teacher.begin(lecture_id, 5, data=b"12345", **body).headers


def test_expired_ids_answer_that_they_are_gone_and_nothing_else_is_lost(
    app: Flask, teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str, *,
    college: College, parts: PartFolder, part_files: Callable[[], list[Path]],
) -> None:  # fmt: skip
    expired, alive = send_piece(teacher, b"123"), send_piece(teacher, DATA[:2000])
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    teacher.patch(url, 0, DATA[:1000])
    names = {each.rpartition("/")[2]: each for each in (expired, alive, url)}
    long_ago = utc_now() - timedelta(days=14, hours=1)
    of_one = update(Upload).where(Upload.public_id == expired.rpartition("/")[2])
    in_work(app, lambda db: db.execute(of_one.values(updated_at=long_ago)))
    in_work(app, request_upload_sweep)
    work_default_lane(app)

    assert teacher.head(expired).status_code == 410
    refused = teacher.patch(expired, 3, b"4")
    assert (refused.status_code, refused.json["code"]) == (410, "upload_gone")
    assert teacher.patch(expired, 0, b"123", **checksum("sha256", b"123")).status_code == 410
    assert teacher.client.delete(expired, headers=teacher.headers).status_code == 204
    assert browser_of("stranger").head(expired).status_code == 404, "not even that it was there"
    assert {path.stem for path in part_files()} == names.keys() - {expired.rpartition("/")[2]}
    assert parts.path(alive.rpartition("/")[2]).read_bytes() == DATA[:2000]
    assert teacher.head(alive).headers["Upload-Offset"] == "2000"
    assert teacher.patch(url, 1000, DATA[1000:]).status_code == 204
    work_default_lane(app)
    assert rows(app, Source)[0].sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def stored(
    tmp_path: Path, settings: Settings, college: College, s3_double: S3Double
) -> tuple[Flask, Browser]:  # fmt: skip
    """The same college over an S3 store."""
    store = s3_section(s3_double)
    app = build_app(
        load(
            make_environ(
                tmp_path, STORE_KIND="s3", STORE_ENDPOINT=store.endpoint, STORE_ACCESS_KEY=store.access_key,
                STORE_SECRET_KEY=store.secret_key.get_secret_value(), STORE_BUCKET=store.bucket, STORE_SECURE="false",
            )
        )
    )  # fmt: skip
    app.extensions["platform"].storage.ensure()
    return app, Browser(signed_in(app, "teacher"))


def test_a_store_that_fails_in_between_does_not_spoil_the_digest(
    stored: tuple[Flask, Browser], lecture_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process has seen bytes that were then not kept; the same ones come again."""
    app, teacher = stored
    monkeypatch.setattr(intake, "BLOCK_BYTES", 64 * 1024)
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    assert teacher.patch(url, 0, DATA[:1000]).status_code == 204

    def away(*_: object) -> None:
        raise StorageUnavailable("no answer")

    with monkeypatch.context() as patches:
        patches.setattr(S3Storage, "put_buffer", away)
        assert teacher.patch(url, 1000, b"x" * 200_000).status_code == 503
    assert teacher.head(url).headers["Upload-Offset"] == "1000"
    assert teacher.patch(url, 1000, DATA[1000:]).status_code == 204
    work_default_lane(app)
    (source,) = rows(app, Source)
    assert source.sha256 == hashlib.sha256(DATA).hexdigest()
    assert b"".join(app.extensions["platform"].storage.open_range(source.storage_key)) == DATA
