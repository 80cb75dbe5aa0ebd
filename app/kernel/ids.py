"""Identifiers that leave the database: unguessable, short enough to read out, free of look-alike letters."""

from __future__ import annotations

import secrets

# No 0/o, 1/l/i: people copy these from paper. 32 letters = 5 bits each.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_public_id(length: int = 12) -> str:
    """Random id for URLs; 12 letters are 59 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_short_code() -> str:
    """Seven digits for posters, typed on a phone's number pad (DOMAIN §4: at most 8); never starts with 0."""
    return str(secrets.randbelow(9_000_000) + 1_000_000)


def new_token() -> str:
    """Secret of a session or lease, 256 bits."""
    return secrets.token_urlsafe(32)
