"""What an epoch has of each data set."""

import numpy as np
import pytest

from imharmony.composing.joined_split import joined
from imharmony.errors import InputError
from imharmony.training.shares import Shares, quotas
from tests.composites import packed

SOURCES = {"objects": "photographs", "people": "photographs"}


def split(objects: int, people: int, weights=None):
    return joined({"people": packed(people, 16), "objects": packed(objects, 16)}, sources=SOURCES, weights=weights)


@pytest.mark.parametrize(
    ("weights", "total", "expected"),
    [([2, 1], 9, [6, 3]), ([1, 1], 3, [2, 1]), ([0.2, 0.5, 0.3], 7, [1, 4, 2]), ([1, 1, 1], 2, [1, 1, 0]), ([1e9, 1e-9], 5, [5, 0])],
)
def test_shares_are_whole_numbers_that_make_up_the_epoch(weights, total, expected):
    assert quotas(weights, total) == expected


@pytest.mark.parametrize("data", [packed(7, 16), split(3, 4)], ids=["one", "two"])
def test_without_weights_an_epoch_has_each_sample_once(data):
    assert Shares(data, seed=0).of_epoch(1).tolist() == list(range(7))


def test_a_share_beyond_the_data_set_repeats_it_and_one_below_is_another_choice_in_each_epoch():
    shares = Shares(split(9, 3, {"objects": 1.0, "people": 2.0}), seed=0)
    epochs = [shares.of_epoch(epoch) for epoch in range(1, 40)]
    for order in epochs:
        objects, people = order[order < 9], order[order >= 9]
        assert len(objects) == len(set(objects.tolist())) == 4
        assert sorted(np.bincount(people - 9, minlength=3).tolist()) == [2, 3, 3]  # 8 of 3: twice each, and two once more
    assert {row for order in epochs for row in order.tolist()} == set(range(12))
    assert len({tuple(order.tolist()) for order in epochs}) > 30
    assert [order.tolist() for order in epochs] == [shares.of_epoch(epoch).tolist() for epoch in range(1, 40)]


def test_samples_may_be_some_of_the_rows():
    shares = Shares(split(4, 4, {"objects": 1.0, "people": 3.0}), rows=np.array([7, 1, 3, 5]), seed=0)
    assert sorted(np.isin(shares.of_epoch(1), [1, 2]).tolist()) == [False, False, False, True]  # places of rows 1 and 3, the objects


@pytest.mark.parametrize(
    ("weights", "rows"), [({"objects": 1e-6, "people": 1.0}, None), ({"objects": 1.0, "people": 1.0}, np.array([5, 6]))]
)
def test_a_data_set_without_a_sample_in_an_epoch_is_one_line(weights, rows):
    with pytest.raises(
        InputError, match=r"data set 'objects' has \d samples to learn from and a share of \d of the \d of an epoch"
    ) as raised:
        Shares(split(4, 4, weights), rows=rows, seed=0)
    assert "\n" not in str(raised.value)
