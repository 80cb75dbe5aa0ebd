"""Facts about accounts that other rooms react to (notices)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Something about how a person signs in changed: password, mail, totp_on, totp_off, recovery, identity."""

    user_id: int
    what: str
