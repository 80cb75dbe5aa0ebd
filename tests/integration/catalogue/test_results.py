"""Results: found by words inside titles, narrowed by facets, addresses that can be shared, nothing that breaks them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partialmethod
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.catalogue.documents import KIND
from app.catalogue.jobs import note_changes
from app.kernel.clock import utc_now
from app.kernel.db import unit_of_work
from app.library.green_grants import GreenStanding
from app.library.models import Lecture, LectureState, Term
from app.library.places import Institution
from app.library.services import remove_caption, set_caption, set_chapters
from app.worker import Housekeeper
from config.settings import Settings
from search_index import SearchIndex
from tests.factories.lectures import make_lecture
from tests.fixtures.app import make_institution, run_jobs
from tests.integration.catalogue.conftest import Catalogue
from tests.integration.catalogue.reading import facet, fetch, links, path_of, titles, words_of

Count = Callable[[], AbstractContextManager[list[str]]]


def test_two_letters_inside_a_title_find_it_and_are_marked(client: FlaskClient) -> None:
    assert titles(fetch(client, "/search?q=养生")) == ["春季养生与经络调理"]
    page = fetch(client, "/search?q=手机")
    assert set(titles(page)) == {"老年人智能手机入门", "陌生来电怎么办", "<i>斜体</i>与手机排版"}
    assert "老年人智能<mark>手机</mark>入门" in page
    assert "三步把<mark>手机</mark>的字调大" in page
    assert "标签：<mark>手机</mark>" in page, "found by a tag alone: the card says so"


def test_titles_and_questions_are_shown_as_text(client: FlaskClient) -> None:
    page = fetch(client, "/search?q=手机")
    assert "<i>" not in page
    assert "&lt;i&gt;斜体" in page
    asked = fetch(client, "/search?q=" + quote('"><script>x()</script>'))
    assert "<script>x()" not in asked


def test_a_chapter_title_finds_its_lecture(app: Flask, client: FlaskClient, stocked: Catalogue) -> None:
    assert titles(fetch(client, "/search?q=枸杞")) == []
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(public_id=stocked.lectures["春季养生与经络调理"]).one()
        set_chapters(db, lecture, [(0.0, "开场"), (200.0, "枸杞怎么泡")])
    run_jobs(app)
    page = fetch(client, "/search?q=枸杞")
    assert titles(page) == ["春季养生与经络调理"]
    assert "<mark>枸杞</mark>怎么泡" in page


def test_a_word_that_is_only_spoken_finds_its_lecture_below_titles(
    app: Flask, client: FlaskClient, stocked: Catalogue
) -> None:
    assert titles(fetch(client, "/search?q=枸杞")) == []
    with app.app_context(), unit_of_work() as db:
        spoken = db.query(Lecture).filter_by(public_id=stocked.lectures["合唱：怎样用气"]).one()
        cues = "\n".join(f"00:00:{at:02}.000 --> 00:00:{at:02}.900\n枸杞&amp;养生，大家跟我唱\n" for at in range(1, 60))
        set_caption(db, spoken, language="zh-CN", label="中文", webvtt=f"WEBVTT\n\n{cues}")
        set_caption(db, spoken, language="en", label="English", webvtt="WEBVTT\n\n00:01.000 --> 00:02.000\nwolfberry\n")
    run_jobs(app)
    assert titles(fetch(client, "/search?q=枸杞")) == ["合唱：怎样用气"]
    assert titles(fetch(client, "/search?q=wolfberry")) == ["合唱：怎样用气"]
    assert titles(fetch(client, "/search?q=养生")) == ["春季养生与经络调理", "合唱：怎样用气"]
    with app.app_context(), unit_of_work() as db:
        remove_caption(db, db.get_one(Lecture, spoken.id), "en")
    run_jobs(app)
    assert titles(fetch(client, "/search?q=wolfberry")) == []


def test_what_was_said_is_shown_and_leads_to_its_second(app: Flask, client: FlaskClient, stocked: Catalogue) -> None:
    public_id = stocked.lectures["合唱：怎样用气"]
    with app.app_context(), unit_of_work() as db:
        spoken = db.query(Lecture).filter_by(public_id=public_id).one()
        cues = "00:00:02.000 --> 00:00:04.000\n大家好\n\n00:23:10.500 --> 00:23:14.000\n泡一杯&lt;枸杞&gt;茶润润嗓子\n"
        set_caption(db, spoken, language="zh-CN", label="中文", webvtt=f"WEBVTT\n\n{cues}")
    run_jobs(app)
    page = fetch(client, "/search?q=枸杞茶")
    assert f'href="/lectures/{public_id}?t=1390"' in page
    assert "从 23:10 讲起" in page
    assert "泡一杯&lt;<mark>枸杞" in page, "what is marked in it is still text"
    assert "讲起" not in fetch(client, "/search?q=合唱")


def test_who_wrote_another_sign_of_the_same_sound_is_asked(client: FlaskClient, stocked: Catalogue) -> None:
    page = fetch(client, "/search?q=养身与经络&city=210100")
    assert titles(page) == ["春季养生与经络调理"]
    assert "是不是要找" in page
    assert "/search?q=" + quote("养生与经络") + "&amp;city=210100" in page
    assert "是不是要找" not in fetch(client, "/search?q=养生")


def test_an_index_of_an_older_release_is_built_anew_when_the_worker_starts(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    pointer = settings.search.index_path / "CURRENT"
    pointer.write_text(re.sub(r'"schema": "[^"]*"', '"schema": "1.1"', pointer.read_text()))
    assert client.get("/search?q=养生").status_code == 503
    Housekeeper(app).tick()
    run_jobs(app)
    assert titles(fetch(client, "/search?q=养生")) == ["春季养生与经络调理"]


def test_facets_count_and_narrow(client: FlaskClient, stocked: Catalogue) -> None:
    page = fetch(client, "/lectures")
    assert len(titles(page)) == 6
    assert facet(page, "城市") == {"沈阳市": 2, "大连市": 4}
    assert facet(page, "适合谁") == {"现代服务业员工": 3, "老年人群": 4}
    assert facet(page, "主题") == {"全民健康": 2, "网络生活": 3, "文娱休闲": 1}
    assert facet(page, "学校") == {"大连示范开放大学": 4, "沈阳示范老年大学": 2}
    for name, value, expected in (
        ("city", "210100", {"春季养生与经络调理", "老年人智能手机入门"}),
        ("topic", "leisure", {"合唱：怎样用气"}),
        ("institution", stocked.university, {"春季养生与经络调理", "老年人智能手机入门"}),
        ("type", "micro_course", set(stocked.lectures)),
    ):
        assert set(titles(fetch(client, f"/lectures?{name}={value}"))) == expected, name
    both = fetch(client, "/lectures?audience=elder&topic=digital_life&city=210200")
    assert titles(both) == ["陌生来电怎么办"]
    either = fetch(client, "/lectures?topic=leisure&topic=public_health")
    assert len(titles(either)) == 3, "values of one facet are alternatives"


def test_facets_that_only_few_lectures_carry_narrow_too(app: Flask, client: FlaskClient) -> None:
    """Category, form, captions and the green channel; and each of the eight audiences is counted."""
    with app.app_context(), unit_of_work() as db:
        college = make_institution(db)
        groups = db.scalars(select(Term).where(Term.scheme == "audience").order_by(Term.position)).all()
        for number, group in enumerate(groups):
            terms = ((group.scheme, group.key), ("education_category", "farmer" if number < 3 else "elder"))
            lecture = make_lecture(db, college, f"编筐第{number}课", terms=terms)
            lecture.resource_type = "audio" if number < 2 else "lecture"
        assert len(groups) == 8
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt="WEBVTT\n\n00:01.000 --> 00:02.000\n柳条\n")
        labels, last, last_id, now = [group.label_zh for group in groups], lecture.title, lecture.id, utc_now()
    run_jobs(app)
    with app.app_context(), unit_of_work() as db:
        db.add(GreenStanding(lecture_id=last_id, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1),
                             is_kept=True, is_shown=True, changed_at=now, checked_at=now))  # fmt: skip
        note_changes(db, [(KIND, last_id)])
    run_jobs(app)
    page = fetch(client, "/search?q=编筐")
    assert facet(page, "适合谁") == dict.fromkeys(labels, 1)
    assert facet(page, "教育类别") == {"老年教育": 5, "农民教育": 3}
    assert facet(page, "形式") == {"讲座": 6, "音频": 2}
    assert facet(page, "还要") == {"有字幕": 1, "绿色通道": 1}
    for filters, expected in (
        ("category=farmer", {f"编筐第{number}课" for number in range(3)}),
        ("category=elder&type=lecture&audience=practitioner", {last}),
        ("type=audio", {"编筐第0课", "编筐第1课"}),
        ("captions=yes", {last}),
        ("green_channel=yes", {last}),
    ):
        assert set(titles(fetch(client, f"/search?q=编筐&{filters}"))) == expected, filters


def test_a_filter_is_taken_and_put_back_by_links(client: FlaskClient) -> None:
    page = fetch(client, "/search?q=手机")
    (taken,) = links(page, "老年人群")
    narrowed = fetch(client, taken)
    assert set(titles(narrowed)) == {"老年人智能手机入门", "陌生来电怎么办"}
    assert "去掉条件： 老年人群" in words_of(narrowed)
    (cleared,) = links(narrowed, "全部清除")
    assert path_of(cleared) == "/search?q=" + quote("手机")


def test_the_same_question_has_one_address(client: FlaskClient) -> None:
    """However the parts came, the page's own links write them in one order, without what means nothing."""
    one = fetch(client, "/lectures?topic=leisure&topic=digital_life&audience=elder&page=1&sort=relevance&utm=x&city=")
    other = fetch(client, "/lectures?audience=elder&topic=digital_life&topic=leisure")
    assert links(one, "全民健康") == links(other, "全民健康")
    (address,) = links(one, "全民健康")
    assert address == "/lectures?audience=elder&topic=digital_life&topic=leisure&topic=public_health"


def test_a_category_that_is_none_is_told_and_narrows_nothing(client: FlaskClient) -> None:
    page = fetch(client, "/lectures?topic=xyz&audience=elder&city=大连")
    assert "没有这个分类" in page
    assert {words_of(each) for each in re.findall(r'<a class="chip" [^>]*>.*?</a>', page) if "去掉条件" in each} == {
        "去掉条件： xyz", "去掉条件： 大连",
    }  # fmt: skip
    assert set(titles(page)) == set(titles(fetch(client, "/lectures?audience=elder")))
    (without,) = set(links(page, "去掉条件： xyz"))
    assert without == "/lectures?audience=elder"
    assert "没有这个分类" not in fetch(client, without)
    whole = client.get("/lectures?topic=xyz&audience=elder").get_data(as_text=True)
    assert re.search(r'rel="canonical" href="[^"]*/lectures\?audience=elder"', whole), "the page of the rest"
    assert "noindex" not in whole
    assert all("xyz" not in link for link in links(page, "全民健康")), "no link of the page carries it on"


def test_categories_that_are_none_are_shown_as_text_and_bounded(client: FlaskClient) -> None:
    page = fetch(client, "/search?q=手机&topic=" + quote("<b>" + "长" * 300))
    assert "&lt;b&gt;" + "长" * 17 + "…" in page
    many = fetch(client, "/lectures?" + "&".join(f"topic=t{number}" for number in range(300)))
    assert many.count("去掉条件") == 4
    empty = fetch(client, "/lectures?topic=&city=+")
    assert "没有这个分类" not in empty


def test_a_category_without_lectures_is_one_all_the_same(client: FlaskClient) -> None:
    page = fetch(client, "/lectures?topic=reading")
    assert titles(page) == []
    assert "没有这个分类" not in page
    assert links(page, "去掉条件： 全民阅读")


def test_nothing_in_an_address_breaks_the_page(client: FlaskClient) -> None:
    for query in (
        *("page=-1", "page=0", "page=999999", "page=x", "page=1e9", "page=" + "9" * 40, "page=%00"),
        *("sort=x", "sort=newest&sort=y", "audience=nothing", "city=%F0%9F%98%80", "topic=" + "x" * 3000),
        *("institution=' OR 1=1 --", "type=", "&".join(f"topic=t{number}" for number in range(300))),
        *("q=" + "养" * 5000, "q=" + "a" * 5000, "q=%00", "q=%ff%fe", "q=*", "q=" + quote("title:(养生 OR [")),
        *("q=" + quote("\u202e手机\ud83d".encode("utf-8", "replace")), "q=AND", "q=-", "q=" + quote('"未关')),
    ):
        for path in ("/search", "/lectures"):
            status = client.get(f"{path}?{query}").status_code
            assert status == 200, f"{path}?{query[:60]}: {status}"


def test_a_search_that_ended_early_says_so(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "这次没有找完" not in fetch(client, "/search?q=养生")
    monkeypatch.setattr(SearchIndex, "search", partialmethod(SearchIndex.search, deadline_s=-1))
    assert "这次没有找完" in fetch(client, "/search?q=养生")


def test_a_long_question_is_cut_not_echoed(client: FlaskClient) -> None:
    assert "养" * 101 not in fetch(client, "/search?q=" + "养" * 5000)


def test_pages_follow_one_another_without_gap_or_repeat(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        college = make_institution(db)
        for number in range(30):
            make_lecture(db, college, f"手工第{number}课")
    run_jobs(app)
    first = fetch(client, "/search?q=手工&sort=newest")
    (onward,) = links(first, "下一页")
    second = fetch(client, onward)
    assert len(titles(first)) == 24
    assert [*titles(first), *titles(second)] == [f"手工第{number}课" for number in range(30)]
    beyond = fetch(client, "/search?q=手工&page=9")
    assert "后面没有了" in beyond


def test_nothing_found_offers_words_that_find_something(client: FlaskClient) -> None:
    page = fetch(client, "/search?q=量子色动力学")
    assert "没有找到合适的课" in page
    (retry,) = links(page, "养生")
    assert titles(fetch(client, retry))
    (find,) = links(page, "不用打字，点三下找课")
    assert "第 1 步，共 3 步" in fetch(client, find)


def test_a_withdrawn_lecture_is_gone_although_the_index_still_has_it(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), unit_of_work() as db:
        lecture = db.query(Lecture).filter_by(title="春季养生与经络调理").one()
        lecture.state, lecture.withdrawn_at = LectureState.WITHDRAWN, lecture.published_at
    page = fetch(client, "/search?q=养生")
    assert titles(page) == []
    assert "找到 0 讲" in page
    assert "春季养生与经络调理" not in titles(fetch(client, "/lectures"))
    assert "春季养生与经络调理" not in titles(fetch(client, "/"))


def test_without_an_index_results_ask_to_wait_and_home_still_works(settings: Settings, client: FlaskClient) -> None:
    shutil.rmtree(Path(settings.search.index_path))
    for address in ("/search?q=养生", "/lectures"):
        assert "目录正在整理" in fetch(client, address, status=503)
        assert int(client.get(address).headers["Retry-After"]) > 0
    assert len(titles(fetch(client, "/"))) == 6


def test_results_cost_the_same_however_many_there_are(app: Flask, client: FlaskClient, count_queries: Count) -> None:
    with count_queries() as before:
        fetch(client, "/search?q=养生")
    with app.app_context(), unit_of_work() as db:
        colleges = db.query(Institution).all()
        for number in range(20):
            make_lecture(db, colleges[number % 2], f"养生第{number}讲", terms=(("topic", "leisure"),))
    run_jobs(app)
    with count_queries() as after:
        assert len(titles(fetch(client, "/search?q=养生"))) == 21
    assert len(after) == len(before) <= 6, "\n".join(after)
