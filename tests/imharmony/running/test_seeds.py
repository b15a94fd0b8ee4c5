"""Randomness from names: stable across processes, independent of what else exists."""

import numpy as np

from imharmony.running.seeds import numpy_rng, rendezvous_choice, rendezvous_order, stable_hash, unit_hash


def test_the_hash_is_the_same_on_every_machine():
    assert stable_hash(0, "1_2_3", "transfer") == 8488716819462088203
    assert stable_hash("a", "bc") != stable_hash("ab", "c")


def test_unit_hash_is_uniform():
    values = np.array([unit_hash("split", image_id) for image_id in range(20_000)])
    assert values.min() >= 0
    assert values.max() < 1
    np.testing.assert_allclose(np.histogram(values, 10, (0, 1))[0] / 20_000, 0.1, atol=0.01)


def test_generators_with_equal_names_draw_equal_numbers():
    assert (numpy_rng(3, "x").random(5) == numpy_rng(3, "x").random(5)).all()
    assert (numpy_rng(3, "x").random(5) != numpy_rng(3, "y").random(5)).any()


def test_a_choice_survives_the_loss_of_candidates_that_were_not_chosen():
    candidates = np.arange(1000, dtype=np.int64) * 7
    chosen = candidates[rendezvous_choice(candidates, 0, "sample")]
    fewer = candidates[(candidates == chosen) | (candidates % 3 == 0)]
    assert fewer[rendezvous_choice(fewer, 0, "sample")] == chosen


def test_a_choice_does_not_depend_on_the_order_of_candidates():
    candidates = np.arange(500, dtype=np.int64)
    shuffled = np.random.default_rng(0).permutation(candidates)
    assert candidates[rendezvous_choice(candidates, "k")] == shuffled[rendezvous_choice(shuffled, "k")]


def test_every_candidate_is_chosen_about_equally_often():
    candidates = np.arange(10, dtype=np.int64) + 5_000
    counts = np.bincount([rendezvous_choice(candidates, 0, sample) for sample in range(5000)], minlength=10)
    assert counts.min() > 400
    assert counts.max() < 600


def test_the_first_of_the_order_is_the_choice():
    candidates = np.arange(50, dtype=np.int64)
    assert rendezvous_order(candidates, "k")[0] == rendezvous_choice(candidates, "k")
