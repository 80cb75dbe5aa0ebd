"""The extensions of tus 1.0.0, against the text of the protocol: with-upload, checksum, concatenation, metadata."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.kernel.clock import utc_now
from app.media.models import Source
from app.studio.intake import DiskFull
from app.studio.jobs import request_upload_sweep
from app.studio.models import Upload, UploadKind, UploadState
from app.studio.upload_limits import UploadLimits
from app.studio.uploads import Room, check_room
from tests.integration.studio.college import Browser, b64, in_work
from tests.integration.studio.test_upload_door import DATA, rows, work_default_lane

BYTES = {"Content-Type": "application/offset+octet-stream"}


def checksum(algorithm: str, data: bytes) -> dict[str, str]:
    digest = hashlib.new(algorithm, data).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def begin_piece(browser: Browser, size: int) -> str:
    response = browser.client.post(
        "/studio/uploads", headers={**browser.headers, "Upload-Length": str(size), "Upload-Concat": "partial"}
    )
    assert response.status_code == 201, response.text
    return response.headers["Location"]


def join(browser: Browser, lecture: str, urls: list[str], **headers: str) -> TestResponse:
    metadata = f"filename {b64('整段.mp4')},lecture {b64(lecture)}"
    concat = {"Upload-Concat": "final;" + " ".join(urls), "Upload-Metadata": metadata}
    return browser.client.post("/studio/uploads", headers={**browser.headers, **concat, **headers})


def send_piece(browser: Browser, data: bytes) -> str:
    url = begin_piece(browser, len(data))
    assert browser.patch(url, 0, data).status_code == 204
    return url


# -- creation-with-upload


@pytest.mark.parametrize("count", [1000, len(DATA)])
def test_the_first_bytes_may_come_with_the_creation(app: Flask, teacher: Browser, lecture_id: str, count: int) -> None:
    begun = teacher.begin(lecture_id, len(DATA), **BYTES, data=DATA[:count])
    assert begun.status_code == 201
    assert begun.headers["Upload-Offset"] == str(count)
    url = begun.headers["Location"]
    if count < len(DATA):
        assert teacher.patch(url, count, DATA[count:]).status_code == 204
    work_default_lane(app)
    assert rows(app, Source)[0].sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Type": "video/mp4"}, b"x" * 10, 415),
        (BYTES, b"x" * 11, 413),
        ({**BYTES, "Upload-Checksum": "sha1 AAAA"}, b"x" * 10, 460),
        ({**BYTES, "Upload-Checksum": "crc32 AAAA"}, b"x" * 10, 400),
        ({**BYTES, "Upload-Checksum": "sha1 !"}, b"x" * 10, 422),
    ],
)
def test_a_bad_body_makes_no_upload(
    app: Flask, teacher: Browser, lecture_id: str, *, part_files: Callable[[], list[Path]], headers, data, status
) -> None:
    assert teacher.begin(lecture_id, 10, **headers, data=data).status_code == status
    assert [upload.state for upload in rows(app, Upload) if upload.state is not UploadState.ABORTED] == []
    assert part_files() == []


# -- checksum


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_right_checksum_is_kept_and_a_wrong_one_leaves_nothing(
    app: Flask, teacher: Browser, lecture_id: str, algorithm: str
) -> None:
    url = teacher.begin(lecture_id, len(DATA)).headers["Location"]
    assert teacher.patch(url, 0, DATA[:1000], **checksum(algorithm, DATA[:1000])).status_code == 204
    refused = teacher.patch(url, 1000, b"x" * 500, **checksum(algorithm, b"y" * 500))
    assert (refused.status_code, refused.json["code"]) == (460, "checksum_mismatch")
    assert teacher.head(url).headers["Upload-Offset"] == "1000"
    rest = DATA[1000:]
    assert teacher.patch(url, 1000, rest, **checksum(algorithm, rest)).headers["Upload-Offset"] == str(len(DATA))
    work_default_lane(app)
    assert rows(app, Source)[0].sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_checksum_of_another_kind_is_refused(teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    refused = teacher.patch(url, 0, b"x", **{"Upload-Checksum": "crc32 AAAA"})
    assert (refused.status_code, refused.json["code"]) == (400, "unknown_checksum_algorithm")
    assert teacher.patch(url, 0, b"x", **{"Upload-Checksum": "md5 ***"}).status_code == 422
    assert teacher.head(url).headers["Upload-Offset"] == "0"


# -- what HEAD must tell


def test_head_gives_metadata_back_as_they_were_sent(teacher: Browser, lecture_id: str) -> None:
    sent = f"filename {b64('第一讲.mp4')},lecture {b64(lecture_id)},is_confidential"
    url = teacher.begin(lecture_id, 10, **{"Upload-Metadata": sent}).headers["Location"]
    assert teacher.head(url).headers["Upload-Metadata"] == sent
    assert teacher.begin(lecture_id, 10, **{"Upload-Metadata": f"filename {'QUFB' * 1001}"}).status_code == 422


def test_networks_that_let_only_post_through(teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, 10).headers["Location"]
    patch = {**teacher.headers, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert teacher.client.post(url, data=b"12345", headers=patch).headers["Upload-Offset"] == "5"
    assert teacher.client.post(url, headers=teacher.headers).status_code == 422
    ended = teacher.client.post(url, headers={**teacher.headers, "X-HTTP-Method-Override": "DELETE"})
    assert ended.status_code == 204
    assert teacher.head(url).status_code == 410


# -- concatenation


def test_pieces_in_the_order_of_the_final_upload_become_the_source(
    app: Flask, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    cuts = [DATA[:100_000], DATA[100_000:100_001], DATA[100_001:]]
    urls = [send_piece(teacher, data) for data in reversed(cuts)][::-1]
    assert teacher.head(urls[0]).headers["Upload-Concat"] == "partial"
    whole = join(teacher, lecture_id, ["http://localhost" + urls[0], *urls[1:]])
    assert whole.status_code == 201
    told = teacher.head(whole.headers["Location"]).headers
    assert told["Upload-Concat"] == "final;" + " ".join(urls)
    assert told["Upload-Length"] == told["Upload-Offset"] == str(len(DATA))
    again = join(teacher, lecture_id, urls)
    assert (again.status_code, again.headers["Location"]) == (201, whole.headers["Location"])
    work_default_lane(app)
    (source,) = rows(app, Source)
    assert (source.sha256, source.filename) == (hashlib.sha256(DATA).hexdigest(), "整段.mp4")
    assert {upload.state for upload in rows(app, Upload)} == {UploadState.DONE}
    assert part_files() == []


def test_a_file_may_be_announced_before_its_pieces_are_whole(app: Flask, teacher: Browser, lecture_id: str) -> None:
    urls = [begin_piece(teacher, 100_000), begin_piece(teacher, 200_000)]
    url = join(teacher, lecture_id, urls).headers["Location"]
    assert teacher.patch(urls[1], 0, DATA[100_000:200_000]).status_code == 204
    told = teacher.head(url).headers
    assert "Upload-Offset" not in told
    assert 'data-phase="uploading"' in teacher.get(f"/studio/lectures/{lecture_id}/status")
    assert "33" in teacher.get(f"/studio/lectures/{lecture_id}/status")
    assert teacher.patch(url, 0, b"x").status_code == 403
    assert teacher.patch(urls[0], 0, DATA[:100_000]).status_code == 204
    assert teacher.patch(urls[1], 100_000, DATA[200_000:]).status_code == 204
    work_default_lane(app)
    assert rows(app, Source)[0].sha256 == hashlib.sha256(DATA).hexdigest()


def test_what_cannot_be_joined(
    app: Flask, teacher: Browser, browser_of: Callable[[str], Browser], lecture_id: str
) -> None:
    piece, whole = send_piece(teacher, b"12345"), teacher.begin(lecture_id, 10).headers["Location"]
    foreign = send_piece(browser_of("colleague"), b"12345")
    for urls, status in (
        ([], 422), ([piece, piece], 422), ([piece, "/elsewhere/abc"], 422), ([piece, whole], 404),
        ([piece, foreign], 404), (["/studio/uploads/none"], 404), ([piece] * 65, 422),
        (["/studio/uploads/../../x"], 422),
    ):  # fmt: skip
        assert join(teacher, lecture_id, urls).status_code == status, urls
    assert join(teacher, "nolecture", [piece]).status_code == 404
    assert join(teacher, lecture_id, [piece], **{"Upload-Length": "5"}).status_code == 422
    assert teacher.head(whole).status_code == 200, "nothing was replaced by what was refused"
    assert join(teacher, lecture_id, [piece]).status_code == 201
    assert teacher.head(whole).status_code == 410
    assert join(teacher, lecture_id, [piece, send_piece(teacher, b"1")]).json["code"] == "piece_not_free"
    assert browser_of("stranger").head(piece).status_code == 404
    assert [upload.kind for upload in rows(app, Upload)].count(UploadKind.FINAL) == 1


def test_giving_up_the_file_gives_up_its_pieces(
    app: Flask, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    piece = send_piece(teacher, b"12345")
    final = join(teacher, lecture_id, [piece, begin_piece(teacher, 10)]).headers["Location"]
    assert teacher.client.delete(piece, headers=teacher.headers).status_code == 409
    assert teacher.client.delete(final, headers=teacher.headers).status_code == 204
    assert {upload.state for upload in rows(app, Upload)} == {UploadState.ABORTED}
    assert part_files() == []
    assert teacher.head(piece).status_code == 410


def test_pieces_expire_alone_but_live_as_long_as_their_file(
    app: Flask, teacher: Browser, lecture_id: str, part_files: Callable[[], list[Path]]
) -> None:
    alone, first, second = send_piece(teacher, b"123"), send_piece(teacher, b"123"), begin_piece(teacher, 10)
    final = join(teacher, lecture_id, [first, second]).headers["Location"]
    long_ago = utc_now() - timedelta(days=14, hours=1)

    def sweep(*kinds: UploadKind) -> None:
        in_work(app, lambda db: db.execute(update(Upload).where(Upload.kind.in_(kinds)).values(updated_at=long_ago)))
        in_work(app, request_upload_sweep)
        work_default_lane(app)

    sweep(UploadKind.PARTIAL)
    assert [teacher.head(url).status_code for url in (alone, first, second, final)] == [410, 200, 200, 200]
    sweep(UploadKind.PARTIAL, UploadKind.FINAL)
    assert [teacher.head(url).status_code for url in (first, second, final)] == [410, 410, 410]
    assert part_files() == []


def test_pieces_are_counted_once_against_the_quota(app: Flask, teacher: Browser, lecture_id: str) -> None:
    join(teacher, lecture_id, [send_piece(teacher, DATA)])
    room = Room(UploadLimits(9, 9, 9), 2**60, is_copied_on_same_disk=False, quota_bytes=2 * len(DATA))
    in_work(app, lambda db: check_room(db, room, len(DATA)))
    with pytest.raises(DiskFull):
        in_work(app, lambda db: check_room(db, room, len(DATA) + 1))
