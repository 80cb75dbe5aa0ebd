"""Our fast way of reading Whoosh's postings gives what Whoosh's public interface gives."""

import math

from whoosh.index import open_dir

from search_index import IndexWriter, rebuild
from search_index.whoosh_engine.segments import OpenSegment


def test_blocks_of_postings_equal_the_public_matcher(index_folder, make_document):
    rebuild(index_folder, [make_document(f"书法第{n}课{'书法' * (n % 3)}", number=n) for n in range(2500)], 1)
    IndexWriter(index_folder).apply([], ["lecture-5", "lecture-2400"], 2)
    (version,) = index_folder.glob("v-*")
    index = open_dir(str(version))
    (segment,) = index._segments()
    opened = OpenSegment(index.storage, index.schema, segment)
    for text in ("书法", "课", "77", "书"):
        matcher = index.reader().postings("text", text)
        public = []
        while matcher.is_active():
            public.append((matcher.id(), matcher.weight()))
            matcher.next()
        ours = opened.posting(text, math.inf)
        pairs = zip(ours.documents.tolist(), ours.weights.tolist(), strict=True)
        kept = [pair for pair in pairs if pair[0] not in {5, 2400}]
        assert kept == public
        assert len(public) >= 1
        assert opened.posting(text, math.inf) is ours  # kept decoded
    assert not len(opened.posting("没有", math.inf).documents)
