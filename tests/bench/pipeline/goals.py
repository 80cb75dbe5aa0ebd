"""What was measured of one source, and whether the project's goals for that kind of source are reached. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.bench.pipeline.cost import Cost
from tests.bench.pipeline.firstplay import FirstPlay
from tests.bench.pipeline.ours import Sound
from tests.bench.pipeline.quality import Quality
from tests.bench.pipeline.recipes import Facts

# Contenders, by the names their measurements go under.
OURS, LIMIT, EQUAL, EQUAL_LIMIT = "ours", "limit", "equal", "equal-limit"
PEERTUBE, EXTRAS, MEDIACMS = "p", "p-extras", "m"
_SLIDES_BELOW, _CAMERA_ABOVE = 0.03, 0.17
# Bytes of the picture over P's: of slides, and of a screen where nothing moves but the pointer.
_SLIDES_BYTES, _SCREEN_BYTES = 0.58, 0.50


@dataclass
class Contender:
    """What one way of making the ladder cost in each round, and what it made in the last."""

    costs: list[Cost] = field(default_factory=list)
    rung_bytes: dict[int, int] = field(default_factory=dict)
    audio_bytes: int = 0
    other_bytes: int = 0
    quality: Mapping[int, Quality] = field(default_factory=dict)

    @property
    def video_bytes(self) -> int:
        """Return the bytes of all rungs."""
        return sum(self.rung_bytes.values())

    @property
    def streamed_bytes(self) -> int:
        """Return the bytes of everything that is streamed."""
        return self.video_bytes + self.audio_bytes


@dataclass
class Findings:
    """Everything measured of one source; `profile` is the policy's, `sound_cpu_s` of a job without the picture."""

    name: str
    facts: Facts
    contenders: dict[str, Contender]
    play: FirstPlay | None = None
    sound: Sound | None = None
    sound_cpu_s: float | None = None
    profile: str = ""

    @property
    def kind(self) -> str:
        """Return which goals apply: those of sound alone, slides, camera, or of what is mixed between the two."""
        if not self.facts.has_picture:
            return "sound"
        bits = self.facts.bits_per_pixel
        return "slides" if bits < _SLIDES_BELOW else "camera" if bits > _CAMERA_ABOVE else "mixed"


@dataclass(frozen=True)
class Goal:
    """One goal: a figure and the bound it must not pass."""

    text: str
    value: float
    bound: float
    is_floor: bool = False
    note: str = ""

    @property
    def is_reached(self) -> bool:
        """Return whether the figure keeps the bound."""
        return self.value >= self.bound if self.is_floor else self.value <= self.bound


def ratio(found: Findings, one: str, *others: str, of: str = "cpu_s") -> float | None:
    """Return the median over the rounds of one contender's cost over that of others together."""
    named = [found.contenders[name].costs for name in (one, *others) if name in found.contenders]
    if len(named) != 1 + len(others):
        return None
    rounds = zip(*named, strict=True)
    shares = [getattr(mine, of) / sum(getattr(cost, of) for cost in theirs) for mine, *theirs in rounds]
    return float(statistics.median(shares))


def goals(found: Findings) -> Iterator[Goal]:
    """Yield every goal that applies to the source and was measured."""
    if found.kind != "sound":
        # Levelling the sound is most of a job without a picture, and the call does none.
        yield from _ratio_goal("whole job, CPU / one-call limit", found, 1.05, OURS, LIMIT)
    if found.kind == "slides":
        yield from _ratio_goal("P's x264 arguments, CPU / P", found, 0.72, EQUAL, PEERTUBE)
        yield from _ratio_goal(
            "P's x264 arguments, CPU / P with storyboard and thumbnail", found, 0.60, EQUAL, PEERTUBE, EXTRAS
        )
        yield from _ratio_goal("P's x264 arguments, wall / P", found, 0.60, EQUAL, PEERTUBE, of="wall_s")
        yield from _ratio_goal("our profile, CPU / P", found, 0.68, OURS, PEERTUBE)
        yield from _against_peertube(found)
    if found.kind == "camera":
        yield from _ratio_goal("our profile, wall / P", found, 0.55, OURS, PEERTUBE, of="wall_s")
    yield from _ratio_goal("our profile, CPU / M", found, 0.5, OURS, MEDIACMS)
    yield from _against_mediacms(found)
    yield from _play_goals(found)
    yield from _sound_goals(found)


def _ratio_goal(text: str, found: Findings, bound: float, one: str, *others: str, of: str = "cpu_s") -> Iterator[Goal]:
    value = ratio(found, one, *others, of=of)
    if value is not None:
        yield Goal(text, value, bound)


def _against_peertube(found: Findings) -> Iterator[Goal]:
    ours, theirs = found.contenders.get(OURS), found.contenders.get(PEERTUBE)
    if ours is None or theirs is None:
        return
    bound = _SCREEN_BYTES if found.profile == "screen" else _SLIDES_BYTES
    yield Goal("our profile, video bytes / P", ours.video_bytes / theirs.video_bytes, bound)
    for side, mine in ours.quality.items():
        other = theirs.quality.get(side)
        if other is None or mine.vmaf is None or other.vmaf is None:
            continue
        yield Goal(f"{side}p mean VMAF - P's", mine.vmaf - other.vmaf, -0.3, is_floor=True)
        if mine.vmaf_low is not None and other.vmaf_low is not None:
            yield Goal(f"{side}p 5th percentile VMAF - P's", mine.vmaf_low - other.vmaf_low, -2.5, is_floor=True)


def _against_mediacms(found: Findings) -> Iterator[Goal]:
    ours, theirs = found.contenders.get(OURS), found.contenders.get(MEDIACMS)
    if ours is None or theirs is None:
        return
    yield Goal("our profile, streamed bytes / M", ours.streamed_bytes / theirs.streamed_bytes, 0.5)
    best = ours.quality.get(720)
    if best is not None and best.vmaf is not None:
        yield Goal("720p mean VMAF", best.vmaf, 95, is_floor=True)


def _play_goals(found: Findings) -> Iterator[Goal]:
    play = found.play
    if play is None:
        return
    duration_s = found.facts.duration_s
    if found.kind == "slides" and play.lowest_whole_s is not None:
        yield Goal("lowest rung whole, share of the duration", play.lowest_whole_s / duration_s, 0.12)
    if play.all_whole_s is not None:
        bound = 0.36 if found.kind == "slides" else 1.0
        yield Goal("whole ladder, share of the duration", play.all_whole_s / duration_s, bound)


def _sound_goals(found: Findings) -> Iterator[Goal]:
    if found.sound_cpu_s is not None:
        yield Goal("sound alone, CPU s a minute", found.sound_cpu_s * 60 / found.facts.duration_s, 2.2)
    if found.sound is not None:
        yield Goal("distance from -16 LUFS", abs(found.sound.lufs + 16), 1.0, note=f"{found.sound.lufs:.1f} LUFS")
        yield Goal("true peak, dBTP", found.sound.peak_dbtp, -1.0)
