"""Bring .venv, the front-end assets and the compiled texts in step with the files they are made from.

Every step leaves a stamp with the digest of its inputs, so that the second run does nothing and needs no network.
Only the standard library; started by dev/bootstrap. What the operating system has to bring is in machine.py.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev import machine

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / ".stamps"
ASSETS = ROOT / "app/web/static/dist"
MANIFEST = ASSETS / "manifest.json"


class SetupFailed(Exception):
    """The set-up cannot go on; the message tells a person what to do."""


def main(arguments: Sequence[str]) -> int:
    """Do the steps of one target; return the exit status."""
    target = arguments[0] if arguments else "run"
    started = time.monotonic()
    # Steps in one pair of brackets need nothing of each other and are done side by side.
    steps: dict[str, tuple[tuple[Callable[[], bool], ...], ...]] = {
        "run": ((system_for_run, packages), (texts, assets)),
        "test": ((system_for_test, packages_for_tests), (texts, assets)),
        "python": ((packages_for_tests,),),
        "assets": ((packages,), (assets,)),
    }
    if target not in steps:
        print(f"setup: unknown target {target!r}; one of {', '.join(steps)}", file=sys.stderr)
        return 2
    try:
        with ThreadPoolExecutor() as pool:
            worked = [done for together in steps[target] for done in pool.map(lambda step: step(), together)]
    except SetupFailed as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    if any(worked):
        say(f"done in {time.monotonic() - started:.0f} s")
    return 0


def say(sentence: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(f"setup: {sentence}", file=sys.stderr, flush=True)


# --- stamps -----------------------------------------------------------------------------------------------------------


def digest(paths: Iterable[Path]) -> str:
    """Return one digest over names and contents, independent of order and time stamps."""
    total = hashlib.sha256()
    for path in sorted(set(paths)):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def is_stamped(name: str, value: str) -> bool:
    """Tell whether the step `name` was last done from exactly these inputs."""
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text() == value


def stamp(name: str, value: str) -> None:
    """Remember that the step `name` is done."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(value)


# --- steps: each returns whether it had anything to do ----------------------------------------------------------------


def system_for_run() -> bool:
    """Bring ffmpeg, speech and a font, or say what is left out."""
    return _system(machine.FOR_RUN)


def system_for_test() -> bool:
    """Bring the real services and the browser that tests start, or say what is left out."""
    return _system(machine.FOR_TEST)


def _system(needs: Sequence[machine.Need]) -> bool:
    had_all = all(need.is_present() for need in needs)
    for sentence in machine.provide(needs):
        say(sentence)
    return not had_all


def packages() -> bool:
    """Install the product's own packages; the test set holds them too."""
    lock = ROOT / "requirements.lock"
    value = digest([lock])
    if is_stamped("packages", value):
        return False
    _pip_install(lock)
    stamp("packages", value)
    return True


def packages_for_tests() -> bool:
    """Install everything that tests and checks need, on top of the product's packages."""
    lock = ROOT / "requirements-dev.lock"
    value = digest([lock])
    if is_stamped("packages-dev", value):
        return False
    _pip_install(lock)
    stamp("packages-dev", value)
    stamp("packages", digest([ROOT / "requirements.lock"]))
    return True


def _pip_install(lock: Path) -> None:
    say(f"installing the packages of {lock.name} into .venv")
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    # Compiling thousands of modules, of which few are ever used, would be half of the time.
    options = ["-qq", "--no-input", "--disable-pip-version-check", "--no-compile"]
    options += ["--require-hashes", "--only-binary", ":all:"]
    done = subprocess.run([*pip, "install", *options, "-r", str(lock)], stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SetupFailed(
            f"pip could not install {lock.name} (its own message is above). The first set-up needs a package index; "
            "later ones work offline as long as the lock file stays the same."
        )


def texts() -> bool:
    """Compile the catalogues of translated texts."""
    catalogues = list((ROOT / "app").rglob("LC_MESSAGES/*.po"))
    value = digest(catalogues)
    if is_stamped("texts", value) and all(path.with_suffix(".mo").is_file() for path in catalogues):
        return False
    for path in catalogues:
        locale = path.parent.parent.name
        target = str(path.with_suffix(".mo"))
        command = [str(VENV / "bin/pybabel"), "-q", "compile", "-l", locale, "-i", str(path), "-o", target]
        if subprocess.run(command, check=False).returncode != 0:
            raise SetupFailed(f"{path.relative_to(ROOT)} cannot be compiled (pybabel's message is above)")
    stamp("texts", value)
    return bool(catalogues)


def assets() -> bool:
    """Build scripts and styles; front-end sources of every capability lie in its static folder."""
    inputs = [ROOT / name for name in ("package.json", "package-lock.json", "vite.config.js")]
    if not all(path.is_file() for path in inputs):
        return False
    inputs += [path for path in (ROOT / "app").glob("*/static/**/*") if path.is_file() and ASSETS not in path.parents]
    value = digest(inputs)
    if is_stamped("assets", value) and MANIFEST.is_file():
        return False
    environ = _environment_with_node()
    _install_npm_packages(environ)
    say("building scripts and styles")
    _npm(["run", "--silent", "build"], environ, "the assets could not be built (the message is above)")
    stamp("assets", value)
    return True


# --- node -------------------------------------------------------------------------------------------------------------


def _install_npm_packages(environ: dict[str, str]) -> None:
    value = digest([ROOT / "package.json", ROOT / "package-lock.json"])
    if is_stamped("npm", value) and (ROOT / "node_modules").is_dir():
        return
    say("installing the front-end packages of package-lock.json")
    _npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
        environ,
        "npm could not install package-lock.json (its own message is above). The first set-up needs a package registry",
    )
    stamp("npm", value)


def _npm(arguments: Sequence[str], environ: dict[str, str], failure: str) -> None:
    npm = shutil.which("npm", path=environ["PATH"]) or "npm"
    done = subprocess.run(
        [npm, *arguments], cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        print(done.stdout[-4000:], file=sys.stderr)
        raise SetupFailed(failure)


def _environment_with_node() -> dict[str, str]:
    """Return an environment whose PATH has a node that is new enough, from the machine or from a wheel."""
    environ = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
    if _is_good_node(environ["PATH"]):
        return environ
    environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environ['PATH']}"
    if not _is_good_node(environ["PATH"]):
        say("no Node.js 20.19 or newer with npm on PATH; bringing it as a wheel into .venv")
        _pip_install(ROOT / "requirements-node.lock")
    return environ


def _is_good_node(search_path: str) -> bool:
    node, npm = shutil.which("node", path=search_path), shutil.which("npm", path=search_path)
    if not node or not npm:
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        major, minor = (int(part) for part in told.removeprefix("v").split(".")[:2])
    except ValueError:
        return False
    # What vite asks for: ^20.19 or >= 22.12
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
