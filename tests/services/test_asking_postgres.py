"""Asking on PostgreSQL: bits that merge, wishes and words made at the same time, the comparison's row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from app.asking.models import AskedDay, SearchWordMark, Wish, WishPlace
from app.asking.popular import list_popular, settle
from app.asking.tally import add_seen, local_day
from app.asking.wishes import make_wish, new_receipt
from app.asking.words import add_words
from app.catalogue.comparing import compare_soon, latest_comparisons
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.db import db as database
from app.kernel.db import reading, unit_of_work
from app.review.rules import bad_among
from tests.fixtures.app import run_jobs

pytestmark = pytest.mark.services

TODAY = local_day(utc_now())
OPERATOR = Actor(display_name="测试", grants=(Grant("operator"),))


@pytest.mark.timeout(120)
def test_everything_holds_when_several_do_it_at_once(postgres_app: Flask) -> None:
    def ask(number: int) -> None:
        with postgres_app.app_context(), unit_of_work() as db:
            add_seen(db, {(TODAY, "养生"): 1 << (number + 50), (TODAY, f"词语{number}"): 1})

    def wish(number: int) -> None:
        with postgres_app.app_context(), unit_of_work() as db:
            make_wish(db, new_receipt(), "剪纸", "210100" if number % 2 else "", screen=bad_among)

    def teach(number: int) -> None:
        with postgres_app.app_context(), unit_of_work() as db:
            add_words(db, OPERATOR, f"云课堂{number} = 网课", key=f"form{number}")

    with ThreadPoolExecutor(4) as pool:
        for work in (ask, wish, teach):
            list(pool.map(work, range(8)))
    with postgres_app.app_context(), unit_of_work() as db:
        assert db.get_one(AskedDay, (TODAY, "养生")).seen.bit_count() == 8
        assert settle(db, TODAY, screen=bad_among, finds=lambda _text: True) == 1
        assert list_popular(db) == ("养生",)
        assert db.scalars(select(Wish.count)).all() == [8]
        assert {row.region_code: row.count for row in db.scalars(select(WishPlace))} == {"": 4, "210100": 4}
        assert db.get_one(SearchWordMark, 1).number == 8
        compare_soon(db)
    run_jobs(postgres_app)
    with postgres_app.app_context(), reading() as db:
        (found,) = latest_comparisons(db)
        assert found.drift == 0
    with postgres_app.app_context():
        downgrade(revision="0015")
        upgrade()
        database.engine.dispose()
