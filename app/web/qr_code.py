"""Addresses as QR codes for paper: posters, handouts, the wall of a classroom. Not here: codes in a PDF, for an app."""

from __future__ import annotations

import io
from typing import Final

import segno
from flask import Response, request
from flask.typing import ResponseReturnValue

CODE_KINDS: Final = ("svg", "png")
#: Neither address nor code ever changes, but the site's own address may be corrected one day.
_PUBLIC: Final = "public, max-age=86400"
_PRIVATE: Final = "private, no-store"
#: Dots of a PNG for each square of the code: sharp on paper at 6 cm.
_PNG_SCALE: Final = 20


def draw_code(address: str) -> bytes:
    """Return a QR code as SVG: level Q survives a quarter of it being dirty, the white quiet zone any background."""
    output = io.BytesIO()
    _make(address).save(
        output, kind="svg", border=4, light="#fff", dark="#000", xmldecl=False, omitsize=True, svgclass=None,
        lineclass=None,
    )
    return output.getvalue()


def draw_code_png(address: str) -> bytes:
    """Return the same code as PNG, for programs that take no SVG."""
    output = io.BytesIO()
    _make(address).save(output, kind="png", border=4, scale=_PNG_SCALE, light="#fff", dark="#000")
    return output.getvalue()


def _make(address: str) -> segno.QRCode:
    return segno.make(address, error="q", micro=False, boost_error=False)


def code_response(address: str, kind: str, *, is_public: bool) -> ResponseReturnValue:
    """Answer with the code of an address as one of CODE_KINDS."""
    is_svg = kind == "svg"
    response = Response(draw_code(address) if is_svg else draw_code_png(address))
    response.content_type = "image/svg+xml" if is_svg else "image/png"
    response.headers["Cache-Control"] = _PUBLIC if is_public else _PRIVATE
    response.add_etag()
    return response.make_conditional(request)
