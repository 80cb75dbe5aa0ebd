"""What the script of the captions desk is told: lines, findings, limits, addresses and every word it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from app.studio.caption_desk.characters import find_characters
from app.studio.caption_desk.queries import CaptionDesk
from config.policies import read_captions
from media_pipeline.caption_lines import Line

#: Languages whose captions are looked through for characters that are not standard.
_CHINESE: Final = "zh"


def desk_data(desk: CaptionDesk) -> dict[str, Any]:
    """Return the page's JSON block for static/studio/entry/captions.js."""
    values: dict[str, Any] = {"public_id": desk.lecture.public_id, "language": desk.language}
    return {
        "lines": line_rows(desk.lines),
        "findings": find_all(desk.language, desk.lines),
        "version": desk.version,
        "save_url": url_for("studio.save_caption_draft", **values),
        "transcript_url": url_for("studio.caption_transcript", **values),
        "csrf_token": generate_csrf(),
        "store_key": f"captions.{desk.lecture.public_id}.{desk.language}",
        "limits": read_captions()["reading"],
        "words": _words(),
    }


def line_rows(lines: Sequence[Line]) -> list[list[Any]]:
    """Return lines as the script keeps them."""
    return [[line.start_ms, line.end_ms, line.text, line.settings] for line in lines]


def find_all(language: str, lines: Sequence[Line], first: int = 0) -> list[list[Any]]:
    """Return [line, at, length, found, suggestion, kind] for each finding; lines count from `first`."""
    if language.partition("-")[0] != _CHINESE:
        return []
    return [
        [number, found.at, found.length, found.found, found.suggestion, found.kind]
        for number, line in enumerate(lines, start=first)
        for found in find_characters(line.text)
    ]


def shortcuts() -> list[tuple[str, str]]:
    """Return (keys, what they do); none of them is one of Chinese input methods, nor works while one composes."""
    return [
        ("Ctrl + Enter", _("播放 / 暂停")),
        ("Alt + Enter", _("从这一句的开头播放")),
        ("Alt + L", _("反复播放这一句 / 停止")),
        ("Alt + ,", _("后退 2 秒")),
        ("Alt + .", _("前进 2 秒")),
        ("Alt + ↑", _("上一句")),
        ("Alt + ↓", _("下一句")),
        ("Enter", _("写完这一句，到下一句")),
        ("Shift + Enter", _("在这一句里换行")),
        ("Alt + [", _("开始时间用播放器的时间")),
        ("Alt + ]", _("结束时间用播放器的时间")),
        ("Alt + S", _("在光标处拆成两句")),
        ("Alt + M", _("和下一句合并")),
        ("Alt + I", _("在后面插入一句")),
        ("Alt + Delete", _("删除这一句")),
        ("Alt + N", _("下一处要看的地方")),
        ("Alt + C", _("用建议的字替换")),
        ("Alt + R", _("查找和替换")),
        ("Ctrl + Z", _("撤销")),
        ("Ctrl + Y", _("重做")),
    ]


def _words() -> dict[str, str]:
    return _line_words() | {
        "saving": _("正在保存……"),
        "saved": _("草稿已保存"),
        "unsaved": _("还有没保存的修改"),
        "offline": _("连不上服务器，正在重试。您写的内容留在这台电脑上。"),
        "refused": _("没有保存：{text}"),
        "recovered": _("找回了上次没来得及保存的修改。"),
        "clash": _("{name}刚刚改过这份草稿。您写的都还在，请比较一下再决定。"),
        "somebody": _("别人"),
        "mine": _("您写的"),
        "theirs": _("现在保存的"),
        "use_mine": _("用我写的"),
        "use_theirs": _("用现在保存的"),
        "more_lines": _("还有 {count} 句不一样"),
        "no_such_line": _("没有这一句"),
        "undone": _("已撤销：{text}"),
        "redone": _("已重做：{text}"),
        "nothing_to_undo": _("没有可以撤销的了。"),
        "replaced": _("替换了 {count} 处。按 Ctrl+Z 撤销。"),
        "nothing_found": _("没有找到“{text}”。"),
        "found_at": _("第 {number} 处，共 {count} 处"),
        "no_warnings": _("没有要看的地方了。"),
        "looping": _("正在反复播放这一句"),
        "loop_off": _("不再反复播放"),
        "step_text": _("改字"),
        "step_time": _("改时间"),
        "step_split": _("拆句"),
        "step_merge": _("合并"),
        "step_insert": _("插入"),
        "step_delete": _("删除"),
        "step_replace": _("替换"),
        "step_theirs": _("换成现在保存的"),
        "step_recover": _("找回修改"),
    }


def _line_words() -> dict[str, str]:
    return {
        "line": _("第 {number} 句，{start} 到 {end}"),
        "text_label": _("第 {number} 句的字"),
        "start_label": _("开始"),
        "end_label": _("结束"),
        "empty": _("还没有字"),
        "no_time": _("结束时间不在开始时间后面"),
        "overlap": _("和下一句重叠 {seconds} 秒"),
        "order": _("比上一句开始得早"),
        "fast": _("每秒 {speed} 个字，偏快"),
        "short": _("只有 {seconds} 秒，太短"),
        "long": _("有 {seconds} 秒，太长"),
        "wide": _("一行超过 {count} 个字，手机上放不下"),
        "high": _("超过 {count} 行"),
        "variant": _("“{found}”不是规范字，建议“{suggestion}”"),
        "confused": _("“{found}”常写错，建议“{suggestion}”"),
        "bad_time": _("时间写成 1:02.5 或 0:01:02.500 这样。"),
        "warnings": _("有 {count} 处要看"),
        "count": _("共 {count} 句"),
        "inserted": _("插入了一句。"),
        "deleted": _("删除了一句。按 Ctrl+Z 撤销。"),
        "split_words": _("拆成了两句。"),
        "merged": _("和下一句合并了。"),
        "last_line": _("这是最后一句，没有下一句可以合并。"),
    }
