"""The errors services raise; web/http_errors.py alone turns them into pages or problem+json.

Each carries a stable `code`, a Chinese sentence for the person (`message`) and context for the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """Base of everything a service raises on purpose."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal_error"
    default_message: ClassVar[str] = "系统出了点问题，请稍后再试。"

    def __init__(self, message: str | None = None, *, code: str | None = None, **context: object) -> None:
        self.message = message or self.default_message
        self.code = code or self.default_code
        self.context = context
        super().__init__(self.message)


class InvalidInput(AppError):
    """What was sent breaks a rule; `fields` maps form fields to sentences."""

    status = 422
    default_code = "invalid_input"
    default_message = "填写的内容有误，请检查后再提交。"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        **context: object,
    ) -> None:
        super().__init__(message, code=code, **context)
        self.fields = dict(fields or {})


class NotAuthenticated(AppError):
    """Nobody is signed in and the thing asks for somebody."""

    status = 401
    default_code = "not_authenticated"
    default_message = "请先登录。"


class NotPermitted(AppError):
    """The actor may not do this."""

    status = 403
    default_code = "not_permitted"
    default_message = "您没有权限进行这个操作。"


class NotFound(AppError):
    """No such thing, or none the actor may know of."""

    status = 404
    default_code = "not_found"
    default_message = "没有找到您要的内容。"


class Withdrawn(AppError):
    """It was public once and left the library (出库)."""

    status = 410
    default_code = "withdrawn"
    default_message = "这个内容已经下架。"


class Conflict(AppError):
    """The thing is not in a state that allows this."""

    status = 409
    default_code = "conflict"
    default_message = "当前状态下不能进行这个操作。"


class StaleVersion(AppError):
    """Somebody changed it since it was read."""

    status = 412
    default_code = "stale_version"
    default_message = "内容已被他人修改，请刷新后再试。"


class TooLarge(AppError):
    """More bytes than allowed."""

    status = 413
    default_code = "too_large"
    default_message = "文件太大。"


class TooMany(AppError):
    """Too often."""

    status = 429
    default_code = "too_many"
    default_message = "操作太频繁，请稍后再试。"
    #: When trying again is worth the while; None says nothing of it.
    retry_after_s: ClassVar[int | None] = None


class Unavailable(AppError):
    """A part we need does not answer or is full; trying later may help."""

    status = 503
    default_code = "unavailable"
    default_message = "服务暂时不可用，请稍后再试。"
    retry_after_s = 30
