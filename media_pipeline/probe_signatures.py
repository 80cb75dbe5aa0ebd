"""Run inside the probing child: names pictures and playlists by their first bytes, before any library guesses.

Self-contained, standard library only. Not here: structures that lead to other files (`probe_boxes.py`).
"""

from __future__ import annotations

IMAGE_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*", b"8BPS")
IMAGE_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"msf1")
SCRIPT_SIGNATURES = (b"#extm3u", b"ffconcat", b"[playlist]", b"[reference]", b"<mpd", b"<smil", b"<asx", b"v=0",
                     b"rtsp://", b"http://", b"https://", b"rtsptext", b"smil:")  # fmt: skip


def refused_by_signature(head: bytes) -> str | None:
    """Return the code by which a file with these first bytes is refused, or None."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_markup = text.startswith(b"<")
    if text.startswith(SCRIPT_SIGNATURES) or (is_markup and (b"<mpd" in text or b"<smil" in text or b"<asx" in text)):
        return "points_elsewhere"
    if is_markup and b"<svg" in text:
        return "is_image"
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if head.startswith(IMAGE_SIGNATURES) or is_webp or (head[4:8] == b"ftyp" and head[8:12] in IMAGE_BRANDS):
        return "is_image"
    return None
