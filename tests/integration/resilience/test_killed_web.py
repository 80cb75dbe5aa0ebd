"""kill -9 of the web process in mid-upload: what was acknowledged is there afterwards, and the rest goes on from it."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable

import pytest

from tests.fixtures.stack import TEACHER, Stack, wait_for
from tests.integration.resilience.inventory import (
    PATIENCE_S,
    check_books,
    intake_of,
    is_quiet,
    kept_bytes,
    platform_of,
    scratch_files,
    sources,
    sweep_at_once,
)
from tests.integration.resilience.teacher import Teacher, Wire

pytestmark = [pytest.mark.timeout(600)]


def wait_until_quiet(stack: Stack) -> None:
    wait_for(
        lambda: is_quiet(stack.app) and not scratch_files(stack.app),
        timeout_s=60, what=lambda: str(scratch_files(stack.app)),
    )  # fmt: skip


def test_an_upload_goes_on_where_the_killed_server_had_got_to(stack: Stack, heavy_clip: bytes) -> None:
    wire = Wire(stack.port)
    teacher = Teacher(wire, TEACHER)
    lecture = teacher.new_lecture()
    third = len(heavy_clip) // 3
    url = teacher.begin(lecture, len(heavy_clip)).headers["Location"]
    assert teacher.patch(url, 0, heavy_clip[:third]).headers["Upload-Offset"] == str(third)

    name = url.rpartition("/")[2]
    rest = len(heavy_clip) - third
    line = wire.half_patch(url, teacher.piece(third), heavy_clip[third : 2 * third], rest)
    with contextlib.closing(line):
        # A folder is written block by block; a store takes pieces of several megabytes, entered when the next is there.
        wait_for(lambda: kept_bytes(stack.app, name) > third, timeout_s=15, what="the server writes while it receives")
        stack.kill("web")
    stack.start_web()

    offset = teacher.offset(url)
    assert third < offset <= 2 * third
    assert teacher.patch(url, offset, heavy_clip[offset:]).status == 204
    wait_for(lambda: teacher.phase(lecture) == "ready", timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))

    source = sources(stack.app)[-1]
    assert source.sha256 == hashlib.sha256(heavy_clip).hexdigest()
    with contextlib.closing(platform_of(stack.app).storage.open_range(source.storage_key)) as chunks:
        assert b"".join(chunks) == heavy_clip
    sweep_at_once(stack.app)
    wait_until_quiet(stack)
    check_books(stack.app)


def test_the_last_byte_arrives_and_the_server_dies(
    stack: Stack, teacher_of: Callable[[Stack], Teacher], short_clip: bytes
) -> None:
    """Whole, but nobody was told: asking for the position is enough to go on."""
    teacher = teacher_of(stack)
    lecture = teacher.new_lecture()
    url = teacher.begin(lecture, len(short_clip)).headers["Location"]
    stack.kill("web")
    # As a request leaves the bytes when it dies between the last of them and its note in the database.
    with stack.app.app_context(), intake_of(stack.app).writing(url.rpartition("/")[2]) as writer:
        writer.append(io.BytesIO(short_clip).read, up_to_bytes=len(short_clip))
    stack.start_web()
    assert teacher.offset(url) == len(short_clip)
    wait_for(lambda: teacher.phase(lecture) == "ready", timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))
    wait_until_quiet(stack)
    sweep_at_once(stack.app)
    check_books(stack.app)
