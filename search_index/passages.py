"""What is said when: speech cut into passages, kept with a document, and the one that answers a query best.

Passages are looked through only for documents that are about to be shown or are close to it; finding those is done
over the words of the whole speech, with the documents. Every hit on a page is listened to in every search, so speech
is kept twice: folded, in which one looks, and as it is shown, of which only what was found is ever unpacked.
"""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search_index.documents import Passage
from search_index.folding import fold_text

WINDOW = 2
"""A sentence may run over the end of a caption: so many neighbouring passages are looked at together."""
MAX_PASSAGES = 4000
SEPARATOR = "\ufdd0"
"""Between the passages of folded speech; no character of any text."""
_SIZE = struct.Struct("<I")
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """The best place of a document's speech, and the share of what was asked, by rarity, that is said there."""

    passages: tuple[Passage, ...]
    share: float


def folded_speech(passages: Sequence[Passage]) -> str:
    """Fold what is said, in one go, because the way to simplified characters costs by the call."""
    texts = (one.text.replace("\n", " ").replace(SEPARATOR, " ") for one in passages[:MAX_PASSAGES])
    return fold_text(SEPARATOR.join(texts))


def pack_speech(passages: Sequence[Passage], folded: str) -> bytes:
    """Pack passages and what `folded_speech` made of them; empty where nothing is said."""
    if not passages:
        return b""
    heard = zlib.compress(folded.encode(errors="replace"), _LEVEL)
    return _SIZE.pack(len(heard)) + heard + pack_passages(passages)


def pack_passages(passages: Sequence[Passage]) -> bytes:
    """Pack passages as they are shown; the same passages give the same bytes."""
    if not passages:
        return b""
    rows = [[round(one.start_s, 3), one.text.encode(errors="replace").decode()] for one in passages[:MAX_PASSAGES]]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), _LEVEL)


def packed_passages(speech: bytes) -> bytes:
    """Return what `pack_passages` gave, out of packed speech."""
    return speech[_SIZE.size + _SIZE.unpack_from(speech)[0] :] if speech else b""


def unpack_passages(speech: bytes) -> tuple[Passage, ...]:
    """Return the passages of packed speech."""
    return _unpacked(speech, slice(None))


def _unpacked(speech: bytes, which: slice) -> tuple[Passage, ...]:
    packed = packed_passages(speech)
    rows = json.loads(zlib.decompress(packed))[which] if packed else ()
    return tuple(Passage(start_s, text) for start_s, text in rows)


def best_passage(speech: bytes, weights: Mapping[str, float]) -> FoundPassage | None:
    """Find where most of the weighted terms are said close together; None where none is said.

    Args:
        speech: packed.
        weights: terms of the query, folded, and what each is worth.

    Raises:
        ValueError, zlib.error, struct.error: it is torn.
    """
    if not speech or not weights:
        return None
    size = _SIZE.unpack_from(speech)[0]
    heard = zlib.decompress(speech[_SIZE.size : _SIZE.size + size]).decode()
    said = {term: weight for term, weight in weights.items() if term in heard}
    if not said:
        return None
    found = [{term for term in said if term in text} for text in heard.split(SEPARATOR)]
    best, best_key = None, (0.0, 0.0)
    for at, terms in enumerate(found):
        if terms:
            alone = sum(said[term] for term in terms)
            together = terms.union(*found[at + 1 : at + WINDOW])
            key = (sum(said[term] for term in together), alone)
            if key > best_key:
                best, best_key = at, key
    whole = sum(weights.values())
    if best is None or not whole:
        return None
    end = best + (WINDOW if best_key[0] > best_key[1] else 1)
    return FoundPassage(_unpacked(speech, slice(best, end)), best_key[0] / whole)
