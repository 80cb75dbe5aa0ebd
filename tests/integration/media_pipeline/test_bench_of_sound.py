"""The bench takes a file without a picture: the whole job against one bare call, and when it can be heard."""

from __future__ import annotations

from tests.bench.pipeline import goals
from tests.bench.pipeline.contest import Bench
from tests.bench.pipeline.quality import Judge
from tests.bench.pipeline.report import print_findings


def test_sound_alone_is_measured(shelf, tools, tmp_path, capsys):
    parts = frozenset({goals.OURS, goals.LIMIT, goals.PEERTUBE, "quality"})
    bench = Bench(shelf.plain_audio(), tools, Judge(str(tools.ffmpeg), has_vmaf=False), parts, tmp_path)
    found = bench.measure("talk", rounds=1)
    assert found.contenders.keys() == {goals.OURS, goals.LIMIT}
    assert all(each.audio_bytes > 10_000 for each in found.contenders.values())
    assert found.play.one_s is not None
    print_findings(found, has_vmaf=False)
    assert "== talk: 6.0 s, sound alone" in capsys.readouterr().out
