"""No words of a caller become a header, a second recipient or a second line."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from app.kernel.errors import InvalidInput
from app.kernel.mail.address import clean_address
from app.kernel.mail.message import Sender, make_message
from app.kernel.mail.model import OutgoingMail
from app.kernel.mail.outgoing import one_line
from config.settings import SettingsError, load

GOOD = {"APP_SECRET_KEY": "k" * 40, "DATABASE_URL": "sqlite:////tmp/x.db"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Zhou.Li+class@Example.COM ", "Zhou.Li+class@example.com"),
        ("a@mail.school.edu.cn", "a@mail.school.edu.cn"),
        ("x@xn--fiqs8s.xn--55qx5d", "x@xn--fiqs8s.xn--55qx5d"),
    ],
)
def test_addresses_are_kept_as_typed_but_for_the_domain(typed: str, kept: str):
    assert clean_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "nobody", "@example.com", "a@", "a@localhost", "a@b@example.com", "a@example.com, b@example.com",
        "a@example.com\nBcc: b@example.com", "a@example.com\r\nSubject: x", "a\n@example.com", '"a b"@example.com',
        "<a@example.com>", "a@example..com", "a@-example.com", ".a@example.com", "a..b@example.com", "a@example.c\x00m",
        "á@example.com", "a@例子.测试", "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5) + ".com", "a@192.0.2.1",
    ],
)  # fmt: skip
def test_everything_else_is_refused(typed: str):
    with pytest.raises(InvalidInput) as caught:
        clean_address(typed)
    assert "mail_address" in caught.value.fields


def row(**changes: str) -> OutgoingMail:
    values = {"to": "a@example.com", "subject": "通知", "text": "正文", "html": "", "unsubscribe_url": "", **changes}
    return OutgoingMail(public_id="abc", created_at=datetime(2026, 11, 28, tzinfo=UTC), **values)


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00"])
def test_a_title_with_line_ends_stays_one_subject(mark: str):
    subject = one_line(f"《课》{mark}Bcc: b@example.com{mark}{mark}正文")
    message = make_message(row(subject=subject), Sender("学习库", "library@example.org"))
    read = message_from_bytes(message.as_bytes(), policy=policy.default)

    assert read["Bcc"] is None
    assert read["Subject"] == "《课》 Bcc: b@example.com 正文"
    assert read.get_content().strip() == "正文"


def test_the_library_refuses_what_slipped_past():
    """Even a row written by other hands cannot break a header."""
    with pytest.raises(ValueError, match=r"linefeed|CR or LF"):
        make_message(row(subject="a\nBcc: b@example.com"), Sender("学习库", "library@example.org"))
    with pytest.raises(ValueError, match=r"CR or LF|[Ii]nvalid"):
        make_message(row(to="a@example.com\nBcc: b@example.com"), Sender("学习库", "library@example.org"))
    with pytest.raises(ValueError, match=r"linefeed|CR or LF"):
        make_message(row(unsubscribe_url="https://x>\nBcc: b@example.com"), Sender("学习库", "library@example.org"))


def test_long_subjects_are_cut():
    assert one_line("很长" * 100) == "很长" * 59 + "很…"


@pytest.mark.parametrize(
    "wrong",
    [
        {"MAIL_KIND": "smtp"},
        {"MAIL_KIND": "smtp", "MAIL_HOST": "mail.example.org"},
        {"MAIL_SENDER": "two words@example.org"},
        {"MAIL_USER": "library", "MAIL_SECURITY": "none"},
        {"MAIL_TIMEOUT_S": "0"},
    ],
)
def test_half_settings_are_refused(wrong: dict[str, str]):
    with pytest.raises(SettingsError, match="MAIL"):
        load({**GOOD, **wrong})


def test_without_settings_mail_is_off():
    assert not load(GOOD).mail.is_configured
