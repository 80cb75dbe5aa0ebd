"""Habits that no linter knows: docstrings that say something, no traces of the place where the code was written."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app", "config", "media_pipeline", "search_index", "dev", "tests")

# Assembled from halves, so that this file does not name what it forbids.
FORBIDDEN = {
    "address of a package registry": r"(?:pypi|pythonhosted|npmjs|npmmirror|files\.python" + r"hosted)\.(?:org|com)",
    "mirror host": r"(?:tsinghua|aliyun|ustc)\." + r"(?:edu\.cn|com)",
    "path of somebody's machine": r"(?<![\w.])/(?:home|Users|root|work)/" + r"\w",
    "pyenv or conda": r"\.(?:pye" + r"nv|conda)\b",
}
# Files whose text is made by a tool from public package names.
GENERATED = {"package-lock.json"}


@cache
def tracked() -> tuple[Path, ...]:
    """Return all files that git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the list of our own files is unknown")
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return tuple(path for path in paths if path.is_file())


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_trace_of_a_workplace(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        if path.name not in GENERATED
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_lock_files_name_no_host() -> None:
    locks = [*ROOT.glob("requirements*.lock"), ROOT / "package-lock.json"]
    assert len(locks) >= 4
    found = [path.name for path in locks if re.search(r'--index-url|--find-links|"resolved"\s*:', text_of(path))]
    assert found == []
    assert all("--hash=sha256:" in text_of(path) for path in locks if path.suffix == ".lock")


@pytest.mark.parametrize("name", ["requirements", "requirements-scale", "requirements-dev", "requirements-node"])
def test_lock_files_are_in_step(name: str) -> None:
    """`make lock` was run after the last change of direct requirements."""

    def pins(file: str) -> set[str]:
        rows = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", text_of(ROOT / file), re.MULTILINE)
        return {f"{package.lower().replace('_', '-')}=={version}" for package, version in rows}

    assert pins(f"{name}.txt")
    assert pins(f"{name}.txt") - pins(f"{name}.lock") == set()


def test_bigger_lock_files_hold_the_smaller_ones() -> None:
    """One .venv serves the start and the tests, so their versions must be the same."""

    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==\S+)", text_of(ROOT / name), re.MULTILINE))

    assert pins("requirements.lock")
    assert pins("requirements.lock") <= pins("requirements-scale.lock") <= pins("requirements-dev.lock")


def test_every_module_says_what_lives_in_it() -> None:
    silent = []
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            docstring = ast.get_docstring(ast.parse(text_of(path))) or ""
            if len(docstring.split()) < 4:
                silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils.py", "util.py", "common.py", "helpers.py", "misc.py"}
    assert [path for path in tracked() if path.name in drawers] == []


def test_todos_name_an_issue() -> None:
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".js", ".css", ".html", ".toml", ".sh"} and path.name != Path(__file__).name
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if mark.search(line) and not re.search(r"#\d+", line)
    ]
    # pyproject.toml explains the rule itself.
    assert [place for place in found if not place.startswith("pyproject.toml")] == []
