"""A process that is killed in the middle of storing a file, to see what it leaves.

The faults sit where our code meets the operating system or the network, at the latest moment before an object appears:
the folder store dies when it syncs the finished file, the S3 store when it sends the third part.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import urllib3

from app.kernel.storage import open_storage
from config.settings import StoreSection

_PROJECT = Path(__file__).parents[2]


def be_killed_while_putting(section: StoreSection, key: str, path: Path, method: str) -> None:
    """Store `path`, at least three parts long, in a process that does not survive it."""
    settings = section.model_dump(mode="json") | {"secret_key": section.secret_key.get_secret_value()}
    child = subprocess.run(
        [sys.executable, "-m", __name__, json.dumps(settings), key, str(path), method],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at_third_part(send):
    def urlopen(pool, method, url, *args, **kwargs):
        if "partNumber=3" in url:
            _die()
        return send(pool, method, url, *args, **kwargs)

    return urlopen


def main(section_json: str, key: str, path: str, method: str) -> None:
    os.fsync = _die
    urllib3.PoolManager.urlopen = _die_at_third_part(urllib3.PoolManager.urlopen)
    store = getattr(open_storage(StoreSection(**json.loads(section_json))), method)
    store(key, Path(path), "video/mp4")
    sys.exit("the put finished: it was not killed in the middle")


if __name__ == "__main__":
    main(*sys.argv[1:])
