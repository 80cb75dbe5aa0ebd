"""What a fresh machine has, what it lacks and what apt-get may bring.

Only the standard library: this runs before any package is installed. Python packages and front-end assets are in
setup.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".local/share/fonts"))


@dataclass(frozen=True)
class Need:
    """Something of the operating system that we use where it is present."""

    name: str
    packages: tuple[str, ...]
    without_it: str
    is_present: Callable[[], bool]


def _on_path(*programs: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(program) for program in programs)


def _has_chinese_font() -> bool:
    patterns = ("NotoSansCJK*", "NotoSansSC*", "wqy-*", "SourceHanSans*")
    return any(next(Path(folder).rglob(pattern), None) for folder in FONT_FOLDERS for pattern in patterns)


def _has_postgresql() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or bool(shutil.which("initdb"))


FFMPEG = Need(
    "ffmpeg",
    ("ffmpeg",),
    "the ffmpeg of the imageio-ffmpeg package is used instead",
    _on_path("ffmpeg"),
)
SPEECH = Need(
    "espeak-ng",
    ("espeak-ng",),
    "the demo lectures hum soft tones instead of speaking",
    _on_path("espeak-ng"),
)
FONT = Need(
    "a Chinese font",
    ("fonts-wqy-microhei",),
    "no demo lectures can be drawn; the catalogue starts empty",
    _has_chinese_font,
)
PANGO = Need(
    "Pango",
    ("libpango-1.0-0", "libpangoft2-1.0-0"),
    "certificates cannot be made into a PDF",
    lambda: bool(find_library("pango-1.0") and find_library("pangoft2-1.0")),
)
CHROMIUM = Need("Chromium", ("chromium",), "browser tests are skipped", _on_path("chromium"))
FFPROBE = Need("ffprobe", ("ffmpeg",), "tests that ask ffprobe about our output are skipped", _on_path("ffprobe"))
POSTGRESQL = Need("PostgreSQL", ("postgresql",), "tests of the scale-out mode are skipped", _has_postgresql)
REDIS = Need("Redis", ("redis-server",), "tests of the scale-out mode are skipped", _on_path("redis-server"))
CEPH = Need(
    "an S3 server (Ceph)",
    ("radosgw", "ceph-mon", "ceph-osd"),
    "tests of the scale-out mode are skipped",
    _on_path("radosgw", "ceph-mon", "ceph-osd"),
)

FOR_RUN = (FFMPEG, SPEECH, FONT, PANGO)
FOR_TEST = (FFMPEG, FFPROBE, SPEECH, FONT, PANGO, CHROMIUM, POSTGRESQL, REDIS, CEPH)


def why_not_apt() -> str | None:
    """Say in plain words why apt-get is not used, or None when it may be."""
    if os.environ.get("NO_APT"):
        return "NO_APT is set"
    if not shutil.which("apt-get"):
        return "this machine has no apt-get"
    if os.geteuid() != 0:
        return "installing system packages needs root"
    return None


def provide(needs: Sequence[Need]) -> list[str]:
    """Install what is missing where that is possible; return a sentence for everything still missing."""
    missing = [need for need in needs if not need.is_present()]
    if not missing:
        return []
    reason = why_not_apt()
    if reason is None:
        packages = list(dict.fromkeys(package for need in missing for package in need.packages))
        reason = _apt_install(packages)
    still_missing = [need for need in missing if not need.is_present()]
    return [
        f"{need.name} is missing ({reason or 'apt-get brought it, but it is not found'}), so {need.without_it}. "
        f"To have it: apt-get install {' '.join(need.packages)}"
        for need in still_missing
    ]


def _apt_install(packages: Sequence[str]) -> str | None:
    """Run apt-get update once and install; return what went wrong, if anything."""
    print(f"setup: installing {' '.join(packages)} with apt-get", file=sys.stderr, flush=True)
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=900", "-qq"]
    # RUNLEVEL=1 asks invoke-rc.d not to start the database servers: tests start their own on private ports.
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run([*apt, "update"], env=environ, stdout=sys.stderr, stdin=subprocess.DEVNULL, check=False)
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    done = subprocess.run(
        install,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    print(done.stdout[-2000:], file=sys.stderr)
    return f"apt-get install failed with {done.returncode}"
