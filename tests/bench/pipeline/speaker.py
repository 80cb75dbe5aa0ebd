"""A speaker before a wall, as raw frames: head and shoulders sway, the mouth follows syllables, the eyes blink.

Drawn, so that nobody's face is needed; what matters is that moving it costs the encoder what a webcam costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from tests.bench.pipeline.drawn import texture

_RATE = 25


@dataclass(frozen=True)
class _Parts:
    wall: Image.Image
    head: Image.Image
    head_mask: Image.Image
    body: Image.Image
    body_mask: Image.Image


def speaker_frames(width_px: int, height_px: int, count: int) -> Iterator[bytes]:
    """Yield RGB frames at 25 a second."""
    parts = _make_parts(width_px, height_px)
    for number in range(count):
        yield _frame(parts, number / _RATE).tobytes()


def _make_parts(width_px: int, height_px: int) -> _Parts:
    wall = Image.fromarray(texture(width_px, height_px, 3, finest_px=4)).filter(ImageFilter.GaussianBlur(1.5))
    wall = Image.blend(wall, Image.new("RGB", wall.size, "#c9c2b0"), 0.6)
    draw = ImageDraw.Draw(wall)
    for shelf in range(3):
        for book in range(9):
            left, top = int(width_px * (0.03 + 0.027 * book)), int(height_px * (0.08 + 0.27 * shelf))
            colour = ("#7a3b34", "#3d5a6c", "#8a7a4a", "#46604a")[(book * 7 + shelf) % 4]
            draw.rectangle((left, top, left + int(width_px * 0.02), top + int(height_px * 0.22)), fill=colour)
    head_size = (int(height_px * 0.46), int(height_px * 0.6))
    body_size = (int(height_px * 1.1), int(height_px * 0.5))
    head = Image.blend(Image.fromarray(texture(*head_size, 8)), Image.new("RGB", head_size, "#c89a78"), 0.75)
    hair = ImageDraw.Draw(head)
    hair.pieslice((0, -head_size[1] // 8, head_size[0], int(head_size[1] * 0.75)), 180, 360, fill="#2c2622")
    body = Image.blend(Image.fromarray(texture(*body_size, 9)), Image.new("RGB", body_size, "#3c4a5c"), 0.65)
    return _Parts(wall, head, _oval(head_size), body, _shoulders(body_size))


def _oval(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((4, 4, size[0] - 5, size[1] - 5), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(1.2))


def _shoulders(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((4, size[1] // 6, size[0] - 5, 2 * size[1]), size[1] // 2, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(1.2))


def _frame(parts: _Parts, at_s: float) -> Image.Image:
    picture = parts.wall.copy()
    width_px, height_px = picture.size
    sway = math.sin(0.9 * at_s) + 0.6 * math.sin(2.3 * at_s + 1) + 0.25 * math.sin(5.1 * at_s)
    nod = math.sin(1.3 * at_s + 2) + 0.5 * math.sin(3.7 * at_s)
    centre = width_px * 0.55 + height_px * 0.02 * sway
    body_at = (centre - parts.body.width / 2 - height_px * 0.008 * sway, height_px * 0.66 + height_px * 0.004 * nod)
    _place(picture, parts.body, parts.body_mask, body_at, 0.6 * sway)
    head_at = (centre - parts.head.width / 2, height_px * 0.14 + height_px * 0.012 * nod)
    _place(picture, _face(parts.head, at_s), parts.head_mask, head_at, 2.4 * sway)
    return picture


def _face(head: Image.Image, at_s: float) -> Image.Image:
    face = head.copy()
    draw = ImageDraw.Draw(face)
    across, down = face.size
    is_blinking = at_s % 3.4 < 0.12
    for eye in (0.32, 0.68):
        high = 0.008 if is_blinking else 0.03
        box = (across * (eye - 0.07), down * (0.42 - high), across * (eye + 0.07), down * (0.42 + high))
        draw.ellipse(box, fill="#f2ece4" if not is_blinking else "#8a6248")
        if not is_blinking:
            gaze = eye + 0.02 * math.sin(0.7 * at_s)
            draw.ellipse((across * (gaze - 0.03), down * 0.395, across * (gaze + 0.03), down * 0.445), fill="#2b1f1a")
    # Syllables: about five a second, with a pause for breath.
    is_speaking = at_s % 4.5 < 3.8
    opened = (0.01 + 0.045 * abs(math.sin(15 * at_s + math.sin(4 * at_s)))) if is_speaking else 0.008
    mouth = (across * 0.36, down * (0.74 - opened), across * 0.64, down * (0.74 + opened))
    draw.ellipse(mouth, fill="#5c2420", outline="#a8615a", width=max(1, across // 90))
    draw.line(
        (across * 0.5, down * 0.45, across * 0.47, down * 0.6, across * 0.53, down * 0.61), fill="#a87a5c", width=3
    )
    return face


def _place(
    picture: Image.Image, patch: Image.Image, mask: Image.Image, at: tuple[float, float], angle_deg: float
) -> None:
    """Paste with parts of a pixel and a small turn: motion that an encoder cannot copy from the last frame."""
    left, top = math.floor(at[0]), math.floor(at[1])
    turn = math.radians(angle_deg)
    cos, sin = math.cos(turn), math.sin(turn)
    x, y = patch.width / 2, patch.height / 2
    shift = (at[0] - left, at[1] - top)
    matrix = (cos, sin, x - cos * (x + shift[0]) - sin * (y + shift[1]),
              -sin, cos, y + sin * (x + shift[0]) - cos * (y + shift[1]))  # fmt: skip
    turned, turned_mask = (
        image.transform(patch.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        for image in (patch, mask)
    )
    picture.paste(turned, (left, top), turned_mask)
