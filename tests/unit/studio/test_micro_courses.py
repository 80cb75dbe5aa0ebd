"""What is proposed for a lecture's chapters, and what a choice of them means."""

from __future__ import annotations

import pytest

from app.kernel.errors import InvalidInput
from app.library.models import Lecture
from app.studio.micro_courses import Choice, Split, Stretch, choose_parts, grid_s, proposed


def split_of(*lengths_s, made=None):
    starts = [sum(lengths_s[:number]) for number in range(len(lengths_s))]
    stretches = [
        Stretch(start_s, start_s + length_s, f"第{number}段")
        for number, (start_s, length_s) in enumerate(zip(starts, lengths_s, strict=True))
    ]
    return Split(Lecture(title="讲"), None, None, stretches, made or {}, min_s=180, max_s=900)


@pytest.mark.parametrize(
    ("lengths_s", "joined"),
    [
        ((200, 300, 1000), set()),
        ((100, 300, 1200, 100), {0, 2}),
        ((60, 60, 60, 300), {0, 1}),
        ((300, 60, 60), {1}),
        ((60, 50), {0}),
        ((180, 179.9, 180.1), {1}),
    ],
)
def test_what_is_too_short_goes_on_into_its_neighbour(lengths_s, joined):
    choice = proposed(split_of(*lengths_s))
    assert choice.joined == joined
    assert choice.taken == set(range(len(lengths_s)))


def test_a_last_part_is_never_left_short_alone():
    split = split_of(300, 60, 60)
    parts = choose_parts(split, proposed(split))
    assert [part.length_s for part in parts] == [300, 120]


def test_a_part_is_called_and_taken_by_its_first_chapter():
    split = split_of(100, 300, 1000, 400)
    choice = Choice({0, 3}, {0, 3}, {0: "  甲  与 乙 ", 1: "没人看", 3: "丁"})
    parts = choose_parts(split, choice)
    assert [(part.first, part.start_s, part.end_s, part.title) for part in parts] == [
        (0, 0, 400, "甲 与 乙"),
        (3, 1400, 1800, "丁"),
    ]


def test_titles_are_asked_for_only_where_they_are_needed():
    split = split_of(300, 300)
    with pytest.raises(InvalidInput) as refused:
        choose_parts(split, Choice({0, 1}, set(), {0: " ", 1: "长" * 121}))
    assert set(refused.value.fields) == {"title-0", "title-1"}
    assert choose_parts(split, Choice({1}, set(), {1: "乙"}))[0].title == "乙"


def test_what_was_made_before_is_shown_and_not_made_again():
    made = Lecture(title="拆过的")
    split = split_of(300, 300, made={(0, 300): made})
    assert proposed(split).taken == {1}
    parts = choose_parts(split, Choice({0, 1}, set(), {0: "甲", 1: "乙"}))
    assert [part.made for part in parts] == [made, None]
    for taken in ({0}, set()):
        with pytest.raises(InvalidInput) as refused:
            choose_parts(split, Choice(taken, set(), {0: "甲"}))
        assert refused.value.code == "nothing_chosen"
    joined = choose_parts(split, Choice({0}, {0}, {0: "甲和乙"}))
    assert [(part.end_s, part.made) for part in joined] == [(600, None)]


def test_neighbours_of_what_was_made_are_proposed_without_it():
    split = split_of(60, 60, 60, 60, 300, made={(60, 180): Lecture(title="拆过的")})
    choice = proposed(split)
    assert choice.taken == {0, 3, 4}
    assert choice.joined == {3}
    assert [part.first for part in choose_parts(split, choice)] == [0, 3]
    drawn_in = choose_parts(split, Choice({4}, {3}, {4: "小结"}))
    assert [(part.start_s, part.end_s) for part in drawn_in] == [(240, 540)]


def test_the_teacher_is_told_the_widest_grid_there_is():
    assert grid_s() == 6
