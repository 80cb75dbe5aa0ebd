"""Mail addresses: the shape we accept, which leaves no room for a second header or a second recipient."""

from __future__ import annotations

import re
from typing import Final

from app.kernel.errors import InvalidInput

#: RFC 5321 4.5.3.1: a path has at most 256 octets, two of them the angle brackets.
ADDRESS_MAX: Final = 254
# Unquoted local parts only: quoted ones may hold blanks and line ends, and no person we serve has one.
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.IGNORECASE | re.ASCII)
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)


def clean_address(text: str) -> str:
    """Return an address as we keep it: without blanks around it, the domain in lower case.

    Raises:
        InvalidInput: `mail_address`, for everything that is not one plain address.
    """
    local, at, domain = text.strip().rpartition("@")
    domain = domain.lower()
    is_whole = bool(at) and _LOCAL.fullmatch(local) is not None and _DOMAIN.fullmatch(domain) is not None
    if not is_whole or len(local) > 64 or len(local) + 1 + len(domain) > ADDRESS_MAX:
        message = "请填写一个完整的邮箱地址，只填一个。"
        raise InvalidInput(message, code="bad_mail_address", fields={"mail_address": message})
    return f"{local}@{domain}"
