"""Occlusion: how much of an outline other objects touch."""

import json

import numpy as np
import pytest

from imharmony.pictures.masks import run_lengths
from imharmony.pictures.occlusion import Cutout, occlusion, occlusions

SIDE = 60


def box(left: int, top: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


SQUARE = box(20, 20, 10, 10)  # 36 pixels are on its outline


def share(foreground: np.ndarray, *others: np.ndarray) -> float:
    return occlusion(Cutout.of(foreground), [Cutout.of(each) for each in others], width=SIDE, height=SIDE)


def blots(seed: int) -> list[np.ndarray]:
    """A foreground and three others, of several boxes each."""
    rng = np.random.default_rng(seed)
    return [np.bitwise_or.reduce([box(*rng.integers(0, 40, 2), *rng.integers(1, 20, 2)) for _ in range(3)]) for _ in range(4)]


@pytest.mark.parametrize(("gap", "touched"), [(0, 10 + 2 + 2), (1, 10 + 2), (2, 10), (3, 0)])
def test_the_outline_within_three_pixels_of_another_is_counted(gap, touched):
    assert share(SQUARE, box(30 + gap, 0, 5, SIDE)) == touched / 36


def test_what_lies_on_the_border_of_the_photograph_is_not_of_the_outline():
    assert share(box(0, 20, 10, 10), box(10, 0, 5, SIDE)) == 14 / 26
    assert share(box(50, 50, 10, 10), box(45, 0, 5, SIDE)) == (9 + 1 + 1) / 17
    assert share(box(0, 0, SIDE, SIDE), SQUARE) == 0


def test_without_another_nothing_is_touched():
    assert share(SQUARE) == 0
    assert share(SQUARE, box(0, 0, 16, SIDE), box(34, 0, 10, SIDE)) == 0


def test_two_others_at_one_place_count_once():
    wall = box(30, 0, 5, SIDE)
    assert share(SQUARE, wall, box(30, 10, 20, 25)) == share(SQUARE, wall)
    assert share(SQUARE, wall, box(0, 30, SIDE, 5)) > share(SQUARE, wall)


def test_what_was_drawn_as_a_part_of_the_foreground_does_not_hide_it():
    assert share(SQUARE, box(24, 20, 2, 8)) == 0
    assert share(SQUARE, box(25, 20, 10, 10)) == share(SQUARE, box(30, 20, 5, 10)) == 14 / 36


def test_an_object_that_reaches_around_the_foreground_is_behind_it():
    table, hole = box(10, 10, 40, 40), box(20, 20, 10, 10)
    assert share(SQUARE, table) == 0
    assert share(SQUARE, table - hole) == 0
    assert share(SQUARE, table - box(20, 10, 10, 20)) == 0  # open at the top, as a sofa
    assert share(table - hole, SQUARE) > 0
    assert share(SQUARE, box(22, 10, 40, 40) - box(22, 20, 8, 10)) > 0  # a fifth of the square sticks out


@pytest.mark.parametrize("seed", range(8))
def test_order_and_flips_change_nothing(seed):
    foreground, *others = blots(seed)
    expected = share(foreground, *others)
    assert 0 < expected < 1
    assert share(foreground, *others[::-1]) == expected
    for turn in (np.fliplr, np.flipud, np.transpose):
        assert share(turn(foreground), *map(turn, others)) == expected


def test_a_crowd_hides_and_a_degenerate_instance_does_not():
    polygon = json.dumps([[20, 20, 30, 20, 30, 30, 20, 30]]).encode()
    crowd = json.dumps(run_lengths(box(30, 0, 5, SIDE))).encode()
    nothing = json.dumps(run_lengths(box(0, 0, 0, 0))).encode()
    shares = occlusions([b"[[1, 2", crowd, polygon, nothing], [2, 1], width=SIDE, height=SIDE)
    assert shares == [14 / 36, (10 + 3 + 3) / (58 + 58)]
