"""Switching between picture and sound at the very end of a lecture: it ends, it neither waits nor starts again."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SWITCH_NEAR_END = """([leftS, choice]) => {
  const video = document.querySelector('video');
  video.currentTime = video.duration - leftS;
  document.querySelector(`button[data-player-choice='${choice}']`).click();
}"""


def go_to_picture_or_sound(one, choice: str) -> None:
    """Start with what is not `choice`, so that there is something to switch."""
    one.play()
    one.wait_until_past(0.3)
    if choice != "audio":
        one.page.evaluate("document.querySelector(\"button[data-player-choice='audio']\").click()")
        one.wait_for("level", "audio")
        one.wait_until_past(0.4)


@pytest.mark.parametrize("left_s", [0.4, 0.05, 0])
@pytest.mark.parametrize("choice", ["audio", "720p"])
def test_a_switch_at_the_end_ends(visit, choice: str, left_s: float):
    one = visit("player=hls")
    go_to_picture_or_sound(one, choice)
    one.page.evaluate(SWITCH_NEAR_END, [left_s, choice])
    one.wait_for("state", "ended")
    assert one.time_s() > 15
    assert one.is_clean()


@pytest.mark.parametrize("engine", ["hls", "mp4"])
def test_a_switch_at_the_end_while_paused_stays_paused_there(visit, engine: str):
    one = visit(f"player={engine}")
    one.play()
    one.wait_until_past(0.3)
    one.page.locator("[data-player-toggle]").tap()
    one.wait_for("state", "paused")
    one.page.evaluate(SWITCH_NEAR_END, [0.02, "audio"])
    one.wait_for("level", "audio")
    one.wait_for("state", "paused")
    assert one.time_s() > 15
    assert one.is_clean()
    one.page.locator("[data-player-toggle]").tap()
    one.wait_for("state", "ended")
    assert one.time_s() > 15
    assert one.is_clean()
