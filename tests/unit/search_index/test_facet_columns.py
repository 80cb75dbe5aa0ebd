"""Facets share columns, and are counted as if each had its own."""

import itertools

import pytest

from search_index.errors import IndexUnusable
from search_index.tantivy_engine.facet_codes import FacetCodes
from search_index.tantivy_engine.facet_columns import LAST, FacetColumns, ValueCounter


def facets_of(number):
    return {
        "institution": (f"i{number % 700}",),
        "city": (f"c{number % 14}",),
        "audience": tuple(f"a{value}" for value in (number % 8, number // 8 % 8) if value),
        "language": ("zh" if number % 5 else "en",),
        "captions": ("yes",) if number % 3 else (),
    }


SAMPLE = [facets_of(number) for number in range(2000)]


def test_facets_with_few_values_share_a_column_and_those_with_many_stay_alone():
    columns = FacetColumns.chosen_for(SAMPLE)
    assert ("institution",) in columns.together
    assert columns.single == {"institution"}
    assert len(columns.together) == 3
    assert sorted(itertools.chain(*columns.together)) == sorted(SAMPLE[0])


def test_a_small_sample_promises_no_few_values():
    columns = FacetColumns.chosen_for(SAMPLE[:3])
    assert all(len(names) == 1 for names in columns.together)
    many = FacetColumns.chosen_for([{f"f{number}": ("x",) for number in range(20)}])
    assert len(many.together) == LAST
    assert FacetColumns.chosen_for([]).together == ()


def test_counts_are_those_of_the_values():
    columns = FacetColumns.chosen_for(SAMPLE)
    documents = [*SAMPLE, {"moon": ("full", "full", "new")}, {"institution": ("i1", "i2")}, {"city": ("", "x y")}, {}]
    codes = FacetCodes()
    numbers = [[codes.of(text) for text in columns.texts(facets)] for facets in documents]
    meanings = {codes.of(text): text for facets in documents for text in columns.texts(facets)}
    for name in (*SAMPLE[0], "moon"):
        expected = {}
        for facets in documents:
            for value in set(facets.get(name, ())):
                expected[value] = expected.get(value, 0) + 1
        counts = {}
        for each in numbers:
            for column in {columns.column_of(name), LAST}:
                counts[each[column]] = counts.get(each[column], 0) + 1
        counter = ValueCounter(name)
        some = dict(itertools.islice(counts.items(), 5))
        assert counter.counted(some, lambda: meanings) != {}  # learns some, then the rest
        assert counter.counted(counts, lambda: meanings) == expected
        assert counter.counted(counts, dict) == expected  # knows them by now
        with pytest.raises(IndexUnusable):
            counter.counted({max(meanings) + 1: 1}, lambda: meanings)


def test_what_was_chosen_is_kept_and_a_torn_file_is_told(tmp_path):
    columns = FacetColumns.chosen_for(SAMPLE)
    columns.write(tmp_path)
    assert FacetColumns.read(tmp_path) == columns
    (path,) = tmp_path.iterdir()
    for content in (b"", b"[[", b"[]", b"7", path.read_bytes()[:-9]):
        path.write_bytes(content)
        with pytest.raises(IndexUnusable):
            FacetColumns.read(tmp_path)
    path.unlink()
    with pytest.raises(IndexUnusable):
        FacetColumns.read(tmp_path)
