"""Means of weights over the steps."""

import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.training.averages import averaged


def test_an_exponential_average_is_the_sum_that_its_name_says():
    network = nn.Linear(3, 2)
    average, seen = averaged(network, 0.9), []
    for step in range(6):
        with torch.no_grad():
            network.weight.copy_(torch.full((2, 3), float(step**2)))
        average.update_parameters(network)
        seen.append(step**2)
    shares = [0.9**5, *(0.1 * 0.9 ** (5 - step) for step in range(1, 6))]
    expected = sum(share * value for share, value in zip(shares, seen, strict=True))
    assert sum(shares) == pytest.approx(1)
    torch.testing.assert_close(average.module.weight, torch.full((2, 3), expected))


def test_batch_statistics_are_averaged_too_and_their_counter_stays_whole():
    network = nn.BatchNorm2d(2)
    average = averaged(network, 0.5)
    for value in (0.0, 4.0):
        network.running_mean.fill_(value)
        network.num_batches_tracked.fill_(int(value))
        average.update_parameters(network)
    assert average.module.running_mean.tolist() == [2.0, 2.0]
    assert average.module.num_batches_tracked.item() == 2


def test_the_network_itself_is_left_alone():
    network = nn.Linear(2, 2)
    before = network.weight.detach().clone()
    averaged(network, "recent").update_parameters(network)
    assert torch.equal(network.weight, before)
    assert averaged(network, None) is None


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5, 999.0])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(InputError, match="expected a number between 0 and 1"):
        averaged(nn.Linear(1, 1), decay)
