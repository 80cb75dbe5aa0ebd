"""What the pages of reviews say: names of levels, states, parts, places, acts, and how long things take."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from app.kernel.clock import utc_now
from app.library.models import CAPTION_LANGUAGES
from app.library.parts import CAPTION
from app.review.deadlines import LevelLoad
from app.review.models import ReviewEvent
from app.review.rulebook import rulebook
from app.review.stages import Stage
from app.review.standing import Standing
from app.review.states import Action, ReviewState
from app.review.working_days import days_left
from app.web.badges import Badge
from app.web.formats import local_date
from app.web.preferences import is_english
from app.web.speech import speak


def level_name(number: int) -> str:
    """Name a level: 一审."""
    level = rulebook().level(number)
    return level.name_en if is_english() else level.name_zh


def state_badge(state: ReviewState) -> Badge:
    """Say where a review stands."""
    if state.level:
        return Badge(_("等待%(level)s", level=level_name(state.level)), "busy", "clock")
    ends = {
        ReviewState.PASSED: Badge(_("已入库"), "good", "check"),
        ReviewState.RETURNED: Badge(_("已退回"), "bad", "rotate-ccw"),
        ReviewState.REJECTED: Badge(_("未通过"), "bad", "x"),
        ReviewState.RECALLED: Badge(_("已撤回"), "", "arrow-left"),
    }
    return ends[state]


def stage_badge(stage: Stage) -> Badge:
    """Say how far a lecture is on its way to the shelf."""
    state = ReviewState(stage.value) if stage.value in set(ReviewState) else None
    if state is not None:
        return state_badge(state)
    others = {
        Stage.NOT_SENT: Badge(_("没有送审"), "", "pencil"),
        Stage.SHELVED: Badge(_("在库"), "good", "check"),
        Stage.CHANGED: Badge(_("有改动没有送审"), "accent", "pencil"),
        Stage.RECHECK: Badge(_("复核中"), "busy", "clock"),
        Stage.WITHDRAWN: Badge(_("已出库"), "", "lock"),
    }
    return others[stage]


def kind_words(kind: str) -> str:
    """Say why a lecture is looked at."""
    return {"first": _("首次送审"), "change": _("改动送审"), "recheck": _("到期复核")}[kind]


def part_words(part: str) -> str:
    """Name a part of a lecture."""
    if part.startswith(CAPTION):
        language = part.removeprefix(CAPTION)
        return _("字幕（%(language)s）", language=speak(CAPTION_LANGUAGES.get(language, language)))
    names = {
        "media": _("视频"), "text": _("介绍"), "captions": _("字幕"), "chapters": _("章节"), "title": _("标题"),
        "description": _("内容简介"), "teacher": _("主讲人"), "tags": _("标签"), "terms": _("分类"),
        "resource_type": _("类型"), "licence": _("使用许可"), "beside": _("封面和讲义"), "cover": _("封面"),
        "handouts": _("讲义"),
    }  # fmt: skip
    return names.get(part, part)


def action_words(event: ReviewEvent) -> str:
    """Say what somebody did, in one line of the history."""
    before = ReviewState(event.from_state).level if event.from_state in set(ReviewState) else 0
    level = level_name(before) if before else ""
    lines = {
        Action.SUBMIT: _("送审"), Action.RECALL: _("撤回送审"), Action.SHELVE: _("公开（未经本站分级审核）"),
        Action.WITHDRAW: _("下架（出库）"), Action.RECHECK: _("开始复核"), Action.UNDO: _("撤销结论"),
        Action.PASS: _("%(level)s通过", level=level), Action.RETURN: _("%(level)s退回", level=level),
        Action.REJECT: _("%(level)s不予通过", level=level),
    }  # fmt: skip
    words = lines[event.action]
    return words + _("，入库公开") if event.action is Action.PASS and event.to_state == ReviewState.PASSED else words


def expectation(standing: Standing) -> str:
    """Say honestly how long the level at hand takes: what it took lately, or only what the rule asks for."""
    review = standing.review
    if review is None or not review.state.level:
        return ""
    level = level_name(review.state.level)
    if standing.usual_days is not None:
        return _("%(level)s近来一般 %(days)s 天左右有结论。", level=level, days=max(1, math.ceil(standing.usual_days)))
    return _("%(level)s规定在 %(days)s 个工作日内有结论。", level=level, days=standing.due_days)


def due_words(due_at: datetime | None) -> str:
    """Say how urgent a review is."""
    if due_at is None:
        return ""
    days = days_left(utc_now(), due_at)
    if is_late(due_at):
        return _("已超期 %(days)s 个工作日", days=-days) if days else _("已超期")
    return _("还有 %(days)s 个工作日", days=days) if days else _("今天到期")


def last_day(due_at: datetime) -> str:
    """Write the last day of a deadline, which ends with it."""
    return local_date(due_at - timedelta(microseconds=1))


def is_late(due_at: datetime | None) -> bool:
    """Tell whether a deadline is over."""
    return due_at is not None and due_at < utc_now()


def load_words(load: LevelLoad) -> str:
    """Say what a level took lately."""
    if load.median_days is None:
        return _("还没有足够的数据")
    return _("%(days)s 天", days=round(load.median_days, 1)) if load.median_days >= 1 else _("不到 1 天")


def aspects() -> list[dict[str, str]]:
    """Return the seven aspects in the reader's language."""
    english = is_english()
    return [
        {"key": each.key, "name": each.name_en if english else each.name_zh,
         "line": each.line_en if english else each.line_zh}
        for each in rulebook().aspects
    ]  # fmt: skip


def hit_words(hit: dict[str, Any]) -> dict[str, Any]:
    """Return a found word as pages show it."""
    return {**hit, "place": part_words(hit["place"]), "why": speak(hit["why"])}
