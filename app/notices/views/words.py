"""What kinds and ways of mailing are called on pages, and where a notice leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.notices.kinds import MailMode, NoticeKind, reason_of, sentence_of
from app.notices.models import Notice
from app.web.navigation import link_if
from app.web.speech import speak

#: Kinds about one lecture of one's own.
_LECTURE_KINDS = frozenset({
    NoticeKind.RETURNED, NoticeKind.REJECTED, NoticeKind.PUBLISHED, NoticeKind.PROGRESS, NoticeKind.WITHDRAWN,
    NoticeKind.MEDIA_FAILED, NoticeKind.MEDIA_READY,
})  # fmt: skip


def sentence(notice: Notice) -> str:
    """Say what happened, in the reader's language."""
    return speak(sentence_of(notice.kind, notice.facts, notice.count))


def reason(notice: Notice) -> str:
    """Say why it happened, in the reader's language; empty where there is nothing to say."""
    return speak(reason_of(notice.kind, notice.facts, notice.count))


def mail_words() -> dict[MailMode, str]:
    """Name the ways of mailing."""
    return {
        MailMode.NOW: _("马上发"), MailMode.DAILY: _("每天早上汇总"), MailMode.WEEKLY: _("每周一汇总"),
        MailMode.NONE: _("不发"),
    }  # fmt: skip


def target_of(notice: Notice) -> str:
    """Return the address a notice leads to."""
    return _target(notice.kind, notice.facts, is_many=notice.count > 1) or url_for("notices.inbox")


def _target(kind: NoticeKind, facts: Mapping[str, Any], *, is_many: bool) -> str | None:
    if kind in _LECTURE_KINDS:
        return link_if("studio.lectures") if is_many else link_if("studio.lecture", public_id=facts["lecture"])
    if kind is NoticeKind.CASE and not is_many:
        return link_if("review.case", public_id=facts["review"])
    if kind is NoticeKind.ACCOUNT:
        return link_if("accounts.security")
    elsewhere = _of_joining(kind, facts) or _of_green_channel(kind, facts, is_many=is_many)
    return elsewhere or link_if("review.queue")


def _of_joining(kind: NoticeKind, facts: Mapping[str, Any]) -> str | None:
    match kind:
        case NoticeKind.APPLICATION:
            return link_if("joining.case", application_id=facts["application"])
        case NoticeKind.MEMBER if "members" in facts:
            return link_if("members.people", place_id=facts["members"])
        case NoticeKind.MEMBER:
            return link_if("joining.desk")
        case NoticeKind.QUOTA:
            return link_if("joining.institutions") if facts.get("is_officers") else link_if("studio.lectures")
        case NoticeKind.WORK:
            pages = {"lectures": "studio.lectures", "playlists": "curation.desk"}
            return link_if(pages.get(facts["what"], "notices.inbox"))
    return None


def _of_green_channel(kind: NoticeKind, facts: Mapping[str, Any], *, is_many: bool) -> str | None:
    match kind:
        case NoticeKind.GREEN_GRANT:
            return link_if("green_channel.grant", public_id=facts["grant"])
        case NoticeKind.GREEN_LOST | NoticeKind.GREEN_BACK if is_many:
            return link_if("green_channel.desk")
        case NoticeKind.GREEN_LOST | NoticeKind.GREEN_BACK:
            return link_if("studio.lecture", public_id=facts["lecture"])
    return None
