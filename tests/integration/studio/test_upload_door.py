"""The tus door: begin, continue, end; who may, what fits, what is left behind."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.jobs.model import Job
from app.media.models import Source
from app.studio.jobs import request_upload_sweep
from app.studio.models import Upload, UploadState
from app.studio.parts import PartFolder
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ, run_jobs
from tests.integration.studio.college import Browser, College, in_work, signed_in

DATA = os.urandom(300_000)


def rows(app: Flask, model: type) -> list:
    return in_work(app, lambda db: list(db.scalars(select(model))))


def work_default_lane(app: Flask) -> None:
    while app.extensions["platform"].runner.work_once("default"):
        pass


def test_options_tell_what_we_can(teacher: Browser) -> None:
    response = teacher.client.options("/studio/uploads")
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == response.headers["Tus-Resumable"] == "1.0.0"
    assert response.headers["Tus-Extension"] == (
        "creation,creation-with-upload,termination,expiration,checksum,concatenation,concatenation-unfinished"
    )
    assert response.headers["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"
    assert response.headers["Tus-Max-Size"] == str(8 * 1024**3)


def test_pieces_become_one_source_and_leave_no_file(
    app: Flask, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    url = teacher.upload(lecture_id, DATA, chunk=70_001)
    assert [upload.state for upload in rows(app, Upload)] == [UploadState.FINISHING]
    assert 'data-phase="finishing"' in teacher.get(f"/studio/lectures/{lecture_id}/status")
    work_default_lane(app)
    (source,) = rows(app, Source)
    assert source.sha256 == hashlib.sha256(DATA).hexdigest()
    assert (source.filename, source.size_bytes) == ("第一讲.mp4", len(DATA))
    assert app.extensions["platform"].storage.stat(source.storage_key).size_bytes == len(DATA)
    assert [upload.state for upload in rows(app, Upload)] == [UploadState.DONE]
    assert part_files() == []
    assert teacher.head(url).headers["Upload-Offset"] == str(len(DATA))
    assert teacher.client.delete(url, headers=teacher.headers).status_code == 409


def test_a_whole_file_becomes_the_source_without_being_copied_or_read(
    app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = teacher.upload(lecture_id, DATA, chunk=70_001)
    part = parts.path(url.rpartition("/")[2])
    number = part.stat().st_ino
    reads: list[Path] = []
    monkeypatch.setattr("app.studio.parts.hash_file", reads.append)
    assert app.extensions["platform"].runner.work_once("default")
    (source,) = rows(app, Source)
    stored = app.extensions["platform"].storage.local_path(source.storage_key)
    assert (stored.stat().st_ino, reads) == (number, [])


def test_room_for_a_copy_is_asked_only_where_one_is_made(
    app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartFolder, "free_bytes", lambda _self: 1500)
    assert teacher.begin(lecture_id, 1000).status_code == 201

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "two mounts of one disk")

    monkeypatch.setattr(os, "link", refuse)
    assert teacher.begin(lecture_id, 1000).status_code == 507
    assert teacher.begin(lecture_id, 750).status_code == 201


def test_finishing_twice_makes_one_source(app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder) -> None:
    url = teacher.upload(lecture_id, DATA)
    work_default_lane(app)
    parts.create(url.rpartition("/")[2])

    def again(db) -> None:
        job = db.scalars(select(Job).where(Job.kind == "finish_upload")).one()
        job.state = "queued"

    in_work(app, again)
    work_default_lane(app)
    assert len(rows(app, Source)) == 1
    encodes = [job for job in rows(app, Job) if job.kind == "encode_lecture"]
    assert len(encodes) == 1


def test_head_tells_where_to_go_on_and_wrong_offsets_change_nothing(teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    assert teacher.patch(url, 0, DATA[:1000]).headers["Upload-Offset"] == "1000"
    for wrong in (0, 999, 1001):
        refused = teacher.patch(url, wrong, b"x")
        assert refused.status_code == 409
        assert refused.json["code"] == "offset_mismatch"
    answer = teacher.head(url)
    assert answer.headers["Upload-Offset"] == "1000"
    assert answer.headers["Upload-Length"] == str(len(DATA))
    assert "Upload-Expires" in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_body_above_the_form_limit_passes(app: Flask, teacher: Browser, lecture_id: str) -> None:
    data = bytes(6 * 1024 * 1024)
    url = teacher.begin(lecture_id, len(data)).headers["Location"]
    assert teacher.patch(url, 0, data).status_code == 204
    assert rows(app, Upload)[0].state is UploadState.FINISHING


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "0"}, 422, "empty_file"),
        ({"Upload-Length": "-1"}, 422, "bad_header"),
        ({"Upload-Length": ""}, 422, "bad_header"),
        ({"Upload-Length": "９"}, 422, "bad_header"),
        ({"Upload-Length": str(9 * 1024**3)}, 413, "too_large"),
        ({"Upload-Metadata": "filename !!!"}, 422, "bad_metadata"),
        ({"Tus-Resumable": "0.2.2"}, 412, "tus_version"),
    ],
)
def test_bad_beginnings(
    app: Flask,
    teacher: Browser,
    lecture_id: str,
    *,
    part_files: Callable[[], list[Path]],
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    response = teacher.begin(
        lecture_id, 10, **{name: value.encode().decode("latin-1") for name, value in headers.items()}
    )
    assert (response.status_code, response.json["code"]) == (status, code)
    assert response.content_type == "application/problem+json"
    assert rows(app, Upload) == []
    assert part_files() == []


def test_more_than_promised_is_refused_whole(teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    refused = teacher.patch(url, 0, b"12345678901")
    assert (refused.status_code, refused.json["code"]) == (413, "beyond_length")
    assert teacher.head(url).headers["Upload-Offset"] == "0"


def test_wrong_content_type(teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    assert teacher.patch(url, 0, b"1", **{"Content-Type": "video/mp4"}).status_code == 415


def test_without_csrf_token_nothing_is_written(app: Flask, teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    assert teacher.patch(url, 0, b"1", **{"X-CSRFToken": ""}).status_code == 400
    assert teacher.begin(lecture_id, 10, **{"X-CSRFToken": "x"}).status_code == 400
    assert teacher.head(url).headers["Upload-Offset"] == "0"


def test_uploads_of_others_do_not_exist(
    teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str, client, college: College
) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    for login in ("stranger", "colleague"):
        other = browser_of(login)
        assert other.head(url).status_code == 404
        assert other.patch(url, 0, b"1").status_code == 404
        assert other.client.delete(url, headers=other.headers).status_code == 404
    assert browser_of("stranger").begin(lecture_id, 10).status_code == 404
    assert client.head(url, headers=teacher.headers).status_code == 401
    admin = browser_of("admin")
    assert admin.head(url).status_code == 200
    assert admin.patch(url, 0, b"1").status_code == 204


def test_delete_ends_an_upload_without_a_trace(
    teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    teacher.patch(url, 0, b"123")
    assert teacher.client.delete(url, headers=teacher.headers).status_code == 204
    assert part_files() == []
    assert teacher.head(url).status_code == 410
    assert teacher.patch(url, 3, b"4").status_code == 410
    assert teacher.client.delete(url, headers=teacher.headers).status_code == 204


def test_a_new_file_takes_the_place_of_one_on_its_way(
    app: Flask, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    first = teacher.begin(lecture_id, 10).headers["Location"]
    second = teacher.begin(lecture_id, 20).headers["Location"]
    assert teacher.head(first).status_code == 410
    assert [path.stem for path in part_files()] == [second.rpartition("/")[2]]


def test_a_second_writer_is_told_to_wait(teacher: Browser, lecture_id: str, parts: PartFolder) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    with parts.writing(url.rpartition("/")[2]):
        refused = teacher.patch(url, 0, b"1")
    assert (refused.status_code, refused.json["code"]) == (423, "upload_busy")
    assert teacher.patch(url, 0, b"1").status_code == 204


def test_bytes_a_killed_request_had_written_are_not_lost(
    app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder
) -> None:
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    name = url.rpartition("/")[2]
    parts.path(name).write_bytes(DATA[:777])  # written, but the row was never told
    assert teacher.head(url).headers["Upload-Offset"] == "777"
    assert teacher.patch(url, 777, DATA[777:]).status_code == 204
    work_default_lane(app)
    assert rows(app, Source)[0].sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("who", ["head", "sweep"])
def test_the_last_byte_arrived_but_its_request_died(
    app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder, who: str
) -> None:
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    parts.path(url.rpartition("/")[2]).write_bytes(DATA)
    if who == "head":
        assert teacher.head(url).headers["Upload-Offset"] == str(len(DATA))
    else:
        in_work(app, request_upload_sweep)
    work_default_lane(app)
    assert rows(app, Source)[0].sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_lost_finishing_job_is_made_again(app: Flask, teacher: Browser, lecture_id: str) -> None:
    teacher.upload(lecture_id, DATA)
    in_work(app, lambda db: [db.delete(job) for job in db.scalars(select(Job))])
    in_work(app, request_upload_sweep)
    work_default_lane(app)
    assert [upload.state for upload in rows(app, Upload)] == [UploadState.DONE]


def test_bytes_that_vanished_end_the_upload(teacher: Browser, lecture_id: str, parts: PartFolder) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    teacher.patch(url, 0, b"12345")
    parts.path(url.rpartition("/")[2]).write_bytes(b"12")
    assert teacher.head(url).status_code == 410


def test_expired_uploads_and_unknown_files_are_swept(
    app: Flask, teacher: Browser, lecture_id: str, parts: PartFolder, part_files: Callable[[], list[Path]]
) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    teacher.patch(url, 0, b"123")
    parts.create("unknownold")
    parts.create("unknownnew")
    os.utime(parts.path("unknownold"), (0, 0))
    in_work(app, request_upload_sweep)
    work_default_lane(app)
    assert {path.stem for path in part_files()} == {url.rpartition("/")[2], "unknownnew"}
    long_ago = utc_now() - timedelta(days=14, hours=1)
    in_work(app, lambda db: db.execute(update(Upload).values(updated_at=long_ago)))
    in_work(app, request_upload_sweep)
    work_default_lane(app)
    assert {path.stem for path in part_files()} == {"unknownnew"}
    assert teacher.head(url).status_code == 410
    assert 'data-phase="empty"' in teacher.get(f"/studio/lectures/{lecture_id}/status")


def test_the_disk_is_looked_at_before_a_byte_is_taken(
    settings: Settings, tmp_path: Path, college: College, lecture_id: str
) -> None:
    full = build_app(load(make_environ(tmp_path, MEDIA_MIN_FREE_BYTES="900TiB")))
    browser = Browser(signed_in(full, "teacher"))
    response = browser.begin(lecture_id, 10)
    assert (response.status_code, response.json["code"]) == (507, "disk_full")
    assert "空间不足" in response.json["detail"]
    assert rows(full, Upload) == []


def test_promises_count_against_the_quota_of_the_store(
    app: Flask, tmp_path: Path, teacher: Browser, college: College, lecture_id: str
) -> None:
    teacher.upload(lecture_id, DATA)
    work_default_lane(app)
    tight = build_app(load(make_environ(tmp_path, STORE_QUOTA_BYTES=str(2 * len(DATA)))))
    browser = Browser(signed_in(tight, "teacher"))
    assert browser.begin(lecture_id, len(DATA) + 1).json["code"] == "disk_full"
    assert browser.begin(lecture_id, len(DATA)).status_code == 201


def test_a_store_that_is_full_at_the_end_keeps_the_upload_and_says_so(
    app: Flask, tmp_path: Path, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    teacher.upload(lecture_id, DATA)
    tight = build_app(load(make_environ(tmp_path, STORE_QUOTA_BYTES="1000")))
    work_default_lane(tight)
    page = teacher.get(f"/studio/lectures/{lecture_id}/status")
    assert 'data-phase="finishing"' in page
    assert "存储空间不足" in page
    assert len(part_files()) == 1
    in_work(app, lambda db: db.execute(update(Job).values(run_after=utc_now())))
    work_default_lane(app)
    assert [upload.state for upload in rows(app, Upload)] == [UploadState.DONE]


def test_a_full_disk_while_receiving_keeps_what_came(
    teacher: Browser, lecture_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(3 * 1024 * 1024)
    url = teacher.begin(lecture_id, len(data)).headers["Location"]
    # The operating system's answer, not ours, is what a test cannot bring about without root.
    name, mib = url.rpartition("/")[2], 1024 * 1024
    monkeypatch.setattr(PartFolder, "free_bytes", lambda parts: 0 if (parts.length(name) or 0) > mib else 10 << 30)
    refused = teacher.patch(url, 0, data)
    assert (refused.status_code, refused.json["code"]) == (507, "disk_full")
    monkeypatch.undo()
    kept = int(teacher.head(url).headers["Upload-Offset"])
    assert mib < kept < 3 * mib
    assert teacher.patch(url, kept, data[kept:]).status_code == 204


def test_an_upload_cancelled_while_it_is_finished_is_not_booked(
    app: Flask, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    teacher.upload(lecture_id, DATA)
    assert teacher.post(f"/studio/lectures/{lecture_id}/cancel").status_code == 303
    run_jobs(app)
    assert rows(app, Source) == []
    assert part_files() == []
