"""kill -9 of the worker in its commits to the search index: the next one goes on, and the index equals the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from app.catalogue.comparing import find_drift
from app.catalogue.following import log_ends
from app.catalogue.jobs import note_changes
from app.kernel.db import reading, unit_of_work
from app.library.models import Lecture
from app.library.places import Institution
from search_index import IndexUnusable, open_index
from tests.factories.lectures import make_lecture
from tests.fixtures.stack import Stack, fresh_stack, wait_for
from tests.integration.resilience.inventory import PATIENCE_S, platform_of

__all__ = ["fresh_stack"]

KILLS, LECTURES = 3, 12


def change_one(stack: Stack, number: int) -> None:
    """Rename a lecture, and have its document written."""
    with stack.app.app_context(), unit_of_work() as db:
        lecture = db.scalars(select(Lecture).order_by(Lecture.id).offset(number % LECTURES).limit(1)).one()
        lecture.title = f"手工第{lecture.id}课，改过{number}次"
        note_changes(db, [("lecture", lecture.id)])


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.parent != folder}


def is_up_to_date(stack: Stack, folder: Path) -> bool:
    with stack.app.app_context(), reading() as db:
        try:
            return open_index(folder).checkpoint() == log_ends(db)[1]
        except IndexUnusable:
            return False


@pytest.mark.timeout(300)
def test_a_worker_killed_in_its_commits_leaves_an_index_that_the_next_one_makes_true(fresh_stack: Stack) -> None:
    stack = fresh_stack
    folder = platform_of(stack.app).settings.search.index_path
    with stack.app.app_context(), unit_of_work() as db:
        college = db.scalars(select(Institution)).first()
        for number in range(LECTURES):
            make_lecture(db, college, f"手工第{number}课")
    changes = 0
    for kill in range(KILLS):
        stack.start_worker()
        wait_for(lambda: is_up_to_date(stack, folder), timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))
        commits, seen = 0, names_in(folder)
        while commits < 2 + kill:  # files come and go in the middle of a commit
            changes += 1
            change_one(stack, changes)
            now = names_in(folder)
            commits += now != seen
            seen = now
            assert changes < 20_000, stack.log_tail("worker")
        stack.kill("worker")
        change_one(stack, changes)
    stack.start_worker()
    wait_for(lambda: is_up_to_date(stack, folder), timeout_s=PATIENCE_S, what=lambda: stack.log_tail("worker"))
    with stack.app.app_context():
        drift = find_drift(folder)
    assert (drift.documents, drift.every) == (LECTURES, [])
