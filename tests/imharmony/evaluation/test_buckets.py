"""Buckets of the foreground's share: edges, and small ones that become one with a neighbour."""

import numpy as np
import pytest

from imharmony.evaluation.buckets import buckets_of, in_order

PARTS = {"small": 0.02, "middle": 0.1, "large": 0.5}


def counts(small: int, middle: int, large: int, *, composites: int = 1) -> dict[str, int]:
    """The images of each bucket, of so many photographs in each third."""
    ratio = np.repeat([PARTS["small"], PARTS["middle"], PARTS["large"]], [small, middle, large]).repeat(composites)
    photographs = np.arange(small + middle + large).repeat(composites)
    return {name: int(inside.sum()) for name, inside in buckets_of(ratio, photographs).items()}


@pytest.mark.parametrize(
    ("photographs", "expected"),
    [
        ((10, 10, 10), {"0-5 %": 10, "5-15 %": 10, "15-100 %": 10}),
        ((9, 30, 20), {"0-15 %": 39, "15-100 %": 20}),
        ((30, 9, 20), {"0-5 %": 30, "5-100 %": 29}),
        ((20, 9, 30), {"0-15 %": 29, "15-100 %": 30}),
        ((20, 9, 20), {"0-15 %": 29, "15-100 %": 20}),  # of neighbours alike the lower
        ((20, 30, 0), {"0-5 %": 20, "5-100 %": 30}),
        ((2, 5, 10), {}),
        ((0, 0, 40), {}),
    ],
)
def test_a_bucket_of_fewer_than_ten_photographs_is_one_with_its_smaller_neighbour_and_the_label_says_so(photographs, expected):
    assert counts(*photographs) == {"all": sum(photographs), **expected}


def test_photographs_count_not_images():
    assert set(counts(3, 20, 20, composites=5)) == {"all", "0-15 %", "15-100 %"}


def test_a_ratio_on_an_edge_counts_once_in_the_lower_bucket():
    ratio = np.concatenate([np.full(10, 0.05), np.full(10, np.nextafter(0.05, 1)), np.full(10, 0.15), np.full(10, 1.0)])
    found = {name: int(inside.sum()) for name, inside in buckets_of(ratio, np.arange(40)).items()}
    assert found == {"all": 40, "0-5 %": 10, "5-15 %": 20, "15-100 %": 10}


def test_labels_are_in_the_order_of_their_edges():
    assert in_order(["all", "15-100 %", "0-5 %", "5-15 %"]) == ["0-5 %", "5-15 %", "15-100 %"]
