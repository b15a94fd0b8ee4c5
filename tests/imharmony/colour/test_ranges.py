"""The three ranges: every level survives every way there and back."""

import torch

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, metric_from_uint8, network_from_uint8, uint8_from_metric

LEVELS = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).expand(1, 16, 16, 3)


def test_all_256_levels_survive_the_network_range():
    assert (uint8_from_metric(metric_from_network(network_from_uint8(LEVELS))) == LEVELS).all()


def test_all_256_levels_survive_the_metric_range():
    assert (uint8_from_metric(metric_from_uint8(LEVELS)) == LEVELS).all()


def test_the_ends_of_the_ranges_are_exact():
    network = network_from_uint8(LEVELS)
    assert (network.min(), network.max()) == (-1, 1)
    assert (mask_from_uint8(LEVELS[..., 0]).min(), mask_from_uint8(LEVELS[..., 0]).max()) == (0, 1)


def test_values_outside_are_clipped_and_halves_are_rounded_not_truncated():
    values = torch.tensor([-3.0, 0.6, 254.6, 300.0]).reshape(1, 1, 2, 2).expand(1, 3, 2, 2)
    assert uint8_from_metric(values)[0, ..., 0].flatten().tolist() == [0, 1, 255, 255]
    assert metric_from_network(torch.tensor([-1.5, 1.5])).tolist() == [0, 255]
