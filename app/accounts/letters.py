"""Mails about accounts: the link for a new password, the link that confirms an address, the word to the old one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from app.accounts.models import User
from app.kernel.mail.model import Letter
from app.kernel.mail.paper import to_html, write_text

_FOLDER: Final = Path(__file__).parent / "letters"


@dataclass(frozen=True, slots=True)
class House:
    """What mails about accounts are made with."""

    base_url: str
    site_name: str


def reset_letter(house: House, address: str, links: Sequence[tuple[User, str]], *, expires_at: datetime) -> Letter:
    """Write one mail with a link for each account of an address."""
    urls = [(user, f"{house.base_url}/password/new/{token}") for user, token in links]
    text = write_text(_FOLDER / "reset.txt", house=house, links=urls)
    return _letter(house, address, "重新设置密码", text, expires_at)


def confirm_letter(house: House, user: User, address: str, token: str, *, expires_at: datetime) -> Letter:
    """Ask the owner of an address whether it is theirs."""
    text = write_text(_FOLDER / "confirm.txt", house=house, user=user, url=f"{house.base_url}/account/mail/{token}")
    return _letter(house, address, "确认邮箱", text, expires_at)


def address_left_letter(house: House, user: User, address: str) -> Letter:
    """Tell an address that it is no longer an account's."""
    return _letter(house, address, "邮箱已更换", write_text(_FOLDER / "left.txt", house=house, user=user), None)


def _letter(house: House, address: str, subject: str, text: str, expires_at: datetime | None) -> Letter:
    html = to_html(text, title=subject, base_url=house.base_url)
    return Letter(address, f"{subject} - {house.site_name}", text, html, expires_at=expires_at)
