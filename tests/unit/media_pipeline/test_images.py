"""Choosing a poster and laying out a storyboard, with stills drawn here."""

from __future__ import annotations

import webvtt
from PIL import Image, ImageDraw

from media_pipeline import make_plan
from media_pipeline.images import Sheet, rate_still, storyboard_text, write_poster, write_sheets
from tests.unit.media_pipeline.conftest import media


def still(folder, number, colour, boxes=0):
    folder.mkdir(exist_ok=True)
    image = Image.new("RGB", (160, 90), colour)
    draw = ImageDraw.Draw(image)
    for box in range(boxes):
        draw.rectangle((5 + 13 * box, 10, 13 + 13 * box, 60), fill=(40 + 20 * box, 120, 200 - 15 * box))
    path = folder / f"{number:05d}.jpg"
    image.save(path, quality=95)
    return path


def test_black_is_no_candidate_but_chalk_on_a_blackboard_is(tmp_path):
    assert rate_still(still(tmp_path, 1, "black")) is None
    assert rate_still(still(tmp_path, 2, (12, 12, 12))) is None
    board = Image.new("RGB", (160, 90), (12, 16, 12))
    ImageDraw.Draw(board).rectangle((20, 20, 60, 26), fill="white")
    board.save(tmp_path / "board.jpg")
    assert rate_still(tmp_path / "board.jpg") is not None


def test_the_picture_that_shows_most_wins(tmp_path):
    stills = tmp_path / "stills"
    still(stills, 1, "black")
    still(stills, 2, "white")
    best = still(stills, 3, (240, 236, 228), boxes=8)
    still(stills, 4, (240, 236, 228), boxes=1)
    assert write_poster(stills, tmp_path / "poster.jpg", 95)
    with Image.open(best) as expected, Image.open(tmp_path / "poster.jpg") as found:
        assert abs(found.convert("L").entropy() - expected.convert("L").entropy()) < 0.5


def test_a_plain_page_is_better_than_none(tmp_path):
    stills = tmp_path / "stills"
    still(stills, 1, "black")
    still(stills, 2, "white")
    assert write_poster(stills, tmp_path / "poster.jpg", 80)


def test_nothing_but_black_gives_no_poster(tmp_path):
    stills = tmp_path / "stills"
    still(stills, 1, "black")
    assert not write_poster(stills, tmp_path / "poster.jpg", 80)
    assert not (tmp_path / "poster.jpg").exists()
    assert not write_poster(tmp_path / "nothing", tmp_path / "poster.jpg", 80)


def test_storyboard_of_more_than_a_sheet(tmp_path, policy):
    target = make_plan(media(duration_s=106.4, is_seekable=False), policy, "a" * 64).videos[0].storyboard
    for number in range(27):
        still(tmp_path / "stills", number, (number * 9, 100, 100))
    sheets = write_sheets(tmp_path / "stills", tmp_path / "sheets", target)
    text = storyboard_text(sheets, target, 106.4)
    (tmp_path / "storyboard.vtt").write_text(text)
    cues = list(webvtt.read(str(tmp_path / "storyboard.vtt")))
    assert sheets == [Sheet("00000.jpg", 0, 25), Sheet("00025.jpg", 25, 2)]
    assert len(cues) == 27
    assert (cues[0].text, cues[26].text) == (
        "storyboard/00000.jpg#xywh=0,0,160,90",
        "storyboard/00025.jpg#xywh=160,0,160,90",
    )
    assert cues[26].end == "00:01:46.400"
    with Image.open(tmp_path / "sheets" / "00000.jpg") as sheet, Image.open(tmp_path / "sheets" / "00025.jpg") as last:
        assert sheet.size == (800, 450)
        assert last.size == (320, 90)
        assert abs(last.getpixel((240, 45))[0] - 26 * 9) < 6


def test_sheets_of_chunks_follow_each_other(policy):
    target = make_plan(media(duration_s=60.0), policy, "a" * 64).videos[2].storyboard
    assert target.first == 2
    text = storyboard_text([Sheet("00000.jpg", 0, 6), Sheet("00006.jpg", 6, 2)], target, 30.5)
    assert "00:00:24.000 --> 00:00:28.000\nstoryboard/00006.jpg#xywh=0,0,160,90\n" in text
    assert "00:00:28.000 --> 00:00:30.500\nstoryboard/00006.jpg#xywh=160,0,160,90\n" in text
