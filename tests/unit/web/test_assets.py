"""Names of built files, and what may be in the lock file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.web import assets

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _forget_manifests():
    assets.load_manifest.cache_clear()


def build(folder: Path, manifest: dict) -> Path:
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_names_become_hashed_addresses(tmp_path, monkeypatch):
    entry = {"file": "player-1a2b.js", "isEntry": True}
    manifest = {"app/player/static/player/entry/player.js": entry, "_chunk.js": {"file": "chunk/x.js"},
                "icons.svg": {"file": "icons-9z.svg"}}  # fmt: skip
    monkeypatch.setattr(assets, "DIST_FOLDER", build(tmp_path, manifest))
    assert assets.asset("player.js") == "/static/player-1a2b.js"
    assert assets.icon("play") == (
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="/static/icons-9z.svg#play"></use></svg>'
    )
    assert 'role="img" aria-label="播放&lt;"' in assets.icon("play", "播放<")
    with pytest.raises(assets.UnknownAsset, match=r"'_chunk.js'.*icons.svg, player.js"):
        assets.asset("_chunk.js")


def test_a_missing_build_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "DIST_FOLDER", tmp_path)
    with pytest.raises(assets.AssetsNotBuilt, match="npm ci && npm run build"):
        assets.asset("base.css")


def test_the_lock_names_no_host_and_hashes_everything():
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if name and "integrity" not in entry]


def test_every_icon_named_in_a_template_is_in_the_sprite():
    folder = assets.STATIC_FOLDER / "web/icons"
    known = {path.stem for path in folder.glob("*.svg")}
    known |= set(json.loads((folder / "icons.json").read_text(encoding="utf-8")))
    used = {
        name
        for template in (path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.html"))
        if not re.search(r"(?:import|macro) icon\b", template)  # the player draws its own
        for name in re.findall(r"""(?:icon\(|sign=)['"]([a-z0-9-]+)['"]""", template)
    }
    assert "play" in used
    assert used <= known


def test_the_shells_own_script_stays_tiny():
    source = (assets.STATIC_FOLDER / "web/entry/base.js").read_text(encoding="utf-8")
    assert len(source.encode()) < 3 * 1024
