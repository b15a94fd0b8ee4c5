"""The loop of the small networks: Adam on a falling rate, beside PyTorch's own Adam step by step."""

import pytest
import torch
from torch import nn
from torch.optim import Adam

from imharmony.errors import InputError
from imharmony.training.fitting import expect_work, fitted


def network() -> nn.Linear:
    found = nn.Linear(3, 1)
    with torch.no_grad():
        found.weight.copy_(torch.tensor([[0.5, -1.0, 2.0]]))
        found.bias.zero_()
    return found


def loss_of(own: nn.Module, step: int) -> torch.Tensor:
    inputs = torch.arange(6.0).reshape(2, 3) + step
    return (own(inputs) - 1).square().mean()


@pytest.mark.parametrize("warm_up", [0, 3])
def test_the_rate_falls_on_a_line_and_rises_to_it_first(warm_up):
    own, other, steps, rate = network(), network(), 8, 0.1
    fitted(own, lambda step: loss_of(own, step), steps=steps, learning_rate=rate, what="a", warm_up=warm_up)
    optimizer = Adam(other.parameters(), lr=rate)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * (steps - step) / steps * min(1, (step + 1) / (warm_up + 1))
        optimizer.zero_grad()
        loss_of(other, step).backward()
        optimizer.step()
    torch.testing.assert_close(own.weight, other.weight)
    torch.testing.assert_close(own.bias, other.bias)


def test_the_network_itself_comes_back_in_its_evaluation_mode_and_what_is_frozen_stays():
    own = network().requires_grad_(False)
    own.bias.requires_grad_(True)
    found = fitted(own, lambda step: loss_of(own, step), steps=2, learning_rate=0.1, what="a")
    assert found is own
    assert not own.training
    assert own.weight.tolist() == [[0.5, -1.0, 2.0]]
    assert own.bias.tolist() != [0.0]


def test_it_is_in_training_while_it_learns():
    own, modes = network().eval(), []

    def telling(step: int) -> torch.Tensor:
        modes.append((step, own.training))
        return loss_of(own, step)

    fitted(own, telling, steps=3, learning_rate=0.1, what="a")
    assert modes == [(0, True), (1, True), (2, True)]


@pytest.mark.parametrize(("steps", "batch_size"), [(0, 1), (1, 0), (-1, 4)])
def test_a_training_of_nothing_is_refused(steps, batch_size):
    with pytest.raises(InputError, match=f"{steps} steps of {batch_size} pictures: expected at least 1 of each"):
        expect_work(steps, batch_size, of="pictures")
