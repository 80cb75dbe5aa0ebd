"""Every machine's copy of the index follows the change log by itself, whatever became of it meanwhile."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.catalogue import sources
from app.catalogue.comparing import Comparer, compare_soon, find_drift, latest_comparisons
from app.catalogue.following import BATCH, IndexCopy, forget_changes, log_ends, rebuild_index
from app.catalogue.jobs import note_changes
from app.catalogue.models import IndexChange
from app.catalogue.searching import search_lectures
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.worker import Housekeeper
from config.settings import Settings
from search_index import Document, IndexWriter, index_facts, index_wear, open_index, rebuild
from tests.factories.lectures import make_lecture
from tests.fixtures.app import run_jobs
from tests.fixtures.stack import wait_for

Publish = Callable[..., None]


@pytest.fixture
def copies(app: Flask, settings: Settings, tmp_path: Path) -> list[IndexCopy]:
    """The folders of two machines over one database, both of them caught up."""
    folders = [Path(settings.search.index_path), tmp_path / "other-machine"]
    made = [IndexCopy(folder) for folder in folders]
    with app.app_context():
        for each in made:
            each.catch_up()
    return made


@pytest.fixture
def publish(app: Flask) -> Publish:
    """Return a function that publishes a lecture and delivers the fact, as any worker does."""

    def do_publish(title: str) -> None:
        with app.app_context(), unit_of_work() as db:
            make_lecture(db, db.scalars(select(Institution)).first(), title)
        relay(app)

    return do_publish


def relay(app: Flask) -> None:
    with app.app_context(), unit_of_work() as db:
        outbox.relay(db, app.extensions["platform"].subscriptions)


def found(app: Flask, copy: IndexCopy, text: str) -> list[str]:
    with app.app_context(), reading() as db:
        return [card.title for card in search_lectures(db, copy.folder, text).cards]


def built_at(copy: IndexCopy) -> object:
    return index_facts(copy.folder).built_at


def test_both_machines_follow_and_one_that_was_away_catches_up(
    app: Flask, copies: list[IndexCopy], publish: Publish
) -> None:
    here, there = copies
    before = [built_at(each) for each in copies]
    publish("锔瓷入门")
    with app.app_context():
        here.catch_up()
    assert (found(app, here, "锔瓷"), found(app, there, "锔瓷")) == (["锔瓷入门"], [])
    publish("漆扇晕染")
    with app.app_context():
        for each in copies:
            each.catch_up()
            assert not each.follow(), "nothing is left"
            assert find_drift(each.folder).every == []
    for each in copies:
        assert found(app, each, "锔瓷") == ["锔瓷入门"]
        assert found(app, each, "漆扇") == ["漆扇晕染"]
    assert [built_at(each) for each in copies] == before, "nobody builds what can be brought up"


def test_who_lost_the_folder_builds_it(app: Flask, copies: list[IndexCopy], publish: Publish) -> None:
    there = copies[1]
    shutil.rmtree(there.folder)
    publish("锔瓷入门")
    with app.app_context():
        there.catch_up()
        assert find_drift(there.folder).every == []
    assert found(app, there, "锔瓷") == ["锔瓷入门"]


def test_who_was_away_for_longer_than_the_log_reaches_back_builds_anew(
    app: Flask, copies: list[IndexCopy], publish: Publish
) -> None:
    here, there = copies
    before = [built_at(each) for each in copies]
    for title in ("锔瓷入门", "漆扇晕染"):
        publish(title)
    with app.app_context():
        here.catch_up()
        with unit_of_work() as db:
            first, last = log_ends(db)
            assert forget_changes(db, before=utc_now() + timedelta(days=1)) == last - first
            assert log_ends(db) == (last, last), "the end of the log stays, however old it is"
        for each in copies:
            each.catch_up()
            assert find_drift(each.folder).every == []
    assert (built_at(here), built_at(there)) == (before[0], built_at(there))
    assert built_at(there) != before[1]


def test_an_index_of_a_later_database_than_the_one_restored_is_built_anew(
    app: Flask, copies: list[IndexCopy], publish: Publish
) -> None:
    here = copies[0]
    publish("锔瓷入门")
    with app.app_context():
        here.catch_up()
        with unit_of_work() as db:  # as a backup of before would be
            last = log_ends(db)[1]
            db.query(IndexChange).filter_by(id=last).delete()
            lecture = db.query(Lecture).filter_by(title="锔瓷入门").one()
            lecture.state, lecture.published_at = LectureState.DRAFT, None
        here.catch_up()
        assert open_index(here.folder).checkpoint() < last
        assert find_drift(here.folder).every == []


@contextmanager
def paused_at_its_checkpoint(app: Flask, begun: threading.Event, may_go_on: threading.Event) -> Iterator[None]:
    """Hold the thread called "rebuild" where it has asked for the end of the change log."""

    def pause(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if threading.current_thread().name.startswith("rebuild") and "index_change" in statement:
            begun.set()
            assert may_go_on.wait(60)

    with app.app_context():
        engine = database.engine
    event.listen(engine, "after_cursor_execute", pause)
    try:
        yield
    finally:
        may_go_on.set()
        event.remove(engine, "after_cursor_execute", pause)


def test_what_is_published_during_a_rebuild_is_found_right_after_it(
    app: Flask, copies: list[IndexCopy], publish: Publish
) -> None:
    here, begun, may_go_on = copies[0], threading.Event(), threading.Event()

    def rebuild_here() -> int:
        with app.app_context():
            return rebuild_index(here.folder)

    with (
        ThreadPoolExecutor(1, thread_name_prefix="rebuild") as pool,
        paused_at_its_checkpoint(app, begun, may_go_on),
    ):
        rebuilding = pool.submit(rebuild_here)
        assert begun.wait(60)
        publish("锔瓷入门")
        with app.app_context():
            assert not here.follow(), "a busy folder is left to whoever writes there, and is no failure"
        may_go_on.set()
        rebuilding.result(60)
    with app.app_context():
        here.catch_up()  # at once: nothing waits for a pause to pass
        assert find_drift(here.folder).every == []
    assert found(app, here, "锔瓷") == ["锔瓷入门"]


def test_more_changes_than_one_batch_are_applied_in_one_go(app: Flask, copies: list[IndexCopy]) -> None:
    here = copies[0]
    with app.app_context(), unit_of_work() as db:
        ids = [row.id for row in db.query(Lecture)]
        # Most of them of lectures that are gone: a batch is full of changes, not of documents.
        note_changes(db, [("lecture", 1_000_000 + number) for number in range(2 * BATCH)])
        note_changes(db, [("lecture", each) for each in ids])
        db.query(Lecture).filter_by(title="合唱：怎样用气").one().title = "合唱：锔瓷之歌"
    with app.app_context():
        steps = 0
        while here.follow():
            steps += 1
        assert steps == 3
        assert find_drift(here.folder).every == []
    assert found(app, here, "锔瓷") == ["合唱：锔瓷之歌"]


def test_after_a_failure_it_is_quiet_for_a_while_whoever_rings(
    app: Flask, copies: list[IndexCopy], publish: Publish
) -> None:
    here = copies[0]
    publish("锔瓷入门")
    pointer = here.folder / "CURRENT"
    pointer.rename(here.folder / "aside")
    pointer.mkdir()  # a folder no rename replaces: neither readable nor to be built anew
    with app.app_context():
        with pytest.raises(OSError, match="CURRENT"):
            here.follow()
        assert not here.follow()
        pointer.rmdir()
        (here.folder / "aside").rename(pointer)
        assert not here.follow(), "also when it would work again"
        wait_for(here.follow, timeout_s=60, what="it tries no more")
        here.catch_up()
    assert found(app, here, "锔瓷") == ["锔瓷入门"]


def test_the_hourly_chores_ask_for_the_nights_comparison_and_every_machine_answers(
    app: Flask, copies: list[IndexCopy]
) -> None:
    housekeeper = Housekeeper(app)
    housekeeper.tick()
    with app.app_context(), unit_of_work() as db:
        asked = db.query(IndexChange).filter_by(kind="comparison").count()
        ids = {row.title: row.id for row in db.query(Lecture)}
    assert asked == 1
    there = copies[1]
    with app.app_context():
        there.catch_up()
    assert there.is_comparison_asked
    wrong = Document(id=f"lecture:{ids['合唱：怎样用气']}", kind="lecture", title="篡改的标题", published_at=utc_now())
    IndexWriter(there.folder).apply([wrong], [], open_index(there.folder).checkpoint())
    run_jobs(app)  # the first machine, as its settings say
    with app.app_context(), reading() as db:
        (first,) = latest_comparisons(db)
        assert first.drift == 0
    with app.app_context():
        assert Comparer(there).turn()
        assert not Comparer(there).turn(), "another process of that machine need not"
    with app.app_context(), reading() as db:
        (second,) = latest_comparisons(db)  # one machine runs this test
        assert (second.id > first.id, second.stale, second.machine) == (True, 1, first.machine)
        assert find_drift(there.folder).every == []
    run_jobs(app)
    with app.app_context(), reading() as db:
        assert latest_comparisons(db)[0].id == second.id, "once a night"


def test_a_copy_worn_by_changes_is_built_anew_after_its_comparison(app: Flask, copies: list[IndexCopy]) -> None:
    here = copies[0]
    strangers = [Document(id=f"lecture:{9_000_000 + number}", kind="lecture", title="不在库里", published_at=utc_now())
                 for number in range(300)]  # fmt: skip
    with app.app_context(), reading() as db:
        checkpoint = open_index(here.folder).checkpoint()
        known = list(sources.every(db))
    rebuild(here.folder, [*known, *strangers], checkpoint)
    before = built_at(here)
    with app.app_context(), unit_of_work() as db:
        compare_soon(db)
    run_jobs(app)
    with app.app_context(), reading() as db:
        assert latest_comparisons(db)[0].superfluous == 300
    assert built_at(here) != before
    assert (index_wear(here.folder).dead, index_wear(here.folder).documents) == (0, 6)
