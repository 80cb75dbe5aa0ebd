"""Mails about notices: their words, their way back to the page, and the link that stops them without signing in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

from app.accounts.models import User
from app.kernel.errors import NotFound
from app.kernel.mail.model import Letter
from app.kernel.mail.paper import to_html, write_text
from app.notices.kinds import SPECS, NoticeKind, reason_of, sentence_of
from app.notices.models import Notice

_FOLDER: Final = Path(__file__).parent / "letters"
#: In place of a kind: all digests.
DIGEST: Final = "digest"
#: A digest names so many; the page has the rest.
LISTED_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every mail of this installation is made with."""

    base_url: str
    site_name: str
    secret_key: str
    #: False where no mail leaves the house.
    is_on: bool

    def stop_token(self, user: User, what: str) -> str:
        """Sign who stops what; it stays good, as a mail may be opened years later."""
        return self._signer().dumps([user.public_id, what])

    def read_stop_token(self, token: str) -> tuple[str, str]:
        """Return the public id of a user, and a kind or DIGEST.

        Raises:
            NotFound: for a token we did not sign.
        """
        try:
            public_id, what = self._signer().loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFound from error
        if what != DIGEST and what not in set(NoticeKind):
            raise NotFound(what=what)  # a kind of an older release
        return str(public_id), str(what)

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt="notices-stop")


def notice_letter(head: Letterhead, user: User, notice: Notice) -> Letter:
    """Write one notice as a mail of its own."""
    spec = SPECS[notice.kind]
    subject = sentence_of(notice.kind, notice.facts, notice.count).rstrip("。")
    stop_url = "" if spec.is_fixed else _stop_url(head, user, notice.kind)
    text = write_text(
        _FOLDER / "notice.txt", head=head, user=user, sentence=sentence_of(notice.kind, notice.facts, notice.count),
        facts=notice.facts, why=reason_of(notice.kind, notice.facts, notice.count), kind=spec.name, stop_url=stop_url,
        url=f"{head.base_url}/notices/{notice.id}",
    )  # fmt: skip
    html = to_html(text, title=subject, base_url=head.base_url)
    return Letter(user.mail_address or "", f"{subject} - {head.site_name}", text, html, stop_url)


def digest_letter(head: Letterhead, user: User, notices: Sequence[Notice], *, day: date | None) -> Letter:
    """Write what waited for a digest as one mail: of a day, or, without one, of a week."""
    period = f"{day.year}年{day.month}月{day.day}日的汇总" if day is not None else "这一周的汇总"
    subject = f"{period}：{len(notices)} 条通知"
    stop_url = _stop_url(head, user, DIGEST)
    lines = [
        (sentence_of(each.kind, each.facts, each.count), f"{head.base_url}/notices/{each.id}")
        for each in notices[:LISTED_MAX]
    ]
    text = write_text(
        _FOLDER / "digest.txt", head=head, user=user, lines=lines, more=len(notices) - len(lines), stop_url=stop_url,
        period=period,
    )  # fmt: skip
    html = to_html(text, title=subject, base_url=head.base_url)
    return Letter(user.mail_address or "", f"{subject} - {head.site_name}", text, html, stop_url)


def _stop_url(head: Letterhead, user: User, what: str) -> str:
    return f"{head.base_url}/notices/stop/{head.stop_token(user, what)}"
