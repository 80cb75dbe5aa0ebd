"""`make run`: settings for one machine under ./var, migrations, demo catalogue, then web and worker until Ctrl-C.

A developer's and demonstrator's start. An operator starts gunicorn and the worker from units of their own
(docs/operations.md); nothing in the product depends on this file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_GRACE_S = 15
READY_TIMEOUT_S = 60
#: A process that ends sooner would end again.
STEADY_AFTER_S = 10
PR_SET_PDEATHSIG = 1


class StartFailed(Exception):
    """The start cannot go on; the message tells a person what to do."""


@dataclass(frozen=True)
class Child:
    """One of our two processes and where it writes."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes]
    log: Path
    started: float


def main() -> int:
    """Prepare, start, wait for the end; return the exit status."""
    started = time.monotonic()
    stopping = StopRequest()
    children: list[Child] = []
    try:
        host, port = address()
        environ = settings(host, port)
        accounts = prepare(environ)
        children.append(start("web", web_command(host, port), environ))
        children.append(start("worker", worker_command(), environ))
        wait_until_ready(environ["APP_BASE_URL"], host, port, children, stopping)
        if not stopping.is_set:
            greet(environ["APP_BASE_URL"], accounts, children, time.monotonic() - started)
        return watch(children, environ, stopping)
    except StartFailed as error:
        print(f"\nrun: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(children)


class StopRequest:
    """Set by Ctrl-C and by SIGTERM once children may be running."""

    def __init__(self) -> None:
        self.is_set = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: object) -> None:
        if self.is_set:
            return
        self.is_set = True
        print(f"\nrun: asked to stop ({signal.Signals(number).name})", file=sys.stderr)
        raise KeyboardInterrupt


# --- before the start -------------------------------------------------------------------------------------------------


def address() -> tuple[str, int]:
    """Return host and port to listen on; refuse a taken port with a free one in hand."""
    host = os.environ.get("HOST", "127.0.0.1")
    told = os.environ.get("PORT", "8000")
    if not told.isdecimal() or not 1 <= int(told) <= 65535:
        raise StartFailed(f"PORT={told} is not a port number between 1 and 65535")
    port = int(told)
    if is_free(host, port):
        return host, port
    free = next((other for other in range(port + 1, min(port + 200, 65536)) if is_free(host, other)), None)
    hint = f"; {free} is free:  make run PORT={free}" if free else "; choose another one:  make run PORT=…"
    raise StartFailed(f"port {port} on {host} is taken by another program{hint}")


def is_free(host: str, port: int) -> bool:
    """Tell whether we may listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise StartFailed(f"port {port} needs more rights than you have; take one above 1024") from error
        except OSError:
            return False
    return True


def settings(host: str, port: int) -> dict[str, str]:
    """Return our own environment with defaults for everything a single machine needs, under ./var."""
    var = Path(os.environ.get("VAR", ROOT / "var")).resolve()
    var.mkdir(parents=True, exist_ok=True)
    defaults = {
        "APP_ENV": "development",
        "APP_SECRET_KEY": "" if "APP_SECRET_KEY" in os.environ else secret_key(var / "secret_key"),
        "APP_BASE_URL": f"http://{own_address() if host in ('0.0.0.0', '::') else host}:{port}",  # noqa: S104 a comparison
        "APP_STYLEGUIDE": "true",
        "APP_LOG_JSON": "false",
        "DATABASE_URL": f"sqlite:///{var / 'library.sqlite3'}",
        "STORE_PATH": str(var / "store"),
        "SEARCH_INDEX_PATH": str(var / "index"),
        "MEDIA_WORK_PATH": str(var / "work"),
        "MAIL_KIND": "folder",
        "MAIL_PATH": str(var / "mail"),
        "WEB_SECURE_COOKIES": "false",
        "VAR": str(var),
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ}


def secret_key(path: Path) -> str:
    """Return this installation's key, made at the first start and readable by its owner alone."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def own_address() -> str:
    """Return the address by which phones in the same network reach this machine (nothing is sent)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def prepare(environ: Mapping[str, str]) -> str:
    """Migrate and fill the database; return what the demo seed has to say about accounts."""
    flask("Bringing the database up to date", environ, "db", "upgrade")
    flask("Loading regions and vocabularies", environ, "vocabularies", "load")
    return flask("Making the demo catalogue (one or two minutes the first time)", environ, "demo", "seed")


def flask(purpose: str, environ: Mapping[str, str], *arguments: str) -> str:
    """Run one of the product's commands with its progress on the terminal; return its standard output."""
    print(f"run: {purpose} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    # Progress and trouble may be read here; the steps in between are for the log of web and worker.
    quiet = {"APP_LOG_LEVEL": os.environ.get("APP_LOG_LEVEL", "WARNING")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environ, **quiet},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartFailed(f"`flask --app wsgi {' '.join(arguments)}` failed, see above. {done.stdout[-2000:]}")
    return done.stdout.strip("\n")


# --- while it runs ----------------------------------------------------------------------------------------------------


def web_command(host: str, port: int) -> list[str]:
    """One process with threads: rate limits and the search reader live in its memory."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    threads = os.environ.get("WEB_THREADS", "16")
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", bind, "--log-level", "warning"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", threads, "--keep-alive", "15"]
    return [*command, "--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"]


def worker_command() -> list[str]:
    """The worker of the embedded mode."""
    return [sys.executable, "-m", "app.worker"]


def start(name: str, command: list[str], environ: Mapping[str, str]) -> Child:
    """Start one child in a session of its own, so that Ctrl-C reaches us alone; it dies when we do."""
    log = Path(environ["VAR"]) / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread of ours runs yet
        )
    return Child(name, command, process, log, time.monotonic())


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until_ready(base_url: str, host: str, port: int, children: list[Child], stopping: StopRequest) -> None:
    """Wait for the first answer of the web process."""
    local = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 a comparison
    url = f"http://{f'[{local}]' if ':' in local else local}:{port}/"
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not stopping.is_set:
        complain_about_dead(children)
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            raise StartFailed(f"{base_url} answers {error.code}; {tail(children[0])}") from error
        except OSError:
            if time.monotonic() > deadline:
                raise StartFailed(f"no answer at {url} within {READY_TIMEOUT_S} s; {tail(children[0])}") from None
            time.sleep(0.2)


def greet(url: str, accounts: str, children: list[Child], took_s: float) -> None:
    """Print what a visitor needs to begin."""
    line = "─" * 72
    logs = "  ".join(str(os.path.relpath(child.log)) for child in children)
    print(f"\n{line}\n  Ready after {took_s:.0f} s:   {url}\n{line}")
    if accounts:
        print(accounts + f"\n{line}")
    print(f"  Logs: {logs}\n  Phones in the same network: make run HOST=0.0.0.0      Stop: Ctrl-C\n{line}", flush=True)


def watch(children: list[Child], environ: Mapping[str, str], stopping: StopRequest) -> int:
    """Wait until we are asked to stop; start a child that ended again, and say so, unless it ends at once."""
    with contextlib.suppress(KeyboardInterrupt):
        while not stopping.is_set:
            for place, child in enumerate(children):
                status = child.process.poll()
                if status is not None and time.monotonic() - child.started >= STEADY_AFTER_S:
                    print(f"run: the {child.name} process ended with status {status} and is started again", flush=True)
                    children[place] = start(child.name, child.command, environ)
            complain_about_dead(children)
            time.sleep(0.5)
    return 0


def complain_about_dead(children: list[Child]) -> None:
    """Raise when a child has ended."""
    for child in children:
        status = child.process.poll()
        if status is not None:
            raise StartFailed(f"the {child.name} process ended by itself with status {status}; {tail(child)}")


def tail(child: Child) -> str:
    """Return the end of a child's log with its place."""
    lines = child.log.read_text(errors="replace").splitlines()[-20:]
    return f"the end of {os.path.relpath(child.log)}:\n  " + "\n  ".join(lines)


def stop(children: list[Child]) -> None:
    """Ask politely, wait, then end what is left of the two process groups."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_GRACE_S
    for child in children:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            print(f"run: the {child.name} process did not stop within {STOP_GRACE_S} s and is ended", file=sys.stderr)
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
    if children:
        print("run: stopped", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
