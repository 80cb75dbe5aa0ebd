"""A page as PDF, by WeasyPrint: loaded only when a PDF is asked for, without any way to the network or to files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import structlog
from PIL import ImageFile

from app.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
#: Any of these draws Chinese; the template names them in the order they are wanted.
_CHINESE: Final = ("Noto*CJK*", "Noto*SC*", "SourceHan*", "wqy-*", "*simsun*", "*msyh*")
MISSING: Final = "这台服务器还不能生成 PDF，请联系管理员。可以先用浏览器打印证书页面。"


def write_pdf(html: str) -> bytes:
    """Return a document as PDF/UA, its fonts inside.

    Raises:
        Unavailable: code "pdf_not_installed", where the system lacks pango or a Chinese font.
    """
    if not has_chinese_font():
        log.error("pdf_not_installed", reason="no Chinese font: apt-get install fonts-wqy-microhei")
        raise Unavailable(MISSING, code="pdf_not_installed")
    try:
        # Takes a second, and system libraries that may be missing.
        from weasyprint import HTML  # noqa: PLC0415
        from weasyprint.urls import URLFetcher  # noqa: PLC0415

        # WeasyPrint lets Pillow read cut pictures, and that would hold for the whole process; uploads are judged in it.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    except (ImportError, OSError) as error:
        log.exception("pdf_not_installed", reason="libpango-1.0-0 libpangoft2-1.0-0")
        raise Unavailable(MISSING, code="pdf_not_installed") from error

    # A document of ours has everything in it: neither the network nor a file is ever asked for.
    document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",), allow_redirects=False))
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1") or b"")


@cache
def has_chinese_font() -> bool:
    """Return whether a font with Chinese characters is installed; without one the PDF would be boxes."""
    return any(next(folder.rglob(name), None) for folder in _FOLDERS if folder.is_dir() for name in _CHINESE)
