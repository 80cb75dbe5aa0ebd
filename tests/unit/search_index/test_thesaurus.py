"""Other words for the same thing, as data."""

import pytest

from search_index.query import plan_query
from search_index.thesaurus import make_thesaurus, own_text, own_thesaurus


def test_words_for_each_other_and_sayings():
    thesaurus = make_thesaurus(
        ['same = [["暖气", "供暖"]]', '[[saying]]\nsaid = ["屋里冷"]\nmeans = ["暖气 不热", "供暖"]']
    )
    assert thesaurus.meanings["暖气"] == ("供暖",)
    assert thesaurus.found_in("我屋里冷暖气") == [(1, 4, ("暖气 不热", "供暖")), (4, 6, ("供暖",))]


def test_an_operators_words_add_to_the_programs_own():
    thesaurus = make_thesaurus([own_text(), 'same = [["云课堂", "空中学堂"]]'])
    plan = plan_query("云课堂", thesaurus=thesaurus)
    assert ("空中学堂",) in [way.parts for unit in plan.units for way in unit.ways]
    assert thesaurus.meanings.keys() > own_thesaurus().meanings.keys()


@pytest.mark.parametrize(
    "text",
    ["same = [", 'same = ["暖气"]', 'same = [["暖气", 3]]', "[[saying]]\nsaid = []", 'saying = ["x"]', 'same = [[""]]'],
)
def test_what_cannot_be_used_is_told(text):
    with pytest.raises(ValueError, match=r"thesaurus|same|said|means|saying"):
        make_thesaurus([text])
