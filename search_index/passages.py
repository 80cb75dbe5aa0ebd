"""What is said when: speech cut into passages, kept with a document, and the one that answers a query best.

Passages are looked through only for documents that are about to be shown or are close to it; finding those is done
over the words of the whole speech, with the documents. Every hit on a page is listened to in every search, so speech
is kept twice: folded, in which one looks, and as it is shown, of which only what was found is ever unpacked.
"""

import json
import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from search_index.documents import Passage
from search_index.folding import fold_text

WINDOW = 2
"""A sentence may run over the end of a caption: so many neighbouring passages are looked at together."""
MAX_PASSAGES = 4000
SEPARATOR = "\ufdd0"
"""Between the passages of folded speech; no character of any text."""
_SIZE = struct.Struct("<I")
_CHUNK = 64
_LEVEL = 6
_HEARD_ENCODING = "utf-16-le"
"""Two bytes a character of Chinese, unpacked in two thirds of the time."""


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """The best place of a document's speech, and the share of what was asked, by rarity, that is said there."""

    passages: tuple[Passage, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Speech:
    """What is said in a document, ready to be looked through.

    Args:
        packed: as `pack_speech` made it.
        heard: its folded text.
    """

    packed: bytes
    heard: str

    @classmethod
    def of(cls, packed: bytes) -> "Speech":
        """Unpack what is looked through.

        Raises:
            ValueError, zlib.error, struct.error: it is torn.
        """
        return cls(packed, zlib.decompress(_part(packed, 0)[0]).decode(_HEARD_ENCODING))


def folded_speech(passages: Sequence[Passage]) -> str:
    """Fold what is said, in one go, because the way to simplified characters costs by the call."""
    texts = (one.text.replace("\n", " ").replace(SEPARATOR, " ") for one in passages[:MAX_PASSAGES])
    return fold_text(SEPARATOR.join(texts))


def pack_speech(passages: Sequence[Passage], folded: str) -> bytes:
    """Pack passages and what `folded_speech` made of them; empty where nothing is said."""
    if not passages:
        return b""
    return _sized([zlib.compress(folded.encode(_HEARD_ENCODING, "replace"), _LEVEL)]) + pack_passages(passages)


def pack_passages(passages: Sequence[Passage]) -> bytes:
    """Pack passages as they are shown; the same passages give the same bytes."""
    rows = [[round(one.start_s, 3), one.text.encode(errors="replace").decode()] for one in passages[:MAX_PASSAGES]]
    chunks = (rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK))
    return _sized([
        zlib.compress(json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode(), _LEVEL) for chunk in chunks
    ])


def _sized(parts: Sequence[bytes]) -> bytes:
    return b"".join(piece for part in parts for piece in (_SIZE.pack(len(part)), part))


def _part(packed: bytes, start: int) -> tuple[bytes, int]:
    """Return the part that begins there, and where the next does."""
    begin = start + _SIZE.size
    end = begin + _SIZE.unpack_from(packed, start)[0]
    return packed[begin:end], end


def packed_passages(speech: bytes) -> bytes:
    """Return what `pack_passages` gave, out of packed speech."""
    return speech[_part(speech, 0)[1] :] if speech else b""


def unpack_passages(speech: bytes) -> tuple[Passage, ...]:
    """Return the passages of packed speech."""
    return _unpacked(speech, 0, MAX_PASSAGES)


def _unpacked(speech: bytes, first: int, end: int) -> tuple[Passage, ...]:
    """Passages from one number to another; chunks of others stay packed."""
    if not speech:
        return ()
    at, number, found = _part(speech, 0)[1], 0, list[Passage]()
    while at < len(speech) and number < end:
        chunk, at = _part(speech, at)
        if number + _CHUNK > first:
            rows = json.loads(zlib.decompress(chunk))
            found += [Passage(start_s, text) for start_s, text in rows[max(0, first - number) : end - number]]
        number += _CHUNK
    return tuple(found)


def best_passage(speech: Speech, weights: Mapping[str, float]) -> FoundPassage | None:
    """Find where most of the weighted terms are said close together; None where none is said.

    Args:
        speech: of one document.
        weights: terms of the query, folded, and what each is worth.

    Raises:
        ValueError, zlib.error, struct.error: it is torn.
    """
    found = _said(speech.heard, weights)
    best, best_key = 0, (0.0, 0.0)
    for at in sorted(found):
        together = found[at].union(*(found.get(at + more, ()) for more in range(1, WINDOW)))
        key = (sum(weights[term] for term in together), sum(weights[term] for term in found[at]))
        if key > best_key:
            best, best_key = at, key
    if not best_key[0]:
        return None
    end = best + (WINDOW if best_key[0] > best_key[1] else 1)
    return FoundPassage(_unpacked(speech.packed, best, end), best_key[0] / sum(weights.values()))


def _said(heard: str, terms: Collection[str]) -> dict[int, set[str]]:
    """Which terms are said in which passage; of a single one only where it is said first, no other place is better.

    Walks from find to find: most of an hour holds none of them.
    """
    found: dict[int, set[str]] = {}
    is_alone = len(terms) == 1
    for term in terms:
        passage = counted = 0
        at = heard.find(term)
        while at >= 0:
            passage += heard.count(SEPARATOR, counted, at)
            found.setdefault(passage, set()).add(term)
            counted = heard.find(SEPARATOR, at)
            at = heard.find(term, counted) if counted >= 0 and not is_alone else -1
    return found
