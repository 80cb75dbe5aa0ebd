"""Run inside the probing child: when packets are shown, how far they really reach, whether one can start in the middle.

Looks at packets without decoding them: a few hundred in an ordinary file, all of them where headers cannot be believed
(transport streams, bit rate guesses, cut files). Self-contained; not here: what the numbers lead to (`probe.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

# PyAV's containers, streams and packets.
_Av: TypeAlias = Any

# Formats whose index and times are believed when the file agrees with itself.
_INDEXED = ("mov", "mp4", "matroska", "webm")
# Formats in which ffmpeg goes on with a new clock where the old one left off, in picture and sound alike.
_SEWN = ("mpegts", "mpeg")
_SAMPLED_PACKETS = 240
_TAIL_S = 12.0
# Shorter than this is rounding of headers and of the last packet, not a loss.
_LOSS_S = 1.5
# Headers and packets that differ by less agree; beyond it the packets are believed.
_ROUNDING_S = 0.25
# A step this large, or backwards, is a new clock: what programs make of such a file goes on without it.
_JUMP_S = 10.0
_LATEST_KEYFRAME_S = 60.0


@dataclass(slots=True)
class Reach:
    """How far the packets of one stream reach, on a clock without jumps."""

    first_s: float | None = None
    end_s: float = 0.0
    has_jumps: bool = False
    longest_step_s: float = _JUMP_S
    _shift_s: float = 0.0
    _dts_s: float | None = None

    def take(self, packet: _Av) -> None:
        """Take the next packet as it lies in the file."""
        if packet.time_base is None:
            return
        scale = float(packet.time_base)
        if packet.pts is None and packet.dts is None:  # a bare stream: only lengths are known
            rate = packet.stream.average_rate or packet.stream.guessed_rate or 25
            self.first_s = 0.0
            self.end_s += float(packet.duration or 0) * scale or 1 / float(rate)
            return
        shown_s = (packet.pts if packet.pts is not None else packet.dts) * scale
        stored_s = (packet.dts if packet.dts is not None else packet.pts) * scale
        length_s = float(packet.duration or 0) * scale
        if self._dts_s is not None and not -0.5 <= stored_s - self._dts_s <= self.longest_step_s:
            self.has_jumps = True
            self._shift_s += self._dts_s + length_s - stored_s
        self._dts_s = stored_s
        shown_s += self._shift_s
        self.first_s = shown_s if self.first_s is None else min(self.first_s, shown_s)
        self.end_s = max(self.end_s, shown_s + min(length_s, self.longest_step_s))


@dataclass(slots=True)
class Timing:
    """The result, in seconds from the start of the file; `lost_s` is what the headers promise beyond the last packet.

    `is_cut`: something is missing at the end, even where nobody knows how much. `usual_step_s` lies between two frames.
    """

    duration_s: float
    lost_s: float = 0.0
    is_cut: bool = False
    ends_s: dict[int, float] = field(default_factory=dict)
    is_seekable: bool = False
    is_variable: bool = False
    usual_step_s: float | None = None
    #: The clock jumps, and nobody would sew it.
    runs_back: bool = False


@dataclass(slots=True)
class Sample:
    """What some packets of one stream tell: when they are shown and stored, and where reading began."""

    shown_s: list[float] = field(default_factory=list)
    stored_s: list[float] = field(default_factory=list)
    has_all_times: bool = True
    begins_at_s: float | None = None
    begins_with_key_frame: bool = False

    @property
    def is_ordered(self) -> bool:
        """Return whether the packets are stored in the order of their times."""
        return self.has_all_times and all(before < after for before, after in pairwise(self.stored_s))

    @property
    def distances_s(self) -> list[float]:
        """Return how far apart frames are shown."""
        # The last few may still wait for frames that are shown before them.
        ordered = sorted(self.shown_s)
        return [after - before for before, after in pairwise(ordered[:-8] or ordered)]


@dataclass(slots=True)
class _Extent:
    """From when to when the streams reach, and what the headers promised beyond that."""

    start_s: float
    duration_s: float
    lost_s: float
    ends_s: dict[int, float]
    has_jumps: bool


def measure(av: _Av, reopen: Callable[[], _Av], video: _Av, audio: _Av, *, is_cut: bool) -> Timing:
    """Return when the chosen streams begin and end; `is_cut` if the file is known to have been longer."""
    wanted = [stream.index for stream in (video, audio) if stream is not None]
    # Opening a long file costs as much as all that is read here: one container serves for all that can seek.
    with reopen() as container:
        can_believe, is_sewn = is_indexed(container), _is_one_of(_SEWN, container)
        samples = [_sample(av, container, wanted[0])]
        extent = _measure_extent(av, container, reopen, wanted, is_cut=is_cut)
        middle_s = extent.start_s + extent.duration_s / 2
        if is_found := seek(av, container, middle_s):
            samples.append(_sample(av, container, wanted[0]))
    is_ordered = video is None or all(sample.is_ordered for sample in samples)
    distances = [] if video is None else [each for sample in samples for each in sample.distances_s]
    return Timing(
        duration_s=extent.duration_s,
        runs_back=extent.has_jumps and not is_sewn,
        lost_s=extent.lost_s,
        is_cut=is_cut and (extent.lost_s > 0 or not can_believe),
        ends_s=extent.ends_s,
        is_variable=_vary(distances),
        # Two clocks in one sample lie between each other: their steps say nothing.
        usual_step_s=sorted(distances)[len(distances) // 2] if distances and is_ordered else None,
        is_seekable=can_believe
        and is_ordered
        and not extent.has_jumps
        and is_found
        and _starts_near(samples[-1], middle_s),
    )


def _measure_extent(av: _Av, container: _Av, reopen: Callable[[], _Av], wanted: list[int], *, is_cut: bool) -> _Extent:
    """Read the end where the headers agree with it, everything where they do not."""
    start_s, claimed_s = start_of(av, container), _claim(av, container, wanted)
    is_sampled = is_indexed(container) and claimed_s > 0
    reaches = _tail(av, container, wanted, claimed_s) if is_sampled else None
    if reaches is None:
        with reopen() as again:
            reaches = _reaches(av, again, wanted)
        start_s = min((reach.first_s for reach in reaches.values() if reach.first_s is not None), default=start_s)
    ends_s = {index: max(0.0, reach.end_s - start_s) for index, reach in reaches.items() if reach.first_s is not None}
    found_s = max(ends_s.values(), default=0.0)
    is_confirmed = is_sampled and abs(claimed_s - found_s) <= _ROUNDING_S
    return _Extent(
        start_s=start_s,
        duration_s=claimed_s if is_confirmed else found_s,
        # In a whole file headers that promise more speak of other streams, or guess.
        lost_s=claimed_s - found_s if is_cut and claimed_s - found_s > _LOSS_S else 0.0,
        ends_s=ends_s,
        has_jumps=any(reach.has_jumps for reach in reaches.values()),
    )


def is_indexed(container: _Av) -> bool:
    """Return whether the format keeps an index, so that its times can be believed."""
    return _is_one_of(_INDEXED, container)


def _is_one_of(formats: tuple[str, ...], container: _Av) -> bool:
    return any(name in formats for name in container.format.name.split(","))


def _claim(av: _Av, container: _Av, wanted: list[int]) -> float:
    """Return the length the headers promise for the streams that will be used."""
    streams = [container.streams[index] for index in wanted]
    told = [float(stream.duration * stream.time_base) for stream in streams if stream.duration and stream.time_base]
    starts = [float(stream.start_time * stream.time_base) for stream in streams if stream.start_time]
    if len(told) == len(streams):
        begin_s = start_of(av, container)
        offsets = [begin - begin_s for begin in starts] if len(starts) == len(streams) else [0.0] * len(told)
        return max(length + max(0.0, offset) for length, offset in zip(told, offsets, strict=True))
    return float(container.duration / av.time_base) if container.duration else 0.0


def _packets(av: _Av, container: _Av, wanted: list[int]) -> _Av:
    """Yield packets until the end or the first damage that the reader cannot step over."""
    try:
        for packet in container.demux([container.streams[index] for index in wanted]):
            if packet.size:
                yield packet
    except (av.FFmpegError, EOFError):
        return


def start_of(av: _Av, container: _Av) -> float:
    """Return when the file says it starts, in seconds of its own clock."""
    return float(container.start_time or 0) / float(av.time_base)


def seek(av: _Av, container: _Av, time_s: float) -> bool:
    """Go to the key frame before a time of the file's own clock; return whether that worked."""
    # Nothing lies before zero for a reader that seeks, even where the first times do.
    for at_s in (time_s, max(0.0, time_s)):
        try:
            container.seek(int(at_s * av.time_base), backward=True)
        except (av.FFmpegError, OverflowError):
            continue
        return True
    return False


def _tail(av: _Av, container: _Av, wanted: list[int], claimed_s: float) -> dict[int, Reach] | None:
    """Read only the last seconds; None where they are not there, or one stream is not among them."""
    start_s = start_of(av, container)
    if not seek(av, container, start_s + max(0.0, claimed_s - _TAIL_S)):
        return None
    reaches = _reaches(av, container, wanted)
    ends = [reach.end_s - start_s if reach.first_s is not None else 0.0 for reach in reaches.values()]
    return reaches if min(ends) > 0 and max(ends) > claimed_s - _LOSS_S else None


def _reaches(av: _Av, container: _Av, wanted: list[int]) -> dict[int, Reach]:
    # A long step is a picture that stands, except where a new clock is usual.
    longest_s = _JUMP_S if _is_one_of(_SEWN, container) else float("inf")
    reaches = {index: Reach(longest_step_s=longest_s) for index in wanted}
    for packet in _packets(av, container, wanted):
        reaches[packet.stream.index].take(packet)
    return reaches


def _sample(av: _Av, container: _Av, index: int) -> Sample:
    """Look at the next packets of a stream."""
    sample = Sample()
    for packet in _packets(av, container, [index]):
        if packet.pts is not None and sample.begins_at_s is None:
            sample.begins_at_s = float(packet.pts * packet.time_base)
            sample.begins_with_key_frame = bool(packet.is_keyframe)
        if packet.pts is None or packet.dts is None:
            sample.has_all_times &= packet.pts is not None
            continue
        sample.shown_s.append(float(packet.pts * packet.time_base))
        sample.stored_s.append(float(packet.dts * packet.time_base))
        if len(sample.shown_s) >= _SAMPLED_PACKETS:
            break
    return sample


def _vary(distances: list[float]) -> bool:
    """Return whether frames stand at changing distances, beyond the milliseconds some containers round to."""
    if len(distances) < 2:
        return False
    usual_s = sorted(distances)[len(distances) // 2]
    odd = sum(abs(distance - usual_s) > max(0.0025, usual_s / 10) for distance in distances)
    # One hole is a dropped frame, not a variable rate.
    return odd > max(1, len(distances) // 100)


def _starts_near(sample: Sample, time_s: float) -> bool:
    """Return whether a jump to a time landed on a key frame shortly before it."""
    if sample.begins_at_s is None or not sample.begins_with_key_frame:
        return False
    return time_s - _LATEST_KEYFRAME_S <= sample.begins_at_s <= time_s + 0.5
