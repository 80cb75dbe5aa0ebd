"""Pages of the studio: the form, the list, one lecture, clashes, captions, publishing and withdrawing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts.models import Role
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.outbox import OutboxEvent
from app.library.models import Caption, Lecture, LectureState
from app.library.services import create_lecture
from app.media.queries import lecture_subject
from app.studio import services
from app.studio.listing import PAGE_SIZE, StudioState, list_lectures
from app.studio.queries import Phase, get_progress
from app.studio.services import publish_lecture, withdraw_lecture
from tests.fixtures.app import make_institution, make_user
from tests.integration.studio.college import (
    FULL,
    SRT,
    Browser,
    College,
    find_lecture,
    give_media,
    hidden_fields,
    in_work,
)

FORM = {
    "title": "春季养生",
    "teacher": "赵老师",
    "description": "吃什么、怎么动。",
    "tags": "养生、 四季，养生",
    "audience": ["elder", "resident"],
    "topic": ["public_health"],
    "education_category": ["elder"],
    "difficulty": "",
    "speech": ["mandarin", "northeastern"],
    "resource_type": "lecture",
    "licence": "cc_by",
}


def lectures(app: Flask) -> list[Lecture]:
    return in_work(app, lambda db: list(db.scalars(select(Lecture).order_by(Lecture.id))))


def events(app: Flask) -> list[str]:
    return in_work(app, lambda db: list(db.scalars(select(OutboxEvent.name).order_by(OutboxEvent.id))))


def error_of(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error".*?</span>(?:</span>)?([^<]*)', page)
    assert found, f"no error beside {field}"
    return found[1].strip()


# --- the form -------------------------------------------------------------------------------------------------------


def test_the_form_makes_a_draft_with_captions(app: Flask, teacher: Browser, college: College) -> None:
    response = teacher.post(
        "/studio/lectures/new", **FORM, institution=college.public_id, caption=(io.BytesIO(SRT), "字幕.srt")
    )
    (made,) = lectures(app)
    assert (response.status_code, response.headers["Location"]) == (303, f"/studio/lectures/{made.public_id}")
    lecture = find_lecture(app, made.public_id)
    assert (lecture.title, lecture.teacher, lecture.tags, lecture.licence) == (
        "春季养生",
        "赵老师",
        ["养生", "四季"],
        "cc_by",
    )
    assert {(term.scheme, term.key) for term in lecture.terms} == {
        ("audience", "elder"),
        ("audience", "resident"),
        ("topic", "public_health"),
        ("education_category", "elder"),
        ("speech", "mandarin"),
        ("speech", "northeastern"),
    }, "不说明 is no term"
    assert lecture.captions[0].webvtt.startswith("WEBVTT")
    assert "今天学八段锦" in lecture.captions[0].webvtt
    page = teacher.get(response.headers["Location"])
    assert "上传视频需要 JavaScript" in page
    assert 'data-phase="empty"' in page


def test_scripts_get_json(teacher: Browser, college: College) -> None:
    fields = {**FORM, "institution": college.public_id, "csrf_token": teacher.token}
    made = teacher.client.post("/studio/lectures/new", data=fields, headers={"Accept": "application/json"})
    assert made.status_code == 201
    assert made.json["page_url"] == f"/studio/lectures/{made.json['public_id']}"
    fields |= {"title": "", "licence": "stolen"}
    refused = teacher.client.post("/studio/lectures/new", data=fields, headers={"Accept": "application/json"})
    assert refused.status_code == 422
    assert refused.json["fields"]["title"] == "请填写标题。"


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"title": "长" * 500}, "title", "标题最多 120 个字，现在有 500 个字。"),
        ({"title": "   "}, "title", "请填写标题。"),
        ({"teacher": ""}, "teacher", "请填写主讲人。"),
        ({"teacher": "师" * 61}, "teacher", "主讲人最多 60 个字，现在有 61 个字。"),
        ({"description": "字" * 4001}, "description", "内容简介最多 4000 个字，现在有 4001 个字。"),
        ({"tags": "、".join(f"标签{n}" for n in range(11))}, "tags", "标签最多 10 个，每个最多 20 个字。"),
        ({"topic": ["nonsense"]}, "topic", "请从列表中选择。"),
        ({"difficulty": ["zero", "further"]}, "difficulty", "只选一个。"),
        ({"speech": ["shouting"]}, "speech", "请从列表中选择。"),
        ({"licence": "stolen"}, "licence", "请从列表中选择。"),
        ({"resource_type": ""}, "resource_type", "请从列表中选择。"),
        ({"institution": "nowhere"}, "institution", "请选择机构。"),
        (
            {"caption": (io.BytesIO(b"\x00\x01"), "x.srt")},
            "caption",
            "这个字幕文件读不懂，里面没有找到带时间的字幕。请上传 SRT、VTT 或 ASS 字幕。",
        ),
    ],
)
def test_bad_fields_are_told_and_nothing_typed_is_lost(
    app: Flask, teacher: Browser, college: College, *, change: dict[str, object], field: str, sentence: str
) -> None:
    response = teacher.post("/studio/lectures/new", **{**FORM, "institution": college.public_id, **change})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert sentence in page
    if field != "institution":  # hidden where there is only one
        assert error_of(page, field) == sentence
    assert ("吃什么、怎么动。" in page) or "description" in change
    assert re.search(r'value="resident"\s+checked', page)
    if field == "title" and str(change["title"]).strip():
        assert "长" * 500 in page
    assert lectures(app) == []


def test_two_mistakes_are_told_at_once(teacher: Browser, college: College) -> None:
    response = teacher.post(
        "/studio/lectures/new", **{**FORM, "institution": college.public_id, "title": "长" * 500, "teacher": ""}
    )
    page = response.get_data(as_text=True)
    assert "有 2 处需要改一改" in page


def test_control_characters_never_reach_the_database(app: Flask, teacher: Browser, college: College) -> None:
    teacher.post("/studio/lectures/new", **{**FORM, "institution": college.public_id, "title": "春\x00季\u202e养生"})
    assert lectures(app)[0].title == "春季养生"


def test_markup_is_shown_as_text(teacher: Browser, app: Flask, college: College) -> None:
    teacher.post("/studio/lectures/new", **{**FORM, "institution": college.public_id, "title": "<b>春</b>季"})
    page = teacher.get(f"/studio/lectures/{lectures(app)[0].public_id}")
    assert "&lt;b&gt;春&lt;/b&gt;季" in page
    assert "<b>春" not in page


def test_without_a_token_nothing_is_made(app: Flask, teacher: Browser, college: College) -> None:
    assert (
        teacher.client.post("/studio/lectures/new", data={**FORM, "institution": college.public_id}).status_code == 400
    )
    assert lectures(app) == []


def test_who_gets_in(client, lecture_id: str, browser_of: Callable[[str], Browser], app: Flask) -> None:
    for path in ("/studio/", "/studio/lectures/new", f"/studio/lectures/{lecture_id}"):
        assert client.get(path).status_code == 303
        assert "/sign-in" in client.get(path).headers["Location"]
    stranger = browser_of("stranger")
    for path in ("", "/status", "/edit", "/withdraw"):
        assert stranger.client.get(f"/studio/lectures/{lecture_id}{path}").status_code == 404
    for path in ("/publish", "/retry", "/cancel", "/captions", "/edit", "/withdraw", "/captions/zh-CN/remove"):
        assert stranger.post(f"/studio/lectures/{lecture_id}{path}", version="1", **FORM).status_code == 404, path
    colleague = browser_of("colleague")
    assert "不能修改" in colleague.get(f"/studio/lectures/{lecture_id}")
    assert colleague.client.get(f"/studio/lectures/{lecture_id}/edit").status_code == 403
    assert colleague.post(f"/studio/lectures/{lecture_id}/publish", version="1").status_code == 403
    assert 'data-testid="publish"' in browser_of("admin").get(f"/studio/lectures/{lecture_id}")


# --- changing -------------------------------------------------------------------------------------------------------


def test_saving_counts_the_version_and_tells_listeners(app: Flask, teacher: Browser, lecture_id: str) -> None:
    assert teacher.get(f"/studio/lectures/{lecture_id}/edit").count("checked") == 5, "with 不说明 for the level"
    saved = teacher.post(f"/studio/lectures/{lecture_id}/edit", **FORM, version="1")
    assert saved.status_code == 303
    lecture = find_lecture(app, lecture_id)
    assert (lecture.title, lecture.version) == ("春季养生", 2)
    assert events(app) == ["LectureChanged"]


def test_a_clash_shows_both_and_lets_the_teacher_decide(app: Flask, teacher: Browser, lecture_id: str) -> None:
    teacher.post(f"/studio/lectures/{lecture_id}/edit", **FORM, version="1")
    mine = {**FORM, "title": "我的标题", "audience": ["farmer"]}
    clash = teacher.post(f"/studio/lectures/{lecture_id}/edit", **mine, version="1")
    page = clash.get_data(as_text=True)
    assert clash.status_code == 412
    for shown in ("我的标题", "春季养生", "新型职业农民", "社区居民、老年人群", 'name="version" value="2"'):
        assert shown in page, shown
    assert find_lecture(app, lecture_id).title == "春季养生"
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    fields: dict[str, list[str]] = {}
    for name, value in hidden:
        fields.setdefault(name, []).append(value)
    assert teacher.client.post(f"/studio/lectures/{lecture_id}/edit", data=fields).status_code == 303
    lecture = find_lecture(app, lecture_id)
    assert (lecture.title, [term.key for term in lecture.terms if term.scheme == "audience"]) == (
        "我的标题",
        ["farmer"],
    )


def test_a_clash_does_not_blame_line_ends(app: Flask, teacher: Browser, lecture_id: str) -> None:
    text = {**FORM, "description": "第一行\r\n第二行"}
    teacher.post(f"/studio/lectures/{lecture_id}/edit", **text, version="1")
    assert find_lecture(app, lecture_id).description == "第一行\n第二行"
    clash = teacher.post(f"/studio/lectures/{lecture_id}/edit", **text, version="1")
    assert clash.status_code == 412
    assert "两边的内容其实一样" in clash.get_data(as_text=True)


@pytest.mark.parametrize("version", ["", "x", "99999999999999999999", "-1"])
def test_a_version_that_never_was_is_a_clash(teacher: Browser, lecture_id: str, version: str) -> None:
    assert teacher.post(f"/studio/lectures/{lecture_id}/edit", **FORM, version=version).status_code == 412


def test_a_bad_edit_changes_nothing(app: Flask, teacher: Browser, lecture_id: str) -> None:
    refused = teacher.post(f"/studio/lectures/{lecture_id}/edit", **{**FORM, "tags": "长" * 21}, version="1")
    assert refused.status_code == 422
    assert "长" * 21 in refused.get_data(as_text=True)
    assert find_lecture(app, lecture_id).title == FULL.title


# --- captions -------------------------------------------------------------------------------------------------------


def test_captions_come_change_and_go(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}/captions"
    assert teacher.post(path, language="zh-CN", caption=(io.BytesIO(SRT), "a.srt")).status_code == 303
    english = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"
    teacher.post(path, language="en", caption=(io.BytesIO(english), "a.vtt"))
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert page.count("/remove") == 2
    seen = hidden_fields(page, "/captions")
    teacher.post(path, **seen, language="en", caption=(io.BytesIO(english.replace(b"Hello", b"Bye")), "a.vtt"))
    captions = in_work(app, lambda db: {caption.language: caption.webvtt for caption in db.scalars(select(Caption))})
    assert "Bye" in captions["en"]
    assert teacher.post(f"{path}/en/remove").status_code == 303
    assert teacher.post(f"{path}/en/remove").status_code == 303
    assert in_work(app, lambda db: list(db.scalars(select(Caption.language)))) == ["zh-CN"]


def test_bad_captions(app: Flask, teacher: Browser, lecture_id: str) -> None:
    path = f"/studio/lectures/{lecture_id}/captions"
    for fields, sentence in (
        ({"caption": (io.BytesIO(b"PK\x03\x04"), "a.srt")}, "这个字幕文件读不懂"),
        ({"caption": (io.BytesIO(b""), "a.srt")}, "这个字幕文件读不懂"),
        ({}, "请选择字幕文件"),
        ({"caption": (io.BytesIO(SRT), "a.srt"), "language": "xx"}, "请从列表中选择"),
    ):
        refused = teacher.post(path, **{"language": "zh-CN", **fields})
        assert refused.status_code == 422
        assert sentence in refused.get_data(as_text=True)
    assert in_work(app, lambda db: list(db.scalars(select(Caption)))) == []


# --- publishing -----------------------------------------------------------------------------------------------------


def test_publish_once_then_a_clear_sentence(app: Flask, teacher: Browser, lecture_id: str) -> None:
    give_media(app, lecture_id)
    assert 'data-state="ready"' in teacher.get("/studio/")
    assert teacher.post(f"/studio/lectures/{lecture_id}/publish", version="1").status_code == 303
    first = find_lecture(app, lecture_id)
    assert (first.state, first.version, events(app)) == (LectureState.PUBLISHED, 2, ["LecturePublished"])
    for version in ("1", "2"):
        again = teacher.post(f"/studio/lectures/{lecture_id}/publish", version=version)
        assert again.status_code == 409
        assert "已经发布过了" in again.get_data(as_text=True)
    same = find_lecture(app, lecture_id)
    assert (same.version, same.published_at, events(app)) == (2, first.published_at, ["LecturePublished"])
    assert 'data-state="published"' in teacher.get("/studio/?state=published")


def test_an_unfinished_lecture_is_told_what_it_lacks(app: Flask, college: College, teacher: Browser) -> None:
    with app.app_context():
        bare = in_work(
            app,
            lambda db: (
                create_lecture(db, college.teacher, college.id, replace(FULL, description="", terms=())).public_id
            ),
        )
    refused = teacher.post(f"/studio/lectures/{bare}/publish", version="1")
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    for sentence in ("还差几样才能发布", "视频还没有上传", "请写一两句内容简介", "请选择适合的人群", "请选择话题"):
        assert sentence in page
    assert find_lecture(app, bare).state is LectureState.DRAFT
    assert events(app) == []


def test_publishing_what_another_has_changed_is_stale(app: Flask, teacher: Browser, lecture_id: str) -> None:
    give_media(app, lecture_id)
    teacher.post(f"/studio/lectures/{lecture_id}/edit", **FORM, version="1")
    refused = teacher.post(f"/studio/lectures/{lecture_id}/publish", version="1")
    assert refused.status_code == 412
    assert find_lecture(app, lecture_id).state is LectureState.DRAFT


def test_withdraw_with_a_reason_and_come_back(app: Flask, teacher: Browser, lecture_id: str) -> None:
    give_media(app, lecture_id)
    teacher.post(f"/studio/lectures/{lecture_id}/publish", version="1")
    published_at = find_lecture(app, lecture_id).published_at
    path = f"/studio/lectures/{lecture_id}/withdraw"
    for reason in ("", "  ", "长" * 201):
        assert teacher.post(path, version="2", reason=reason).status_code == 422
    assert teacher.post(path, version="1", reason="内容过时").status_code == 412
    assert teacher.post(path, version="2", reason=" 内容\n过时 ").status_code == 303
    lecture = find_lecture(app, lecture_id)
    assert (lecture.state, lecture.withdrawn_reason) == (LectureState.WITHDRAWN, "内容 过时")
    assert "内容 过时" in teacher.get(f"/studio/lectures/{lecture_id}")
    assert teacher.post(path, version="3", reason="再来").status_code == 409
    assert teacher.post(f"/studio/lectures/{lecture_id}/publish", version="3").status_code == 303
    back = find_lecture(app, lecture_id)
    assert (back.state, back.withdrawn_at, back.published_at) == (LectureState.PUBLISHED, None, published_at)
    assert events(app) == ["LecturePublished", "LectureWithdrawn", "LecturePublished"]


def test_services_ask_who_acts(app: Flask, college: College, lecture_id: str) -> None:
    give_media(app, lecture_id)
    reviewer = Actor(99, grants=(Grant("reviewer", college.id),))
    for actor, error in ((college.stranger, NotFound), (reviewer, NotPermitted)):
        with pytest.raises(error):
            in_work(app, lambda db, actor=actor: publish_lecture(db, actor, lecture_id, expected_version=1))
        with pytest.raises(error):
            in_work(app, lambda db, actor=actor: services.cancel_processing(db, actor, lecture_id))
    with pytest.raises(StaleVersion):
        in_work(app, lambda db: publish_lecture(db, college.teacher, lecture_id, expected_version=7))
    with pytest.raises(Conflict):
        in_work(app, lambda db: withdraw_lecture(db, college.teacher, lecture_id, reason="x", expected_version=1))
    with pytest.raises(InvalidInput):
        in_work(
            app,
            lambda db: services.add_caption(
                db, college.teacher, lecture_id, language="zh-CN", data=b"nothing", filename="a.srt"
            ),
        )


# --- progress -------------------------------------------------------------------------------------------------------


def enqueue(app: Flask, lecture_id: str, **values: object) -> None:
    def do(db) -> None:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == lecture_id)).one()
        queue.enqueue(
            db,
            queue.NewJob(
                "encode_lecture",
                lane="media",
                key=f"k{lecture.id}",
                payload={"source_id": 0},
                subject=lecture_subject(lecture.id),
            ),
        )
        db.flush()
        db.execute(update(Job).where(Job.key == f"k{lecture.id}").values(**values) if values else select(1))

    in_work(app, do)


def test_progress_is_told_step_by_step(app: Flask, teacher: Browser, lecture_id: str) -> None:
    status = f"/studio/lectures/{lecture_id}/status"
    enqueue(app, lecture_id)
    assert 'data-phase="waiting"' in teacher.get(status)
    assert 'data-state="processing"' in teacher.get("/studio/")
    in_work(
        app,
        lambda db: db.execute(
            update(Job).values(state=JobState.RUNNING, step="encode", progress=0.5, started_at=utc_now(), lease="x")
        ),
    )
    page = teacher.get(status)
    assert 'data-phase="working"' in page
    assert "47%" in page
    assert page.count("is-done") == 2
    assert 'data-live="yes"' in page
    spoken = re.search(r'data-spoken="([^"]*)"', page)
    assert spoken
    assert not re.search(r"\d+%", spoken[1])


def test_failure_shows_its_sentence_and_a_retry(app: Flask, teacher: Browser, lecture_id: str) -> None:
    enqueue(
        app,
        lecture_id,
        state=JobState.FAILED,
        step="probe",
        error_code="no_audio",
        error_message="这个视频没有声音也没有画面。",
    )
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert "这个视频没有声音也没有画面。" in page
    assert 'data-testid="retry"' in page
    assert 'data-state="failed"' in teacher.get("/studio/")
    assert teacher.post(f"/studio/lectures/{lecture_id}/retry").status_code == 303
    assert 'data-phase="waiting"' in teacher.get(f"/studio/lectures/{lecture_id}/status")
    assert teacher.post(f"/studio/lectures/{lecture_id}/retry").status_code == 409
    assert teacher.post(f"/studio/lectures/{lecture_id}/cancel").status_code == 303
    assert 'data-phase="cancelled"' in teacher.get(f"/studio/lectures/{lecture_id}/status")


def test_retry_without_anything(teacher: Browser, lecture_id: str) -> None:
    assert teacher.post(f"/studio/lectures/{lecture_id}/retry").status_code == 409


def test_an_unfinished_upload_can_be_given_up(app: Flask, teacher: Browser, lecture_id: str) -> None:
    url = teacher.begin(lecture_id, 1000).headers["Location"]
    teacher.patch(url, 0, bytes(430))
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert 'data-phase="uploading"' in page
    assert "43%" in page
    assert "上次没传完：第一讲.mp4" in page
    assert f'"url": "{url}"' in page
    teacher.post(f"/studio/lectures/{lecture_id}/cancel")
    assert 'data-phase="empty"' in teacher.get(f"/studio/lectures/{lecture_id}/status")
    assert teacher.head(url).status_code == 410


def test_a_failed_finish_can_be_tried_again(app: Flask, teacher: Browser, lecture_id: str) -> None:
    teacher.upload(lecture_id, bytes(1000))
    in_work(
        app,
        lambda db: db.execute(
            update(Job)
            .where(Job.kind == "finish_upload")
            .values(state=JobState.FAILED, error_code="store_full", error_message="存储空间不足。")
        ),
    )
    page = teacher.get(f"/studio/lectures/{lecture_id}")
    assert "存储空间不足。" in page
    assert 'data-state="failed"' in teacher.get("/studio/")
    assert teacher.post(f"/studio/lectures/{lecture_id}/retry").status_code == 303
    app.extensions["platform"].runner.work_once("default")
    assert 'data-phase="waiting"' in teacher.get(f"/studio/lectures/{lecture_id}/status")


def test_the_list_and_the_page_agree_about_every_state(app: Flask, college: College, lecture_id: str) -> None:
    agreed = {
        JobState.QUEUED: (Phase.WAITING, StudioState.PROCESSING),
        JobState.RUNNING: (Phase.WORKING, StudioState.PROCESSING),
        JobState.FAILED: (Phase.FAILED, StudioState.FAILED),
        JobState.CANCELLED: (Phase.CANCELLED, StudioState.DRAFT),
        JobState.SUCCEEDED: (Phase.EMPTY, StudioState.DRAFT),
    }
    enqueue(app, lecture_id)
    for job_state, (phase, state) in agreed.items():
        in_work(app, lambda db, job_state=job_state: db.execute(update(Job).values(state=job_state)))

        def look(db) -> tuple[Phase, StudioState]:
            lecture = db.scalars(select(Lecture)).one()
            return get_progress(db, lecture.id).phase, list_lectures(db, college.teacher).rows[0].state

        assert in_work(app, look) == (phase, state), job_state


# --- the list -------------------------------------------------------------------------------------------------------


def test_an_empty_studio_shows_the_way(teacher: Browser) -> None:
    page = teacher.get("/studio/")
    assert "还没有讲座" in page
    assert page.count("/studio/lectures/new") >= 2


def test_filters_pages_and_other_colleges(
    app: Flask, college: College, teacher: Browser, browser_of: Callable[[str], Browser]
) -> None:
    def fill(db) -> None:
        for number in range(PAGE_SIZE + 3):
            create_lecture(db, college.teacher, college.id, replace(FULL, title=f"第{number}讲 100%_好"))
        create_lecture(db, college.teacher, college.id, replace(FULL, title="手机", teacher="孙老师"))

    in_work(app, fill)
    assert teacher.get("/studio/").count('data-testid="lecture-row"') == PAGE_SIZE
    assert teacher.get("/studio/?page=2").count('data-testid="lecture-row"') == 4
    assert teacher.get("/studio/?page=99").count('data-testid="lecture-row"') == 4
    assert teacher.get("/studio/?q=孙老师").count('data-testid="lecture-row"') == 1
    assert teacher.get("/studio/?q=%25_").count('data-testid="lecture-row"') == PAGE_SIZE
    assert "没有符合的讲座" in teacher.get("/studio/?q=没有这个词")
    assert "没有符合的讲座" in teacher.get("/studio/?state=failed")
    for odd in ("?state=nonsense", "?page=x", "?page=-5", "?q=" + "长" * 300):
        assert teacher.client.get(f"/studio/{odd}").status_code == 200
    assert 'data-testid="lecture-row"' not in browser_of("stranger").get("/studio/")


def test_a_full_list_asks_the_database_as_often_as_a_short_one(
    app: Flask, college: College, count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    def fill(db, count: int) -> None:
        for _ in range(count):
            create_lecture(db, college.teacher, college.id, FULL)

    def ask(db) -> int:
        db.expunge_all()
        with count_queries() as statements:
            list_lectures(db, college.teacher)
        return len(statements)

    in_work(app, lambda db: fill(db, 2))
    few = in_work(app, ask)
    in_work(app, lambda db: fill(db, PAGE_SIZE))
    assert in_work(app, ask) == few


def test_a_member_of_two_institutions_chooses_one(app: Flask, college: College) -> None:
    from tests.integration.studio.college import signed_in  # noqa: PLC0415

    def add(db) -> None:
        user = make_user(db, Role.CONTRIBUTOR, login="double", institution_id=college.id)
        from app.accounts.services import grant  # noqa: PLC0415

        grant(db, user, Role.CONTRIBUTOR, institution_id=make_institution(db, name="第二学校").id)

    in_work(app, add)
    double = Browser(signed_in(app, "double"))
    assert "第二学校" in double.get("/studio/lectures/new")
    refused = double.post("/studio/lectures/new", **FORM, institution="")
    assert refused.status_code == 422
    assert error_of(refused.get_data(as_text=True), "institution") == "请选择机构。"
