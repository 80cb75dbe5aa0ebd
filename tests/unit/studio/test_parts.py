"""Part files: random cuts, restarts, second writers and full disks never lose or double a byte."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.studio import intake
from app.studio import parts as parts_module
from app.studio.intake import Busy, CutOff, DiskFull, NoSuchBytes, Partial, RunningDigests
from app.studio.parts import PartFolder, hash_file
from tests.factories.bodies import reader

SIZE = 200
DATA = bytes(index * 7 % 256 for index in range(SIZE))
NAME = "abc234"


class Receiving(RuleBasedStateMachine):
    """One upload as a server sees it: requests that end well or badly, restarts, lost acknowledgements."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        self.block_bytes, intake.BLOCK_BYTES = intake.BLOCK_BYTES, 16
        self.parts = PartFolder(Path(self.scratch.name))
        self.parts.create(NAME)
        self.digests = RunningDigests()
        self.acknowledged = 0

    def teardown(self) -> None:
        intake.BLOCK_BYTES = self.block_bytes
        self.scratch.cleanup()

    def _append(self, count: int, *, breaks: bool, free: int | None = None) -> None:
        with self.parts.writing(NAME) as writer:
            if free is not None:
                writer._free_bytes = lambda: free
            offset = writer.offset_bytes
            digest = self.digests.take(NAME, offset)
            try:
                digests = [digest] if digest else []
                writer.append(reader(DATA[offset : offset + count], breaks=breaks), up_to_bytes=SIZE, digests=digests)
            finally:
                self.acknowledged = writer.offset_bytes
                self.digests.give_back(NAME, writer.offset_bytes, digest)

    @rule(count=st.integers(0, SIZE))
    def send(self, count: int) -> None:
        self._append(count, breaks=False)

    @rule(count=st.integers(0, SIZE - 1))
    def send_and_break_off(self, count: int) -> None:
        before = self.parts.length(NAME) or 0
        try:
            self._append(count, breaks=True)
        except CutOff:
            assert self.acknowledged == min(before + count, SIZE)

    @rule(free=st.integers(0, 15))
    @precondition(lambda self: (self.parts.length(NAME) or 0) + 16 <= SIZE)
    def disk_is_full(self, free: int) -> None:
        before = self.parts.length(NAME) or 0
        with pytest.raises(DiskFull):
            self._append(16, breaks=False, free=free)
        assert self.acknowledged == before

    @rule()
    def process_dies(self) -> None:
        self.parts = PartFolder(Path(self.scratch.name))
        self.digests = RunningDigests()

    @rule(count=st.integers(1, 40))
    def process_dies_before_it_acknowledges(self, count: int) -> None:
        with self.parts.path(NAME).open("ab") as file:
            offset = file.tell()
            file.write(DATA[offset : offset + count])
        self.process_dies()

    @rule(count=st.integers(1, 40), is_right=st.booleans())
    def send_checked(self, count: int, *, is_right: bool) -> None:
        with self.parts.writing(NAME, is_checked=True) as writer:
            offset = writer.offset_bytes
            sent = DATA[offset : offset + count] if is_right else b"\xff" * count
            writer.append(reader(sent), up_to_bytes=SIZE)
            assert self.parts.length(NAME) == offset  # not before it is known to be right
            if is_right:
                writer.keep()
                self.acknowledged = writer.offset_bytes
        self.digests = RunningDigests()

    @rule(count=st.integers(1, 40))
    def process_dies_while_it_checks(self, count: int) -> None:
        offset = self.parts.length(NAME) or 0
        (self.parts.folder / f"{NAME}.sure").write_text(str(offset))
        with self.parts.path(NAME).open("ab") as file:
            file.write(b"\xff" * count)
        self.process_dies()
        assert self.parts.length(NAME) == offset
        with self.parts.writing(NAME) as writer:
            assert writer.offset_bytes == offset

    @rule()
    def second_writer(self) -> None:
        with self.parts.writing(NAME), pytest.raises(Busy), self.parts.writing(NAME):
            raise AssertionError("two writers at once")

    @invariant()
    def a_prefix_of_the_file_and_never_less_than_acknowledged(self) -> None:
        kept = self.parts.path(NAME).read_bytes()
        assert DATA.startswith(kept)
        assert len(kept) >= self.acknowledged
        assert self.parts.settle(NAME) == len(kept)

    @invariant()
    def a_known_digest_is_the_right_one(self) -> None:
        length = self.parts.length(NAME)
        assert length is not None
        digest = self.digests.take(NAME, length)
        if digest is not None:
            assert digest.hexdigest() == hashlib.sha256(DATA[:length]).hexdigest()
            self.digests.give_back(NAME, length, digest)


TestReceiving = Receiving.TestCase
TestReceiving.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.fixture
def parts(tmp_path: Path) -> PartFolder:
    parts = PartFolder(tmp_path)
    parts.create(NAME)
    return parts


def test_never_more_than_promised(parts: PartFolder) -> None:
    with parts.writing(NAME) as writer:
        writer.append(reader(b"x" * 100), up_to_bytes=7)
    assert parts.length(NAME) == 7


def test_long_requests_are_synced_on_the_way(parts: PartFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(parts_module, "SYNC_EVERY_BYTES", 10)
    monkeypatch.setattr(intake, "BLOCK_BYTES", 4)
    monkeypatch.setattr(parts_module.os, "fsync", lambda _fd: synced.append(parts.length(NAME) or 0))
    with parts.writing(NAME) as writer:
        writer.append(reader(b"x" * 30), up_to_bytes=30)
    assert synced == [12, 24, 30]


def test_a_file_made_by_accident_twice_is_an_error(parts: PartFolder) -> None:
    with pytest.raises(FileExistsError):
        parts.create(NAME)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b"])
def test_ids_never_lead_out_of_the_folder(parts: PartFolder, name: str) -> None:
    with pytest.raises(ValueError, match="no upload id"):
        parts.path(name)


def test_missing_files(parts: PartFolder) -> None:
    parts.delete(NAME)
    parts.delete(NAME)
    assert parts.length(NAME) is None
    assert parts.settle(NAME) is None
    with pytest.raises(NoSuchBytes), parts.writing(NAME):
        raise AssertionError("written to a file that is not there")


@pytest.mark.parametrize("killed", ["never", "half a joint", "before it was removed", "after the first"])
def test_pieces_become_one_file_whatever_a_kill_left(parts: PartFolder, killed: str) -> None:
    pieces = [Partial("one", 90), Partial("two", 60), Partial("three", 50)]
    begin = 0
    for piece in pieces:
        parts.create(piece.public_id)
        parts.path(piece.public_id).write_bytes(DATA[begin : begin + piece.size_bytes])
        begin += piece.size_bytes
    left = {"never": b"", "half a joint": DATA[:37], "before it was removed": DATA[:90], "after the first": DATA[:99]}
    parts.path(NAME).write_bytes(left[killed])
    if killed == "after the first":
        parts.delete("one")
    assert parts.gather(NAME, SIZE, pieces)
    assert parts.path(NAME).read_bytes() == DATA
    assert [path.name for path in parts.folder.iterdir()] == [f"{NAME}.part"]
    assert parts.gather(NAME, SIZE, pieces)


def test_a_piece_that_was_lost_is_not_made_up(parts: PartFolder) -> None:
    parts.create("two")
    parts.path("two").write_bytes(DATA[:100])
    assert not parts.gather(NAME, SIZE, [Partial("one", 100), Partial("two", 100)])
    assert parts.length("two") == 100


def test_leftovers_before_there_is_a_folder(tmp_path: Path) -> None:
    assert list(PartFolder(tmp_path / "none").leftovers(older_than_s=0)) == []


def test_free_space_leaves_the_reserve_alone(tmp_path: Path) -> None:
    free = PartFolder(tmp_path).free_bytes()
    assert free > 0
    assert PartFolder(tmp_path, min_free_bytes=1 << 60).free_bytes() < 0


def test_old_digests_are_forgotten_not_kept_for_ever() -> None:
    digests = RunningDigests(capacity=2)
    for name in ("a", "b", "c"):
        digest = digests.take(name, 0)
        assert digest is not None
        digest.update(b"1")
        digests.give_back(name, 1, digest)
    assert digests.take("a", 1) is None
    assert digests.take("c", 2) is None
    assert digests.take("b", 1) is not None


def test_hash_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(DATA)
    assert hash_file(tmp_path / "f") == hashlib.sha256(DATA).hexdigest()
