"""judge(): what is put right by itself, what a teacher may look at, and what only the teacher can mend. Pure.

Findings have codes and numbers, no sentences: the page speaks the reader's language. No finding refuses a file. Not
here: measuring (`analysis.py`), thresholds (`preflight_policy.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .analysis import Analysis
from .analysis_log import PictureFacts, SoundFacts, Span
from .ladder import STANDARD_RATES, choose_frame_rate
from .preflight_policy import Checks, Rules
from .types import AudioInfo, MediaInfo, VideoInfo

Kind = Literal["problem", "advice", "fixed"]
#: In this order they are read.
KINDS: tuple[Kind, ...] = ("problem", "advice", "fixed")
#: Every code there is; a page must have words for each.
CODES = (
    "cut_off", "no_sound", "several_sounds", "sound_ends_early", "picture_ends_early", "all_silent", "silence",
    "clipped", "all_black", "black", "too_short", "too_long", "rather_short", "rather_long", "blurred", "very_quiet",
    "one_channel", "captions_missing", "subtitles_inside", "subtitles_as_pictures", "low_resolution", "borders",
    "upright", "low_frame_rate", "hdr", "picture_sampled", "not_measured", "quiet", "loud", "interlaced", "turned",
    "frame_rate_thinned", "frame_rate_evened",
)  # fmt: skip

# Key frames further apart than this give times that a teacher must not take to the second.
_SURE_STEP_S = 4.0
# Recorders end picture and sound within this.
_EQUAL_ENDS_S = 2.0
_ALL_PART = 0.9
_THINNED_PART = 0.9


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say. `values` are its numbers by name; `is_about` says that the times are only roughly known."""

    code: str
    kind: Kind
    spans: tuple[Span, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    is_about: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one source: problems first, then advice, then what we mend."""

    findings: tuple[Finding, ...] = ()

    def of_kind(self, kind: Kind) -> tuple[Finding, ...]:
        """Return the findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)


def judge(info: MediaInfo, analysis: Analysis | None, rules: Rules, *, has_captions: bool) -> Report:
    """Say what is to be said of a source.

    Args:
        info: what probing found.
        analysis: what looking through it found; None where that was not possible.
        rules: from where on something is worth saying, and the lengths of this kind of resource.
        has_captions: whether the lecture has any captions now.
    """
    findings = [*_judge_length(info, rules), *_judge_tracks(info), *_judge_subtitles(info, has_captions=has_captions)]
    if not has_captions and info.audio is not None:
        findings.append(Finding("captions_missing", "advice"))
    if info.video is not None:
        findings += _judge_format(info.video, rules.checks)
    if analysis is None:
        findings.append(Finding("not_measured", "advice"))
    else:
        ends_at_s = _end_of(analysis, rules.checks)
        if ends_at_s < analysis.duration_s and not info.is_cut:
            findings.append(Finding("cut_off", "problem", (Span(ends_at_s, analysis.duration_s),)))
        if analysis.sound is not None:
            findings += _judge_sound(analysis.sound, ends_at_s, rules.checks)
        if analysis.picture is not None:
            findings += _judge_picture(analysis.picture, ends_at_s, rules.checks)
    return Report(tuple(sorted(findings, key=lambda each: (KINDS.index(each.kind), CODES.index(each.code)))))


def _end_of(analysis: Analysis, checks: Checks) -> float:
    """Return where the content ends; the file's own length unless it ends much earlier."""
    ends = [facts.ends_at_s for facts in (analysis.sound, analysis.picture) if facts is not None]
    ends_at_s = max(ends, default=analysis.duration_s)
    return ends_at_s if analysis.duration_s - ends_at_s > checks.cut_off_s else analysis.duration_s


def _judge_tracks(info: MediaInfo) -> Iterator[Finding]:
    if info.is_cut:
        lost = (Span(info.duration_s, info.duration_s + info.lost_s),) if info.lost_s else ()
        yield Finding("cut_off", "problem", lost)
    if info.audio is None:
        yield Finding("no_sound", "problem")
    else:
        yield from _judge_ends(info, info.audio)


def _judge_subtitles(info: MediaInfo, *, has_captions: bool) -> Iterator[Finding]:
    if any(subtitle.is_text for subtitle in info.subtitles) and not has_captions:
        yield Finding("subtitles_inside", "advice")
    if not all(subtitle.is_text for subtitle in info.subtitles):
        yield Finding("subtitles_as_pictures", "advice")


def _judge_ends(info: MediaInfo, audio: AudioInfo) -> Iterator[Finding]:
    if audio.tracks > 1:
        yield Finding("several_sounds", "advice", values={"tracks": audio.tracks})
    if info.video is None or info.video.end_s is None or audio.end_s is None:
        return
    if audio.end_s - info.video.end_s > _EQUAL_ENDS_S:
        yield Finding("picture_ends_early", "advice", (Span(info.video.end_s, audio.end_s),))
    elif info.video.end_s - audio.end_s > _EQUAL_ENDS_S:
        yield Finding("sound_ends_early", "advice", (Span(audio.end_s, info.video.end_s),))


def _judge_length(info: MediaInfo, rules: Rules) -> Iterator[Finding]:
    profile = rules.profile
    if profile is None:
        return
    length_s = info.duration_s
    if not profile.min_s <= length_s <= profile.max_s:
        code = "too_short" if length_s < profile.min_s else "too_long"
        values = {"duration_s": length_s, "min_s": profile.min_s, "max_s": profile.max_s}
        yield Finding(code, profile.outside, values=values)
    elif not profile.advised_min_s <= length_s <= profile.advised_max_s:
        code = "rather_short" if length_s < profile.advised_min_s else "rather_long"
        values = {"duration_s": length_s, "min_s": profile.advised_min_s, "max_s": profile.advised_max_s}
        yield Finding(code, "advice", values=values)


def _judge_sound(sound: SoundFacts, ends_at_s: float, checks: Checks) -> Iterator[Finding]:
    if sound.level_db is None:
        yield Finding("all_silent", "problem")
        return
    # What is missing at the end of a file that was cut off is told once.
    silent = [Span(span.at_s, min(span.until_s, ends_at_s)) for span in sound.silent]
    yield from _by_length("silence", silent, checks.silence_advice_s, checks.silence_problem_s)
    if sound.clipped_s >= checks.clipped_advice_s:
        is_bad = sound.clipped_s >= checks.clipped_problem_part * ends_at_s
        yield Finding("clipped", "problem" if is_bad else "advice", sound.clipped)
    level = {"level_db": sound.level_db}
    if sound.level_db < checks.very_quiet_below_db:
        yield Finding("very_quiet", "advice", values=level)
    elif sound.level_db < checks.quiet_below_db:
        yield Finding("quiet", "fixed", values=level)
    elif sound.level_db > checks.loud_above_db:
        yield Finding("loud", "fixed", values=level)
    # A side without any level is as far down as can be.
    sides = [-120.0 if side is None else side for side in sound.channel_levels_db]
    if len(sides) == 2 and abs(sides[0] - sides[1]) > checks.one_channel_below_db:
        yield Finding("one_channel", "advice", values={"louder": float(sides.index(max(sides)))})


def _judge_picture(picture: PictureFacts, ends_at_s: float, checks: Checks) -> Iterator[Finding]:
    is_about = picture.largest_step_s > _SURE_STEP_S
    if _covers(picture.black, ends_at_s):
        yield Finding("all_black", "problem")
        return
    yield from _by_length("black", picture.black, checks.black_advice_s, checks.black_problem_s, is_about=is_about)
    blurred = tuple(span for span in picture.blurred if span.length_s >= checks.blurred_advice_s)
    if blurred:
        spans = () if _covers(blurred, ends_at_s) else blurred
        yield Finding("blurred", "advice", spans, is_about=is_about)
    borders = picture.borders
    if borders is not None:
        spans = () if _covers(borders.spans, ends_at_s) else borders.spans
        lost = 1 - (1 - 2 * borders.beside_share) * (1 - 2 * borders.above_share)
        values = {"beside": borders.beside_share, "above": borders.above_share, "lost": round(lost, 2)}
        yield Finding("borders", "advice", spans, values, is_about=is_about)
    if picture.largest_step_s > checks.picture_step_s:
        yield Finding("picture_sampled", "advice", values={"step_s": picture.largest_step_s})


def _by_length(
    code: str, spans: Iterable[Span], advice_s: float, problem_s: float, *, is_about: bool = False
) -> Iterator[Finding]:
    """Make a problem of long spans and an advice of those that are only worth a look."""
    told = [span for span in spans if span.length_s >= advice_s]
    long = tuple(span for span in told if span.length_s >= problem_s)
    short = tuple(span for span in told if span.length_s < problem_s)
    if long:
        yield Finding(code, "problem", long, is_about=is_about)
    if short:
        yield Finding(code, "advice", short, is_about=is_about)


def _covers(spans: Sequence[Span], ends_at_s: float) -> bool:
    return sum(span.length_s for span in spans) >= _ALL_PART * ends_at_s


def _judge_format(video: VideoInfo, checks: Checks) -> Iterator[Finding]:
    width_px, height_px = video.display_width_px, video.display_height_px
    if min(width_px, height_px) < checks.min_short_side_px:
        yield Finding("low_resolution", "advice", values={"width_px": width_px, "height_px": height_px})
    if height_px > width_px:
        yield Finding("upright", "advice")
    if video.is_hdr:
        yield Finding("hdr", "fixed")
    if video.is_interlaced:
        yield Finding("interlaced", "fixed")
    if video.rotation_deg:
        yield Finding("turned", "fixed", values={"rotation_deg": video.rotation_deg})
    made = choose_frame_rate(video.frame_rate, checks.max_frame_rate)
    rates = {"rate": round(float(video.frame_rate), 2), "made": round(float(made), 2)}
    if video.frame_rate < checks.min_frame_rate:
        yield Finding("low_frame_rate", "advice", values=rates)
    elif made <= video.frame_rate * _THINNED_PART:
        yield Finding("frame_rate_thinned", "fixed", values=rates)
    elif all(abs(rate - video.frame_rate) > rate / 200 for rate in STANDARD_RATES):
        yield Finding("frame_rate_evened", "fixed", values=rates)
