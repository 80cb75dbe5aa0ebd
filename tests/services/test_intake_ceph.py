"""A real S3 store as keeper of unfinished uploads: the common contract, two web hosts, and what kills leave behind."""

from __future__ import annotations

import hashlib
import tracemalloc
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.studio.intake import Busy, Intake
from app.studio.keepers import open_intake
from app.studio.models import UploadIntake
from app.studio.pieces_in_store import PIECE_BYTES, PiecesInStore
from config.settings import Settings, load
from tests.fixtures.app import build_app, make_environ
from tests.fixtures.services import s3_section
from tests.services.intake_contract import DATA, MIB, IntakeContract, reader, send

pytestmark = pytest.mark.services


@pytest.fixture
def settings(settings: Settings, s3_server, tmp_path) -> Settings:
    store = s3_section(s3_server)
    return load(
        make_environ(
            tmp_path, STORE_KIND="s3", STORE_ENDPOINT=store.endpoint, STORE_ACCESS_KEY=store.access_key,
            STORE_SECRET_KEY=store.secret_key.get_secret_value(), STORE_BUCKET=store.bucket, STORE_SECURE="false",
        )
    )  # fmt: skip


def keeper_of(app: Flask) -> Intake:
    platform = app.extensions["platform"]
    keeper = open_intake(platform.storage, platform.settings.media)
    assert isinstance(keeper, PiecesInStore)
    return keeper


@pytest.fixture
def intake(app: Flask) -> Intake:
    return keeper_of(app)


class TestCeph(IntakeContract):
    def test_another_host_goes_on_and_the_silent_one_is_shut_out(self, app, settings, intake: Intake, begin):
        name = begin("upload7")
        there = keeper_of(build_app(settings))
        with intake.writing(name) as writer:
            writer.append(reader(DATA[: 3 * MIB]), up_to_bytes=len(DATA))
            with pytest.raises(Busy), there.writing(name):
                raise AssertionError("taken from a writer who is alive")
            with unit_of_work() as db:
                db.execute(update(UploadIntake).values(writer_until=utc_now() - timedelta(seconds=1)))
            with there.writing(name) as successor:
                assert successor.offset_bytes == 3 * MIB
                successor.append(reader(DATA[3 * MIB : 12 * MIB]), up_to_bytes=len(DATA))
            with pytest.raises(Busy):  # what comes late from the first is not entered
                writer.append(reader(b"late" * 3 * MIB), up_to_bytes=len(DATA))
        assert there.length(name) == 12 * MIB
        send(there, name, DATA[12 * MIB :])
        assert intake.gather(name, len(DATA), [])
        self.check_stored(app, intake, name)

    def test_a_piece_put_by_a_process_that_died_is_nobodys(self, app, intake: Intake, begin):
        name = begin("upload8")
        send(intake, name, DATA[: 9 * MIB])
        storage = app.extensions["platform"].storage
        storage.put_bytes(f"incoming/{name}/000077", b"never entered", "video/mp4")
        send(intake, name, DATA[9 * MIB :])
        assert intake.gather(name, len(DATA), [])
        assert intake.sha256(name) == hashlib.sha256(DATA).hexdigest()
        intake.delete(name)
        assert list(storage.list_keys("incoming")) == []

    def test_memory_is_flat(self, intake: Intake, begin):
        size = 6 * PIECE_BYTES
        name = begin("upload9", size)
        block = b"x" * MIB
        send(intake, name, b"warm", size=size)
        tracemalloc.start()
        try:
            with intake.writing(name) as writer:
                writer.append(lambda count: block[:count], up_to_bytes=size)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert intake.length(name) == size
        assert peak_bytes < 4 * PIECE_BYTES
