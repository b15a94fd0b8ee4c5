"""Learning rates over a training."""

import pytest

from harmonization.schedules import SCHEDULES


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
