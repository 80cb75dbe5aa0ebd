"""A running product in which the test itself does the worker's jobs, one by one, and viewers whose playing is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import m3u8
import pytest
from sqlalchemy import select

from app.kernel.db import reading
from app.kernel.jobs import queue
from app.library.models import Lecture
from app.media.models import GrowingSet, MediaSet
from app.web import assets
from tests.browser.journey.visitor import PHONE, Visitor, visitors
from tests.factories.clips import ClipShelf, shared_folder
from tests.fixtures.stack import TEACHER, Stack, make_stack
from tests.integration.resilience.teacher import Teacher, Wire

WATCH = """
window.watched = [];
window.setInterval(() => {
  const root = document.querySelector('[data-player]');
  const media = root && root.querySelector('video');
  if (!media || root.dataset.playerState === 'idle') return;
  const { playerState: state, playerCard: card = '', playerWanted: wanted } = root.dataset;
  window.watched.push({ at: performance.now() / 1000, time: media.currentTime, state, card, wanted });
}, 50);
"""


@dataclass
class Kitchen:
    """Makes lectures of a running product as far as a test wants."""

    stack: Stack
    teacher: Teacher
    lectures: dict[str, str] = field(default_factory=dict)

    def upload(self, clip: Path, title: str) -> str:
        """Bring a lecture in, and return its id; nothing of it is made."""
        lecture = self.teacher.new_lecture(title=title)
        self.teacher.upload(lecture, clip.read_bytes())
        return lecture

    def publish(self, lecture: str) -> None:
        """Publish what can be watched already."""
        answer = self.teacher.publish(lecture)
        assert answer.status == 303, answer.text

    def work_until(self, is_true: Callable[[], object]) -> None:
        """Do one job after the other, as a worker with one slot would."""
        runner = self.stack.app.extensions["platform"].runner
        lanes = (queue.LANE_DEFAULT, queue.LANE_MEDIA)
        while not is_true():
            assert any(runner.work_once(lane) for lane in lanes), "there is nothing left to do"

    def made_s(self, lecture: str) -> float:
        """Return how much of a lecture can be watched while it is being made."""
        row = self._find(GrowingSet, lecture)
        return row.available_s if row is not None else 0.0

    def heard_s(self, lecture: str) -> float:
        """Return how much of its sound can be heard while it is being made."""
        return sum(segment.duration for segment in self.live(lecture, "audio.m3u8").segments)

    def is_done(self, lecture: str) -> bool:
        """Return whether the finished set has been recorded."""
        return self._find(MediaSet, lecture) is not None

    def live(self, lecture: str, name: str) -> m3u8.M3U8:
        """Read one of the manifests that grow."""
        row = self._find(GrowingSet, lecture)
        assert row is not None
        folder = self.stack.app.extensions["platform"].settings.store.path
        return m3u8.load(str(folder / "media" / row.digest / "live" / name))

    def _find(self, table: Any, lecture: str) -> Any:
        with self.stack.app.app_context(), reading() as db:
            found = select(table).join(Lecture, Lecture.id == table.lecture_id).where(Lecture.public_id == lecture)
            return db.scalars(found).first()


@pytest.fixture(scope="session")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    """Web runs as a process of its own; a worker only where a test starts one."""
    if not (assets.DIST_FOLDER / "manifest.json").exists():
        pytest.skip("the front end is not built: npm run build")
    stack = make_stack(tmp_path_factory.mktemp("kitchen"), JOBS_MEDIA_SLOTS="1")
    try:
        stack.start_web()
        yield Kitchen(stack, Teacher(Wire(stack.port), TEACHER))
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ClipShelf:
    return ClipShelf(shared_folder(tmp_path_factory))


@pytest.fixture
def visit(chromium: Any, kitchen: Kitchen) -> Iterator[Callable[..., Visitor]]:
    """Return a function that gives a resident a phone; `ui` sets the preferences, as the preferences page would."""
    with visitors(chromium, kitchen.stack.url, lambda visitor: visitor.context.add_init_script(WATCH)) as begin:
        yield partial(begin, **PHONE)
