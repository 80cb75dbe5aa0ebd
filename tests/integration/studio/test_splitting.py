"""A lecture split into micro-courses: chosen on a page, cut by a job, watched by residents, never made twice."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

import media_pipeline
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.platform import Platform
from app.library import services as library
from app.library.models import Caption, Chapter, Excerpt, Lecture, LectureState
from app.media import services as media
from app.media.models import MediaSet, Source
from app.media.queries import ENCODE_KIND, media_prefix
from app.media.sweeping import sweep_handler
from app.studio import services as studio
from config.policies import read_ladder
from media_pipeline.captions import MACHINE_NOTE
from media_pipeline.cutting import BEGUN_NAME
from media_pipeline.folder import FolderStorage
from tests.factories.clips import AIGC, ClipShelf, shared_folder
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.test_cutting import second_shown
from tests.integration.studio.college import Browser, College, find_lecture, give_media, in_work

LINES = "0:00 热身\n0:13.5 起势\n0:20 收势\n0:30.2 小结"
CUES = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n热身\n\n00:00:14.000 --> 00:00:16.000\n起势\n"


@pytest.fixture(scope="session")
def clapper_set(tmp_path_factory):
    """The clapper's set as a workshop wrote it: the plan's digest, what it is, what was probed, where it lies."""
    path = ClipShelf(shared_folder(tmp_path_factory)).clapper()
    rules = media_pipeline.parse_policy(read_ladder())
    profiles = tuple(
        replace(each, rungs=tuple(replace(rung, preset="ultrafast") for rung in each.rungs)) for each in rules.profiles
    )
    info = media_pipeline.probe(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    plan = media_pipeline.make_plan(info, replace(rules, profiles=profiles), sha256)
    folder = tmp_path_factory.mktemp("clapper")

    class Quiet:
        def report(self, step, fraction):
            pass

        def is_cancelled(self):
            return False

    published = media_pipeline.run(
        plan, path, work_dir=folder / "attempt", storage=FolderStorage(folder / "store"),
        prefix=media_prefix(plan.digest), tools=media_pipeline.find_tools(), progress=Quiet(), cancel=Quiet(),
    )  # fmt: skip
    return plan.digest, published, info, folder / "store"


@pytest.fixture
def whole(app: Flask, platform: Platform, college: College, lecture_id: str, clapper_set) -> str:
    """Public id of a published lecture whose 40 seconds are in the store, with captions and chapters."""
    digest, published, info, store = clapper_set
    shutil.copytree(store, platform.settings.store.path, dirs_exist_ok=True)
    old_s = time.time() - 30 * 24 * 3600
    for path in platform.settings.store.path.rglob("*.*"):
        os.utime(path, (old_s, old_s))

    def do(db):
        lecture = library.get_lecture_for_edit(db, college.teacher, lecture_id)
        stored = media.StoredSource("太极拳.mp4", "5" * 64, 1000, media.source_key("5" * 64))
        source = media.attach_source(db, college.teacher, lecture, stored)
        media.note_media_info(db, source.id, info)
        media.record_media_set(db, source.id, digest, published)
        db.execute(update(Job).values(state=JobState.SUCCEEDED))
        library.set_caption(db, lecture, language="zh-CN", label="中文", webvtt=CUES)
        marked = CUES.replace("WEBVTT\n", f"WEBVTT\n\nNOTE {MACHINE_NOTE}\n", 1)
        library.set_caption(db, lecture, language="en", label="English", webvtt=marked, is_machine=True)
        times = [(0.0, "热身"), (13.5, "起势"), (20.0, "收势"), (30.2, "小结")]
        library.set_chapters(db, lecture, times)
        lecture.language = "zh-CN"
        studio.publish_lecture(db, college.teacher, lecture_id, expected_version=lecture.version)

    in_work(app, do)
    return lecture_id


def shape(page: str) -> str:
    found = re.search(r'name="shape" value="([^"]+)"', page)
    assert found, page[-3000:]
    return found[1]


def split(teacher: Browser, public_id: str, *, take, join=(), titles=(), confirmed=True):
    path = f"/studio/lectures/{public_id}/split"
    names = {f"title-{number}": title for number, title in enumerate(titles)}
    fields = {"shape": shape(teacher.get(path)), "take": list(take), "join": list(join), **names}
    return teacher.post(path, **fields, **({"confirmed": "1"} if confirmed else {}))


def drafts_of(app: Flask, public_id: str) -> list[str]:
    statement = (
        select(Lecture.public_id)
        .join(Excerpt, Excerpt.lecture_id == Lecture.id)
        .where(Excerpt.original_id == select(Lecture.id).where(Lecture.public_id == public_id).scalar_subquery())
        .order_by(Excerpt.start_s, Lecture.id)
    )
    return in_work(app, lambda db: list(db.scalars(statement)))


def work(platform: Platform) -> None:
    while platform.runner.work_once(queue.LANE_MEDIA):
        pass


def rows(app: Flask, statement):
    with app.app_context(), reading() as db:
        return list(db.scalars(statement))


def stretch_media(app: Flask, public_id: str, duration_s: float) -> None:
    statement = select(Lecture.id).where(Lecture.public_id == public_id).scalar_subquery()
    in_work(app, lambda db: db.execute(
        update(MediaSet).where(MediaSet.lecture_id == statement).values(duration_s=duration_s)
    ))  # fmt: skip


TITLES = ("热身", "起势", "收势", "小结")


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
    teacher.post(f"/studio/lectures/{whole}/chapters", chapters="0:00 热身\n0:25 其余")
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


def test_the_job_cuts_and_residents_watch(app: Flask, platform: Platform, teacher: Browser, client, whole: str):
    split(teacher, whole, take=["1"], join=["1"], titles=("", "起势和收势", "", ""))
    [draft] = drafts_of(app, whole)
    work(platform)
    lecture = find_lecture(app, draft)
    [made] = rows(app, select(MediaSet).where(MediaSet.lecture_id == lecture.id))
    assert made.is_current
    assert made.duration_s == pytest.approx(20, abs=0.05)
    [source] = rows(app, select(Source).where(Source.lecture_id == lecture.id))
    assert source.media_info["duration_s"] == made.duration_s
    assert source.media_info["aigc"] == AIGC
    # Cut at 12 s: what was at 14 s is at 2 s; the chapter of 13.5 s begins the lecture.
    captions = {each.language: each for each in lecture.captions}
    assert captions["zh-CN"].webvtt == "WEBVTT\n\n00:00:02.000 --> 00:00:04.000\n起势\n"
    assert captions["en"].is_machine
    assert MACHINE_NOTE in captions["en"].webvtt
    chapters = rows(app, select(Chapter).where(Chapter.lecture_id == lecture.id).order_by(Chapter.position))
    assert [(each.start_s, each.title) for each in chapters] == [(0, "起势"), (8, "收势")]

    page = teacher.get(f"/studio/lectures/{draft}")
    assert "选自" in page
    assert "这一讲是从另一讲里拆出来的" in page
    assert client.get(f"/media/{made.digest}/master.m3u8").status_code == 404
    answer = teacher.post(f"/studio/lectures/{draft}/publish", version=lecture.version)
    assert answer.status_code == 303
    watched = client.get(f"/lectures/{draft}").get_data(as_text=True)
    origin = re.search(r'data-testid="origin"><a href="([^"]*)">.*?</svg>([^<]*)</a>', watched)
    assert origin
    assert (origin[1], origin[2]) == (f"/lectures/{whole}?t=13", "选自《八段锦第一讲》")
    told = client.get(f"/api/v1/lectures/{draft}").json["origin"]
    assert (told["id"], told["title"], told["start_s"], told["end_s"]) == (whole, "八段锦第一讲", 13.5, 30.2)
    assert client.get(f"/api/v1/lectures/{whole}").json["origin"] is None
    with client.get(f"/media/{made.digest}/{made.mp4_name}") as file:
        assert file.status_code == 200
    plain = platform.settings.store.path / media_prefix(made.digest) / made.mp4_name
    assert second_shown(measuring.frames(plain, 1)[0].to_image()) == 12
    assert measuring.tags(plain)["AIGC"] == AIGC


def test_a_withdrawn_original_is_not_named(app: Flask, platform: Platform, teacher: Browser, college, whole: str):
    split(teacher, whole, take=["1"], titles=TITLES)
    work(platform)
    [draft] = drafts_of(app, whole)
    teacher.post(f"/studio/lectures/{draft}/publish", version=find_lecture(app, draft).version)
    version = find_lecture(app, whole).version
    in_work(app, lambda db: studio.withdraw_lecture(
        db, college.teacher, whole, reason="重录", expected_version=version
    ))  # fmt: skip
    page = app.test_client().get(f"/lectures/{draft}")
    assert page.status_code == 200
    assert 'data-testid="origin"' not in page.get_data(as_text=True)


def test_asked_again_it_cuts_again_and_keeps_what_the_teacher_wrote(app: Flask, platform, teacher: Browser, whole: str):
    split(teacher, whole, take=["1"], join=["1"], titles=TITLES)
    [draft] = drafts_of(app, whole)
    own = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n自己写的\n"
    teacher.post(f"/studio/lectures/{draft}/chapters", chapters="0:00 一\n0:05 二")
    in_work(app, lambda db: library.set_caption(
        db, db.scalars(select(Lecture).where(Lecture.public_id == draft)).one(), language="zh-CN", label="中文",
        webvtt=own,
    ))  # fmt: skip
    teacher.post(f"/studio/lectures/{draft}/cancel")
    assert rows(app, select(Job.state).where(Job.kind == ENCODE_KIND).order_by(Job.id.desc()))[0] is JobState.CANCELLED
    teacher.post(f"/studio/lectures/{draft}/retry")
    work(platform)
    lecture = find_lecture(app, draft)
    assert {each.language: each.webvtt for each in lecture.captions}["zh-CN"] == own
    titles = rows(app, select(Chapter.title).where(Chapter.lecture_id == lecture.id).order_by(Chapter.position))
    assert titles == ["一", "二"]
    assert len(rows(app, select(MediaSet).where(MediaSet.lecture_id == lecture.id))) == 1


def test_an_original_that_is_gone_is_told(app: Flask, platform: Platform, teacher: Browser, whole: str):
    split(teacher, whole, take=["1"], titles=TITLES)
    [draft] = drafts_of(app, whole)
    platform.storage.delete_prefix("media")
    work(platform)
    assert "原来那一讲的视频已经不在了" in teacher.get(f"/studio/lectures/{draft}")
    [job] = rows(app, select(Job).where(Job.state == JobState.FAILED))
    assert (job.error_code, job.attempts) == ("cut_original_missing", 1)


def test_a_file_of_its_own_ends_the_cut(app: Flask, platform: Platform, college: College, teacher: Browser, whole: str):
    split(teacher, whole, take=["1"], titles=TITLES)
    work(platform)
    [draft] = drafts_of(app, whole)

    def upload_the_whole_file(db):
        lecture = library.get_lecture_for_edit(db, college.teacher, draft)
        stored = media.StoredSource("太极拳.mp4", "5" * 64, 1000, media.source_key("5" * 64))
        return media.attach_source(db, college.teacher, lecture, stored).cut

    assert in_work(app, upload_the_whole_file) is None


def test_the_sweep_spares_a_cut_that_is_begun_and_one_that_is_recorded(app: Flask, platform, teacher, whole: str):
    """Copies are as old as the original: only what was written first says that somebody is at work."""
    split(teacher, whole, take=["1"], titles=TITLES)
    work(platform)
    [original, _] = rows(app, select(MediaSet.digest).order_by(MediaSet.id))
    storage = platform.storage
    for name in ("begun", "left"):
        storage.copy(f"{media_prefix(original)}/audio/00001.m4s", f"media/{name}/audio/00000.m4s")
    storage.put_bytes(f"media/begun/{BEGUN_NAME}", b"{}", "application/json")
    before = {info.key for info in storage.list_keys("media") if "/live/" not in info.key}

    class Context:
        def report(self, step, fraction):
            pass

        def is_cancelled(self):
            return False

    with app.app_context():
        sweep_handler(storage, older_than=timedelta(hours=6))(Context())
    assert before - {info.key for info in storage.list_keys("media")} == {"media/left/audio/00000.m4s"}
    assert rows(app, select(Caption.id))
