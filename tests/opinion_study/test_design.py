"""The designs are balanced, whatever their size, and the same each time."""

from collections import Counter
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_study.design import Check, pair_orders, rating_orders, round_robin, rounds_within, williams_squares, with_checks

COUNTS = range(2, 13)
sizes = st.fixed_dictionaries(
    {"raters": st.integers(1, 9), "images": st.integers(1, 9), "methods": st.integers(2, 8), "seed": st.integers(0, 1 << 40)}
)
briefly = settings(max_examples=15, deadline=None)


def by_image(order):
    """What the rater sees of each image, in order."""
    sequences = {}
    for image, stimulus in order:
        sequences.setdefault(image, []).append(stimulus)
    return sequences


def spread(counts, keys):
    """How far the counts of the keys are apart."""
    values = [counts[key] for key in keys]
    return max(values) - min(values)


@pytest.mark.parametrize("count", COUNTS)
def test_each_williams_square_is_latin(count):
    for square in williams_squares(count):
        for lines in (square, square.T):
            assert all(sorted(line) == list(range(count)) for line in lines.tolist())


@pytest.mark.parametrize("count", COUNTS)
def test_in_williams_squares_every_method_follows_every_other_equally_often(count):
    squares = williams_squares(count)
    follows = Counter(pair for square in squares for row in square.tolist() for pair in pairwise(row))
    assert follows == dict.fromkeys(permutations(range(count), 2), len(squares))


@pytest.mark.parametrize("count", COUNTS)
def test_a_round_robin_holds_every_pair_once_and_no_method_twice_in_a_round(count):
    rounds = round_robin(count)
    assert sorted(pair for one in rounds for pair in one) == list(combinations(range(count), 2))
    assert all(len({method for pair in one for method in pair}) == 2 * len(one) for one in rounds)
    assert {len(one) for one in rounds} == {count // 2}


@briefly
@given(sizes)
def test_every_rater_sees_every_method_of_every_image_once(size):
    for order in rating_orders(**size):
        assert len(order) == size["images"] * size["methods"]
        assert all(sorted(methods) == list(range(size["methods"])) for methods in by_image(order).values())


@briefly
@given(sizes)
def test_methods_stand_equally_often_at_each_position_over_raters_and_over_images(size):
    orders = [by_image(order) for order in rating_orders(**size)]
    methods, images = range(size["methods"]), range(size["images"])
    for position in methods:
        for image in images:
            assert spread(Counter(order[image][position] for order in orders), methods) <= (size["raters"] % size["methods"] > 0)
        for order in orders:
            assert spread(Counter(order[image][position] for image in images), methods) <= (size["images"] % size["methods"] > 0)


def test_over_a_whole_cycle_of_raters_every_method_follows_every_other_equally_often():
    orders = [by_image(order) for order in rating_orders(raters=10, images=3, methods=5, seed=1)]
    for image in range(3):
        follows = Counter(pair for order in orders for pair in pairwise(order[image]))
        assert follows == dict.fromkeys(permutations(range(5), 2), 2)


@briefly
@given(sizes)
def test_an_image_never_follows_itself_unless_it_is_alone(size):
    rounds = rounds_within(60, images=size["images"], methods=size["methods"])
    for order in [*rating_orders(**size), *pair_orders(**size, rounds=rounds)]:
        assert size["images"] == 1 or all(first != second for (first, _), (second, _) in pairwise(order))


@briefly
@given(sizes, st.integers(1, 200))
def test_pairs_of_an_image_come_equally_often_and_equally_often_on_each_side(size, trials):
    rounds = rounds_within(trials, images=size["images"], methods=size["methods"])
    orders = pair_orders(**size, rounds=rounds)
    pairs = list(combinations(range(size["methods"]), 2))
    for image in range(size["images"]):
        sided = Counter(pair for order in orders for pair in by_image(order)[image])
        together = Counter({pair: sided[pair] + sided[pair[::-1]] for pair in pairs})
        assert spread(together, pairs) <= 1
        assert all(abs(sided[pair] - sided[pair[::-1]]) <= 1 for pair in pairs)


@briefly
@given(sizes, st.integers(1, 200))
def test_the_bound_on_trials_is_kept_where_one_round_fits(size, trials):
    rounds = rounds_within(trials, images=size["images"], methods=size["methods"])
    length = len(pair_orders(**size, rounds=rounds)[0])
    assert length <= max(trials, size["images"] * (size["methods"] // 2))
    assert len(by_image(pair_orders(**size, rounds=rounds)[0])) == size["images"]


def test_all_pairs_are_shown_where_they_fit():
    orders = pair_orders(raters=1, images=2, methods=4, rounds=rounds_within(12, images=2, methods=4), seed=0)
    for pairs in by_image(orders[0]).values():
        assert sorted((min(pair), max(pair)) for pair in pairs) == list(combinations(range(4), 2))


@briefly
@given(sizes)
def test_the_seed_alone_decides(size):
    assert rating_orders(**size) == rating_orders(**size)
    more = rating_orders(**size | {"raters": size["raters"] + 2})
    assert more[: size["raters"]] == rating_orders(**size)


def test_another_seed_gives_another_order():
    size = {"raters": 2, "images": 5, "methods": 4}
    assert rating_orders(**size, seed=0) != rating_orders(**size, seed=1)


@given(st.integers(1, 60), st.integers(0, 6), st.integers(2, 5), st.integers(0, 999))
def test_attention_checks_are_spread_out_and_never_come_first(length, checks, choices, seed):
    order = list(range(length))
    checks = min(checks, length)
    mixed = with_checks(order, checks=checks, choices=choices, rng=np.random.default_rng(seed))
    assert [step for step in mixed if not isinstance(step, Check)] == order
    places = [place for place, step in enumerate(mixed) if isinstance(step, Check)]
    assert len(places) == checks
    assert all(isinstance(step, Check) is False or 1 <= step.asked <= choices for step in mixed)
    assert all(second - first > 1 for first, second in pairwise(places))
    assert places[:1] != [0]
