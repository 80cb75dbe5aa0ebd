"""What every keeper of unfinished uploads promises, on each in the same way: give it `app` and an `intake` fixture."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.kernel.actor import Actor, Grant
from app.kernel.db import unit_of_work
from app.studio.intake import Busy, CutOff, Intake, NoSuchBytes, Partial
from app.studio.models import Upload, UploadKind
from app.studio.uploads import NewFile, add_upload
from tests.factories.bodies import reader
from tests.fixtures.app import make_institution, make_user

MIB = 1024 * 1024
DATA = random.Random(4).randbytes(22 * MIB + 12345)


def send(intake: Intake, name: str, data: bytes, *, size: int = len(DATA)) -> int:
    """Append, return how far the upload is now."""
    with intake.writing(name) as writer:
        writer.append(reader(data), up_to_bytes=size)
        return writer.offset_bytes


class IntakeContract:
    @pytest.fixture
    def begin(self, app: Flask, intake: Intake) -> Callable[..., str]:
        def sender(db: Session) -> Actor:
            place = make_institution(db)
            user = make_user(db, Role.CONTRIBUTOR, institution_id=place.id)
            return Actor(user.id, user.public_id, "x", (Grant("contributor", place.id),))

        with app.app_context(), unit_of_work() as db:
            actor = sender(db)

        def begin(name: str, size: int = len(DATA)) -> str:
            intake.create(name)
            with unit_of_work() as db:
                add_upload(db, actor, NewFile("a.mp4", size), public_id=name, kind=UploadKind.PARTIAL)
            return name

        return begin

    @pytest.fixture
    def join(self, begin) -> Callable[..., str]:
        """Return a function that makes pieces the pieces of a file."""

        def join(name: str, size: int, pieces: list[Partial]) -> str:
            begin(name, size)
            with unit_of_work() as db:
                final = db.scalars(select(Upload).where(Upload.public_id == name)).one()
                for position, piece in enumerate(pieces):
                    of_piece = update(Upload).where(Upload.public_id == piece.public_id)
                    db.execute(of_piece.values(final_id=final.id, position=position))
            return name

        return join

    @pytest.fixture(autouse=True)
    def context(self, app: Flask):
        with app.app_context():
            yield

    def test_pieces_of_any_size_become_one_object(self, app, intake: Intake, begin):
        name = begin("upload1")
        assert intake.length(name) == 0
        sizes, offset = [1, 70_000, 3 * MIB, 3 * MIB, 12 * MIB, 5], 0
        for size in sizes:
            assert send(intake, name, DATA[offset : offset + size]) == offset + size
            offset += size
            assert intake.settle(name) == offset
        assert not intake.gather(name, len(DATA), [])
        assert send(intake, name, DATA[offset:]) == len(DATA)
        assert intake.gather(name, len(DATA), [])
        assert intake.gather(name, len(DATA), [])
        self.check_stored(app, intake, name)

    def check_stored(self, app, intake: Intake, name: str) -> None:
        assert intake.sha256(name) == hashlib.sha256(DATA).hexdigest()
        storage = app.extensions["platform"].storage
        intake.hand_over(name, storage, "sources/ab/abc")
        intake.delete(name)
        assert b"".join(storage.open_range("sources/ab/abc")) == DATA
        assert name not in set(intake.leftovers(older_than_s=-2))

    def test_what_came_before_a_cut_is_kept(self, intake: Intake, begin):
        name = begin("upload2")
        for count in (10, MIB, 9 * MIB):
            before = intake.length(name)
            with intake.writing(name) as writer, pytest.raises(CutOff):
                writer.append(reader(DATA[before : before + count], breaks=True), up_to_bytes=len(DATA))
            assert intake.length(name) == before + count == writer.offset_bytes
        send(intake, name, DATA[intake.length(name) :])
        assert intake.gather(name, len(DATA), [])
        assert intake.sha256(name) == hashlib.sha256(DATA).hexdigest()

    def test_unchecked_bytes_do_not_count_and_leave_nothing(self, app, intake: Intake, begin):
        name = begin("upload3")
        send(intake, name, DATA[:1000])
        with intake.writing(name, is_checked=True) as writer:
            writer.append(reader(b"x" * 9 * MIB), up_to_bytes=len(DATA))
            assert intake.length(name) == 1000
        assert intake.length(name) == 1000
        with intake.writing(name, is_checked=True) as writer:
            writer.append(reader(DATA[1000 : 10 * MIB]), up_to_bytes=len(DATA))
            writer.keep()
        assert intake.length(name) == 10 * MIB
        with intake.writing(name, is_checked=True) as writer:
            writer.append(reader(DATA[10 * MIB :]), up_to_bytes=len(DATA))
            writer.keep()
        assert intake.gather(name, len(DATA), [])
        self.check_stored(app, intake, name)

    def test_one_writer_at_a_time(self, intake: Intake, begin):
        name = begin("upload4")
        with intake.writing(name), pytest.raises(Busy), intake.writing(name):
            raise AssertionError("two writers at once")
        assert send(intake, name, DATA[:10]) == 10

    def test_never_more_than_promised(self, intake: Intake, begin):
        name = begin("upload5", 7)
        assert send(intake, name, b"x" * 100, size=7) == 7
        assert intake.length(name) == 7

    @pytest.mark.parametrize("cuts", [(6 * MIB, 15 * MIB), (1000, 2000)])
    def test_partial_uploads_become_one_object(self, app, intake: Intake, begin, join, cuts):
        pieces, begins = [], (0, *cuts)
        for number, (start, end) in enumerate(zip(begins, (*cuts, len(DATA)), strict=True)):
            piece = Partial(begin(f"piece{number}", end - start), end - start)
            send(intake, piece.public_id, DATA[start:end], size=end - start)
            pieces.append(piece)
        final = join("final", len(DATA), pieces)
        assert intake.gather(final, len(DATA), pieces)
        assert intake.gather(final, len(DATA), pieces)
        self.check_stored(app, intake, final)
        for piece in pieces:
            intake.delete(piece.public_id)

    def test_a_missing_piece_is_told(self, intake: Intake, begin, join):
        send(intake, begin("piece8", 1000), DATA[:1000], size=1000)
        begin("piece9", 1000)
        pieces = [Partial("piece8", 1000), Partial("piece9", 1000)]
        assert not intake.gather(join("final9", 2000, pieces), 2000, pieces)

    def test_deleted_bytes_are_gone(self, intake: Intake, begin):
        name = begin("upload6")
        send(intake, name, DATA[: 9 * MIB])
        send(intake, name, DATA[9 * MIB : 9 * MIB + 5])
        assert name in set(intake.leftovers(older_than_s=0))
        intake.delete(name)
        intake.delete(name)
        assert name not in set(intake.leftovers(older_than_s=-2))
        with pytest.raises(NoSuchBytes), intake.writing("never"):
            raise AssertionError("written to nothing")
