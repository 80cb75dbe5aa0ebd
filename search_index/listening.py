"""Speech of the documents that were listened to last, kept unpacked: the same few are on page after page."""

from collections import OrderedDict
from collections.abc import Callable
from sys import getsizeof
from threading import Lock

from search_index.passages import Speech

MOST_BYTES = 16 * 1024 * 1024
"""An hour of speech takes some 60 kB."""


class LastHeard:
    """What one snapshot's documents say, up to a size in memory."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[int, Speech] = OrderedDict()
        self._lock = Lock()

    def of(self, key: int, packed_speech: Callable[[int], bytes]) -> Speech | None:
        """Return the speech of a document, None where nothing is said.

        Raises:
            ValueError, zlib.error, struct.error: it is torn.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        packed = packed_speech(key)
        return self._keep(key, Speech.of(packed)) if packed else None

    def _keep(self, key: int, speech: Speech) -> Speech:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = speech
                self._bytes += _size(speech)
            while self._bytes > self._most_bytes:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
        return speech


def _size(speech: Speech) -> int:
    return getsizeof(speech.heard) + getsizeof(speech.packed)
