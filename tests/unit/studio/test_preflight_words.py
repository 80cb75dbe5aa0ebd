"""Every finding has words in both languages, and times are said as people say them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from app.media.preflight import Preflight, PreflightState
from app.studio.views.preflight_words import report_words, state_sentence, time_code
from media_pipeline.analysis import Span
from media_pipeline.preflight import CODES, Finding, Report

TRANSLATIONS = Path(__file__).resolve().parents[3] / "app" / "translations"
#: Every number any finding brings along.
VALUES = {
    "tracks": 2.0,
    "duration_s": 120.0, "min_s": 180.0, "max_s": 900.0, "level_db": -50.0, "louder": 1.0, "width_px": 640.0,
    "height_px": 360.0, "beside": 0.0, "above": 0.12, "lost": 0.24, "step_s": 60.0, "rate": 60.0, "made": 30.0,
    "rotation_deg": 90.0,
}  # fmt: skip


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    app = Flask("words")
    Babel(app, default_locale="zh_CN", default_translation_directories=str(TRANSLATIONS))
    with app.test_request_context(), force_locale(request.param):
        yield request.param


def ready(*findings: Finding) -> Preflight:
    return Preflight(PreflightState.READY, Report(findings))


@pytest.mark.parametrize("code", [code for code in CODES if code != "not_measured"])
def test_every_finding_has_words(language: str, code: str) -> None:
    (group,) = report_words(ready(Finding(code, "advice", (Span(200, 221),), VALUES)), "")
    (words,) = group.findings
    text = f"{group.title} {words.title} {words.advice} {words.times[0].label}"
    assert words.title
    assert words.advice
    assert "%(" not in text
    assert bool(re.search("[\u4e00-\u9fff]", text)) == (language == "zh"), text


@pytest.mark.parametrize(
    ("moment_s", "chinese", "english"),
    [(0, "0 秒", "0 s"), (41.9, "41 秒", "41 s"), (200, "3 分 20 秒", "3 min 20 s"),
     (3725, "1 小时 2 分 5 秒", "1 h 2 min 5 s")],
)  # fmt: skip
def test_time_codes(language: str, moment_s: float, chinese: str, english: str) -> None:
    assert time_code(moment_s) == (chinese if language == "zh" else english)


def test_a_stretch_of_silence_as_a_teacher_reads_it(language: str) -> None:
    (group,) = report_words(ready(Finding("silence", "problem", (Span(200.4, 221),))), "/media/x/480p.mp4")
    (words,) = group.findings
    (time,) = words.times
    assert time.address == "/media/x/480p.mp4#t=200"
    said = (group.title, time.label, words.title)
    assert said == (
        ("需要您处理", "3 分 20 秒到 3 分 41 秒", "没有声音")
        if language == "zh"
        else ("Needs you", "3 min 20 s to 3 min 41 s", "No sound")
    )


def test_many_stretches_are_counted() -> None:
    spans = tuple(Span(20 * number, 20 * number + 9) for number in range(11))
    app = Flask("words")
    Babel(app, default_locale="zh_CN")
    with app.test_request_context():
        (group,) = report_words(ready(Finding("silence", "advice", spans)), "")
    assert (len(group.findings[0].times), group.findings[0].more) == (6, 5)


def test_states(language: str) -> None:
    waiting = state_sentence(Preflight(PreflightState.WAITING))
    problems = [state_sentence(Preflight(PreflightState.NOT_POSSIBLE, problem=each)) for each in
                ("uploaded_before", "outdated", "unreadable", "analysis_failed")]  # fmt: skip
    nothing = state_sentence(ready())
    assert len({waiting, nothing, *problems}) == 6
    assert nothing == ("没有发现问题。" if language == "zh" else "No problems were found.")
    assert state_sentence(ready(Finding("hdr", "advice"))) == ""


def test_what_was_not_measured_is_said_once() -> None:
    report = Report((Finding("not_measured", "advice"),))
    app = Flask("words")
    Babel(app, default_locale="zh_CN")
    with app.test_request_context():
        assert report_words(Preflight(PreflightState.NOT_POSSIBLE, report, "unexpected"), "") == []
