"""What our search is compared with: a tuned BM25 (bm25s) over words, pairs of characters and characters.

Documents are plain title and description. The same folding and the same cutting into words, so only matching and
ranking differ. Parameters were tuned on the queries not held out (``python -m tests.quality --tune-baseline``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bm25s

from search_index import analysis
from search_index.folding import fold_text


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of the baseline: BM25's own and how often the title counts."""

    k1: float = 1.8
    b: float = 0.2
    title_times: int = 2


TUNED = Parameters()


class Baseline:
    """A BM25 index over plain documents."""

    def __init__(self, documents: Sequence[tuple[str, str, str]], parameters: Parameters = TUNED) -> None:
        self._ids = [id_ for id_, _, _ in documents]
        self._bm25 = bm25s.BM25(k1=parameters.k1, b=parameters.b)
        texts = [tokens(title) * parameters.title_times + tokens(text) for _, title, text in documents]
        self._bm25.index(texts, show_progress=False)

    def ranked(self, text: str, allowed: Mapping[str, bool] | None = None) -> list[str]:
        """Rank ids; those with no term in common are left out."""
        known = [token for token in tokens(text) if token in self._bm25.vocab_dict]
        if not known:
            return []
        scores = self._bm25.get_scores(known)
        order = scores.argsort(kind="stable")[::-1]
        ids = (self._ids[place] for place in order[:2000] if scores[place] > 0)
        return [id_ for id_ in ids if allowed is None or allowed.get(id_)][:10]


def tokens(text: str) -> list[str]:
    """Words, pairs and characters of Chinese, whole words of everything else."""
    found: list[str] = []
    for run in analysis.runs(fold_text(text)):
        if run.kind == "word":
            found.append(run.text)
        else:
            found += [*run.text, *analysis.search_words(run.text)]
            if len(run.text) > 1:
                found += analysis.pairs(run.text)
    return found
