"""Index and database: drift of every kind is found, mended and told of; a change is searchable at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from app.admin.queries import check_index
from app.catalogue.comparing import compare as compare_copy
from app.catalogue.comparing import compare_soon, find_drift, latest_comparisons, request_comparison
from app.catalogue.documents import build_documents, document_id
from app.catalogue.following import IndexCopy
from app.catalogue.models import IndexChange, IndexComparison
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.events import LecturePublished, LectureWithdrawn
from app.library.models import Lecture, LectureState
from config.settings import Settings
from search_index import Document, IndexWriter, index_facts, open_index, rebuild
from tests.fixtures.app import run_jobs
from tests.integration.catalogue.reading import fetch, titles

YOGA = "春季养生与经络调理"


def compare(app: Flask) -> IndexComparison:
    with app.app_context(), unit_of_work() as db:
        compare_soon(db)
    run_jobs(app)
    with app.app_context(), reading() as db:
        (found,) = latest_comparisons(db)
    return found


def ids_of(app: Flask) -> dict[str, int]:
    with app.app_context(), reading() as db:
        return {row.title: row.id for row in db.query(Lecture)}


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_tampering_is_found_mended_and_told_of(app: Flask, settings: Settings, engine: str) -> None:
    if engine == "tantivy":
        pytest.importorskip("tantivy")
    folder, ids = Path(settings.search.index_path), ids_of(app)
    with app.app_context(), reading() as db:
        documents = build_documents(db, ids.values())
        rebuild(folder, documents.values(), open_index(folder).checkpoint(), engine)
        stale = documents[ids["合唱：怎样用气"]]
    at = open_index(folder).checkpoint()
    assert (compare(app).drift, index_facts(folder).engine) == (0, engine)
    wrong = Document(id=stale.id, kind="lecture", title="篡改的标题", published_at=stale.published_at)
    strangers = [Document(id=name, kind="lecture", title="不存在", published_at=utc_now())
                 for name in ("lecture:999999", "lecture:abc", "junk")]  # fmt: skip
    IndexWriter(folder).apply([wrong, *strangers], [document_id(ids[YOGA])], at)
    with capture_logs() as lines:
        found = compare(app)
    assert (found.missing, found.stale, found.superfluous, found.is_rebuilt) == (1, 1, 3, False)
    assert found.examples == {
        "missing": [document_id(ids[YOGA])], "stale": [stale.id],
        "superfluous": ["junk", "lecture:999999", "lecture:abc"],
    }  # fmt: skip
    (told,) = [each for each in lines if each["event"] == "index_compared"]
    assert (told["log_level"], told["stale"]) == ("warning", 1)
    assert compare(app).drift == 0
    assert open_index(folder).checkpoint() == at + 3, "one for each request, and none for what was mended"


@pytest.mark.parametrize(
    ("name", "value"),
    [("title", f"{YOGA}！"), ("tags", ["食疗"]), ("resource_type", "lecture"), ("teacher", "赵老师")],
)
def test_one_changed_letter_or_facet_is_drift(app: Flask, settings: Settings, name: str, value: object) -> None:
    lecture_id = ids_of(app)[YOGA]
    with app.app_context(), unit_of_work() as db:
        setattr(db.get_one(Lecture, lecture_id), name, value)
    with app.app_context():
        drift = find_drift(Path(settings.search.index_path))
    assert (drift.every, drift.stale) == ([document_id(lecture_id)], [document_id(lecture_id)])


def test_what_is_on_its_way_is_no_drift(app: Flask, settings: Settings) -> None:
    folder, ids = Path(settings.search.index_path), ids_of(app)
    with app.app_context(), unit_of_work() as db:
        db.get_one(Lecture, ids[YOGA]).title = "改过的题目"
        outbox.emit(db, LecturePublished(ids[YOGA]))
    with app.app_context():
        assert find_drift(folder).every == []
    with app.app_context(), unit_of_work() as db:
        db.add(IndexChange(subject_id=ids["合唱：怎样用气"], created_at=utc_now()))
        lecture = db.get_one(Lecture, ids["合唱：怎样用气"])
        lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, utc_now()
    with app.app_context():
        assert find_drift(folder).every == []


def test_an_index_that_cannot_be_read_is_built_anew(app: Flask, settings: Settings) -> None:
    folder = Path(settings.search.index_path)
    (folder / "CURRENT").write_text("{", "utf-8")
    with app.app_context():
        compare_copy(IndexCopy(folder))
    with app.app_context(), reading() as db:
        (found,) = latest_comparisons(db)
    assert (found.is_rebuilt, found.documents) == (True, 6)


def test_the_comparison_is_asked_for_once_a_night(app: Flask) -> None:
    night = datetime(2026, 11, 29, 19, 30, tzinfo=UTC)  # 03:30 in Shanghai
    with app.app_context(), unit_of_work() as db:
        asked = db.query(IndexChange).filter_by(kind="comparison")
        request_comparison(db, now=night)
        asked.update({"created_at": night})
        for hours, times in ((0, 1), (1, 1), (12, 1), (23, 1), (24, 2)):
            request_comparison(db, now=night + timedelta(hours=hours))
            assert asked.count() == times, hours


def test_the_operator_sees_it_and_is_advised_in_time(
    app: Flask, people: Callable[[str], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = people("operator")
    assert "还没有" in fetch(operator, "/admin/")
    compare(app)
    page = fetch(operator, "/admin/")
    assert "一致" in page
    assert "该换搜索引擎了" not in page
    with app.app_context(), unit_of_work() as db:
        db.add(IndexComparison(begun_at=utc_now(), machine="web-2", took_s=1, documents=6, missing=0, stale=2,
                               superfluous=0, examples={}, is_rebuilt=False))  # fmt: skip
    page = fetch(operator, "/admin/")
    assert "web-2" in page
    assert "少 0，旧 2，多 0" in page
    assert "一致" in page
    small = {"index": {"advise_above": 5, "compare_hour": 3, "comparisons_kept": 60}}
    monkeypatch.setattr("app.admin.queries.read_search", lambda: small)
    assert "该换搜索引擎了" in fetch(operator, "/admin/")


def test_the_other_engine_is_advised_past_the_size_whoosh_keeps_its_figures_at(app: Flask, settings: Settings) -> None:
    with app.app_context(), reading() as db:
        health = check_index(db, Path(settings.search.index_path))
    assert health.facts is not None
    for engine, documents, is_advised in (
        ("whoosh", 20_000, False), ("whoosh", 20_001, True), ("tantivy", 1_000_000, False),
    ):  # fmt: skip
        facts = replace(health.facts, engine=engine)
        assert replace(health, facts=facts, documents=documents).has_outgrown_engine is is_advised, (engine, documents)


def test_published_is_found_within_two_seconds_and_withdrawn_is_gone_at_once(app: Flask, client: FlaskClient) -> None:
    ids = ids_of(app)
    with app.app_context(), unit_of_work() as db:
        draft = db.get_one(Lecture, ids["还没有公开的手机课"])
        draft.state, draft.published_at = LectureState.PUBLISHED, utc_now()
        outbox.emit(db, LecturePublished(draft.id))
    began_s = time.monotonic()
    run_jobs(app)
    assert "还没有公开的手机课" in titles(fetch(client, "/search?q=公开的手机课"))
    assert time.monotonic() - began_s < 2
    with app.app_context(), unit_of_work() as db:
        lecture = db.get_one(Lecture, ids["还没有公开的手机课"])
        lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, utc_now()
        outbox.emit(db, LectureWithdrawn(lecture.id))
    # The worker has not run: the database alone decides.
    assert "还没有公开的手机课" not in titles(fetch(client, "/search?q=公开的手机课"))
