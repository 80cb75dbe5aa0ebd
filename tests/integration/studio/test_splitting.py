"""A lecture split into micro-courses: chosen on a page, told before it is done, never made twice."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.kernel.jobs.model import Job, JobState
from app.library.models import Excerpt, Lecture, LectureState
from app.media.queries import ENCODE_KIND
from tests.integration.studio.college import Browser, College, find_lecture, give_media, in_work
from tests.integration.studio.splitting import TITLES, drafts_of, rows, shape, split, stretch_media


def test_the_page_tells_why_nothing_can_be_split(app: Flask, teacher: Browser, college: College, lecture_id: str):
    path = f"/studio/lectures/{lecture_id}/split"
    assert "视频还没有处理好" in teacher.get(path)
    give_media(app, lecture_id)
    page = teacher.get(path)
    assert "还没有章节" in page
    assert f'href="/studio/lectures/{lecture_id}#chapters"' in page
    assert 'data-testid="split"' not in teacher.get(f"/studio/lectures/{lecture_id}")
    teacher.post(f"/studio/lectures/{lecture_id}/chapters", chapters="0:00 甲\n0:05 乙")
    assert 'data-testid="split"' in teacher.get(f"/studio/lectures/{lecture_id}")
    form = shape(teacher.get(path))
    in_work(app, lambda db: db.execute(update(Lecture).values(state=LectureState.WITHDRAWN)))
    assert "这一讲已经下架" in teacher.get(path)
    answer = teacher.post(path, shape=form, take=["0"], confirmed="1", **{"title-0": "甲"})
    assert answer.status_code == 409
    assert drafts_of(app, lecture_id) == []


def test_only_who_may_edit_may_split(browser_of, app: Flask, lecture_id: str):
    give_media(app, lecture_id)
    path = f"/studio/lectures/{lecture_id}/split"
    for login, status in (("stranger", 404), ("colleague", 403)):
        browser = browser_of(login)
        assert browser.client.get(path).status_code == status
        assert browser.post(path, take=["0"], confirmed="1").status_code == status
    assert browser_of("admin").client.get(path).status_code == 200


def test_the_list_shows_lengths_and_proposes_what_to_join(app: Flask, teacher: Browser, lecture_id: str):
    give_media(app, lecture_id)
    stretch_media(app, lecture_id, 2700)
    teacher.post(f"/studio/lectures/{lecture_id}/chapters", chapters="0:00 开场\n1:40 准备\n6:40 动作\n44:00 小结")
    page = teacher.get(f"/studio/lectures/{lecture_id}/split")
    abouts = re.findall(r'id="about-\d">\s*<span class="figures">([^<]*)</span>(.*?)</p>', page, re.DOTALL)
    assert [text for text, _ in abouts] == [
        "从 0:00 起，长 2分钟",
        "从 1:40 起，长 5分钟",
        "从 6:40 起，长 37分钟",
        "从 44:00 起，长 1分钟",
    ]
    assert ["太短" in rest for _, rest in abouts] == [True, False, False, True]
    assert ["太长" in rest for _, rest in abouts] == [False, False, True, False]
    ticked = re.findall(r'<input type="checkbox" id="(\w+-\d)" name="\w+" value="\d" checked', page)
    assert ticked == ["take-0", "join-0", "take-1", "take-2", "join-2", "take-3"]
    assert "开头最多提前 6 秒" in page
    teacher.client.set_cookie("ui", "normal.auto.standard.en")
    page = teacher.get(f"/studio/lectures/{lecture_id}/split").partition("<main")[2].partition("</main>")[0]
    typed = r'value="[^"]*"|开场|准备|动作|小结|八段锦第一讲'
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(typed, "", page))


def test_what_will_be_made_is_shown_before_it_is_made(app: Flask, teacher: Browser, whole: str):
    answer = split(teacher, whole, take=["0", "1"], join=["1"], titles=("热身<b>", "招式", "", ""), confirmed=False)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "建立 2 个微课草稿？" in page
    assert "热身&lt;b&gt;" in page
    assert drafts_of(app, whole) == []
    changed = teacher.post(
        f"/studio/lectures/{whole}/split", shape=shape(page), take=["0", "1"], join=["1"], change="1",
        **{"title-0": "热身<b>", "title-1": "招式"},
    ).get_data(as_text=True)  # fmt: skip
    assert 'value="招式"' in changed
    assert re.findall(r'id="(join-\d)" name="join" value="\d" checked', changed) == ["join-1"]


def test_mistakes_keep_what_was_typed(app: Flask, teacher: Browser, whole: str):
    answer = split(teacher, whole, take=["0", "3"], titles=("热身新", "", "", " "))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'href="#title-3"' in page
    assert "请填写标题。" in page
    assert 'value="热身新"' in page
    none = split(teacher, whole, take=[], titles=TITLES)
    assert none.status_code == 422
    assert "请至少勾选一段" in none.get_data(as_text=True)
    assert drafts_of(app, whole) == []


def test_a_choice_made_from_other_chapters_is_not_carried_out(app: Flask, teacher: Browser, whole: str):
    path = f"/studio/lectures/{whole}/split"
    old = shape(teacher.get(path))
    teacher.save_chapters(whole, "0:00 热身\n0:25 其余")
    for more in ({}, {"confirmed": "1"}):
        answer = teacher.post(path, shape=old, take=["0"], **{"title-0": "热身"}, **more)
        assert answer.status_code == 409
        assert "章节或视频刚才改过了" in answer.get_data(as_text=True)
    assert drafts_of(app, whole) == []


def test_drafts_are_the_originals_in_all_that_is_said_of_them(app: Flask, teacher: Browser, college, whole: str):
    answer = split(teacher, whole, take=["1", "3"], join=["1"], titles=("", "起势和收势", "", "小结"))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/studio/lectures/{whole}/split")
    original, made = find_lecture(app, whole), [find_lecture(app, each) for each in drafts_of(app, whole)]
    assert [each.title for each in made] == ["起势和收势", "小结"]
    for each in made:
        assert each.state is LectureState.DRAFT
        assert each.resource_type == "micro_course"
        for name in ("institution_id", "teacher", "licence", "description", "tags", "language"):
            assert getattr(each, name) == getattr(original, name), name
        assert {term.id for term in each.terms} == {term.id for term in original.terms}
        assert each.created_by_id == college.teacher.user_id
    assert [(each.start_s, each.end_s) for each in rows(app, select(Excerpt).order_by(Excerpt.start_s))] == [
        (13.5, 30.2),
        (30.2, pytest.approx(40, abs=0.05)),
    ]
    queued = rows(app, select(Job).where(Job.kind == ENCODE_KIND, Job.state == JobState.QUEUED))
    assert sorted(job.subject for job in queued) == sorted(f"lecture:{each.id}" for each in made)
    assert find_lecture(app, whole).version == original.version


def test_twice_makes_nothing_twice(app: Flask, teacher: Browser, whole: str):
    split(teacher, whole, take=["0", "1"], titles=TITLES)
    first = drafts_of(app, whole)
    page = teacher.get(f"/studio/lectures/{whole}/split")
    assert page.count("已经拆过") == 2
    assert re.findall(r'id="(take-\d)" name="take" value="\d" checked', page) == ["take-2", "take-3"]
    again = split(teacher, whole, take=["0", "1"], titles=TITLES)
    assert again.status_code == 422
    shown = split(teacher, whole, take=["0", "2"], titles=TITLES, confirmed=False).get_data(as_text=True)
    assert "建立 1 个微课草稿？" in shown
    assert "已经拆过，不会再建" in shown
    split(teacher, whole, take=["0", "2"], titles=TITLES)
    assert len(drafts_of(app, whole)) == 3
    assert set(first) < set(drafts_of(app, whole))
