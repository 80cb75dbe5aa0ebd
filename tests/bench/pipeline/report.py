"""The printed figures of one source: tables, then goals. Not here: measuring and judging."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from tests.bench.pipeline.goals import (
    EQUAL,
    EQUAL_LIMIT,
    EXTRAS,
    LIMIT,
    MEDIACMS,
    OURS,
    PEERTUBE,
    Contender,
    Findings,
    goals,
    ratio,
)

_TITLES = {
    LIMIT: "one bare call, our arguments (the limit)",
    OURS: "our whole job",
    EQUAL_LIMIT: "one bare call, P's x264 arguments",
    EQUAL: "our whole job, P's x264 arguments",
    PEERTUBE: "recipe P (PeerTube)",
    EXTRAS: "  its storyboard and thumbnail",
    MEDIACMS: "recipe M (MediaCMS)",
}


def print_findings(found: Findings, *, has_vmaf: bool) -> None:
    """Print everything of one source."""
    facts, picture = found.facts, "sound alone"
    if facts.has_picture:
        picture = (
            f"{facts.width_px}x{facts.height_px}, {float(facts.rate):g} fps, "
            f"picture {facts.video_bps / 1e6:.2f} Mb/s = {facts.bits_per_pixel:.4f} bit/pixel: "
            f"{found.kind}, profile {found.profile}"
        )
    print(f"\n== {found.name}: {facts.duration_s:.1f} s, {picture}")
    sides = sorted({side for each in found.contenders.values() for side in each.rung_bytes})
    _print_table(list(_cost_rows(found, sides)))
    _print_quality(found, sides, has_vmaf=has_vmaf)
    _print_play(found)
    if found.sound is not None and found.sound_cpu_s is not None:
        print(f"\n  sound: {found.sound_cpu_s * 60 / facts.duration_s:.2f} CPU s a minute, "
              f"{found.sound.lufs:.1f} LUFS, {found.sound.peak_dbtp:.1f} dBTP after AAC")  # fmt: skip
    print()
    for goal in goals(found):
        sign, verdict = (">=" if goal.is_floor else "<="), "reached" if goal.is_reached else "missed "
        note = f"  ({goal.note})" if goal.note else ""
        print(f"  {verdict}  {goal.text:58} {goal.value:8.3f} {sign} {goal.bound:g}{note}")


def _cost_rows(found: Findings, sides: Sequence[int]) -> Iterator[list[str]]:
    yield [
        "",
        "CPU s",
        "x limit",
        "wall s",
        "x limit",
        "peak MB",
        *(f"{side}p kB" for side in sides),
        "sound",
        "all kB",
    ]
    for name, title in _TITLES.items():
        each = found.contenders.get(name)
        if each is None:
            continue
        row = [title]
        for what in ("cpu_s", "wall_s"):
            against = ratio(found, name, LIMIT, of=what)
            row += [f"{_median(each, what):.1f}", f"{against:.2f}" if against is not None else ""]
        row.append(f"{_median(each, 'peak_bytes') / 1e6:.0f}")
        row += [_kilobytes(each.rung_bytes.get(side, 0)) for side in sides]
        yield [*row, _kilobytes(each.audio_bytes), _kilobytes(each.streamed_bytes + each.other_bytes)]


def _print_quality(found: Findings, sides: Sequence[int], *, has_vmaf: bool) -> None:
    judged = {name: each for name, each in found.contenders.items() if each.quality}
    if not judged:
        return
    print()
    if not has_vmaf:
        print("  no libvmaf: VMAF not measured")
    rows = [["SSIM · VMAF mean · 5th percentile", *(f"{side}p" for side in sides)]]
    for name, each in judged.items():
        row = [_TITLES[name]]
        for side in sides:
            quality = each.quality.get(side)
            text = f"{quality.ssim:.4f}" if quality is not None else ""
            if quality is not None and quality.vmaf is not None:
                text += f" · {quality.vmaf:.1f} · {quality.vmaf_low:.1f}"
            row.append(text)
        rows.append(row)
    _print_table(rows)


def _print_play(found: Findings) -> None:
    play = found.play
    if play is None:
        return
    moments = (
        ("first segment", play.one_s),
        ("two segments", play.two_s),
        ("lowest rung whole", play.lowest_whole_s),
        ("whole ladder", play.all_whole_s),
    )
    told = " · ".join(f"{text} {at_s:.1f} s" if at_s is not None else f"{text} never" for text, at_s in moments)
    print(f"\n  playable after the start of the job: {told}")


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  " + "  ".join([first.ljust(widths[0]), *cells]).rstrip())


def _median(each: Contender, what: str) -> float:
    return float(statistics.median(getattr(cost, what) for cost in each.costs))


def _kilobytes(size_bytes: int) -> str:
    return f"{size_bytes / 1000:.0f}" if size_bytes else ""
