"""What the documents name exists: files, make targets, settings (unit/config looks for undocumented ones)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.settings import environment_names

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Written by `make run` and the tests, or by an operator.
MADE_LATER = ("var/", "build/", ".venv/")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_docs_are_there() -> None:
    assert {"README.md", "docs/architecture.md", "docs/operations.md", "docs/design.md"} <= set(map(name_of, DOCUMENTS))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_docs_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_docs_name_real_make_targets(document: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", document.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - targets() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_docs_name_real_files(document: Path) -> None:
    """Paths in code font that begin with a folder of ours."""
    folders = "app|config|media_pipeline|search_index|dev|tests|docs"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", document.read_text(encoding="utf-8"))
    gone = [path for path in named if not (ROOT / path).exists() and not path.startswith(MADE_LATER)]
    # A decision or the changelog may tell of files that are no more.
    assert gone == [] or document.parent.name == "decisions" or document.name == "CHANGELOG.md"


def test_docs_name_no_setting_that_is_gone() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    names = {name for name, _, _ in environment_names()}
    prefixes = "|".join(sorted({name.split("_")[0] for name in names}))
    named = set(re.findall(rf"\b((?:{prefixes})_[A-Z][A-Z_]+)\b", text))
    assert named - names - {"WEB_CONCURRENCY"} == set()
