"""A source that phones play already: its frames are handed on untouched, and everything else stays as it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import av
import m3u8
import pytest

from media_pipeline import Cancelled, probe, run
from media_pipeline.chunks import find_chunk
from media_pipeline.encoder import Encoder
from media_pipeline.folder import FolderStorage
from media_pipeline.growing import grow
from media_pipeline.steps import MediaRange
from media_pipeline.types import RunLimits
from tests.factories import ready_clips
from tests.integration.media_pipeline import measuring
from tests.integration.media_pipeline.conftest import Recorder, plan_for, run_once

SECONDS = 18


@pytest.fixture(scope="session")
def camera_policy(fast_policy, policy):
    """One profile for every picture, and chunks so small that a short clip has some."""
    return replace(fast_policy, copy=policy.copy, profiles=(fast_policy.fallback,), chunk_s=8, audio_chunk_s=16)


@pytest.fixture(scope="session")
def source(shelf):
    return ready_clips.on_grid(shelf, SECONDS)


@pytest.fixture(scope="session")
def copied(source, camera_policy, tools, tmp_path_factory):
    return run_once(source, camera_policy, tools, tmp_path_factory.mktemp("copied"))


def payloads(path) -> list[str]:
    with av.open(str(path)) as container:
        return [hashlib.sha256(bytes(packet)).hexdigest() for packet in container.demux(video=0) if packet.size]


def shown_s(path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def test_probing_tells_where_the_stream_can_be_cut(source):
    found = probe(source).video.ready
    assert (found.frame_rate, found.frames, found.level) == (25, 25 * SECONDS, 30)
    assert found.key_frames == tuple(range(0, 25 * SECONDS, 50))
    with av.open(str(source)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    assert list(found.group_bytes) == [sum(sizes[start : start + 50]) for start in range(0, len(sizes), 50)]


def test_frames_of_the_highest_rung_are_the_sources_own(copied, source):
    rung = measuring.joined(copied.folder / "480p")
    assert payloads(rung) == payloads(source)
    assert shown_s(rung) == shown_s(source)
    assert [item.name for item in copied.published.renditions] == ["240p", "480p", "audio"]


def test_segments_of_all_rungs_begin_together_with_key_frames(copied):
    found = {name: measuring.packets(measuring.joined(copied.folder / name)) for name in ("240p", "480p")}
    grid = [0.0, 4.0, 8.0, 12.0, 16.0]
    assert found["240p"].keyframes_s == grid
    for name, packets in found.items():
        assert set(grid) <= set(packets.keyframes_s)
        assert (packets.start_s, packets.end_s) == (0.0, SECONDS)
        lengths = [part.duration for part in m3u8.load(str(copied.folder / name / "index.m3u8")).segments]
        assert lengths == [4.0, 4.0, 4.0, 4.0, 2.0]
        for number, start_s in enumerate(grid):
            one = copied.work_dir / "one.mp4"
            one.write_bytes(
                b"".join((copied.folder / name / part).read_bytes() for part in ("init.mp4", f"{number:05d}.m4s"))
            )
            assert shown_s(one)[0] == start_s


def test_rates_and_codec_are_those_of_what_was_written(copied, source):
    top = next(item for item in copied.published.renditions if item.name == "480p")
    with av.open(str(source)) as container:
        setup = container.streams.video[0].codec_context.extradata
    assert top.codecs == f"avc1.{setup[1:4].hex().upper()}"
    sizes = [path.stat().st_size for path in sorted((copied.folder / "480p").glob("*.m4s"))]
    assert top.average_bandwidth_bps == -(-8 * sum(sizes) // SECONDS)
    assert top.bandwidth_bps >= max(2 * size for size in sizes[:-1])
    master = m3u8.load(str(copied.folder / "master.m3u8"))
    assert {variant.stream_info.resolution for variant in master.playlists} == {(426, 240), (852, 480)}


def test_slides_at_half_the_rate_stay_aligned_with_the_copy(source, fast_policy, camera_policy, tools, tmp_path):
    """Key frames every two seconds lie on the six second grid of slides as well."""
    generous = tuple(
        replace(profile, rungs=tuple(replace(rung, copy_below_bps=rung.max_bitrate_bps) for rung in profile.rungs))
        for profile in fast_policy.profiles
    )
    made = run_once(source, replace(camera_policy, chunk_s=24, audio_chunk_s=240, profiles=generous), tools, tmp_path)
    assert made.plan.ladder.profile != "camera"
    assert made.plan.copies[0].folder == "480p"
    found = {name: measuring.packets(measuring.joined(made.folder / name)) for name in ("360p", "480p")}
    assert found["360p"].keyframes_s == [0.0, 6.0, 12.0]
    assert (found["360p"].count, found["480p"].count) == (12.5 * SECONDS, 25 * SECONDS)
    lengths = {
        name: [part.duration for part in m3u8.load(str(made.folder / name / "index.m3u8")).segments] for name in found
    }
    assert lengths["360p"] == lengths["480p"] == [6.0, 6.0, 6.0]


def test_a_poster_larger_than_the_encoded_rungs_comes_from_the_source(shelf, camera_policy, tools, tmp_path):
    made = run_once(ready_clips.on_grid(shelf, 10, 360), camera_policy, tools, tmp_path)
    assert made.plan.copies[0].folder == "360p"
    with av.open(str(made.folder / made.published.poster_name)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (640, 360)
    assert payloads(made.folder / made.published.mp4_name) == payloads(ready_clips.on_grid(shelf, 10, 360))


@pytest.mark.parametrize(
    "clip",
    [
        ready_clips.costly, ready_clips.ten_bit, ready_clips.full_colour, ready_clips.upright, ready_clips.open_groups,
        ready_clips.interlaced, ready_clips.fragmented, ready_clips.high_level, ready_clips.late_picture,
    ],
)  # fmt: skip
def test_what_only_looks_ready_is_encoded_as_before(shelf, camera_policy, clip):
    info, plan = plan_for(clip(shelf), camera_policy)
    assert info.video.codec == "h264"
    assert plan.copies == ()
    assert {rung for step in plan.videos for rung in step.rungs} == set(plan.ladder.rungs)
    assert plan.early_audios == ()


def test_a_copy_ends_where_decoding_did(shelf, camera_policy, tools, tmp_path):
    made = run_once(ready_clips.damaged_end(shelf), camera_policy, tools, tmp_path)
    copied = m3u8.load(str(made.folder / made.plan.copies[0].folder / "index.m3u8"))
    assert [part.uri for part in copied.segments] == ["00000.m4s", "00001.m4s", "00002.m4s"]
    assert len(m3u8.load(str(made.folder / "240p" / "index.m3u8")).segments) == 3
    assert [item.name for item in made.published.renditions] == ["240p", "480p", "audio"]


def test_a_stop_in_the_middle_costs_only_what_was_under_way(source, camera_policy, tools, tmp_path):
    _, plan = plan_for(source, camera_policy)
    storage, prefix = FolderStorage(tmp_path / "store"), "p"

    class StopsAfterTheCopy(Recorder):
        def is_cancelled(self):
            return find_chunk(storage, prefix, plan.copies[-1].digest) is not None

    stopping = StopsAfterTheCopy()
    with pytest.raises(Cancelled):
        run(plan, source, work_dir=tmp_path / "a", storage=storage, prefix=prefix, tools=tools, progress=stopping,
            cancel=stopping)  # fmt: skip
    made = {info.key: info.modified_at for info in storage.list_keys(f"{prefix}/480p/")}
    assert len(made) == 1 + 5
    recorder = Recorder()
    run(plan, source, work_dir=tmp_path / "b", storage=storage, prefix=prefix, tools=tools, progress=recorder,
        cancel=recorder)  # fmt: skip
    assert {info.key: info.modified_at for info in storage.list_keys(f"{prefix}/480p/") if info.key in made} == made
    assert payloads(measuring.joined(storage.root / prefix / "480p")) == payloads(source)


@pytest.mark.parametrize("clip", [ready_clips.on_grid, ready_clips.off_grid])
def test_the_copy_and_the_early_sound_can_be_watched_before_anything_is_encoded(
    shelf, camera_policy, tools, tmp_path, clip
):
    source = clip(shelf, SECONDS)
    _, plan = plan_for(source, camera_policy)
    name = Path(plan.copies[0].folder).name
    storage, recorder = FolderStorage(tmp_path / "store"), Recorder()
    encoder = Encoder(plan, source, storage, "p", tools, RunLimits(), recorder)
    live = storage.root / "p" / "live"
    for step in plan.first_steps:
        encoder.do(step, tmp_path / step.digest, lambda _: None)
        growth = grow(plan, storage, "p")
    begun = m3u8.load(str(live / f"{name}.m3u8"))
    assert len(begun.segments) == 2
    shown_until_s = sum(part.duration for part in begun.segments)
    assert growth.available_s == pytest.approx(min(8, shown_until_s), abs=0.03)
    encoder.do(plan.copies[-1], tmp_path / "rest", lambda _: None)
    growth = grow(plan, storage, "p")
    assert growth.available_s == pytest.approx(8, abs=0.03)
    assert not growth.is_complete
    assert [variant.uri for variant in m3u8.load(str(live / "master.m3u8")).playlists] == [f"{name}.m3u8"]
    assert not (live / "saver.m3u8").exists()
    listed = m3u8.load(str(live / f"{name}.m3u8"))
    assert not listed.is_endlist
    assert listed.target_duration == begun.target_duration >= round(max(part.duration for part in listed.segments))
    assert sum(part.duration for part in listed.segments) == pytest.approx(SECONDS)
    folder = (live / listed.segments[0].uri).resolve().parent
    assert payloads(measuring.joined(folder)) == payloads(source)
    begun = [sum(part.duration for part in listed.segments[:number]) for number in range(len(listed.segments))]
    keys = measuring.packets(source).keyframes_s
    assert all(min(abs(start_s - key_s) for key_s in keys) < 1e-5 for start_s in begun)
    for step in plan.chunk_steps[4:]:
        encoder.do(step, tmp_path / step.digest, lambda _: None)
        growth = grow(plan, storage, "p")
    assert growth.is_complete
    ended = m3u8.load(str(live / f"{name}.m3u8"))
    assert ended.is_endlist
    assert [part.uri for part in ended.segments] == [part.uri for part in listed.segments]
    assert len(m3u8.load(str(live / "saver.m3u8")).playlists) == 1


@pytest.mark.parametrize("clip", [ready_clips.on_grid, ready_clips.off_grid])
def test_two_copies_are_to_the_byte_what_one_would_be(shelf, camera_policy, tools, tmp_path, clip):
    source = clip(shelf, SECONDS)
    _, plan = plan_for(source, camera_policy)
    assert len(plan.copies) == 2
    whole = replace(plan.copies[0], range=MediaRange(), digest="whole")
    made = []
    for folder, copies in ((tmp_path / "two", plan.copies), (tmp_path / "one", (whole,))):
        storage = FolderStorage(folder)
        encoder = Encoder(replace(plan, copies=copies), source, storage, "p", tools, RunLimits(), Recorder())
        for step in copies:
            encoder.do(step, tmp_path / step.digest, lambda _: None)
        media = folder / "p" / whole.folder
        made.append({path.name: path.read_bytes() for path in media.iterdir()})
    assert made[0] == made[1]
    assert len(made[0]) > 4


def test_an_early_copy_is_no_part_of_the_set(shelf, camera_policy, tools, tmp_path):
    made = run_once(ready_clips.off_grid(shelf), camera_policy, tools, tmp_path)
    assert made.plan.early_copies
    assert [item.name for item in made.published.renditions] == ["240p", "480p", "audio"]
    assert "live" not in (made.folder / "master.m3u8").read_text()
    assert payloads(measuring.joined(made.folder / "480p")) != payloads(ready_clips.off_grid(shelf))
    assert (made.folder / "live" / "video" / "00000.m4s").is_file()
