"""What an operator does not want offered: gone at once in every process, back as easily, and still found."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from app.asking.models import PopularQuery
from app.kernel.db import unit_of_work
from config.settings import Settings
from tests.fixtures.app import build_app, csrf_token
from tests.integration.catalogue.reading import fetch, titles

PAGE = "/admin/popular-queries"


def offered(client: FlaskClient) -> list[str]:
    return [each["text"] for each in client.get("/suggest?q=").get_json()]


def send(operator: FlaskClient, text: str, address: str = PAGE, status: int = 303) -> str:
    answer = operator.post(address, data={"csrf_token": csrf_token(operator, PAGE), "text": text})
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def test_a_hidden_query_is_gone_everywhere_at_once_and_comes_back(
    app: Flask, client: FlaskClient, people: Callable[[str], FlaskClient], settings: Settings
) -> None:
    with app.app_context(), unit_of_work() as db:
        db.add_all([PopularQuery(text="手机", askers=12), PopularQuery(text="合唱", askers=7)])
    operator, other = people("operator"), build_app(settings).test_client()
    assert offered(client) == offered(other) == ["手机", "合唱"]
    assert "手机" in fetch(operator, PAGE)
    with capture_logs() as lines:
        send(operator, "手机")
        send(operator, " 手机 ")
    told = [each for each in lines if each["event"] == "popular_query_hidden"]
    assert len(told) == 1, "twice is once"
    assert told[0]["text"] == "手机"
    assert told[0]["actor_id"]
    assert offered(client) == offered(other) == ["合唱"], "with the next question, in the other process too"
    assert all(each["kind"] != "popular" for each in other.get("/suggest?q=手机").get_json())
    assert titles(fetch(client, "/search?q=手机")), "it is still found"
    send(operator, "手机", f"{PAGE}/shown")
    send(operator, "手机", f"{PAGE}/shown")
    assert offered(client) == offered(other) == ["手机", "合唱"]


def test_what_is_not_popular_yet_can_be_hidden_and_nothing_is_refused_with_a_sentence(
    app: Flask, client: FlaskClient, people: Callable[[str], FlaskClient]
) -> None:
    operator = people("operator")
    send(operator, "合 唱")
    with app.app_context(), unit_of_work() as db:
        db.add(PopularQuery(text="合唱", askers=7))
    assert offered(client) == []
    page = fetch(operator, PAGE)
    assert "恢复" in page
    for wrong in ("", "！！", "长" * 21):
        assert "请写 1 到 20 个字。" in send(operator, wrong, status=422)
    assert "&lt;b&gt;" in send(operator, "<b>" + "长" * 20, status=422)
    assert people("teacher").get(PAGE).status_code == 403
