"""Sheets of pictures: which composites they show, and where."""

import numpy as np
import pyarrow as pa
from numpy.testing import assert_array_equal

from reporting.look import CELL, EACH, GAP, LICENCE, chosen, fitted, sheet


def manifest(licences: list[str], splits: list[str]) -> pa.Table:
    rows = [
        {"sample_id": f"{image}_{k}", "image_id": image, "licence": licence, "split": split}
        for image, (licence, split) in enumerate(zip(licences, splits, strict=True))
        for k in range(3)
    ]
    return pa.Table.from_pylist(rows)


def test_one_composite_of_a_photograph_all_from_the_test_part_under_the_licence():
    table = manifest([LICENCE] * 4 + ["Attribution-NonCommercial License"], ["test", "train", "test", "val", "test"])
    assert {row["image_id"] for row in chosen(table)} == {0, 2}
    assert len(chosen(table)) == 2


def test_what_is_chosen_depends_on_names_alone():
    table = manifest([LICENCE] * 30, ["test"] * 30)
    reordered = table.take(np.random.default_rng(0).permutation(len(table)))
    assert len(chosen(table)) == EACH
    assert chosen(reordered) == chosen(table)


def test_each_row_has_its_pictures_side_by_side():
    rows = [tuple(np.full((2 * CELL[0], 2 * CELL[1], 3), 10 * row + column, np.uint8) for column in range(3)) for row in range(2)]
    made = sheet(rows)
    for row in range(2):
        for column in range(3):
            corner = made[(row + 1) * CELL[0] + row * GAP - 1, (column + 1) * CELL[1] + column * GAP - 1]
            assert_array_equal(corner, [10 * row + column] * 3)


def test_a_picture_keeps_its_proportions():
    assert fitted(np.zeros((400, 100, 3), np.uint8), 150, 200).shape == (150, 38, 3)
    assert fitted(np.zeros((30, 400, 3), np.uint8), 150, 200).shape == (15, 200, 3)
