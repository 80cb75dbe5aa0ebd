"""What is said when: speech cut into passages, kept with a document, and the one that answers a query best.

Passages are looked through only for documents that are about to be shown or are close to it; finding those is done
over the words of the whole speech, with the documents.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from search_index.documents import Passage
from search_index.folding import fold_text

WINDOW = 2
"""A sentence may run over the end of a caption: so many neighbouring passages are looked at together."""
MAX_PASSAGES = 4000


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """The best place of a document's speech, and the share of what was asked, by rarity, that is said there."""

    passages: tuple[Passage, ...]
    share: float


def pack_passages(passages: Sequence[Passage]) -> str:
    """Pack passages into one short text."""
    rows = [[round(one.start_s, 3), one.text.encode(errors="replace").decode()] for one in passages[:MAX_PASSAGES]]
    packed = zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 6)
    return base64.b64encode(packed).decode()


def unpack_passages(packed: str) -> tuple[Passage, ...]:
    """Reverse of `pack_passages`."""
    return tuple(Passage(start_s, text) for start_s, text in json.loads(zlib.decompress(base64.b64decode(packed))))


def best_passage(passages: Sequence[Passage], weights: Mapping[str, float]) -> FoundPassage | None:
    """Find where most of the weighted terms are said close together; None where none is said.

    Args:
        passages: in order of time.
        weights: terms of the query, folded, and what each is worth.
    """
    whole = sum(weights.values())
    folded = _folded(passages)
    found = [{term for term in weights if term in text} for text in folded]
    best, best_key = None, (0.0, 0.0)
    for at, terms in enumerate(found):
        if terms:
            alone = sum(weights[term] for term in terms)
            together = terms.union(*found[at + 1 : at + WINDOW])
            key = (sum(weights[term] for term in together), alone)
            if key > best_key:
                best, best_key = at, key
    if best is None or not whole:
        return None
    end = best + (WINDOW if best_key[0] > best_key[1] else 1)
    return FoundPassage(tuple(passages[best:end]), best_key[0] / whole)


def _folded(passages: Iterable[Passage]) -> list[str]:
    """Folded texts. Folded together, because the way to simplified characters costs by the call."""
    texts = [one.text.replace("\n", " ") for one in passages]
    together = fold_text("\ufdd0".join(texts)).split("\ufdd0")
    return together if len(together) == len(texts) else [fold_text(text) for text in texts]
