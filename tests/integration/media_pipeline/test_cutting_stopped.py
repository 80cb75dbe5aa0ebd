"""Cuts that cannot be made, are cancelled, or die in the middle: never seen half, finished by the next try."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from media_pipeline import Cancelled, MediaRefused
from media_pipeline.cutting import BEGUN_NAME, Cutting
from media_pipeline.publish import find_published
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.clapping import cutting, second_shown
from tests.integration.media_pipeline.conftest import ROOT, Recorder


@pytest.fixture
def clapped(encoded, shelf):
    return encoded(shelf.clapper())


def test_what_is_not_there_is_told(encoded, shelf, fast_policy, tools, tmp_path):
    original = encoded(shelf.clapper())
    with pytest.raises(MediaRefused) as refused:
        cutting(original, fast_policy, tools, tmp_path, (50, 60)).run()
    assert refused.value.code == "cut_beyond_end"
    gone = cutting(original, fast_policy, tools, tmp_path)
    with pytest.raises(MediaRefused) as refused:
        Cutting(**{**{name: getattr(gone, name) for name in gone.__slots__}, "digest": "f" * 40}).run()
    assert refused.value.code == "cut_original_missing"


@pytest.mark.parametrize("step", ["encode", "package", "publish"])
def test_cancelled_anywhere_it_is_not_seen_and_goes_on_later(clapped, fast_policy, tools, tmp_path, step):
    original = clapped
    asked = {"encode": (4, 12), "package": (4, 16), "publish": (4, 20)}[step]
    job = cutting(original, fast_policy, tools, tmp_path / "first", asked, Recorder(cancel_at=step))
    with pytest.raises(Cancelled):
        job.run()
    [begun] = list(original.storage.root.rglob(BEGUN_NAME))
    prefix = begun.parent.parent.relative_to(original.storage.root).as_posix()
    assert find_published(original.storage, prefix) is None
    assert not (begun.parent.parent / "master.m3u8").exists()
    again = cutting(original, fast_policy, tools, tmp_path / "second", asked).run()
    assert find_published(original.storage, prefix) == again.published
    assert not begun.exists()


_CHILD = """
import json, os, signal, sys, tomllib
from pathlib import Path
from media_pipeline import find_tools, parse_policy
from media_pipeline.cutting import Cutting
from media_pipeline.folder import FolderStorage
root, digest, parent, work, calls = sys.argv[1:]
class Dying(FolderStorage):
    left = int(calls)
    def _count(self):
        Dying.left -= 1
        if Dying.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def copy(self, source, key):
        self._count(); super().copy(source, key)
    def put_bytes(self, key, data, content_type):
        self._count(); super().put_bytes(key, data, content_type)
    def put_file(self, key, path, content_type):
        self._count(); super().put_file(key, path, content_type)
class Quiet:
    def report(self, step, fraction): pass
    def is_cancelled(self): return False
policy = parse_policy(tomllib.loads(Path("config/ladder.toml").read_text(encoding="utf-8")))
Cutting(storage=Dying(Path(root)), prefix_of=lambda d: f"{parent}/{d}" if parent else d, digest=digest, start_s=20.0,
        end_s=36.0, tags=(), policy=policy, work_dir=Path(work), tools=find_tools(), progress=Quiet(),
        cancel=Quiet()).run()
"""


def test_killed_at_any_write_it_is_not_seen_and_the_next_try_finishes(encoded, shelf, fast_policy, tools, tmp_path):
    original = encoded(shelf.clapper())
    parent, _, digest = original.prefix.rpartition("/")
    # Each goes on from what the ones before it left: the first ones die copying, the last ones publishing.
    for number, calls in enumerate((0, 1, 10, 10, 6, 9)):
        argv = [sys.executable, "-c", _CHILD, str(original.storage.root), digest, parent, str(tmp_path / f"{number}")]
        done = subprocess.run([*argv, str(calls)], cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == -9, (calls, done.stderr[-2000:])
        for note in original.storage.root.glob("media/*/master.m3u8"):
            assert json.loads((note.parent / "published.json").read_text())["master_name"] == "master.m3u8"
    job = cutting(original, fast_policy, tools, tmp_path / "last", (20.0, 36.0))
    result = job.run()
    folder = original.storage.root / job.prefix_of(result.digest)
    plain = folder / result.published.mp4_name
    assert second_shown(measuring.frames(plain, 1)[0].to_image()) == 20
    assert result.published.size_bytes == sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "published.json"
    )
