"""One drawing for each demo lecture, made of simple shapes in a box of 400 × 400. The pen is in pen.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from app.demo.pen import Palette, Pen, around, bow

WHITE = "#FFFDF8"
INK = "#2B2F33"
RED = "#B8442F"
GOLD = "#D9A441"
GREEN = "#5E8C61"
SKIN = "#EBC8A4"
STEEL = "#C9D2D6"


def blossom(pen: Pen, palette: Palette) -> None:
    """A plum branch before the spring sun."""
    pen.disc(282, 118, 62, "#F2C46D")
    bark = "#6B4A3A"
    pen.bend((30, 372), (150, 300), (214, 196), 15, bark)
    pen.bend((214, 196), (258, 128), (352, 96), 9, bark)
    pen.bend((150, 290), (112, 222), (124, 146), 9, bark)
    pen.bend((196, 226), (276, 228), (330, 268), 8, bark)
    for x, y, size in ((124, 146, 34), (214, 190, 38), (300, 112, 30), (330, 268, 34), (92, 252, 26), (252, 250, 22)):
        for px, py in around(x, y, size * 0.62, 5):
            pen.disc(px, py, size * 0.5, "#F1B7B0")
        for px, py in around(x, y, size * 0.34, 5, turn=36):
            pen.disc(px, py, size * 0.12, RED)
        pen.disc(x, y, size * 0.22, GOLD)
    for x, y in ((352, 94), (368, 78), (66, 330), (134, 112), (350, 292)):
        pen.disc(x, y, 10, "#E58F86")
    for tip in ((176, 132), (250, 168), (52, 300)):
        pen.leaf((tip[0] - 26, tip[1] + 26), tip, 9, palette.accent)


def phone(pen: Pen, palette: Palette) -> None:
    """A phone with one very large character, and a video call beside it."""
    pen.box(108, 20, 292, 384, INK, 30)
    pen.box(120, 34, 280, 370, WHITE, 20)
    pen.box(172, 44, 228, 52, "#D9DEE2", 4)
    pen.box(136, 72, 264, 206, palette.tint, 14)
    for points in (((200, 96), (200, 136)), ((158, 124), (242, 124))):
        pen.line(points, 13, palette.accent)
    pen.bend((200, 126), (192, 166), (156, 188), 13, palette.accent)
    pen.bend((200, 126), (210, 168), (246, 188), 13, palette.accent)
    for top, right in ((228, 264), (254, 236), (280, 250)):
        pen.box(136, top, right, top + 12, "#DDE3E6", 6)
    pen.box(136, 318, 264, 326, "#DDE3E6", 4)
    pen.disc(222, 322, 16, palette.accent)
    pen.box(236, 226, 392, 340, "#3F7D58", 22)
    pen.shape([(262, 336), (300, 336), (262, 366)], "#3F7D58")
    pen.box(258, 258, 324, 310, WHITE, 10)
    pen.shape([(332, 276), (366, 256), (366, 312), (332, 292)], WHITE)
    pen.disc(88, 92, 15, palette.warm)
    pen.disc(62, 132, 8, palette.warm)


def stove(pen: Pen, palette: Palette) -> None:
    """A gas ring below a kettle, and the alarm that watches over it."""
    pen.box(40, 300, 360, 376, "#4A5056", 16)
    pen.disc(110, 338, 17, STEEL)
    pen.disc(290, 338, 17, STEEL)
    pen.line([(110, 338), (110, 324)], 5, INK)
    pen.line([(290, 338), (300, 327)], 5, INK)
    pen.box(96, 288, 304, 302, INK, 6)
    for x, size in ((136, 0.8), (168, 1.0), (200, 1.15), (232, 1.0), (264, 0.8)):
        flame = [*bow((x - 13, 288), (x - 17, 264), (x, 286 - 48 * size)), *bow((x, 286 - 48 * size), (x + 17, 264), (x + 13, 288))]
        pen.shape(flame, "#3E7CB1")
        pen.leaf((x, 288), (x, 288 - 26 * size), 6, "#BFE0F2")
    pen.shape([(122, 234), (278, 234), (256, 130), (144, 130)], palette.accent)
    pen.oval(200, 130, 56, 14, palette.deep)
    pen.disc(200, 112, 10, INK)
    pen.bend((262, 196), (306, 186), (316, 138), 16, palette.accent)
    pen.bend((140, 140), (200, 14), (262, 140), 10, INK)
    for x in (318, 338):
        pen.bend((x, 112), (x + 14, 92), (x - 2, 70), 6, "#D8CFC2")
    pen.disc(74, 96, 44, WHITE)
    pen.ring(74, 96, 44, 5, palette.deep)
    pen.disc(74, 96, 12, RED)
    for radius in (22, 32):
        pen.ring(74, 96, radius, 2.5, palette.warm)


def exercise(pen: Pen, palette: Palette) -> None:
    """A figure in the third form: one palm raised to heaven, one pressing to the earth, hills behind."""
    pen.disc(110, 118, 56, "#F2C46D")
    pen.shape([*bow((0, 330), (90, 190), (190, 300)), *bow((190, 300), (290, 200), (400, 320)), (400, 352), (0, 352)], "#DCE5D4")
    pen.box(0, 350, 400, 356, "#B9C7AE", 3)
    robe = WHITE
    pen.shape([(170, 236), (232, 236), (262, 352), (222, 352), (202, 286), (178, 352), (138, 352)], palette.deep)
    pen.line([(236, 160), (254, 96), (238, 44)], 26, robe)
    pen.line([(238, 44), (232, 34)], 17, SKIN)
    pen.line([(214, 26), (252, 32)], 13, SKIN)
    pen.line([(168, 166), (138, 214), (142, 254)], 26, robe)
    pen.line([(126, 268), (164, 268)], 13, SKIN)
    pen.shape([(160, 142), (242, 142), (250, 178), (236, 246), (168, 246), (152, 178)], robe)
    pen.box(166, 230, 238, 246, palette.accent, 6)
    for y in (166, 188, 210):
        pen.line([(194, y), (208, y)], 4, palette.accent)
    pen.box(190, 118, 212, 146, SKIN, 8)
    pen.disc(201, 98, 33, SKIN)
    pen.pie(201, 92, 35, 180, 360, "#8A8F94")
    pen.line([(190, 100), (192, 100)], 5, INK)
    pen.line([(211, 100), (213, 100)], 5, INK)
    pen.line(bow((193, 113), (201, 119), (210, 113)), 3, RED)
    for left in (128, 212):
        pen.box(left, 344, left + 56, 362, INK, 9)


def shield(pen: Pen, palette: Palette) -> None:
    """A shield that stops a ringing telephone."""
    outline = [(200, 24), *bow((200, 24), (270, 74), (344, 74)), *bow((344, 74), (356, 276), (200, 376)),
               *bow((200, 376), (44, 276), (56, 74)), *bow((56, 74), (130, 74), (200, 24))]  # fmt: skip
    pen.shape(outline, palette.accent)
    pen.shape([(200 + (x - 200) * 0.86, 200 + (y - 200) * 0.86) for x, y in outline], palette.tint)
    pen.bend((142, 142), (132, 252), (250, 268), 36, palette.deep)
    for x, y, turn in ((148, 142, 20), (246, 264, -65)):
        angle = math.radians(turn)
        dx, dy = 26 * math.cos(angle), 26 * math.sin(angle)
        pen.line([(x - dx, y - dy), (x + dx, y + dy)], 34, palette.deep)
    for radius in (38, 62, 86):
        pen.line([(212 + radius * math.cos(a / 10), 190 - radius * math.sin(a / 10)) for a in range(3, 13)], 8, palette.warm)
    pen.disc(318, 316, 58, WHITE)
    pen.disc(318, 316, 50, RED)
    pen.line([(292, 290), (344, 342)], 13, WHITE)
    pen.line([(344, 290), (292, 342)], 13, WHITE)


def steamer(pen: Pen, palette: Palette) -> None:
    """A bamboo steamer with four buns and their steam."""
    for x, lift in ((120, 0), (200, -26), (280, 0)):
        pen.line([*bow((x, 122 + lift), (x + 22, 92 + lift), (x, 68 + lift)), *bow((x, 68 + lift), (x - 22, 44 + lift), (x + 2, 20 + lift + 8))], 9, "#E3D8C6")
    for x, y, size in ((112, 186, 54), (288, 186, 54), (200, 172, 62)):
        pen.pie(x, y + 34, size, 180, 360, "#FFFCF4")
        pen.box(x - size, y + 32, x + size, 220, "#FFFCF4")
        pen.bend((x - 12, y - size + 54), (x, y - size + 44), (x + 14, y - size + 55), 4, "#E6DAC5")
    pen.box(34, 204, 366, 292, "#D8A860", 16)
    pen.box(34, 204, 366, 226, "#C08A43", 10)
    for x in range(58, 360, 34):
        pen.line([(x, 232), (x, 284)], 3, "#B98440")
    pen.box(34, 292, 366, 366, "#C99650", 16)
    pen.box(34, 290, 366, 304, "#A9752F", 6)
    for x in range(74, 350, 34):
        pen.line([(x, 312), (x, 356)], 3, "#AD7A37")
    pen.disc(56, 120, 9, palette.warm)
    pen.disc(346, 110, 12, palette.accent)


def heart(pen: Pen, palette: Palette) -> None:
    """A heart with its beat, and the cuff's gauge."""
    pen.disc(140, 146, 88, palette.accent)
    pen.disc(260, 146, 88, palette.accent)
    pen.shape([(62, 188), (338, 188), (200, 346)], palette.accent)
    pen.box(130, 120, 270, 220, palette.accent)
    pen.disc(104, 112, 20, "#D98674")
    pen.line([(70, 196), (148, 196), (168, 148), (200, 252), (226, 176), (240, 196), (330, 196)], 11, WHITE)
    pen.disc(316, 304, 76, WHITE)
    pen.disc(316, 304, 68, INK)
    pen.disc(316, 304, 58, WHITE)
    for px, py in around(316, 304, 47, 12):
        pen.disc(px, py, 3.4, "#9AA3A8")
    pen.line([(316, 304), (346, 274)], 6, RED)
    pen.disc(316, 304, 8, INK)


def papercut(pen: Pen, palette: Palette) -> None:
    """A round window flower cut from red paper, with the scissors beside it."""
    x, y = 186, 196
    pen.disc(x, y, 172, RED)
    for px, py in around(x, y, 172, 24):
        pen.disc(px, py, 13, palette.tint)
    pen.ring(x, y, 148, 5, palette.tint)
    for index, (px, py) in enumerate(around(x, y, 126, 8)):
        ix, iy = around(x, y, 62, 8)[index]
        pen.leaf((ix, iy), (px, py), 20, palette.tint)
        sx, sy = around(x, y, 112, 8)[index]
        pen.leaf((ix + (sx - ix) * 0.3, iy + (sy - iy) * 0.3), (sx, sy), 8, RED)
    for px, py in around(x, y, 118, 8, turn=22.5):
        pen.disc(px, py, 14, palette.tint)
        pen.disc(px, py, 7, RED)
    pen.disc(x, y, 46, palette.tint)
    for px, py in around(x, y, 24, 6):
        pen.disc(px, py, 13, RED)
    pen.disc(x, y, 9, palette.tint)
    pen.shape([(262, 204), (312, 312), (328, 304)], STEEL)
    pen.shape([(362, 210), (308, 304), (324, 312)], "#AEB9BE")
    pen.ring(296, 342, 30, 12, INK)
    pen.ring(346, 342, 30, 12, INK)
    pen.disc(318, 304, 7, INK)


def tomato(pen: Pen, palette: Palette) -> None:
    """A greenhouse arch, the sun outside, a vine with ripe fruit inside."""
    pen.disc(332, 62, 40, "#F2C46D")
    for inner, outer in zip(around(332, 62, 52, 10), around(332, 62, 68, 10), strict=True):
        pen.line([inner, outer], 6, "#F2C46D")
    arch = [(26, 372), *bow((26, 372), (20, 90), (200, 84)), *bow((200, 84), (380, 90), (374, 372))]
    pen.shape(arch, "#E7F1EA")
    for k in (0.0, 0.33):
        pen.line([(26 + 174 * k, 372), *bow((26 + 174 * k, 372), (22 + 178 * k, 90), (200, 84)), *bow((200, 84), (378 - 178 * k, 90), (374 - 174 * k, 372))], 5, "#A9C4B1")
    pen.box(20, 366, 380, 380, "#8A6B4F", 6)
    pen.bend((200, 368), (186, 240), (204, 128), 9, GREEN)
    for start, tip, belly in (((196, 300), (110, 262), 20), ((198, 250), (290, 214), 20), ((198, 196), (128, 152), 17),
                              ((202, 156), (272, 130), 15), ((198, 330), (284, 318), 17)):  # fmt: skip
        pen.leaf(start, tip, belly, palette.accent)
    for x, y, size, colour in ((146, 318, 34, RED), (252, 272, 37, RED), (160, 222, 27, "#D98A3D"), (234, 186, 21, "#9DB25A")):
        pen.disc(x, y, size, colour)
        pen.disc(x - size * 0.35, y - size * 0.35, size * 0.2, "#F3D2C4")
        for px, py in around(x, y - size * 0.82, size * 0.4, 5):
            pen.leaf((x, y - size * 0.86), (px, py), 4, GREEN)


DRAWINGS: Mapping[str, Callable[[Pen, Palette], None]] = {
    drawing.__name__: drawing
    for drawing in (blossom, phone, stove, exercise, shield, steamer, heart, papercut, tomato)
}
