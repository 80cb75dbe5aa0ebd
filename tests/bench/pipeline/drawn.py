"""The still pictures generated sources are made of: slides, a page of text, landscapes full of detail.

Not here: motion and encoding (`sources.py`), the speaker (`speaker.py`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from app.demo.fonts import Face, find_fonts

WIDTH_PX, HEIGHT_PX = 1920, 1080
FADE_FRAMES = 8
_INK, _PAPER, _ACCENT, _TINT = "#27323a", "#f8f5ec", "#8c2f2b", "#d9c9a8"
_BULLETS = (
    (
        "春季养生：顺应时节",
        ("早睡早起，多到户外散步", "饮食清淡，少酸多甘", "注意保暖，不急于减衣", "心情舒畅，戒怒戒躁"),
    ),
    ("智能手机第一课", ("打开设置，把字体调大", "连接家里的无线网络", "用微信和家人视频通话", "不点陌生链接，不转账")),
    (
        "急救常识：四分钟",
        ("确认现场安全，呼叫帮助", "拨打一二〇，说清地点", "胸外按压，每分钟一百次", "等待除颤器，不要中断"),
    ),
)
_ROWS = (
    ("食物", "热量（千卡）", "蛋白质（克）", "建议"),
    ("燕麦粥", "68", "2.4", "早餐一碗"),
    ("豆腐", "81", "8.1", "每天适量"),
    ("鲫鱼", "108", "17.1", "每周两次"),
    ("菠菜", "24", "2.6", "焯水后食用"),
    ("红薯", "99", "1.1", "代替部分主食"),
)


def slide_states(seconds: float, step_s: float = 2.4) -> Iterator[tuple[Image.Image, float]]:
    """Yield pictures and how long each is shown: bullets revealed, a table, a chart, a photo, cross-fades between."""
    shown_s, before = 0.0, None
    for page in cycle(_pages()):
        for number, picture in enumerate(page):
            if number == 0 and before is not None:
                for frame in range(1, FADE_FRAMES):
                    yield Image.blend(before, picture, frame / FADE_FRAMES), 0.04
                shown_s += 0.04 * (FADE_FRAMES - 1)
            hold_s = step_s if len(page) > 1 else 3 * step_s
            yield picture, hold_s
            shown_s += hold_s
            before = picture
            if shown_s >= seconds:
                return


def _pages() -> list[list[Image.Image]]:
    bullets = [[_bullet_page(title, lines[: count + 1]) for count in range(len(lines))] for title, lines in _BULLETS]
    return [bullets[0], [_table()], bullets[1], [_photo_page()], bullets[2], [_chart()]]


def _blank(title: str) -> Image.Image:
    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, WIDTH_PX, 130), fill=_ACCENT)
    _write(draw, (80, 28), title, 64, "#ffffff", face=find_fonts().bold)
    draw.line((80, 1010, 1840, 1010), fill=_TINT, width=3)
    _write(draw, (80, 1022), "辽宁社区学习 · 第三讲", 30, "#8a8272", face=find_fonts().text)
    return picture


def _bullet_page(title: str, lines: tuple[str, ...]) -> Image.Image:
    picture = _blank(title)
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        top = 210 + 180 * row
        draw.ellipse((100, top + 18, 130, top + 48), fill=_ACCENT)
        _write(draw, (170, top), line, 58, _INK, face=find_fonts().text)
        _write(draw, (170, top + 80), "老师提示：" + line[::-1], 30, "#7a7365", face=find_fonts().text)
    return picture


def _table() -> Image.Image:
    picture = _blank("常见食物营养表")
    draw = ImageDraw.Draw(picture)
    for row, cells in enumerate(_ROWS):
        top = 200 + 120 * row
        draw.rectangle((100, top, 1400, top + 120), fill=_TINT if row == 0 else None, outline=_INK, width=2)
        for column, cell in enumerate(cells):
            _write(draw, (130 + 325 * column, top + 34), cell, 40, _INK, face=find_fonts().text)
    return picture


def _chart() -> Image.Image:
    picture = _blank("各市社区课堂人数")
    draw = ImageDraw.Draw(picture)
    for number, name in enumerate(("沈阳", "大连", "鞍山", "抚顺", "本溪", "丹东", "锦州")):
        left, high = 140 + 190 * number, 180 + (number * 137) % 480
        draw.rectangle((left, 900 - high, left + 110, 900), fill=_ACCENT if number % 2 else "#3f6f7c")
        _write(draw, (left + 14, 915), name, 38, _INK, face=find_fonts().text)
        _write(draw, (left + 20, 850 - high), str(high * 7), 32, _INK, face=find_fonts().text)
    draw.line((120, 900, 1480, 900), fill=_INK, width=4)
    return picture


def _photo_page() -> Image.Image:
    picture = _blank("校园一角")
    picture.paste(landscape(1200, 760, seed=5), (120, 190))
    return picture


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size_px: int, fill: str, *, face: Face) -> None:
    stroke = face.stroke(size_px)
    draw.text(at, text, font=face.at(size_px), fill=fill, stroke_width=stroke, stroke_fill=fill)


def text_page(width_px: int, height_px: int, seed: int) -> Image.Image:
    """Return a long document, like the web page or program text of a screen recording."""
    dice, face = random.Random(seed), find_fonts().text
    words = [word for _, lines in _BULLETS for line in lines for word in line.replace("，", " ").split()]
    words += ["def", "return", "import", "for row in table:", "print(total)", "x = 12", "# 说明"]
    picture = Image.new("RGB", (width_px, height_px), "#fdfdfd")
    draw = ImageDraw.Draw(picture)
    for row in range(height_px // 42):
        if row % 19 == 7:
            draw.rectangle((40, 42 * row, width_px - 60, 42 * row + 36), fill="#e8eef7")
        line = " ".join(dice.choice(words) for _ in range(dice.randint(2, 8)))
        left = 50 + 40 * dice.choice((0, 0, 1, 2))
        draw.text((left, 42 * row + 4), line, font=face.at(28), fill=dice.choice(("#222222", "#22497a", "#6b2a6b")))
    return picture


def cursor() -> Image.Image:
    """Return a mouse pointer on a clear ground."""
    picture = Image.new("RGBA", (40, 56), (0, 0, 0, 0))
    shape = ((2, 2), (2, 44), (12, 34), (20, 52), (27, 49), (19, 31), (34, 31))
    ImageDraw.Draw(picture).polygon(shape, fill="white", outline="black", width=2)
    return picture


def landscape(width_px: int, height_px: int, seed: int) -> Image.Image:
    """Return a picture with detail of every size: soft hills, leaves with edges, fine grit."""
    pixels = texture(width_px, height_px, seed)
    picture = Image.fromarray(pixels)
    draw, dice = ImageDraw.Draw(picture), random.Random(seed)
    for _ in range(width_px * height_px // 900):
        x, y = dice.randrange(width_px), dice.randrange(height_px)
        across, down = dice.randint(2, 14), dice.randint(2, 14)
        base = pixels[y, x]
        shade = dice.uniform(0.55, 1.4)
        draw.ellipse((x - across, y - down, x + across, y + down), fill=tuple(min(255, int(c * shade)) for c in base))
    return picture


def texture(width_px: int, height_px: int, seed: int, finest_px: int = 2) -> npt.NDArray[np.uint8]:
    """Return RGB noise whose octaves are all equally strong down to `finest_px`, as natural scenes have it."""
    dice = np.random.default_rng(seed)
    total = np.zeros((height_px, width_px, 3), np.float32)
    cell_px, weight, sum_of_weights = 256, 1.0, 0.0
    while cell_px >= finest_px:
        size = (width_px // cell_px + 2, height_px // cell_px + 2)
        grid = dice.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        grid[..., 1:] = (grid[..., 1:] // 3 + 2 * (grid[..., :1] // 3)).astype(np.uint8)
        total += weight * np.asarray(Image.fromarray(grid).resize((width_px, height_px), Image.Resampling.BICUBIC))
        sum_of_weights += weight
        cell_px, weight = cell_px // 2, weight * 0.72
    scaled = (total / sum_of_weights - 128) * 1.7 + np.array([120, 128, 110], np.float32)
    pixels: npt.NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    return pixels


def save(picture: Image.Image, path: Path) -> Path:
    """Write a PNG quickly and return its path."""
    picture.save(path, compress_level=1)
    return path
