"""Hostile papers: what is refused, and what is kept of what is not."""

from __future__ import annotations

import io
import time
import zlib

import pytest
from PIL import Image
from PIL.ExifTags import Base

from app.joining.papers import read_paper
from app.kernel.errors import InvalidInput, TooLarge

LIMIT = 5 * 1024**2
HEAD, TAIL = b"%PDF-1.7\n", b"\nstartxref\n9\n%%EOF\n"


def pdf(*parts: bytes) -> bytes:
    return HEAD + b"\n".join(parts) + TAIL


def hidden(content: bytes, dictionary: bytes = b"/Type /ObjStm /Filter /FlateDecode") -> bytes:
    return b"7 0 obj\n<< " + dictionary + b" >>\nstream\n" + zlib.compress(content) + b"\nendstream\nendobj"


def picture(kind: str, size: tuple[int, int] = (400, 300), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "white").save(out, kind, **options)
    return out.getvalue()


def test_a_plain_pdf_is_kept_as_it_came():
    data = pdf(b"1 0 obj << /Type /Catalog /OpenAction [3 0 R /Fit] >> endobj", hidden(b"<< /Type /Page >>"))
    paper = read_paper(data, "C:\\扫描\\法人证书.PDF.exe", max_bytes=LIMIT)
    assert (paper.kind, paper.data, paper.filename) == ("pdf", data, "法人证书.PDF.pdf")


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "空的"),
        (b"MZ\x90\x00", "只能是"),
        (b"<html><script>alert(1)</script>", "只能是"),
        (b"PK\x03\x04docx", "只能是"),
        (HEAD + b"cut off", "打不开"),
        (pdf(b"<< /S /JavaScript /JS (app.alert) >>"), "脚本"),
        (pdf(b"<< /S /Java#53cript >>"), "脚本"),
        (pdf(b"<< /S /Launch /F (cmd.exe) >>"), "脚本"),
        (pdf(hidden(b"<< /S /JavaScript >>")), "脚本"),
        (pdf(hidden(b"<< /S /JavaScript >>", b"/Type /Obj#53tm /Filter /FlateDecode")), "脚本"),
        (pdf(b"<< /EmbeddedFiles 4 0 R >>"), "脚本"),
        (pdf(b"trailer << /Encrypt 5 0 R >>"), "密码"),
        (pdf(b"7 0 obj << /Type /ObjStm >>\nstream\nnot deflated\nendstream"), "打不开"),
        (pdf(hidden(b"0" * 40_000_000)), "展开以后太大"),
        (b"\x89PNG\r\n\x1a\nnot a picture", "打不开"),
        (picture("PNG")[:200], "打不开"),
        (picture("PNG", (90, 90)), "太小"),
        (picture("PNG", (9000, 9000), "1"), "尺寸太大"),
    ],
)
def test_what_is_refused_is_refused_in_words(data: bytes, part: str):
    with pytest.raises(InvalidInput) as caught:
        read_paper(data, "a.pdf", max_bytes=LIMIT)
    assert part in caught.value.message


def test_too_large_is_said_with_the_limit():
    with pytest.raises(TooLarge, match="5 MB"):
        read_paper(b"%PDF-" + b"0" * LIMIT, "a.pdf", max_bytes=LIMIT)


def test_a_picture_loses_what_it_carried():
    exif = Image.Exif()
    exif[Base.ImageDescription] = "taken at home"
    data = picture("JPEG", exif=exif) + b"<?php system($_GET['c']); ?>"
    paper = read_paper(data, "../../etc/证书.jpeg", max_bytes=LIMIT)
    assert (paper.kind, paper.filename) == ("jpg", "证书.jpg")
    assert b"php" not in paper.data
    with Image.open(io.BytesIO(paper.data)) as kept:
        assert not kept.getexif()


def test_thousands_of_decoys_cost_little():
    began = time.process_time()
    with pytest.raises(InvalidInput, match="太复杂"):
        read_paper(pdf(b"stream\n" * 600_000), "a.pdf", max_bytes=LIMIT)
    read_paper(pdf(b"/ObjStm " * 600_000), "a.pdf", max_bytes=LIMIT)
    assert time.process_time() - began < 5
