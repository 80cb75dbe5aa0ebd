"""The bell, the list, marking, the settings: one's own things only, in few statements."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.notices.kinds import MailMode, NoticeKind
from app.notices.models import Notice, NoticeChoice
from tests.fixtures.app import csrf_token
from tests.integration.review.school import School

SignIn = Callable[[str], FlaskClient]


def fill(app: Flask, school: School, login: str, count: int) -> list[int]:
    with app.app_context(), unit_of_work() as db:
        rows = [
            Notice(
                user_id=school[login].user_id, kind=NoticeKind.RETURNED, key=f"test:{number}",
                facts={"title": f"第{number}讲", "lecture": "nothing", "level": 1, "why": "字错了", "who": "审核人甲"},
                count=1, happened_at=utc_now(), is_shown=True,
            )
            for number in range(count)
        ]  # fmt: skip
        db.add_all(rows)
        db.flush()
        return [row.id for row in rows]


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def test_the_bell_says_how_many_with_one_statement_on_every_page(
    app: Flask, school: School, sign_in: SignIn, count_queries
):
    teacher = sign_in("teacher")
    with count_queries() as before:
        assert "条没看过" not in text(teacher, "/about")
    fill(app, school, "teacher", 3)
    with count_queries() as few:
        assert '<span class="bell-count">3<' in text(teacher, "/about")
    fill_more = fill(app, school, "colleague", 1)
    assert fill_more
    with count_queries() as public:
        assert "bell" not in text(app.test_client(), "/about")

    assert len([each for each in few if "notice" in each]) == 1
    assert (len(few), len(public)) == (len(before), 0)


def test_a_hundred_are_counted_no_further(app: Flask, school: School, sign_in: SignIn):
    fill(app, school, "teacher", 101)
    assert '<span class="bell-count">99+<' in text(sign_in("teacher"), "/about")


def test_the_list_is_paged_and_costs_the_same_full_or_not(app: Flask, school: School, sign_in: SignIn, count_queries):
    teacher = sign_in("teacher")
    with count_queries() as empty:
        assert "还没有通知" in text(teacher, "/notices/")
    fill(app, school, "teacher", 45)
    with count_queries() as full:
        page = text(teacher, "/notices/")
    assert len(full) == len(empty)
    assert page.count('data-testid="notice"') == 20
    assert "《第44讲》一审退回" in page
    assert "审核人甲：字错了" in page
    assert text(teacher, "/notices/?page=3").count('data-testid="notice"') == 5
    assert text(teacher, "/notices/?page=99").count('data-testid="notice"') == 5


def test_opening_one_marks_it_and_leads_to_its_lecture(app: Flask, school: School, sign_in: SignIn):
    first, second = fill(app, school, "teacher", 2)
    teacher = sign_in("teacher")
    answer = teacher.get(f"/notices/{first}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/studio/lectures/nothing")
    assert text(teacher, "/notices/?show=unread").count('data-testid="notice"') == 1
    token = csrf_token(teacher, "/notices/")
    for read, expected in (("1", 0), ("0", 1)):
        teacher.post(f"/notices/{second}/read", data={"csrf_token": token, "read": read})
        assert text(teacher, "/notices/?show=unread").count('data-testid="notice"') == expected


def test_all_read_leaves_what_came_since(app: Flask, school: School, sign_in: SignIn):
    teacher = sign_in("teacher")
    seen = fill(app, school, "teacher", 2)
    with app.app_context(), unit_of_work() as db:
        db.add(Notice(user_id=school["teacher"].user_id, kind=NoticeKind.PUBLISHED, key="later", count=1,
                      facts={"title": "新的", "lecture": "x"}, happened_at=utc_now(), is_shown=True))  # fmt: skip
    teacher.post("/notices/read", data={"csrf_token": csrf_token(teacher, "/notices/"), "up_to": str(seen[-1])})
    page = text(teacher, "/notices/?show=unread")
    assert page.count('data-testid="notice"') == 1
    assert "《新的》" in page


def test_notices_of_others_are_not_there(app: Flask, school: School, sign_in: SignIn):
    [notice_id] = fill(app, school, "teacher", 1)
    other = sign_in("colleague")
    token = csrf_token(other, "/notices/settings")
    assert other.get(f"/notices/{notice_id}").status_code == 404
    assert other.post(f"/notices/{notice_id}/read", data={"csrf_token": token}).status_code == 404
    other.post("/notices/read", data={"csrf_token": token, "up_to": "999999"})
    with app.app_context(), reading() as db:
        assert db.scalars(select(Notice.read_at)).all() == [None]
    assert app.test_client().get(f"/notices/{notice_id}").headers["Location"].startswith("/sign-in?next=/notices/")


def test_settings_offer_what_concerns_a_person_and_keep_it(app: Flask, school: School, sign_in: SignIn):
    teacher, reviewer = sign_in("teacher"), sign_in("reviewer")
    assert "轮到您审核" not in text(teacher, "/notices/settings")
    assert "退回修改" not in text(reviewer, "/notices/settings")
    token = csrf_token(teacher, "/notices/settings")
    answer = teacher.post("/notices/settings", data={"csrf_token": token, "bell-returned": "y",
                                                     "mail-returned": "weekly", "digest": "y"})  # fmt: skip
    assert answer.status_code == 303
    with app.app_context(), reading() as db:
        rows = {row.kind: row for row in db.scalars(select(NoticeChoice))}
    assert (rows[NoticeKind.RETURNED].is_shown, rows[NoticeKind.RETURNED].mail) == (True, MailMode.WEEKLY)
    assert not rows[NoticeKind.PUBLISHED].is_shown
    assert NoticeKind.CASE not in rows
    assert NoticeKind.ACCOUNT not in rows
    bad = teacher.post("/notices/settings", data={"csrf_token": token, "mail-returned": "hourly"})
    assert bad.status_code == 422


@pytest.mark.parametrize(
    ("login", "shown", "hidden"),
    [
        ("officer", ("入驻申请", "额度快用完"), ("绿色通道开放", "退回修改")),
        ("teacher", ("绿色通道标识取消", "工作交接"), ("入驻申请", "额度快用完", "审核期限")),
        ("admin", ("邀请", "额度快用完", "绿色通道开放"), ("入驻申请",)),
        ("curator", ("工作交接",), ("退回修改", "额度快用完")),
    ],
)
def test_settings_offer_each_role_its_kinds(
    school: School, sign_in: SignIn, login: str, shown: tuple[str, ...], hidden: tuple[str, ...]
):
    page = text(sign_in(login), "/notices/settings").partition('class="choice-list"')[2].partition("</ul>")[0]
    for name in shown:
        assert f">{name}<" in page
    for name in hidden:
        assert f">{name}<" not in page


@pytest.mark.parametrize(
    ("login", "kind", "facts", "count", "target"),
    [
        ("colleague", NoticeKind.WORK, {"what": "lectures"}, 1, "/studio/"),
        ("curator", NoticeKind.WORK, {"what": "playlists"}, 1, "/desk/playlists"),
        ("teacher", NoticeKind.WORK, {"what": "given"}, 1, "/notices/"),
        ("officer", NoticeKind.MEMBER, {"what": "joined"}, 1, "/joining/"),
        ("admin", NoticeKind.GREEN_LOST, {"lecture": "x"}, 3, "/green-channel/desk"),
        ("admin", NoticeKind.GREEN_BACK, {"lecture": "x"}, 1, "/studio/lectures/x"),
        ("reviewer", NoticeKind.CASE, {"review": "x"}, 2, "/review/"),
    ],
)
def test_a_notice_leads_where_its_reader_may_go(
    app: Flask, school: School, sign_in: SignIn, *, login: str, kind: NoticeKind, facts: dict, count: int, target: str
):
    words = {"title": "一讲", "place": "学校", "person": "甲", "lectures": 1, "reviews": 0, "playlists": 1}
    with app.app_context(), unit_of_work() as db:
        row = Notice(user_id=school[login].user_id, kind=kind, key="k", facts=words | facts, count=count,
                     happened_at=utc_now(), is_shown=True)  # fmt: skip
        db.add(row)
        db.flush()
        notice_id = row.id
    reader = sign_in(login)
    assert reader.get(f"/notices/{notice_id}").headers["Location"] == target
    assert target.endswith("/x") or reader.get(target).status_code == 200
