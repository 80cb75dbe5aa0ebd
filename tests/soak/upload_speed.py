"""An upload that nothing disturbs beside a raw copy of the same bytes, in turn, so that both see the same machine.

The raw copy reads the file in blocks of 1 MiB, writes them to a new file beside the upload's and syncs it once at the
end; what an upload does more is the network, the protocol, the digest and its own syncs. With a store the same bytes
also go to it directly, by the client library's multipart put from this process. The best of three rounds counts.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from media_pipeline.ports import Storage
from tests.soak.upload_sender import MIB, Person, send_undisturbed

ROUNDS = 3
_KEY = "incoming-speed/whole"


@dataclass
class Speeds:
    """MiB/s of each round."""

    copied: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    #: Directly into the store; empty for a folder.
    put: list[float] = field(default_factory=list)

    @property
    def of_copy(self) -> float:
        """Speed of the upload in parts of the copy's."""
        return max(self.sent) / max(self.copied)

    @property
    def of_put(self) -> float:
        """Speed of the upload in parts of the direct put's."""
        return max(self.sent) / max(self.put)

    def told(self) -> str:
        """Return the figures in words."""
        named = (("upload", self.sent), ("raw copy", self.copied), ("direct put", self.put))
        rounds = "; ".join(f"{name} {' '.join(f'{each:.0f}' for each in found)}" for name, found in named if found)
        of_put = f", {self.of_put:.2f} of a direct put" if self.put else ""
        return f"MiB/s in rounds: {rounds}. Upload: {self.of_copy:.2f} of a raw copy{of_put}"


def measure(person: Person, path: Path, store: Storage | None) -> Speeds:
    """Send, copy and put a file, alternating."""
    speeds, size = Speeds(), path.stat().st_size
    for _ in range(ROUNDS):
        speeds.copied.append(_copy(path))
        speeds.sent.append(send_undisturbed(person, path, size))
        if store is not None:
            speeds.put.append(_put(store, path))
    return speeds


def _copy(path: Path) -> float:
    target = path.with_suffix(".copy")
    started_s = time.monotonic()
    with path.open("rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, MIB)
        file.flush()
        os.fsync(file.fileno())
    took_s = time.monotonic() - started_s
    target.unlink()
    return path.stat().st_size / MIB / took_s


def _put(store: Storage, path: Path) -> float:
    started_s = time.monotonic()
    store.put_file(_KEY, path, "application/octet-stream")
    took_s = time.monotonic() - started_s
    store.delete(_KEY)
    return path.stat().st_size / MIB / took_s
