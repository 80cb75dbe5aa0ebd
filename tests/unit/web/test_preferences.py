"""The cookie `ui`, the links that change it, and the page that explains it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import preferences
from app.web.preferences import CHOICES, Preferences


@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()}))
def test_the_cookie_keeps_every_choice(choices):
    kept = Preferences(**choices)
    assert Preferences.from_cookie(kept.to_cookie()) == kept


@given(st.text())
def test_any_cookie_gives_known_values(text):
    read = Preferences.from_cookie(text)
    assert all(getattr(read, name) in values for name, values in CHOICES.items())


def test_part_of_a_cookie_is_better_than_none():
    assert Preferences.from_cookie("elder.nonsense.largest") == Preferences("elder", "auto", "largest", "zh")


@pytest.mark.parametrize("text", ["长辈版", "怎么打开 亲情版", "关爱版", "关 怀 版", "大字版在哪里"])
def test_all_names_of_the_elder_mode_are_known(text):
    assert preferences.is_elder_mode_query(text)


@pytest.mark.parametrize("text", ["", "长辈", "老年大学", "养生"])
def test_other_words_are_not(text):
    assert not preferences.is_elder_mode_query(text)


def test_a_link_switches_elder_mode_without_script(client):
    answer = client.get("/about?q=%E5%85%BB%E7%94%9F&elder=1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/about?q=%E5%85%BB%E7%94%9F"
    assert 'data-mode="elder"' in client.get("/about").text
    client.get("/about?elder=0")
    assert 'data-mode="normal"' in client.get("/about").text


def test_a_link_switches_language(client):
    client.get("/about?lang=en")
    assert '<html lang="en"' in client.get("/about").text


def test_a_preference_link_cannot_leave_the_site(client):
    answer = client.get("/?elder=1", environ_overrides={"PATH_INFO": "//elsewhere.example/"})
    assert answer.headers["Location"] == "/elsewhere.example/"


def test_programs_keep_their_own_parameters(client):
    assert client.get("/api/lectures?lang=en").status_code == 404


def submit(client, **fields):
    page = client.get("/preferences?next=/about").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    return client.post("/preferences", data={"csrf_token": token, **fields})


def test_choices_are_kept_and_the_reader_returns(client):
    answer = submit(client, mode="elder", theme="contrast", text_size="largest", lang="zh", next="/about")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/about")
    page = client.get("/about").text
    assert 'data-mode="elder" data-theme="contrast" data-text-size="largest"' in page
    assert "已经按您选的显示" in page


def test_unknown_choices_change_nothing(client):
    submit(client, mode="giant", theme="<script>", text_size="9", lang="tlh", next="//elsewhere.example/")
    assert 'data-mode="normal" data-theme="auto" data-text-size="standard"' in client.get("/about").text


@pytest.mark.parametrize(
    "target", ["//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example", "javascript:0"]
)
def test_next_never_leaves_the_site(client, target):
    assert submit(client, mode="elder", next=target).headers["Location"] == "/"


def test_saving_needs_the_token(client):
    assert client.post("/preferences", data={"mode": "elder"}).status_code == 400


def test_the_page_names_what_other_sites_call_it(client):
    page = client.get("/preferences").text
    for name in ("长辈版", "亲情版", "关爱版", "关怀版"):
        assert name in page
