"""Every page of the shell in every mode: complete, strict about policy, alive when other parts are not."""

from __future__ import annotations

import re

import pytest
from flask import render_template

from app.kernel.actor import Actor, Grant
from app.kernel.errors import Conflict, NotFound

PAGES = ["/styleguide", "/styleguide?page=home", "/preferences", "/about", "/accessibility"]
ERRORS = [400, 401, 403, 404, 409, 410, 412, 413, 422, 429, 500, 503]


@pytest.mark.parametrize("mode", ["normal", "elder"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_have_the_shell(client, path, mode):
    client.set_cookie("ui", f"{mode}.auto.standard.zh")
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.text
    assert page.count("<h1") == 1
    assert 'href="#main"' in page
    assert "本站不收费、不要密码" in page
    assert "某ICP备00000000号-1" in page
    assert ("回标准版" if mode == "elder" else "长辈版") in page.split("</header>")[0]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_inline_and_nothing_from_elsewhere(client, path):
    page = client.get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
    loaded = re.findall(r'<(?:img|script|link|use|source|iframe)[^>]*?(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(address.startswith(("/", "data:image/svg+xml,")) for address in loaded)


@pytest.mark.parametrize("path", PAGES)
def test_ids_are_unique(client, path):
    ids = re.findall(r'\sid="([^"]+)"', client.get(path).text)
    assert len(ids) == len(set(ids))


def test_elder_mode_shows_three_words_and_less(client):
    client.set_cookie("ui", "elder.auto.standard.zh")
    page = client.get("/about").text
    nav = re.search(r'<nav class="main-nav".*?</nav>', page, re.DOTALL).group(0)
    assert re.findall(r"</svg>([^<]+)</a>", nav) == ["首页", "找课", "打电话"]
    assert "机构登录" not in page.split("</header>")[0]
    assert "机构登录" in page.split("<footer")[1]


def test_without_a_phone_number_help_takes_its_place(make_app):
    client = make_app(contact_phone="").test_client()
    client.set_cookie("ui", "elder.auto.standard.zh")
    page = client.get("/about").text
    assert "tel:" not in page
    assert "帮助" in page


def test_readers_see_no_staff_rooms_and_staff_only_theirs(client, make_app):
    assert "我的讲座" not in client.get("/about").text
    teacher = Actor(user_id=1, display_name="示例老师", grants=(Grant("contributor", institution_id=1),))
    page = make_app(teacher).test_client().get("/about").text
    assert "我的讲座" in page
    assert "播单工作台" not in page
    assert "退出登录" in page


def test_the_style_guide_is_for_development(app, client):
    app.config["STYLEGUIDE"] = False
    assert client.get("/styleguide").status_code == 404
    assert "样式页" not in client.get("/about").text


def test_liveness_needs_nothing(client):
    answer = client.get("/livez")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("code", ERRORS)
def test_error_pages_say_what_to_do_and_whom_to_call(app, code):
    with app.test_request_context("/lost"):
        error = NotFound()
        page = render_template(f"web/errors/{code}.html", error=error, message=error.message, request_id="a1B2c3")
    assert page.count("<h1") == 1
    assert "a1B2c3" in page
    assert "tel:000-88880000" in page
    assert 'name="robots" content="noindex"' in page
    assert "没有找到您要的内容。" not in page, "the general sentence adds nothing to the page's own"


def test_an_error_page_shows_what_the_service_says(app):
    error = Conflict("这一讲已经发布过了。")
    with app.test_request_context("/lost"):
        page = render_template("web/errors/409.html", error=error, message=error.message, request_id="x")
    assert "这一讲已经发布过了。" in page
