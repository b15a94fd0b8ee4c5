"""Lalonde & Efros: signatures, the earth mover's flow between them, and pixels that follow it."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from skimage.color import lab2rgb, rgb2lab

from imharmony.baselines.lalonde_efros import SIGMA, Signature, flow, lalonde_efros, signature
from imharmony.transfer.idt import idt_sample


@pytest.fixture
def signatures() -> tuple[Signature, Signature]:
    rng = np.random.default_rng(3)
    return Signature(rng.normal(50, 20, (4, 3)), np.array([5, 1, 2, 4])), Signature(rng.normal(60, 20, (3, 3)), np.array([6, 3, 3]))


def test_the_flow_is_as_cheap_as_the_best_assignment_of_sample_to_sample(signatures):
    own, other = (np.repeat(each.centres, each.counts, axis=0) for each in signatures)
    costs = cdist(own, other)
    cheapest = costs[linear_sum_assignment(costs)].sum()
    assert (flow(*signatures) * cdist(signatures[0].centres, signatures[1].centres)).sum() == pytest.approx(cheapest)


def test_the_flow_empties_every_cluster_and_fills_every_other(signatures):
    amounts = flow(*signatures)
    assert amounts.min() >= 0
    np.testing.assert_allclose(amounts.sum(axis=1), signatures[0].counts)
    np.testing.assert_allclose(amounts.sum(axis=0), signatures[1].counts)


def test_each_sample_belongs_to_the_nearest_centre_which_is_the_mean_of_its_own():
    pixels = np.random.default_rng(4).integers(0, 256, (5000, 3), dtype=np.uint8)
    found = signature(pixels)
    sample = rgb2lab(idt_sample(pixels).reshape(1, -1, 3) / 255)[0]
    nearest = cdist(sample, found.centres).argmin(axis=1)
    assert found.counts.sum() == len(sample)
    assert np.abs(np.bincount(nearest, minlength=len(found.counts)) - found.counts).sum() < 20  # k-means has nearly come to rest
    means = np.stack([sample[nearest == index].mean(axis=0) for index in range(len(found.counts))])
    np.testing.assert_allclose(means, found.centres, atol=0.1)


def test_a_signature_does_not_depend_on_the_order_of_pixels():
    pixels = np.random.default_rng(5).integers(0, 256, (999, 3), dtype=np.uint8)
    found, turned = signature(pixels), signature(pixels[::-1].copy())
    assert (found.centres == turned.centres).all()
    assert (found.counts == turned.counts).all()


def test_pixels_follow_the_nearer_half_of_the_clusters(pair):
    composite, mask = pair
    own, other = signature(composite[mask > 0]), signature(composite[mask == 0])
    shifts = flow(own, other) @ other.centres / own.counts[:, None] - own.centres
    assert np.abs(shifts).max() < SIGMA
    output = lalonde_efros(composite, mask)[mask > 0]
    for pixel, found in zip(composite[mask > 0][::40], output[::40], strict=True):
        lab = rgb2lab(pixel / 255)
        distances = np.linalg.norm(own.centres - lab, axis=1)
        near = distances.argsort()[: len(distances) // 2]
        expected = lab + np.average(shifts[near], axis=0, weights=np.exp(-((distances[near] / SIGMA) ** 2) / 2))
        assert np.abs(found - 255 * lab2rgb(expected)).max() < 1


def test_one_flat_colour_becomes_another():
    composite = np.array([[[100, 90, 80], [140, 130, 150], [140, 130, 150]]], np.uint8)
    assert lalonde_efros(composite, np.array([[1, 0, 0]], np.float32))[0, 0].tolist() == [140, 130, 150]


def test_a_colour_that_is_too_far_from_the_background_stays():
    composite = np.array([[[20, 20, 20], [250, 250, 250]]], np.uint8)
    assert (lalonde_efros(composite, np.array([[1, 0]], np.float32)) == composite).all()


def test_lalonde_efros_leaves_equal_halves_alone(twins):
    assert (lalonde_efros(*twins) == twins[0]).all()
