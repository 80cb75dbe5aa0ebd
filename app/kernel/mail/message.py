"""A row as an Internet message (RFC 5322): every header is set through the library that refuses line ends."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from app.kernel.mail.model import OutgoingMail


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mail comes from."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the @, also of Message-IDs."""
        return self.address.rpartition("@")[2]


def make_message(mail: OutgoingMail, sender: Sender) -> EmailMessage:
    """Build the message; the same row gives the same Message-ID and date every time."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = mail.created_at
    message["Message-ID"] = f"<{mail.public_id}@{sender.domain}>"
    # RFC 3834: absence replies and list robots leave it unanswered.
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text, charset="utf-8", cte="base64")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="base64")
    return message
