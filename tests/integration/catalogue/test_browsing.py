"""Pages to browse by, the three screens that find a lecture, and the ways onward from a lecture's page."""

from __future__ import annotations

import re
import shutil
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import joinedload

from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.kernel.ids import new_public_id
from app.library.events import LectureChanged
from app.library.models import Course, Lecture, LectureState
from app.library.places import Institution
from app.library.services import set_caption
from app.media.models import MediaSet
from config.settings import Settings
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.integration.catalogue.conftest import DIGITAL, ELDER, HEALTH, LEISURE, WORKER, Catalogue
from tests.integration.catalogue.reading import facet, fetch, links, path_of, titles, words_of


def chips(page: str) -> dict[str, str]:
    """Return the words of every chip with its address."""
    found = re.findall(r'<a class="chip" href="([^"]+)">(.*?)</a>', page, re.DOTALL)
    return {words_of(inner): unescape(address) for address, inner in found}


def test_every_page_of_the_index_has_as_many_lectures_as_it_says(client: FlaskClient) -> None:
    listed = chips(fetch(client, "/browse"))
    assert len(listed) == 3 + 2 + 2 + 2
    for words, address in listed.items():
        name, count = re.fullmatch(r"(.+?) 共 (\d+) 讲", words).groups()
        page = fetch(client, address)
        assert f"<h1>{name}</h1>" in page
        assert len(titles(page)) == int(count), address


def test_addresses_are_words_and_pages_say_what_they_are(client: FlaskClient) -> None:
    for address, name, sentence in (
        ("/browse/topic/public-health", "全民健康", "讲全民健康的课都在这里"),
        ("/browse/audience/service-worker", "现代服务业员工", "学校为现代服务业员工准备的课"),
        ("/browse/city/dalian", "大连市", "大连市各学校公开的课"),
        ("/browse/city/liaoning", "辽宁省", "辽宁省各学校公开的课"),
    ):
        answer = client.get(address).get_data(as_text=True)
        assert re.search(rf'<link rel="canonical" href="[^"]*{address}">', answer)
        page = fetch(client, address)
        assert f"<h1>{name}</h1>" in page
        assert sentence in page
        assert "/browse" in links(page, "全部分类")


def test_the_page_of_an_institution_says_who_and_where_it_is(client: FlaskClient, stocked: Catalogue) -> None:
    page = fetch(client, f"/browse/institution/{stocked.college}")
    assert "<h1>大连示范开放大学</h1>" in page
    assert "开放大学。这里是它公开给大家的课" in page
    assert links(page, "大连市中山区") == ["/browse/city/dalian"]
    assert links(page, "沈阳示范老年大学") == [f"/browse/institution/{stocked.university}"]
    (narrowed,) = links(page, "文娱休闲")
    assert titles(fetch(client, narrowed)) == ["合唱：怎样用气"]


def test_an_empty_page_says_so_and_leads_on(client: FlaskClient) -> None:
    page = fetch(client, "/browse/topic/reading")
    assert "这里还没有课" in page
    assert links(page, "点三下找课") == ["/find"]
    assert titles(fetch(client, links(page, "全民健康")[0]))


def test_what_is_called_nothing_is_not_found(client: FlaskClient) -> None:
    for address in (
        *("/browse/topic/nothing", "/browse/topic/public_health", "/browse/kind/public-health", "/browse/city/210200"),
        *("/browse/institution/none", "/browse/audience/" + "x" * 500, "/find/nobody", "/find/elder/nothing"),
        *("/browse/topic/%00", "/browse/institution/%F0%9F%98%80", "/find/%00"),
    ):
        fetch(client, address, status=404)


def test_three_taps_end_on_lectures_and_each_choice_has_some(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title="老年人智能手机入门").options(joinedload(Lecture.institution)).one()
        db.query(MediaSet).filter_by(lecture_id=lecture.id).one().duration_s = 200.0
        outbox.emit(db, LectureChanged(lecture.id))
        long = make_lecture(db, lecture.institution, "一节长课", terms=(ELDER, DIGITAL))
        db.query(MediaSet).filter_by(lecture_id=long.id).one().duration_s = 4000.0
    run_jobs(app)
    leaves = []
    for who, first in answers(fetch(client, "/find")):
        for about, second in answers(fetch(client, first)):
            for how_long, last in answers(fetch(client, second)):
                count = int(re.search(r"(\d+) 讲$", how_long)[1])
                assert len(titles(fetch(client, last))) == count > 0, (who, about, how_long)
                leaves.append(last)
    assert "/lectures?audience=elder&topic=digital_life&length=5" in leaves
    assert "/lectures?audience=elder&topic=digital_life&length=15&length=5" in leaves
    assert "/lectures" in leaves, "nothing matters: everything"
    second = fetch(client, "/find/elder")
    assert "第 2 步，共 3 步：老年人群" in words_of(second)
    assert links(second, "上一步") == ["/find"]
    assert [words.split()[0] for words, _ in answers(second)] == ["全民健康", "网络生活", "文娱休闲", "都可以"]
    assert links(fetch(client, "/find/elder/any"), "上一步") == ["/find/elder"]
    assert "这里还没有课" in fetch(client, "/find/farmer")


def answers(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<a class="need-choice[^"]*" href="([^"]+)">(.*?)</a>', page, re.DOTALL)
    return [(words_of(inner), unescape(address)) for address, inner in found]


def test_facets_of_length_place_kind_and_captions(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        far = make_institution(db, name="铁西示范社区学校", region_code="210106", type_key="community_school")
        mine = make_institution(db, name="千山示范社区学校", region_code="210303", type_key="community_school")
        province = make_institution(db, name="全省示范开放大学", region_code="210000", type_key="open_university")
        for place, institution in enumerate((far, mine, province)):
            lecture = make_lecture(db, institution, f"剪纸第{place}课", terms=(("education_category", "elder"),))
            db.query(MediaSet).filter_by(lecture_id=lecture.id).one().duration_s = (320.0, 340.0, 9000.0)[place]
            lecture.language = ("zh-CN", "zh-CN", "mn")[place]
        set_caption(db, lecture, language="mn", label="Монгол", webvtt="WEBVTT\n\n00:01.000 --> 00:02.000\nцаас\n")
    run_jobs(app)
    page = fetch(client, "/search?q=剪纸")
    assert facet(page, "城市") == {"辽宁省": 1, "沈阳市": 1, "鞍山市": 1}
    assert facet(page, "时长") == {"5 分钟以内": 1, "5 到 15 分钟": 1, "半小时以上": 1}
    assert facet(page, "还要") == {"有字幕": 1}
    assert facet(page, "哪类学校") == {"开放大学": 1, "社区学校": 2}
    assert facet(page, "语言") == {"蒙古语": 1}, "Chinese says more by what of it is spoken"
    assert facet(page, "区县") == {}, "offered once a city is chosen"
    assert facet(page, "教育类别") == {}, "all of them are; nothing to choose"
    both = fetch(client, links(page, "沈阳市")[0])
    both = fetch(client, links(both, "鞍山市")[0])
    assert facet(both, "区县") == {"沈阳市铁西区": 1, "鞍山市铁西区": 1}
    one = fetch(client, links(both, "鞍山市铁西区")[0])
    assert titles(one) == ["剪纸第1课"]
    away = links(one, "去掉条件： 沈阳市")
    assert "county" not in away[0], "districts go with the cities they were chosen in"


def test_the_count_of_a_value_says_what_choosing_it_gives(client: FlaskClient) -> None:
    """For every value of every facet, with and without another one chosen."""
    for start in ("/lectures", "/lectures?audience=elder", "/search?q=手机&topic=digital_life"):
        page = fetch(client, start)
        before = set(titles(page))
        for group in re.findall(r'<details class="facet".*?</details>', page, re.DOTALL):
            for name, address in chips(group).items():
                after = set(titles(fetch(client, address)))
                count = int(re.search(r"共 (\d+) 讲", name)[1])
                is_alternative = 'class="chip is-on"' in group
                # Of what is chosen already an alternative adds to it; anything else narrows.
                assert before <= after if is_alternative else len(after) == count, (start, name)
                assert len(after - before) <= count, (start, name)


def test_long_facets_wait_behind_more(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        for number in range(12):
            make_lecture(db, make_institution(db, name=f"第{number}示范学校"), f"面点第{number}课")
    run_jobs(app)
    page = fetch(client, "/search?q=面点")
    assert len(facet(page, "学校")) == 12
    assert "更多（4）" in words_of(page)
    last = links(page, "第9示范学校")[0]
    chosen = fetch(client, last)
    assert "更多（3）" in words_of(chosen), "what is chosen is never hidden"


def test_similar_lectures_speak_of_the_same_and_are_never_the_lecture_itself(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).first()
        shown = make_lecture(db, college, "八段锦第一式", terms=(HEALTH, LEISURE), tags=("八段锦",)).public_id
        for number in range(9):
            make_lecture(db, college, f"血压怎么量{number}", terms=(HEALTH,))
        other = make_institution(db, name="别处的学校")
        make_lecture(db, other, "八段锦第二式", terms=(HEALTH, WORKER), tags=("八段锦",))
        make_lecture(db, other, "八段锦草稿", terms=(HEALTH,), tags=("八段锦",), state=LectureState.DRAFT)
    run_jobs(app)
    similar = titles(fetch(client, f"/lectures/{shown}"))
    assert similar[0] == "八段锦第二式", "the index knows the words, though topics and school speak for others"
    assert len(similar) == len(set(similar)) == 6
    assert not {"八段锦第一式", "八段锦草稿"} & set(similar)
    shutil.rmtree(settings.search.index_path)
    without = fetch(client, f"/lectures/{shown}")
    assert len(titles(without)) == 6, "without an index topics alone decide"
    assert links(without, "更多全民健康") == ["/browse/topic/public-health"]


def test_the_next_lecture_of_a_course_follows_its_order(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        college = db.query(Institution).first()
        course = Course(public_id=new_public_id(), institution_id=college.id, title="太极拳", created_at=utc_now())
        db.add(course)
        db.flush()
        ids = {}
        for position, title, state in ((3, "收势", "published"), (1, "起势", "published"), (2, "云手", "draft")):
            lecture = make_lecture(db, college, title, state=LectureState(state))
            lecture.course_id, lecture.position = course.id, position
            ids[title] = lecture.public_id
    first = fetch(client, f"/lectures/{ids['起势']}")
    assert "系列课《太极拳》第 1 讲，共 2 讲" in words_of(first)
    assert path_of(links(first, "下一讲")[0]) == f"/lectures/{ids['收势']}", "drafts are passed over"
    assert links(first, "上一讲") == []
    last = fetch(client, f"/lectures/{ids['收势']}")
    assert (links(last, "下一讲"), links(last, "上一讲")) == ([], [f"/lectures/{ids['起势']}"])
    assert first.count(f"/lectures/{ids['收势']}") >= 2, "the player offers it too, when it has ended"
