"""The one place where errors become HTTP: pages for people, application/problem+json (RFC 9457) for programs."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from app.kernel.errors import AppError, NotAuthenticated, NotFound, TooLarge, TooMany, Unavailable
from app.web.edge import request_id
from app.web.speech import speak, speak_all

log = structlog.get_logger(__name__)

#: Pages exist for these; everything else shows the nearest of 404 and 500.
PAGES = frozenset({400, 401, 403, 404, 409, 410, 412, 413, 422, 429, 500, 503})


def wants_json() -> bool:
    """Return True for the API and for scripts of our pages."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html"


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def _app_error(error: AppError) -> Response:
    if error.status >= 500:
        log.error("request_failed", code=error.code, context=error.context, exc_info=error)
    else:
        log.info("request_refused", code=error.code, status=error.status, context=error.context)
    if isinstance(error, NotAuthenticated) and request.method == "GET" and not wants_json():
        here = quote(request.full_path.rstrip("?"), safe="/")
        return redirect(f"{url_for('accounts.sign_in')}?next={here}", 303)  # type: ignore[return-value]
    return answer(error)


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # redirects of the router
    translated: AppError
    if error.code == 404:
        translated = NotFound()
    elif error.code == 413:
        translated = TooLarge()
    elif error.code == 429:
        translated = TooMany()
    else:
        translated = AppError(_sentence(error), code=error.name.lower().replace(" ", "_"))
    response = answer(translated, status=error.code)
    for name, value in error.get_headers():
        # Allow, Retry-After and their like belong to the answer whatever its body (405 without Allow is wrong).
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _sentence(error: HTTPException) -> str:
    if "CSRF" in (error.description or ""):
        return gettext("页面停留太久，已经过期。请返回上一页，刷新后再提交一次。")
    return gettext("请求有误，请返回上一页再试。")


def _database_error(error: OperationalError) -> Response:
    g.database_failed = True
    log.error("database_unavailable", exc_info=error)
    return answer(Unavailable())


def _unexpected(error: Exception) -> Response:
    log.error("request_crashed", exc_info=error)
    return answer(AppError())


def answer(error: AppError, *, status: int | None = None) -> Response:
    """Render an error for whoever asked."""
    code = status or error.status
    if wants_json():
        body = {
            "type": "about:blank", "title": speak(error.default_message), "status": code, "code": error.code,
            "detail": speak(error.message), "request_id": request_id(),
        }
        fields = getattr(error, "fields", None)
        if fields:
            body["fields"] = speak_all(fields)
        response = jsonify(body)
        response.content_type = "application/problem+json"
    else:
        page = code if code in PAGES else (404 if code < 500 else 500)
        response = Response(
            render_template(
                f"web/errors/{page}.html", error=error, message=speak(error.message), request_id=request_id()
            ),
            content_type="text/html; charset=utf-8",
        )
    response.status_code = code
    if isinstance(error, (Unavailable, TooMany)) and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    response.headers["Cache-Control"] = "no-store"
    return response
