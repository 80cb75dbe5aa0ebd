"""Secrets that must be read again are sealed with a key of this installation: a copy of the database opens none."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.errors import Unavailable

_PURPOSE: Final = b"accounts: second factors"


class Seals:
    """Seals, opens, and hashes what is short enough to be guessed."""

    def __init__(self, secret_key: str) -> None:
        derive = HKDF(algorithm=SHA256(), length=64, salt=None, info=_PURPOSE)
        key = derive.derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key[:32]))
        self._pepper = key[32:]

    def seal(self, secret: str) -> bytes:
        """Return what may lie in the database."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Return the secret.

        Raises:
            Unavailable: when APP_SECRET_KEY is not the one it was sealed with.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            sentence = "动态验证码的密钥读不出来，请联系平台管理员。"
            raise Unavailable(sentence, code="second_factor_unreadable") from error

    def digest(self, user_id: int, code: str) -> str:
        """Return the keyed hash of a short code of a person."""
        return hmac.new(self._pepper, f"{user_id}:{code}".encode(), hashlib.sha256).hexdigest()
