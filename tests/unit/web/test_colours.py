"""Every pair of colours that stands as text on ground, in every theme (E5, WCAG 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from app.web.assets import STATIC_FOLDER

STYLES = (STATIC_FOLDER / "web/css/themes.css").read_text(encoding="utf-8")
THEMES = re.findall(r":root(?:\[data-theme=\"(\w+)\"\])? \{([^}]+)\}", STYLES)
TEXT = ("ink", "ink-soft", "brand-text", "accent-text", "danger", "warn-text")
GROUND = ("paper", "sheet", "sunken", "brand-tint", "accent-tint", "danger-tint", "warn-tint", "mark")
HEADER = [(text, ground) for text in ("header-ink", "header-soft") for ground in ("header", "header-deep")]
FILLED = [("on-brand", "brand"), ("on-accent", "accent"), ("sheet", "danger"), *HEADER]
EDGES = [(line, ground) for line in ("line-strong", "focus", "brand") for ground in ("paper", "sheet")]


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def values(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))


def test_all_themes_are_read_and_the_two_dark_ones_agree():
    assert [name for name, _ in THEMES] == ["", "dark", "auto", "contrast"]
    dark, auto = (values(block) for name, block in THEMES if name in {"dark", "auto"})
    assert dark == auto


@pytest.mark.parametrize(("name", "block"), THEMES, ids=[name or "light" for name, _ in THEMES])
def test_contrast(name, block):
    colour = values(block)
    pairs = [(text, ground, 4.5) for text in TEXT for ground in GROUND] + [(*pair, 4.5) for pair in FILLED]
    pairs += [(*pair, 3.0) for pair in EDGES if name != "dark" or pair[0] != "brand"]  # dark buttons carry their words
    measured = {(one, other): (contrast(colour[one], colour[other]), least) for one, other, least in pairs}
    too_low = {pair: round(ratio, 2) for pair, (ratio, least) in measured.items() if ratio < least}
    assert not too_low
