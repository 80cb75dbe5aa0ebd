"""What the desk's script is told: columns, rows, how far each file is, and every word it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.review.submission import BATCH_MAX
from app.studio.desk.cells import COLUMNS, CellKind, Column, Vocabulary, write_cells
from app.studio.desk.models import Batch
from app.studio.desk.queries import DeskRow
from app.studio.desk.services import is_file_name
from app.studio.models import UploadKind
from app.studio.progress import Phase
from app.studio.views.preflight_words import report_words, state_sentence
from app.studio.views.words import progress_words
from app.web.speech import speak

#: More findings than these are on the page of the lecture.
_FINDINGS_SHOWN = 3


def batch_data(batch: Batch, rows: Sequence[DeskRow], words: Vocabulary) -> dict[str, Any]:
    """Return the page's JSON block for static/studio/entry/desk.js."""
    return {
        "batch": batch.public_id,
        "columns": [
            {
                "name": column.name, "label": speak(column.label), "kind": column.kind.value,
                "options": _options(column, words),
            }
            for column in COLUMNS
        ],
        "rows": [row_data(row, words) for row in rows],
        "state_url": url_for("studio.batch_state", batch_id=batch.public_id),
        "row_url": url_for("studio.save_batch_row", batch_id=batch.public_id, lecture_id="ROW"),
        "send_in_max": BATCH_MAX,
        "words": desk_words(),
    }


def _options(column: Column, words: Vocabulary) -> list[str]:
    if column.kind not in {CellKind.ONE, CellKind.MANY}:
        return []
    return ([""] if column.is_optional else []) + words.options(column.name)


def row_data(row: DeskRow, words: Vocabulary) -> dict[str, Any]:
    """Return one row: file, cells, notes on cells, state."""
    lecture = row.lecture
    notes = {}
    if is_file_name(row.said.title, row.path):
        notes["title"] = _("这还是文件名，请写标题。")
    if not row.said.teacher:
        notes["teacher"] = _("还没有写主讲人。")
    return {
        "id": lecture.public_id, "path": row.path, "size": row.size_bytes, "version": lecture.version,
        "cells": write_cells(row.said, words), "notes": notes, "may_edit": row.may_edit,
        "page_url": url_for("studio.lecture", public_id=lecture.public_id), "state": state_data(row),
    }


def state_data(row: DeskRow) -> dict[str, Any]:
    """Say how far the file of a row is and what is wrong with it, with the second."""
    progress = row.progress
    upload = row.unfinished
    return {
        "phase": progress.phase.value,
        "percent": progress.percent,
        "words": _state_words(row),
        "findings": _findings(row),
        "has_file": progress.phase not in {Phase.EMPTY, Phase.UPLOADING},
        "is_live": progress.is_live and progress.phase is not Phase.UPLOADING,
        "unfinished": None if upload is None else {
            "url": url_for("studio.upload", public_id=upload.public_id), "fingerprint": upload.fingerprint,
            "is_in_pieces": upload.kind is UploadKind.FINAL,
        },
        "review": {"state": row.outlook.chance.value, "lacks": [speak(each) for each in row.outlook.lacks]},
    }


def _state_words(row: DeskRow) -> str:
    progress = row.progress
    if progress.phase is Phase.EMPTY:
        return _("等待文件")
    if progress.phase is Phase.UPLOADING:
        return _("传了 %(percent)d%%，还没传完", percent=progress.percent or 0)
    return speak(progress.sentence) if progress.sentence else progress_words(progress)


def _findings(row: DeskRow) -> list[dict[str, str]]:
    """Return what the check found, worst first; each with the first moments it is about."""
    if row.preflight is None:
        return []
    found = [
        {"kind": group.kind, "text": finding.title, "at": "、".join(time.label for time in finding.times[:2])}
        for group in report_words(row.preflight, "")
        if group.kind != "fixed"
        for finding in group.findings
    ]
    # What has a place comes first: it is looked at and cut out, the rest is known without looking.
    found.sort(key=lambda finding: (finding["kind"] != "problem", not finding["at"]))
    if not found and row.preflight.state.value == "ready":
        return [{"kind": "good", "text": _("文件检查没有发现问题。"), "at": ""}]
    if not found:
        return [{"kind": "info", "text": state_sentence(row.preflight), "at": ""}]
    return found[:_FINDINGS_SHOWN]


def desk_words() -> dict[str, str]:
    """Everything the script says; {…} are filled in by it."""
    return _file_words() | _table_words() | _review_words()


def _file_words() -> dict[str, str]:
    return {
        "chosen": _("选了 {count} 个文件，共 {size}。"),
        "skipped": _("跳过了 {count} 个不是视频或音频的文件：{names}"),
        "none_chosen": _("没有找到视频或音频文件，请重新选择。"),
        "too_many": _("一次最多 {limit} 个文件，现在有 {count} 个。请分几次选。"),
        "creating": _("正在建立草稿……"),
        "failed": _("没有成功，请再试一次。"),
        "offline": _("连不上服务器，正在重试。您填的内容还在。"),
        "waiting": _("等待文件"),
        "queued": _("排队等待上传"),
        "sending": _("正在上传 {percent}%"),
        "retrying": _("网络断了，正在重新连接"),
        "sent": _("已经传完"),
        "paused": _("已暂停"),
        "night": _("等到晚上十点开始传，请让电脑开着"),
        "checking": _("正在核对，是不是以前传过……"),
        "taking": _("不用再传，正在放进这一讲……"),
        "use_known": _("直接用它"),
        "send_anyway": _("还是重新传"),
        "use_all_known": _("以前传过的都直接用"),
        "matched": _("认出了 {count} 个文件，接着上传。"),
        "unmatched": _("有 {count} 个文件不属于这一批：{names}"),
        "nothing_matched": _("没有一个文件和这一批对得上。请选原来的文件夹，文件名和大小要一样。"),
        "overall": _("共 {total} 讲：已传完 {sent}，正在上传 {sending}，等待 {waiting}，要处理 {wrong}"),
    }


def _table_words() -> dict[str, str]:
    return {
        "saving": _("正在保存……"),
        "saved": _("全部已保存"),
        "unsaved": _("{count} 行还没有保存"),
        "row_saved": _("已保存"),
        "row_clash": _("别人刚刚改过这一行。"),
        "mine": _("您填写的"),
        "theirs": _("现在保存的"),
        "use_mine": _("用我填写的"),
        "use_theirs": _("用现在保存的"),
        "row": _("第 {row} 行"),
        "cell_error": _("有误：{text}"),
        "pasted": _("粘贴了 {rows} 行 {columns} 列。按 Ctrl+Z 撤销。"),
        "filled": _("填到了下面 {count} 行。按 Ctrl+Z 撤销。"),
        "nothing_to_fill": _("请先选好要填的几行：按住 Shift 再按方向键，或者用鼠标拖。"),
        "undone": _("已撤销：{text}"),
        "redone": _("已重做：{text}"),
        "edited": _("修改“{column}”"),
        "paste_step": _("粘贴"),
        "fill_step": _("向下填充"),
        "clear_step": _("清空"),
        "done": _("完成"),
        "cancel": _("取消"),
        "empty": _("空"),
        "open_page": _("打开"),
        "leave": _("还有没保存的内容或没传完的文件。"),
        "empty_file": _("文件是空的。"),
        "too_large": _("文件太大。"),
        "file": _("文件"),
        "state": _("状态"),
    }


def _review_words() -> dict[str, str]:
    return {
        "send_in": _("可以送审 {ready} 讲，还不能送审 {missing} 讲；正在审核 {under_way} 讲，已经公开 {shelved} 讲。"),
        "send_in_limit": _("一次最多送 {limit} 讲，先送前 {limit} 讲，送完再回来送其余的。"),
    }
