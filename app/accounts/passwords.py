"""Password rules and hashing (argon2id with the library's current parameters)."""

from __future__ import annotations

import argon2

from app.kernel.errors import InvalidInput
from app.kernel.sentences import Sentence

MIN_LENGTH = 10
MAX_LENGTH = 200

_hasher = argon2.PasswordHasher()
#: Verified against when the login does not exist, so that both answers take equally long.
_DUMMY_HASH = _hasher.hash("no such user, same time")


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises:
        InvalidInput: when it is too short, too long or one character repeated.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or len(set(password)) < 4:
        message = Sentence("密码至少 %(length)d 个字符，并且不能全是相同的字符。", length=MIN_LENGTH)
        raise InvalidInput(message, code="weak_password", fields={"password": message})
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Compare in constant time; None (no such user) costs the same as a wrong password."""
    try:
        _hasher.verify(password_hash or _DUMMY_HASH, password[:MAX_LENGTH])
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.VerificationError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """True when the parameters have moved on since the hash was made."""
    return _hasher.check_needs_rehash(password_hash)
