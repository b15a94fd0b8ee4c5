"""Learning rates over a training."""

import pytest
import torch

from imharmony.training.schedules import SCHEDULES


def rates(epochs: int, *, at, factor) -> list[float]:
    schedule = SCHEDULES["step"](at=at, factor=factor)
    return [schedule((epoch - 1) / epochs) for epoch in range(1, epochs + 1)]


def test_120_epochs_step_after_105_and_115_as_in_idih():
    factors = rates(120, at=[0.875, 0.958], factor=0.1)
    assert factors[:105] == [1.0] * 105
    assert factors[105:115] == pytest.approx([0.1] * 10)
    assert factors[115:] == pytest.approx([0.01] * 5)


def test_a_fraction_that_floats_cannot_hold_steps_at_its_epoch():
    assert rates(10, at=[0.3], factor=0.5) == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_a_constant_rate_never_changes():
    schedule = SCHEDULES["constant"](at=(0.5,), factor=0.1)
    assert [schedule(done) for done in (0.0, 0.5, 0.99)] == [1.0, 1.0, 1.0]


def test_a_linear_rate_stays_and_then_falls_to_zero_as_in_pix2pix():
    halves = SCHEDULES["linear"](at=[0.5])
    assert [halves(done) for done in (0.0, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]
    from_the_start = SCHEDULES["linear"]()
    assert [from_the_start(done) for done in (0.0, 0.25, 1.0)] == [1.0, 0.75, 0.0]


def test_a_cosine_rate_is_that_of_torchs_annealing():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    annealing, schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20), SCHEDULES["cosine"]()
    for epoch in range(20):
        assert schedule(epoch / 20) == pytest.approx(annealing.get_last_lr()[0])
        optimizer.step()
        annealing.step()


def test_a_cosine_rate_stays_as_long_as_it_is_told_and_is_halved_midway():
    schedule = SCHEDULES["cosine"](at=[0.5])
    assert [schedule(done) for done in (0.0, 0.5, 0.75, 1.0)] == pytest.approx([1.0, 1.0, 0.5, 0.0])


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_a_rate_that_is_to_fall_after_the_end_stays(name):
    assert SCHEDULES[name](at=[1.0])(0.9) == 1.0
