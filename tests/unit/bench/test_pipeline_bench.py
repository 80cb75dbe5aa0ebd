"""The bench's own arithmetic: caps of recipe P, percentiles, watching manifests, ratios and goals."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path, PurePosixPath

import pytest

from media_pipeline import make_plan
from tests.bench.pipeline import goals, recipes
from tests.bench.pipeline.cost import Cost, measured
from tests.bench.pipeline.firstplay import FirstPlay, read_manifest, rendition_of
from tests.bench.pipeline.goals import Contender, Findings
from tests.bench.pipeline.ours import current_policy, first_play
from tests.bench.pipeline.quality import Quality, percentile
from tests.unit.media_pipeline.conftest import media, ready, video

SLIDES = recipes.Facts(Path("/data/a lecture.mp4"), 1920, 1080, Fraction(25), 60.0, 479_535.4)
CAMERA = replace(SLIDES, rate=Fraction(30), video_bps=17e6)


@pytest.mark.parametrize(
    ("height_px", "ratio", "cap_bps"),
    [(240, 16 / 9, 435_199), (480, 854 / 480, 1_229_760), (720, 16 / 9, 2_534_400), (480, 9 / 16, 1_228_800)],
)
def test_recipe_p_caps_follow_pixels_and_frames(height_px, ratio, cap_bps):
    # Its own arithmetic is in binary fractions and rounds down, hence one bit a second of grace.
    assert recipes.peertube_cap_bps(height_px, ratio, Fraction(25), 20e6) == pytest.approx(cap_bps, abs=1)


def test_recipe_p_caps_stay_near_the_sources_own_rate():
    assert recipes.peertube_cap_bps(720, 16 / 9, Fraction(25), SLIDES.video_bps) == 623_396


def test_recipe_p_copies_a_light_source_and_encodes_each_rung_from_the_copy():
    copy, top, sound, *others = recipes.peertube("ffmpeg", SLIDES, [240, 480, 720])
    assert "-c:v copy" in " ".join(copy)
    assert "/data/a lecture.mp4" in copy
    assert "-vf scale=w=-2:h=720 -preset veryfast -maxrate:v 623396 -bufsize:v 1246792" in " ".join(top)
    assert "-b_strategy 1 -bf 16 -r 25 -g:v 50" in " ".join(top)
    assert "-vn -c:a aac -ac 2" in " ".join(sound)
    assert [argv[-1] for argv in others] == ["v480.m3u8", "v240.m3u8"]
    assert all("optimized.mp4" in argv for argv in (top, sound, *others))


def test_recipe_p_makes_smaller_rungs_of_a_demanding_source_from_its_largest():
    assert not recipes.peertube_transcodes_first(SLIDES)
    assert recipes.peertube_transcodes_first(CAMERA)
    first, remux, *_ = recipes.peertube("ffmpeg", CAMERA, [240, 480, 720])
    assert "scale=w=-2:h=720" in first
    assert first[-1] == "optimized.mp4"
    assert "-c:v copy" in " ".join(remux)


def test_recipe_p_makes_no_sound_of_a_silent_source():
    commands = recipes.peertube("ffmpeg", replace(SLIDES, has_sound=False), [240, 720])
    assert [argv[-1] for argv in commands] == ["optimized.mp4", "v720.m3u8", "v240.m3u8"]


def test_recipe_m_packages_every_rung_it_encodes():
    commands = recipes.mediacms("ffmpeg", SLIDES, [720, 240])
    assert [argv[-1] for argv in commands] == ["240.mp4", "240.m3u8", "720.mp4", "720.m3u8"]
    assert "-maxrate 3750k -bufsize 3750k" in " ".join(commands[2])
    assert "-x264-params keyint=200:keyint_min=100 -preset medium" in " ".join(commands[2])


def test_percentile_is_a_value_that_occurs():
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 5) == 5.0
    assert percentile(values, 100) == 100.0
    assert percentile([7.0], 5) == 7.0


def test_multivariant_manifests_list_no_segments():
    text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\n240p/index.m3u8\n"
    assert read_manifest(text).segments == ()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("set/240p/index.m3u8", "240p"),
        ("set/live/240p.m3u8", "240p"),
        ("set/live/audio/live.m3u8", "audio"),
        ("set/master.m3u8", None),
    ],
)
def test_a_manifest_belongs_to_a_rendition_by_folder_or_name(path, name):
    assert rendition_of(PurePosixPath(path), ["240p", "720p", "audio"]) == name


def write_set(folder: Path, name: str, listed: int, present: int, *, live: bool) -> None:
    media = folder / "set" / name
    media.mkdir(parents=True, exist_ok=True)
    (media / "init.mp4").write_bytes(b"init")
    for number in range(present):
        (media / f"{number}.m4s").write_bytes(b"segment")
    before = f"../{name}/" if live else ""
    lines = ["#EXTM3U", f'#EXT-X-MAP:URI="{before}init.mp4"']
    lines += [line for number in range(listed) for line in ("#EXTINF:4.0,", f"{before}{number}.m4s")]
    manifest = folder / "set" / (f"live/{name}.m3u8" if live else f"{name}/index.m3u8")
    manifest.parent.mkdir(exist_ok=True)
    manifest.write_text("\n".join([*lines, *(["#EXT-X-ENDLIST"] if not live else [])]), encoding="utf-8")


def test_first_play_counts_only_segments_that_are_there(tmp_path):
    play = FirstPlay(tmp_path, ["240p", "720p"], "audio", 12.0)
    write_set(tmp_path, "240p", listed=2, present=1, live=True)
    play.look(1.0)
    assert play.one_s is None, "a lecture without its sound is not playable"
    write_set(tmp_path, "audio", listed=3, present=3, live=False)
    play.look(2.0)
    assert (play.one_s, play.two_s) == (2.0, None)
    write_set(tmp_path, "240p", listed=2, present=2, live=True)
    play.look(3.0)
    assert (play.one_s, play.two_s, play.lowest_whole_s) == (2.0, 3.0, None)


def test_first_play_knows_when_everything_is_whole(tmp_path):
    play = FirstPlay(tmp_path, ["240p", "720p"], "audio", 12.0)
    write_set(tmp_path, "240p", listed=3, present=3, live=False)
    write_set(tmp_path, "audio", listed=3, present=3, live=False)
    play.look(4.0)
    assert (play.two_s, play.lowest_whole_s, play.all_whole_s) == (4.0, 4.0, None)
    write_set(tmp_path, "720p", listed=3, present=3, live=False)
    play.look(5.0)
    assert play.all_whole_s == 5.0


def test_first_play_of_sound_alone_is_hearing_it(tmp_path):
    play = FirstPlay(tmp_path, [], "audio", 12.0)
    play.look(0.5)
    assert play.one_s is None
    write_set(tmp_path, "audio", listed=3, present=1, live=True)
    play.look(1.0)
    assert (play.one_s, play.two_s, play.lowest_whole_s) == (1.0, None, None)
    write_set(tmp_path, "audio", listed=3, present=3, live=False)
    play.look(2.0)
    assert (play.two_s, play.lowest_whole_s, play.all_whole_s) == (2.0, 2.0, 2.0)


def test_a_copy_that_serves_until_the_rungs_are_there_can_be_watched(tmp_path):
    plan = make_plan(media(picture=video(1280, 720, ready=ready(every=51))), current_policy(), "a" * 64)
    play = first_play(plan, tmp_path)
    write_set(tmp_path, "audio", listed=2, present=2, live=True)
    write_set(tmp_path, "video", listed=2, present=2, live=True)
    play.look(1.5)
    assert (play.two_s, play.lowest_whole_s) == (1.5, None)


def test_costs_are_compared_round_by_round():
    found = Findings("slides", SLIDES, {})
    for name, seconds in (
        (goals.OURS, (10.0, 30.0, 8.0)),
        (goals.PEERTUBE, (20.0, 40.0, 10.0)),
        (goals.EXTRAS, (5.0,) * 3),
    ):
        found.contenders[name] = Contender([Cost(cpu_s, 1.0) for cpu_s in seconds])
    assert goals.ratio(found, goals.OURS, goals.PEERTUBE) == 0.75
    assert goals.ratio(found, goals.OURS, goals.PEERTUBE, goals.EXTRAS) == pytest.approx(8 / 15)
    assert goals.ratio(found, goals.OURS, goals.LIMIT) is None


def test_goals_depend_on_the_kind_of_source():
    def reached(facts):
        found = Findings("clip", facts, {})
        for name, size, vmaf in ((goals.OURS, 500, 95.0), (goals.PEERTUBE, 1000, 95.5)):
            found.contenders[name] = Contender([Cost(5.0, 5.0)], {720: size}, quality={720: Quality(0.99, vmaf, vmaf)})
        return {goal.text: goal.is_reached for goal in goals.goals(found)}

    slides = reached(SLIDES)
    assert slides["our profile, video bytes / P"]
    assert not slides["720p mean VMAF - P's"]
    assert slides["720p 5th percentile VMAF - P's"]
    assert reached(CAMERA) == {"our profile, wall / P": False}


@pytest.mark.parametrize(("profile", "bound"), [("slides", 0.58), ("screen", 0.50)])
def test_slides_without_a_speaker_must_cost_half(profile, bound):
    found = Findings("clip", SLIDES, {}, profile=profile)
    for name, size in ((goals.OURS, 540), (goals.PEERTUBE, 1000)):
        found.contenders[name] = Contender([Cost(5.0, 5.0)], {720: size})
    (told,) = [goal for goal in goals.goals(found) if "video bytes" in goal.text]
    assert (told.bound, told.is_reached) == (bound, profile == "slides")


def test_sound_alone_has_goals_of_its_own():
    facts = recipes.Facts(Path("/data/a talk.mp3"), 0, 0, Fraction(0), 60.0, 0.0)
    found = Findings("talk", facts, {}, sound_cpu_s=2.0)
    for name, cpu_s in ((goals.OURS, 3.0), (goals.LIMIT, 1.0)):
        found.contenders[name] = Contender([Cost(cpu_s, 1.0)], audio_bytes=1)
    assert found.kind == "sound"
    assert [goal.text for goal in goals.goals(found)] == ["sound alone, CPU s a minute"]


def test_looking_on_is_not_counted_as_work():
    seen = []

    def look(at_s):
        seen.append(at_s)
        sum(range(3_000_000))

    cost = measured(lambda: None, look)
    assert len(seen) == 1
    assert cost.cpu_s < 0.03
    assert cost.peak_bytes > 1_000_000
