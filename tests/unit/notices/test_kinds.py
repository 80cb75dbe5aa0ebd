"""Every kind says something of every fact it may be told with, and mornings are those of Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from app.kernel.mail.paper import to_html, write_text
from app.notices.kinds import _SORTS, SPECS, MailMode, NoticeKind, sentence_of
from app.notices.letters import _FOLDER
from app.notices.morning import due_periods

FACTS = {
    "title": "八段锦", "level": 2, "soon": 1, "late": 2, "name": "示范校", "region": "新民市", "place": "示范校",
    "person": "甲", "lectures": 3, "reviews": 1, "playlists": 2, "percent": 85, "limit": 100, "days": 7,
    "day": "2026-12-31",
}  # fmt: skip
SAID = [(kind, what) for kind in NoticeKind for what in _SORTS.get(kind, {"": ""})]


@pytest.mark.parametrize(("kind", "what"), SAID)
def test_every_kind_has_words(kind: NoticeKind, what: str):
    facts = {**FACTS, "what": what}
    said = sentence_of(kind, facts)
    assert said.endswith("。")
    assert "%(" not in said
    assert "%%" not in said
    if "title" in said.values and kind not in _SORTS:
        assert "《八段锦》" in said
    if SPECS[kind].is_gathered:
        assert "等 30 讲" in sentence_of(kind, facts, 30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-27T07:59+08:00", []),
        ("2026-11-27T08:00+08:00", [("2026-11-27", "2026-11-27"), ("2026-W48", "2026-11-23")]),
        ("2026-11-27T20:59+08:00", [("2026-11-27", "2026-11-27"), ("2026-W48", "2026-11-23")]),
        ("2026-11-27T22:00+08:00", []),
        ("2026-11-23T08:30+08:00", [("2026-11-23", "2026-11-23"), ("2026-W48", "2026-11-23")]),
        # Still the 31st in UTC, and the week of another year.
        ("2027-01-01T09:00+08:00", [("2027-01-01", "2027-01-01"), ("2026-W53", "2026-12-28")]),
    ],
)
def test_a_period_is_due_from_its_morning_until_the_evening(now: str, expected: list[tuple[str, str]]):
    found = due_periods(at(now), hour=8)
    assert [(period.name, f"{period.began_at:%Y-%m-%d}") for period in found] == expected
    assert [period.mode for period in found] == [MailMode.DAILY, MailMode.WEEKLY][: len(found)]


def test_words_of_others_make_no_line_and_no_link_of_their_own():
    evil = "课》\n\nhttps://library.example/notices/1\n<script>alert(1)</script>"
    text = write_text(
        _FOLDER / "notice.txt", head=SimpleNamespace(site_name="学习库"), user=SimpleNamespace(display_name=evil),
        sentence=evil, facts={"who": evil}, why=evil, kind="退回", stop_url="",
        url="https://library.example/notices/7",
    )  # fmt: skip
    html = to_html(text, title=evil, base_url="https://library.example")

    assert [line for line in text.splitlines() if line.startswith("https://")] == ["https://library.example/notices/7"]
    assert html.count('class="button"') == 1
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
