"""The ways out of the house: an SMTP server, a folder of .eml files, or none."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from app.kernel.jobs.model import JobFailed
from config.sections import MailSection


class Post(Protocol):
    """One way out; `send` returns when the message is in somebody else's keeping."""

    def send(self, message: EmailMessage, *, to: str, name: str) -> None:
        """Send to one recipient; `name` is the same for the same mail.

        Raises:
            JobFailed: transient when another attempt may help.
        """


def open_post(settings: MailSection) -> Post | None:
    """Return the way out that is set; None where there is none."""
    if settings.kind == "smtp":
        return SmtpPost(settings)
    return FolderPost(settings.path) if settings.kind == "folder" else None


class FolderPost:
    """Writes each mail as a file that any mail program opens; for one machine without a mail server."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: EmailMessage, *, to: str, name: str) -> None:  # noqa: ARG002 - the message names its reader
        """Write the file in one step; a second time it becomes the same file."""
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._path / f".{name}.part"
            part.write_bytes(message.as_bytes())
            part.replace(self._path / f"{name}.eml")
        except OSError as error:
            code = "mail_folder_failed"
            raise JobFailed(code, "邮件没有写进邮件文件夹，系统会自动重试。", is_transient=True) from error


class SmtpPost:
    """Speaks to one mail server, a connection for each mail: they are few."""

    def __init__(self, settings: MailSection) -> None:
        self._settings = settings

    def send(self, message: EmailMessage, *, to: str, name: str) -> None:  # noqa: ARG002 - its Message-ID says it too
        """Send, or say whether the server refused the mail itself or merely this moment."""
        try:
            with self._connect() as server:
                server.send_message(message, from_addr=self._settings.sender, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _said in error.recipients.values()]
            raise _failed(min(codes, default=500)) from error
        # A wrong sign-in or sender is mended in the settings, and the mail is still wanted then.
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as error:
            raise _failed(454) from error
        except smtplib.SMTPResponseException as error:
            raise _failed(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise _failed(0) from error

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=os.fspath(settings.ca_path) if settings.ca_path else None)
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_s, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)  # raises where the server has none: never on in clear by accident
            if settings.user:
                server.login(settings.user, settings.password.get_secret_value())
        except BaseException:
            with suppress(OSError, smtplib.SMTPException):
                server.close()
            raise
        return server


def _failed(smtp_code: int) -> JobFailed:
    """Translate an answer: 5xx to the mail itself is for good, everything else may pass."""
    if 500 <= smtp_code < 600:
        return JobFailed("mail_refused", "对方的邮件服务器不收这封邮件，请核对邮箱地址。", is_transient=False)
    return JobFailed("mail_server_away", "邮件服务器暂时发不出这封邮件，系统会自动重试。", is_transient=True)
