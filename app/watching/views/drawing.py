"""What a certificate shows besides words: its QR code, days written in full as documents have them."""

from __future__ import annotations

from datetime import date, datetime

import segno

from app.watching.counting import local_day


def code_as_data(address: str) -> str:
    """Return a QR code as a data address: a PDF of ours asks for nothing from outside."""
    return segno.make(address, error="q", micro=False).svg_data_uri(border=2, light="#fff", dark="#000", omitsize=True)


def printed_day(moment: date | datetime) -> str:
    """Write a day of Asia/Shanghai; what is printed is Chinese, whatever language its page is read in."""
    day = local_day(moment) if isinstance(moment, datetime) else moment
    return f"{day.year}年{day.month}月{day.day}日"
