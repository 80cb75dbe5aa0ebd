"""Most watched first, and what parts equals: numbers of the last ninety days, made anew once a day, told honestly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from app.catalogue.comparing import find_drift
from app.catalogue.models import IndexChange, UseCount
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.library.green_grants import GreenStanding
from app.library.models import Lecture
from app.library.places import Institution
from app.watching.counting import local_day
from app.watching.jobs import request_count
from app.watching.models import WatchDay, WatchMark
from app.watching.use import settle_use
from config.settings import Settings
from tests.factories.lectures import make_lecture
from tests.fixtures.app import run_jobs
from tests.integration.catalogue.reading import facet, fetch, links, path_of, titles

Count = Callable[[], AbstractContextManager[list[str]]]


def play(app: Flask, title: str, plays: int, *, days_ago: int = 1, completions: int = 0) -> None:
    """Say that a lecture was played."""
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title=title).one()
        day = local_day(utc_now()) - timedelta(days=days_ago)
        sums = {"plays": plays, "listens": 0, "completions": completions, "watched_s": plays * 60}
        db.add(WatchDay(lecture_id=lecture.id, day=day, playlist_id=0, region_code="", **sums))


def settle(app: Flask, today: date | None = None) -> int:
    """Do the day's work of the worker."""
    with app.app_context(), unit_of_work() as db:
        moved = settle_use(db, today or local_day(utc_now()))
    run_jobs(app)
    return moved


def add(app: Flask, count: int, word: str = "剪纸") -> None:
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).order_by(Institution.id).first()
        for number in range(count):
            make_lecture(db, college, f"{word}第{number}讲")
    run_jobs(app)


def test_the_most_watched_come_first_on_lists_and_in_searches(app: Flask, client: FlaskClient) -> None:
    play(app, "陌生来电怎么办", 9)
    play(app, "老年人智能手机入门", 30)
    play(app, "<i>斜体</i>与手机排版", 400, days_ago=91)
    play(app, "合唱：怎样用气", 50, days_ago=0)
    assert settle(app) == 2, "only whole days count, and only the last ninety"
    page = fetch(client, "/lectures?sort=popular")
    assert titles(page)[:2] == ["老年人智能手机入门", "陌生来电怎么办"]
    assert titles(page)[2:] == [each for each in titles(fetch(client, "/lectures")) if each not in titles(page)[:2]]
    assert "按最近 90 天看过的次数排" in page
    assert "90 天" not in fetch(client, "/lectures")
    assert titles(fetch(client, "/search?q=手机&sort=popular"))[:2] == ["老年人智能手机入门", "陌生来电怎么办"]
    assert titles(fetch(client, "/lectures?sort=popular&topic=digital_life"))[0] == "老年人智能手机入门"


def test_every_order_has_one_address(client: FlaskClient) -> None:
    page = fetch(client, "/lectures?sort=popular&topic=digital_life")
    assert path_of(links(page, "最新")[0]) == "/lectures?topic=digital_life"
    assert path_of(links(page, "最多人看")[0]) == "/lectures?topic=digital_life&sort=popular"
    assert not links(page, "最相关"), "without a text nothing is more relevant"
    assert fetch(client, "/lectures?sort=newest") == fetch(client, "/lectures"), "the newest first needs no saying"
    whole = client.get("/lectures?sort=popular&page=1").get_data(as_text=True)
    assert 'rel="canonical" href="' in whole
    assert '/lectures?sort=popular"' in whole.split('rel="canonical"')[1][:120]
    found = fetch(client, "/search?q=手机")
    assert links(found, "最相关") == ["/search?q=%E6%89%8B%E6%9C%BA"]
    assert links(found, "最多人看") == ["/search?q=%E6%89%8B%E6%9C%BA&sort=popular"]


def test_a_little_more_writes_nothing_anew(app: Flask, settings: Settings) -> None:
    play(app, "合唱：怎样用气", 100)
    assert settle(app) == 1
    with app.app_context(), reading() as db:
        before = db.query(IndexChange).count()
    play(app, "合唱：怎样用气", 8, days_ago=2)
    assert settle(app) == settle(app) == 0
    with app.app_context(), reading() as db:
        assert db.query(IndexChange).count() == before, "no document is written for eight plays more of a hundred"
        assert find_drift(Path(settings.search.index_path)).every == []
    play(app, "合唱：怎样用气", 8, days_ago=3)
    assert settle(app) == 1
    assert settle(app, local_day(utc_now()) + timedelta(days=100)) == 1, "what nobody plays any more sinks"
    with app.app_context(), reading() as db:
        assert db.query(UseCount).count() == 0


def test_the_worker_does_it_once_a_day(app: Flask, client: FlaskClient) -> None:
    def count() -> list[int]:
        with capture_logs() as lines:
            with app.app_context(), unit_of_work() as db:
                request_count(db)
            run_jobs(app)
        return [line["moved"] for line in lines if line["event"] == "use_counted"]

    play(app, "合唱：怎样用气", 12)
    assert (count(), count()) == ([1], [])
    assert titles(fetch(client, "/lectures?sort=popular"))[0] == "合唱：怎样用气"
    with app.app_context(), unit_of_work() as db:
        mark = db.get_one(WatchMark, 1)
        assert mark.use_counted_on is not None
        mark.use_counted_on -= timedelta(days=1)
    assert count() == [0]


def test_pages_of_the_most_watched_follow_one_another(app: Flask, client: FlaskClient, count_queries: Count) -> None:
    add(app, 60)
    for number in range(0, 60, 3):
        play(app, f"剪纸第{number}讲", 5 + number)
    settle(app)
    first = fetch(client, "/search?q=剪纸&sort=popular")
    with count_queries() as costs:
        client.get("/search?q=剪纸&sort=popular")
    play(app, "剪纸第1讲", 500)
    with app.app_context(), unit_of_work() as db:
        gone = db.query(Lecture).filter_by(title=titles(first)[-1]).one()
        gone.state = "withdrawn"
        gone.withdrawn_at = utc_now()
    settle(app)
    with count_queries() as onward:
        second = fetch(client, links(first, "下一页")[0])
    third = fetch(client, links(second, "下一页")[0])
    seen = [*titles(first), *titles(second), *titles(third)]
    assert len(seen) == len(set(seen)), "seen twice, though one passed the others and one left"
    assert set(seen) >= {f"剪纸第{number}讲" for number in range(60)} - {"剪纸第1讲"}, "missed"
    assert len(onward) <= len(costs) + 1, "\n".join(onward)


def test_badge_and_being_watched_to_the_end_move_only_equals(app: Flask, client: FlaskClient) -> None:
    """Three lectures with the same words; a fourth with the word in its title, which nothing else outweighs."""
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).order_by(Institution.id).first()
        said = "讲讲揉面的手法，发面要揉多久。"
        for title in ("面点甲", "面点乙", "面点丙"):
            make_lecture(db, college, title, description=said)
        make_lecture(db, college, "揉面", description="家常做法。")
    run_jobs(app)
    assert titles(fetch(client, "/search?q=揉面")) == ["揉面", "面点甲", "面点乙", "面点丙"], "equals: the newest first"
    play(app, "面点丙", 40, completions=36)
    settle(app)
    assert titles(fetch(client, "/search?q=揉面")) == ["揉面", "面点丙", "面点甲", "面点乙"]
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title="面点乙").one()
        db.add(
            GreenStanding(
                lecture_id=lecture.id, starts_at=utc_now() - timedelta(days=1), ends_at=utc_now() + timedelta(days=9),
                is_kept=True, is_shown=True, checked_at=utc_now(), changed_at=utc_now(),
            )
        )
    play(app, "面点乙", 40, completions=36)
    settle(app)
    assert titles(fetch(client, "/search?q=揉面")) == ["揉面", "面点乙", "面点丙", "面点甲"]
    play(app, "面点丙", 60, days_ago=2)
    settle(app)
    assert titles(fetch(client, "/search?q=揉面")) == ["揉面", "面点乙", "面点甲", "面点丙"], "no longer to the end"
    assert facet(fetch(client, "/search?q=揉面"), "还要")
