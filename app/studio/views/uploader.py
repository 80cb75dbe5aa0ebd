"""What the upload script of a page needs to know: addresses, limits, words in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from app.studio.models import Upload, UploadKind


def uploader_data(
    max_upload_bytes: int, *, lecture_url: str = "", lecture_id: str = "", unfinished: Upload | None = None
) -> dict[str, Any]:
    """Return the page's JSON block for static/studio/entry/upload.js."""
    data: dict[str, Any] = {
        "uploads_url": url_for("studio.uploads"), "csrf_token": generate_csrf(), "max_bytes": max_upload_bytes,
        "create_url": lecture_url, "lecture": lecture_id, "words": _words(), "unfinished": None,
        "known_url": url_for("studio.known_file", public_id="LECTURE"),
    }
    if unfinished is not None:
        data["unfinished"] = {
            "url": url_for("studio.upload", public_id=unfinished.public_id),
            "fingerprint": unfinished.fingerprint,
            "is_in_pieces": unfinished.kind is UploadKind.FINAL,
            "filename": unfinished.filename,
            "percent": 100 * unfinished.offset_bytes // unfinished.size_bytes,
        }
    return data


def _words() -> dict[str, str]:
    """Everything the script says; {…} are filled in by it."""
    return {
        "saving": _("正在保存介绍……"),
        "starting": _("正在连接……"),
        "sending": _("正在上传"),
        "paused": _("已暂停"),
        "pause": _("暂停"),
        "resume": _("继续上传"),
        "retrying": _("网络断了，正在自动重新连接，已传的部分不会丢。"),
        "finished": _("上传完成，正在打开课程页……"),
        "left_seconds": _("大约还要 {count} 秒"),
        "left_minutes": _("大约还要 {count} 分钟"),
        "left_hours": _("大约还要 {hours} 小时 {minutes} 分钟"),
        "sent": _("已传 {sent}，共 {total}"),
        "spoken": _("已上传百分之 {percent}"),
        "resumed": _("认出了上次没传完的文件，从断开的地方接着传。"),
        "choose_file": _("请选择要上传的视频或音频文件。"),
        "empty_file": _("文件是空的，请重新选择。"),
        "too_large": _("文件太大，最大 {limit}。请先压缩，或分成几讲上传。"),
        "fix_fields": _("有几处需要改一改"),
        "offline": _("连不上服务器。请检查网络，已传的部分不会丢。"),
        "sign_in_again": _("登录已过期。请在新窗口重新登录，再回到这一页继续。"),
        "failed": _("上传没有成功，请再试一次。"),
        "leave": _("文件还没有传完，离开就会中断。"),
        "wrong": _("有误："),
        "checking": _("正在核对，是不是以前传过……"),
        "known": _("您的机构 {date} 已经传过同样的文件（《{lecture}》里的“{filename}”），不用再传一遍。"),
        "unfinished_elsewhere": _(
            "这个文件在《{title}》里没有传完，可以到“没传完的文件”里接着传。确实要新建一讲，请再按一次。"
        ),
        "abandon": _(
            "“{filename}”还没有传完，已经传了百分之 {percent}。改传这一个，那个文件传过的就都不要了。"
        ),
        "waiting_for_night": _("等到晚上十点开始传，请让电脑开着"),
    }
