"""Validation: the composite's background, the inference mode, [0, 255]."""

import numpy as np
import pytest
import torch
from torch import Tensor

from imharmony.composing.packed_split import PackedSplit
from imharmony.networks.blocks import Generator
from imharmony.networks.harmonizer import Harmonizer
from imharmony.training.batches import Batches
from imharmony.training.validation import sample_grid, validate
from tests.composites import packed

CPU = torch.device("cpu")


class Constant(Generator):
    """A network that returns one grey everywhere."""

    depth = 0

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = level

    def forward(self, inputs: Tensor) -> Tensor:
        """The grey."""
        return torch.full_like(inputs[:, :3], self.level / 127.5 - 1)


def constant(level: float, *, paste: bool = False) -> Harmonizer:
    return Harmonizer(Constant(level), mask_input=True, paste=paste, inference_mode="eval")


@pytest.fixture
def quarter() -> PackedSplit:
    """Grey 100 everywhere, composite and real alike; the foreground is a quarter of the picture."""
    pictures = np.full((3, 16, 16, 3), 100, np.uint8)
    mask = np.zeros((3, 16, 16), np.uint8)
    mask[:, :8, :8] = 255
    return PackedSplit(packed(3, 16).rows, pictures, pictures.copy(), mask)


def test_a_constant_error_on_a_quarter_of_the_pixels_has_known_scores(quarter):
    scores = validate(constant(110), Batches(quarter, device=CPU), batch_size=2)
    assert scores.fmse == pytest.approx(100, rel=1e-4)
    assert scores.psnr_db == pytest.approx(34.15, abs=0.005)  # MSE 25: the background is the composite's


def test_a_picture_without_foreground_does_not_count(quarter):
    quarter.mask[1] = 0
    assert validate(constant(110), Batches(quarter, device=CPU), batch_size=2).fmse == pytest.approx(100, rel=1e-4)


def test_a_perfect_output_has_a_finite_mean(quarter):
    scores = validate(constant(100), Batches(quarter, device=CPU), batch_size=3)
    assert scores.fmse == pytest.approx(0, abs=1e-6)
    assert scores.psnr_db == 100.0


def test_scores_do_not_depend_on_the_batch_size():
    batches = Batches(packed(5, 16), device=CPU)
    first, second = (validate(constant(90), batches, batch_size=size) for size in (1, 5))
    assert first == pytest.approx(second, rel=1e-12)


def test_a_network_that_diverged_is_not_hidden(quarter):
    assert np.isnan(validate(constant(float("nan")), Batches(quarter, device=CPU), batch_size=3).fmse)


def test_samples_show_composite_mask_output_and_real_side_by_side(quarter):
    quarter.composite[:] = 50
    grid = sample_grid(constant(200, paste=True), Batches(quarter, device=CPU), count=2)
    assert grid.shape == (32, 64, 3)
    assert grid.dtype == np.uint8
    inside, outside = grid[4, 4::16, 0].tolist(), grid[12, 12::16, 0].tolist()
    assert inside == [50, 255, 200, 100]
    assert outside == [50, 0, 50, 100]
