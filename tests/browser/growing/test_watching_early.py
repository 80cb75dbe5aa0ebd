"""A lecture watched while it is being made: from its beginning, beyond what there was at first, to its end."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.browser.growing.conftest import Kitchen
from tests.browser.growing.watching import Watching, between, jumps_back, longest_stall_s
from tests.browser.journey.visitor import Visitor
from tests.factories.clips import ClipShelf

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MOVING_S, SLIDES_S = 60, 54
#: Sound is made in stretches of 240 s; a lecture of one stretch does not grow.
SOUND_S = 300
#: The second chunk of the lowest rung begins there, and the final sound takes over from the provisional one.
PICTURE_SEAM_S, SOUND_SEAM_S = 12, 24
ELDER = "elder.light.standard.zh"
GROWING, DONE = "正在处理，可先观看", "已经全部处理好了"
AWAITING, NOT_MADE = "后面的正在做，做好了会自动接着放", "这一段还没做好，过一会儿再来"
Visit = Callable[..., Visitor]


def notice(visitor: Visitor) -> str:
    return visitor.page.locator("[data-player-growth]").inner_text()


def names(visitor: Visitor) -> list[str]:
    """Return the names below the media set of everything fetched."""
    paths = (urlsplit(url).path for url in visitor.asked)
    return [path.split("/", 3)[3] for path in paths if path.startswith("/media/")]


def opened(visitor: Visitor, lecture: str, query: str = "") -> Watching:
    visitor.open(f"/lectures/{lecture}{query}")
    assert GROWING in notice(visitor)
    return Watching(visitor)


def test_watched_while_it_is_made(kitchen: Kitchen, shelf: ClipShelf, visit: Visit) -> None:
    # Larger than what is copied, so that every rung must be encoded.
    lecture = kitchen.upload(shelf.lecture(SLIDES_S, 1024, 768, rate=10), "边做边看的一讲")
    kitchen.work_until(lambda: kitchen.made_s(lecture) > 0)
    kitchen.publish(lecture)
    kitchen.work_until(lambda: kitchen.heard_s(lecture) > PICTURE_SEAM_S + 1)
    assert kitchen.made_s(lecture) == pytest.approx(12, abs=0.1)
    assert kitchen.heard_s(lecture) == pytest.approx(SOUND_SEAM_S, abs=0.1)
    viewer, elder = visit(), visit(ui=ELDER)
    player = opened(viewer, lecture)
    begins_and_catches_up(player)
    listening = listens_ahead(elder, lecture)
    kitchen.work_until(lambda: kitchen.made_s(lecture) >= 36)
    goes_on_by_itself(player)
    stays_where_nothing_is_made(player)
    kitchen.work_until(lambda: kitchen.is_done(lecture))
    follows_to_the_end(player)
    listening.ends(90, rate=4)
    assert listening.time_s() == pytest.approx(SLIDES_S, abs=1)
    for visitor in (viewer, elder):
        visitor.wait_until(lambda visitor=visitor: DONE in notice(visitor), "the page says that all is there")
    assert longest_stall_s(player.moments()) < 3
    assert longest_stall_s(listening.moments()) < 3
    is_finished(viewer, lecture)
    viewer.leave()
    elder.leave()


def begins_and_catches_up(player: Watching) -> None:
    """Begins at the beginning, and says calmly that more is coming where the encoder has been overtaken."""
    player.play()
    assert player.moments()[0].time_s < 0.5
    assert player.time_s() < 3
    player.choose("720p")  # not made yet: the wish is kept
    assert player.root.locator("[data-player-total]").inner_text() == "0:54"
    assert AWAITING in player.shows_card("growing")
    assert player.time_s() == pytest.approx(PICTURE_SEAM_S, abs=0.3)
    player.visitor.page.wait_for_timeout(8000)  # longer than it takes until a slow network would be suspected
    assert (player.state("card"), player.state("mode"), player.state("level")) == ("growing", "video", "360p")
    assert player.time_s() == pytest.approx(PICTURE_SEAM_S, abs=0.3)
    assert jumps_back(player.moments()) == []


def listens_ahead(visitor: Visitor, lecture: str) -> Watching:
    """The sound is made further than the picture; who asks for the picture there goes on listening."""
    player = opened(visitor, lecture)
    visitor.page.locator("[data-player-listen]").tap()
    player.play()
    player.passes(PICTURE_SEAM_S + 3)
    assert (player.state("mode"), player.state("level")) == ("audio", "audio")
    assert not [name for name in names(visitor) if name.endswith(".m4s") and "audio" not in name]
    visitor.page.locator("[data-player-listen]").tap()
    assert NOT_MADE in player.shows_card("missing")
    player.root.locator("[data-player-card] button").tap()
    player.reaches("mode", "audio")
    player.plays_on()
    assert player.time_s() > PICTURE_SEAM_S
    assert AWAITING in player.shows_card("growing")
    return player


def goes_on_by_itself(player: Watching) -> None:
    """Nobody touches anything: it plays on over the seams."""
    player.passes(PICTURE_SEAM_S + 1)
    assert player.state("card") == ""
    player.passes(SOUND_SEAM_S + 2, timeout_s=90)
    near = between(player.moments(), SOUND_SEAM_S - 2, SOUND_SEAM_S + 2)
    assert longest_stall_s(near) < 0.5
    assert jumps_back(near) == []


def stays_where_nothing_is_made(player: Watching) -> None:
    """A tap on the far end of the bar changes nothing, and says why."""
    before_s = player.time_s()
    taps_the_far_end(player)
    assert NOT_MADE in player.shows_card("missing", 3)
    player.root.locator("[data-player-card] button").tap()
    player.plays_on()
    assert before_s < player.time_s() < before_s + 15


def taps_the_far_end(player: Watching) -> None:
    player.root.locator("[data-player-seek]").evaluate(
        "bar => { bar.value = '50'; bar.dispatchEvent(new Event('input')); bar.dispatchEvent(new Event('change')); }"
    )


def follows_to_the_end(player: Watching) -> None:
    """When all is made the rung that was wished for comes by itself; the far end is there too, and then the end."""
    player.reaches("level", "720p")
    taps_the_far_end(player)
    player.ends(90)
    assert player.time_s() == pytest.approx(SLIDES_S, abs=0.2)


def is_finished(visitor: Visitor, lecture: str) -> None:
    """Opened again, it is a lecture like any other."""
    visitor.asked.clear()
    visitor.open(f"/lectures/{lecture}")
    assert visitor.page.locator("[data-player-growth]").count() == 0
    player = Watching(visitor)
    player.play()
    player.plays_on()
    assert not [name for name in names(visitor) if name.startswith("live/")]


def test_watched_while_a_worker_is_at_work(kitchen: Kitchen, shelf: ClipShelf, visit: Visit) -> None:
    """Nothing is held: the page is opened as soon as there is something, and played faster than it is made."""
    lecture = kitchen.upload(shelf.moving(MOVING_S, 320, 240, "15"), "工作机在做的一讲")
    kitchen.stack.start_worker()
    viewer = visit()
    viewer.wait_until(lambda: kitchen.made_s(lecture) > 0, "something can be watched", timeout_s=90)
    kitchen.publish(lecture)
    player = opened(viewer, lecture)
    player.play()
    assert player.moments()[0].time_s < 0.5
    player.passes(PICTURE_SEAM_S + 1)
    player.hurry(4)
    player.ends(240)
    assert player.time_s() == pytest.approx(MOVING_S, abs=0.2)
    assert jumps_back(player.moments()) == []
    assert longest_stall_s(player.moments()) < 3
    viewer.wait_until(lambda: kitchen.is_done(lecture), "the set is recorded", timeout_s=60)
    is_finished(viewer, lecture)
    kitchen.stack.kill("worker")
    viewer.leave()


@pytest.mark.long
def test_sound_alone_is_heard_while_it_is_made(kitchen: Kitchen, shelf: ClipShelf, visit: Visit) -> None:
    lecture = kitchen.upload(shelf.speech_variant("quiet", SOUND_S), "只有声音的一讲")
    kitchen.work_until(lambda: kitchen.made_s(lecture) > PICTURE_SEAM_S + 1)
    kitchen.publish(lecture)
    visitor = visit(ui=ELDER)
    player = opened(visitor, lecture)
    player.play()
    assert player.moments()[0].time_s < 0.5
    player.passes(2)
    player.hurry(4)
    assert AWAITING in player.shows_card("growing")
    assert player.time_s() == pytest.approx(SOUND_SEAM_S, abs=0.5)
    kitchen.work_until(lambda: kitchen.is_done(lecture))
    player.passes(SOUND_SEAM_S + 2)
    player.hurry(4)
    player.passes(SOUND_SEAM_S + 40)
    assert jumps_back(player.moments()) == []
    assert longest_stall_s(player.moments()) < 3
    visitor.leave()


@pytest.mark.long
def test_an_address_into_what_is_not_made_begins_at_the_beginning(
    kitchen: Kitchen, shelf: ClipShelf, visit: Visit
) -> None:
    lecture = kitchen.upload(shelf.speech_variant("levelled", SOUND_S), "从中间打开的一讲")
    kitchen.work_until(lambda: kitchen.made_s(lecture) > 0)
    kitchen.publish(lecture)
    visitor = visit()
    player = opened(visitor, lecture, "?t=200")
    player.play()
    assert NOT_MADE in player.shows_card("missing")
    player.plays_on()
    assert player.time_s() < 10
    visitor.leave()
