"""The import contracts of .importlinter hold, and they really forbid what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "config", "media_pipeline", "search_index")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    environ = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "120"}
    command = [str(program), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)


def test_contracts_are_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("app/library/services.py", "import flask", "Domain files never reach the web"),
        ("app/library/models.py", "import app.library.policies, app.web", "Domain files never reach the web"),
        ("app/library/policies.py", "import app.media", "The rows inside app"),
        ("app/player/views.py", "import app.curation", "The rows inside app"),
        ("app/catalogue/queries.py", "import app.player", "The rows inside app"),
        ("app/attic/services.py", "", "The rows inside app"),
        ("app/studio/views/__init__.py", "import minio", "The S3 client is known to"),
        ("app/library/queries.py", "import flask_sqlalchemy", "Flask-SQLAlchemy is known to"),
        ("media_pipeline/plan.py", "import ffmpeg", "ffmpeg-python is known to"),
        ("media_pipeline/types.py", "import config", "Each workshop stands alone"),
        ("app/catalogue/queries.py", "import whoosh.index", "Whoosh is known to"),
    ],
)
def test_contracts_catch(tmp_path: Path, file: str, line: str, contract: str) -> None:
    """Plants one wrong import in a copy of the house."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=_all_but_python)
    target = tmp_path / file
    target.parent.mkdir(exist_ok=True)
    (target.parent / "__init__.py").touch()
    with target.open("a") as source:
        source.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    broken = [told for told in done.stdout.splitlines() if told.endswith("BROKEN") and told.startswith(contract)]
    assert broken, done.stdout + done.stderr


def _all_but_python(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not (name.endswith(".py") or (Path(folder) / name).is_dir())}
