"""The captions desk: drafts with a version, putting them on, proofs, a machine's label, what waits for its review."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.kernel.db import reading
from app.library.models import Caption, Lecture, PendingChange
from app.library.services import set_caption
from app.studio.caption_desk.models import CaptionProof
from app.studio.caption_desk.queries import is_worked_on
from media_pipeline.caption_cues import Cue
from media_pipeline.captions import machine_webvtt
from tests.integration.studio.college import Browser, find_lecture, give_media, in_work

MACHINE = machine_webvtt([Cue(1000, 3000, "大家好"), Cue(3000, 6000, "今天學太级拳")])
ROW = list[Any]


class Desk:
    """A teacher at the desk of one lecture's Chinese captions."""

    def __init__(self, browser: Browser, lecture: str) -> None:
        self.browser, self.lecture = browser, lecture
        self.url = f"/studio/lectures/{lecture}/captions/zh-CN/desk"

    def data(self) -> dict[str, Any]:
        page = self.browser.get(self.url)
        found = re.search(r'id="captions-data">(.*?)</script>', page, re.DOTALL)
        assert found
        return json.loads(found[1])

    def save(self, version: int, at: int, remove: int, lines: Sequence[ROW], key: str = "") -> TestResponse:
        key = key or f"k{version}-{at}-{len(lines)}"
        body = {"version": version, "key": key, "at": at, "remove": remove, "lines": lines}
        return self.browser.client.post(self.url, json=body, headers=self.browser.headers)

    def put_on(self, version: int, base: str = "", **fields: object) -> TestResponse:
        return self.browser.post(f"{self.url}/put-on", version=version, base=base, **fields)


@pytest.fixture
def desk(app: Flask, teacher: Browser, lecture_id: str) -> Desk:
    give_media(app, lecture_id)
    give_captions(app, lecture_id, MACHINE, is_machine=True)
    return Desk(teacher, lecture_id)


def give_captions(app: Flask, lecture_id: str, webvtt: str, *, is_machine: bool = False) -> None:
    def do(db: Session) -> None:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == lecture_id)).one()
        set_caption(db, lecture, language="zh-CN", label="中文", webvtt=webvtt, is_machine=is_machine)

    in_work(app, do)


def caption_of(app: Flask, lecture_id: str) -> Caption:
    return find_lecture(app, lecture_id).captions[0]


def proofs_of(app: Flask) -> list[CaptionProof]:
    with app.app_context(), reading() as db:
        return list(db.scalars(select(CaptionProof)))


def test_the_desk_shows_the_lines_and_what_is_not_standard(desk: Desk) -> None:
    data = desk.data()
    assert data["lines"] == [[1000, 3000, "大家好", ""], [3000, 6000, "今天學太级拳", ""]]
    findings = [[1, "學", "学", "variant"], [1, "太级拳", "太极拳", "confused"]]
    assert [each[:1] + each[3:] for each in data["findings"]] == findings
    assert data["version"] == 0


def test_a_draft_is_kept_and_residents_do_not_see_it(app: Flask, desk: Desk) -> None:
    answer = desk.save(0, 1, 1, [[3000, 6000, "今天学太级拳", ""]])
    assert answer.json == {"version": 1, "findings": [[1, 3, 3, "太级拳", "太极拳", "confused"]]}
    assert desk.data()["lines"][1][2] == "今天学太级拳"
    assert caption_of(app, desk.lecture).webvtt == MACHINE


def test_the_same_change_sent_twice_counts_once(desk: Desk) -> None:
    for _ in range(2):
        assert desk.save(0, 2, 0, [[6000, 8000, "再见", ""]], key="same").json["version"] == 1
    assert len(desk.data()["lines"]) == 3


def test_an_older_draft_is_refused_with_the_newer_one_shown(desk: Desk) -> None:
    desk.save(0, 0, 1, [[1000, 3000, "同学们好", ""]])
    answer = desk.save(0, 0, 1, [[1000, 3000, "大家早", ""]], key="another")
    assert answer.status_code == 412
    assert answer.json["lines"][0][2] == "同学们好"
    assert (answer.json["version"], answer.json["name"]) == (1, "测试contributor")
    assert desk.save(1, 0, 1, [[1000, 3000, "大家早", ""]]).status_code == 200


NO_CHANGES: list[object] = [
    None, [], {"version": 0}, {"at": -1}, {"remove": 9}, {"key": ""}, {"key": "k" * 30}, {"version": True},
    {"lines": [[0, 1.5, "x", ""]]}, {"lines": [[0, 1, "x"]]}, {"lines": [[0, 1, "长" * 6000, ""]]},
    {"lines": [[0, 1, "x", ""]] * 10_001},
]  # fmt: skip


def test_a_body_that_is_no_change_changes_nothing(desk: Desk) -> None:
    good = {"version": 0, "key": "k", "at": 0, "remove": 0, "lines": []}
    for bad in NO_CHANGES:
        body = {**good, **bad} if isinstance(bad, dict) and bad != {"version": 0} else bad
        answer = desk.browser.client.post(desk.url, json=body, headers=desk.browser.headers)
        assert answer.status_code == 422, body
    assert desk.data()["version"] == 0


def test_a_machines_label_stays_with_changes_and_goes_with_a_proof(app: Flask, desk: Desk) -> None:
    desk.save(0, 1, 1, [[3000, 6000, "今天学太极拳", ""]])
    assert desk.put_on(1, base=caption_of(app, desk.lecture).sha256).status_code == 303
    changed = caption_of(app, desk.lecture)
    assert (changed.is_machine, "AIGC" in changed.webvtt, "太极拳" in changed.webvtt) == (True, True, True)
    assert proofs_of(app) == []

    assert desk.put_on(2, base=changed.sha256, proofread="y").status_code == 303
    proofread = caption_of(app, desk.lecture)
    assert (proofread.is_machine, "AIGC" in proofread.webvtt) == (False, False)
    proof = proofs_of(app)[0]
    assert (proof.proofread_name, proof.sha256, proof.was_machine, proof.line_count) == (
        "测试contributor", proofread.sha256, True, 2,
    )  # fmt: skip
    assert "测试contributor校对于" in desk.browser.get(desk.url)
    assert "测试contributor已校对" in desk.browser.get(f"/studio/lectures/{desk.lecture}")


def test_a_proof_is_of_one_text(app: Flask, desk: Desk) -> None:
    desk.put_on(0, base=caption_of(app, desk.lecture).sha256, proofread="y")
    desk.put_on(1, base=caption_of(app, desk.lecture).sha256, proofread="y")
    assert len(proofs_of(app)) == 1, "the same text by the same person is proofread once"
    desk.save(2, 0, 1, [[1000, 3000, "同学们好", ""]])
    desk.put_on(3, base=caption_of(app, desk.lecture).sha256)
    assert "之后又改过" in desk.browser.get(desk.url)
    assert "已校对" not in desk.browser.get(f"/studio/lectures/{desk.lecture}")


def test_lines_that_cannot_be_shown_are_told_and_kept(app: Flask, desk: Desk) -> None:
    desk.save(0, 0, 2, [[1000, 1000, "大家好", ""], [3000, 6000, "", ""]])
    answer = desk.put_on(1, base=caption_of(app, desk.lecture).sha256)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "第 1 句的结束时间不在开始时间后面。" in page
    assert "第 2 句没有字，请写上或者删除。" in page
    assert desk.data()["lines"][0][:2] == [1000, 1000]
    assert caption_of(app, desk.lecture).webvtt == MACHINE


def test_a_caption_put_there_meanwhile_is_not_overwritten_unasked(app: Flask, desk: Desk) -> None:
    base = caption_of(app, desk.lecture).sha256
    desk.save(0, 0, 1, [[1000, 3000, "草稿的话", ""]])
    give_captions(app, desk.lecture, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n别人上传的\n")
    answer = desk.put_on(1, base=base)
    assert answer.status_code == 412
    assert 'data-testid="replaced"' in answer.get_data(as_text=True)
    assert "别人上传的" in caption_of(app, desk.lecture).webvtt
    assert desk.put_on(1, base=caption_of(app, desk.lecture).sha256).status_code == 303
    assert "草稿的话" in caption_of(app, desk.lecture).webvtt


def test_giving_a_draft_up_leaves_the_caption(app: Flask, desk: Desk) -> None:
    desk.save(0, 0, 1, [[1000, 3000, "草稿的话", ""]])
    assert "放弃这份字幕草稿" in desk.browser.get(f"{desk.url}/discard")
    assert desk.browser.post(f"{desk.url}/discard", version=0).status_code == 412
    assert desk.browser.post(f"{desk.url}/discard", version=1).status_code == 303
    assert desk.data()["lines"][0][2] == "大家好"
    assert caption_of(app, desk.lecture).webvtt == MACHINE


def test_on_the_shelf_of_a_reviewed_institution_the_change_waits(app: Flask, desk: Desk) -> None:
    def hold(db: Session) -> None:
        db.scalars(select(Lecture).where(Lecture.public_id == desk.lecture)).one().is_held = True

    in_work(app, hold)
    desk.save(0, 0, 1, [[1000, 3000, "同学们好", ""]])
    assert desk.put_on(1, base=caption_of(app, desk.lecture).sha256, proofread="y").status_code == 303
    assert "送审通过以后居民才看到" in desk.browser.get(desk.url)
    assert caption_of(app, desk.lecture).webvtt == MACHINE, "residents keep what was passed"
    with app.app_context(), reading() as db:
        waiting = db.scalars(select(PendingChange)).one()
        assert (waiting.part, waiting.value["is_machine"]) == ("caption:zh-CN", False)
    assert desk.data()["lines"][0][2] == "同学们好"
    assert "测试contributor校对于" in desk.browser.get(desk.url)


def test_captions_are_written_from_nothing(app: Flask, teacher: Browser, lecture_id: str) -> None:
    desk = Desk(teacher, lecture_id)
    assert desk.data()["lines"] == []
    assert desk.put_on(0).status_code == 422
    desk.save(0, 0, 0, [[0, 2000, "第一句", ""]])
    assert desk.put_on(1).status_code == 303
    assert "第一句" in caption_of(app, lecture_id).webvtt
    assert not caption_of(app, lecture_id).is_machine


def test_files_and_transcript_are_of_the_draft(desk: Desk) -> None:
    desk.save(0, 1, 1, [[3000, 6000, "今天学太极拳。", ""]])
    srt = desk.browser.client.get(f"{desk.url}/file.srt")
    assert srt.get_data(as_text=True).splitlines()[:3] == ["1", "00:00:01,000 --> 00:00:03,000", "大家好"]
    assert "filename*=UTF-8''" in srt.headers["Content-Disposition"]
    assert "AIGC" in desk.browser.get(f"{desk.url}/file.vtt"), "the label goes with what is copied"
    assert "<p>大家好今天学太极拳。</p>" in desk.browser.get(f"{desk.url}/transcript")
    assert desk.browser.client.get(f"{desk.url}/file.exe").status_code == 404


def test_no_machine_replaces_what_people_worked_on(app: Flask, desk: Desk) -> None:
    desk.save(0, 0, 1, [[1000, 3000, "同学们好", ""]])
    with app.app_context(), reading() as db:
        lecture = db.scalars(select(Lecture).where(Lecture.public_id == desk.lecture)).one()
        assert is_worked_on(db, lecture.id, "zh-CN")


def test_only_those_who_may_edit(app: Flask, desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    expected = {"colleague": 403, "stranger": 404, "admin": 200}
    for login, status in expected.items():
        visitor = Desk(browser_of(login), desk.lecture)
        assert visitor.browser.client.get(desk.url).status_code == status
        assert visitor.save(0, 0, 0, [], key=login).status_code == status


def test_no_language_of_captions(desk: Desk) -> None:
    assert desk.browser.client.get(desk.url.replace("zh-CN", "tlh")).status_code == 404


def test_a_long_caption_costs_no_more_statements(
    app: Flask, desk: Desk, count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with count_queries() as short:
        desk.data()
    desk.save(0, 2, 0, [[number * 2000, number * 2000 + 1900, f"第{number}句", ""] for number in range(4, 1500)])
    with count_queries() as long:
        assert len(desk.data()["lines"]) == 1498
    assert len(long) == len(short) <= 22, "\n".join(long)

