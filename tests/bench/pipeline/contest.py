"""One source under measurement: every contender makes the same rungs in turn, then they are judged.

Not here: what the contenders run (`ours.py`, `recipes.py`), what the figures mean (`goals.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from media_pipeline import LadderPolicy, Plan, Published, Tools
from media_pipeline.types import Rung
from tests.bench.pipeline import goals, ours, recipes
from tests.bench.pipeline.cost import measured
from tests.bench.pipeline.goals import Contender, Findings
from tests.bench.pipeline.quality import Judge, Rendered, judge_rungs

CONTENDERS = (goals.LIMIT, goals.OURS, goals.PEERTUBE, goals.EQUAL, goals.EQUAL_LIMIT, goals.MEDIACMS)
#: The platforms' commands, and what is compared with them, are about pictures.
WITHOUT_PICTURE = (goals.LIMIT, goals.OURS)
PARTS = (*CONTENDERS, "quality", "sound")


@dataclass(frozen=True)
class Bench:
    """One source under measurement, in a folder of its own."""

    clip: Path
    tools: Tools
    judge: Judge
    parts: frozenset[str]
    folder: Path

    def measure(self, name: str, rounds: int) -> Findings:
        policy = ours.current_policy()
        facts = ours.facts_of(self.clip, self.tools)
        plan = ours.plan_of(self.clip, policy)
        found = Findings(name, facts, {}, profile=plan.ladder.profile if plan.ladder is not None else "")
        contenders = CONTENDERS if facts.has_picture else WITHOUT_PICTURE
        runs = self._runs(found, policy, plan)
        for number in range(rounds):
            for each in contenders if number % 2 == 0 else reversed(contenders):
                if each in self.parts:
                    shutil.rmtree(self.folder / each, ignore_errors=True)
                    runs[each]()
        if "quality" in self.parts and facts.has_picture:
            self._judge(found)
        if "sound" in self.parts and plan.audios:
            self._sound(found, policy)
        return found

    def _runs(self, found: Findings, policy: LadderPolicy, plan: Plan) -> dict[str, Callable[[], None]]:
        runs = {
            goals.LIMIT: partial(self._bare, found, goals.LIMIT, plan, self.tools),
            goals.OURS: partial(self._job, found, goals.OURS, policy, self.tools),
        }
        if not found.facts.has_picture:
            return runs
        equal = ours.peertube_policy(policy, plan, found.facts)
        equal_plan = ours.plan_of(self.clip, equal)
        sides = [rung.short_side_px for rung in _rungs(plan)]
        return runs | {
            goals.EQUAL: partial(self._job, found, goals.EQUAL, equal, self.tools),
            goals.EQUAL_LIMIT: partial(self._bare, found, goals.EQUAL_LIMIT, equal_plan, self.tools),
            goals.PEERTUBE: partial(self._peertube, found, sides),
            goals.MEDIACMS: partial(self._mediacms, found, sides),
        }

    def _bare(self, found: Findings, name: str, plan: Plan, tools: Tools) -> None:
        folder = self.folder / name
        each = found.contenders.setdefault(name, Contender())
        each.costs.append(measured(lambda: ours.bare_call(self.clip, plan, tools, folder)))
        rungs = _rungs(plan)
        each.rung_bytes = {rung.short_side_px: _size(folder / rung.name, "*.mp4", "*.m4s") for rung in rungs}
        each.audio_bytes = _size(folder / "audio", "*.m4s")

    def _job(self, found: Findings, name: str, policy: LadderPolicy, tools: Tools) -> None:
        folder = self.folder / name
        plan, made = ours.plan_of(self.clip, policy), list[Published]()
        sides = {rung.name: rung.short_side_px for rung in _rungs(plan)}
        play = ours.first_play(plan, folder / "store")
        each = found.contenders.setdefault(name, Contender())
        work = partial(ours.whole_job, self.clip, policy, tools, folder)
        each.costs.append(measured(lambda: made.append(work()), play.look))
        sizes = {rendition.name: rendition.size_bytes for rendition in made[0].renditions}
        each.rung_bytes = {side: sizes[name] for name, side in sides.items()}
        each.audio_bytes = sizes.get("audio", 0)
        each.other_bytes = made[0].size_bytes - each.streamed_bytes
        if name == goals.OURS:
            found.play = play

    def _peertube(self, found: Findings, sides: list[int]) -> None:
        folder, ffmpeg = self.folder / goals.PEERTUBE, str(self.tools.ffmpeg)
        each = found.contenders.setdefault(goals.PEERTUBE, Contender())
        ladder = recipes.peertube(ffmpeg, found.facts, sides)
        each.costs.append(measured(lambda: recipes.run_all(ladder, folder)))
        each.rung_bytes = {side: (folder / f"v{side}.mp4").stat().st_size for side in sides}
        each.audio_bytes = _size(folder, "audio.mp4")
        extras = found.contenders.setdefault(goals.EXTRAS, Contender())
        passes = recipes.peertube_extras(ffmpeg, found.facts)
        extras.costs.append(measured(lambda: recipes.run_all(passes, folder)))

    def _mediacms(self, found: Findings, sides: list[int]) -> None:
        folder = self.folder / goals.MEDIACMS
        each = found.contenders.setdefault(goals.MEDIACMS, Contender())
        commands = recipes.mediacms(str(self.tools.ffmpeg), found.facts, sides)
        each.costs.append(measured(lambda: recipes.run_all(commands, folder)))
        each.rung_bytes = {side: (folder / f"{side}.ts").stat().st_size for side in sides}

    def _judge(self, found: Findings) -> None:
        rungs = _rungs(ours.plan_of(self.clip, ours.current_policy()))
        for name in (goals.OURS, goals.PEERTUBE, goals.MEDIACMS):
            if name in found.contenders:
                files = [self._rendered(name, rung) for rung in rungs]
                folder = self.folder / f"{name}-quality"
                found.contenders[name].quality = judge_rungs(self.judge, found.facts, files, folder)

    def _rendered(self, name: str, rung: Rung) -> Rendered:
        side = rung.short_side_px
        if name == goals.OURS:
            manifest = self.folder / name / "store" / "set" / rung.name / "index.m3u8"
            path = ours.join(manifest, self.folder / f"{rung.name}.mp4")
        else:
            path = self.folder / name / (f"v{side}.mp4" if name == goals.PEERTUBE else f"{side}.mp4")
        return Rendered(side, path, rung.width_px, rung.height_px)

    def _sound(self, found: Findings, policy: LadderPolicy) -> None:
        folder = self.folder / "sound"
        folder.mkdir()
        clip = ours.sound_only(self.clip, self.tools, folder / "sound.mka")
        cost = measured(lambda: ours.whole_job(clip, policy, self.tools, folder))
        manifest = folder / "store" / "set" / "audio" / "index.m3u8"
        found.sound_cpu_s = cost.cpu_s
        found.sound = ours.measure_sound(ours.join(manifest, folder / "audio.mp4"), self.tools)


def _rungs(plan: Plan) -> tuple[Rung, ...]:
    return plan.ladder.rungs if plan.ladder is not None else ()


def _size(folder: Path, *patterns: str) -> int:
    return sum(path.stat().st_size for pattern in patterns for path in folder.glob(pattern))
