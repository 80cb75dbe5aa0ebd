"""A catalogue of two cities, stocked and indexed once; each test gets a copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.kernel.db import unit_of_work
from app.library.models import LectureState
from config.settings import Settings, load
from tests.factories.lectures import make_lecture
from tests.fixtures.app import build_app, make_environ, make_institution, run_jobs, whole_file
from tests.fixtures.pages import count_queries, stand_in_assets

__all__ = ["count_queries", "stand_in_assets"]

ELDER, WORKER = ("audience", "elder"), ("audience", "service_worker")
HEALTH, DIGITAL, LEISURE = ("topic", "public_health"), ("topic", "digital_life"), ("topic", "leisure")


@dataclass(frozen=True)
class Catalogue:
    """Public ids by title, and of the two institutions."""

    folder: Path
    lectures: dict[str, str]
    university: str
    college: str


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Catalogue:
    """沈阳 teaches health and phones to elders, 大连 phones and songs to workers; one draft."""
    folder = tmp_path_factory.mktemp("catalogue")
    shutil.copy(migrated_database, folder / "app.db")
    app = build_app(load(make_environ(folder)))
    with app.app_context(), unit_of_work() as db:
        here = make_institution(db, name="沈阳示范老年大学", type_key="elder_university")
        there = make_institution(db, name="大连示范开放大学", region_code="210202", type_key="open_university")
        made = [
            make_lecture(db, here, "春季养生与经络调理", terms=(ELDER, HEALTH), tags=("养生",)),
            make_lecture(db, here, "老年人智能手机入门", terms=(ELDER, DIGITAL), description="三步把手机的字调大。"),
            make_lecture(db, there, "上班族的颈椎操", terms=(WORKER, HEALTH), tags=("颈椎",)),
            make_lecture(db, there, "合唱：怎样用气", terms=(ELDER, WORKER, LEISURE)),
            make_lecture(db, there, "陌生来电怎么办", terms=(ELDER, DIGITAL), tags=("手机", "防诈骗")),
            make_lecture(db, there, "<i>斜体</i>与手机排版", terms=(WORKER, DIGITAL)),
        ]
        make_lecture(db, there, "还没有公开的手机课", state=LectureState.DRAFT, terms=(ELDER, DIGITAL))
        ids = {lecture.title: lecture.public_id for lecture in made}
        university, college = here.public_id, there.public_id
    run_jobs(app)
    whole_file(folder)
    return Catalogue(folder, ids, university, college)


@pytest.fixture
def settings(tmp_path: Path, stocked: Catalogue) -> Settings:
    shutil.copy(stocked.folder / "app.db", tmp_path / "app.db")
    shutil.copytree(stocked.folder / "index", tmp_path / "index")
    return load(make_environ(tmp_path))
