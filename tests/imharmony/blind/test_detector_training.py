"""Training a detector: the same bits again, a loss that falls, and what a first training of offsets leaves alone."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from imharmony.blind.detector import Detector
from imharmony.blind.detector_training import (
    Regression,
    Teaching,
    detection_loss,
    fit_detector,
    freeze_encoder,
    loss_of_logits,
)
from imharmony.blind.shifts import Examples
from imharmony.errors import InputError
from imharmony.realism.photographs import Photographs
from tests.composites import packed
from tests.imharmony.blind.pictures import CPU, SIZE, bits, detector_of

TEACHING = Teaching(
    steps=2, regression_steps=0, batch_size=2, learning_rate=3e-3, gamma=2.0, alpha=0.5, largest_stops=1.5, coloured=0.3, seed=0
)


def taught(*, name: str = "small", photographs: int = 12, **changes: object) -> Detector:
    split = packed(photographs, SIZE)
    teaching = Teaching(**(vars(TEACHING) | changes))
    return fit_detector(Photographs(split.real, split.mask), name=name, width=4, teaching=teaching, device=CPU)


def test_the_same_arguments_give_the_same_bits_and_another_seed_others():
    assert bits(taught()) == bits(taught())
    assert bits(taught()) != bits(taught(seed=1))


def test_so_they_do_of_the_seeds_network_whose_dropout_draws_too_and_the_callers_numbers_stay():
    torch.manual_seed(1)
    first = bits(taught(name="observing", steps=1, regression_steps=1, batch_size=1))
    torch.manual_seed(2)
    again = bits(taught(name="observing", steps=1, regression_steps=1, batch_size=1))
    assert first == again
    drawn = torch.rand(3)
    torch.manual_seed(2)
    assert torch.equal(torch.rand(3), drawn)


def test_it_learns_to_find_what_is_too_bright_or_too_dark():
    split = packed(16, SIZE, seed=5)
    pictures = torch.from_numpy(split.real).permute(0, 3, 1, 2) / 255
    masks = torch.from_numpy(split.mask)[:, None] / 255
    bright = pictures + masks * (0.25 * (1 - pictures))
    dark = pictures * (1 - 0.4 * masks)
    detector = taught(steps=70, batch_size=6, learning_rate=1e-2, largest_stops=1.0, coloured=0.0)
    with torch.inference_mode():
        chances = [detector.probabilities(detector(each * 2 - 1)) for each in (bright, dark, pictures)]
    inside = (masks == 1)[:, 0]
    means = [[float(each[:, place][inside].mean()) for place in (0, 1)] for each in chances]
    assert means[0][1] > 2 * means[2][1]
    assert means[1][0] > 2 * means[2][0]
    assert means[0][1] > means[0][0]
    assert means[1][0] > means[1][1]


def test_what_offsets_taught_the_encoder_stays():
    frozen = ("network.first.", "network.encoder.")
    first, more = bits(taught(steps=1, regression_steps=2)), bits(taught(steps=4, regression_steps=2))
    assert {name: each for name, each in first.items() if name.startswith(frozen)} == {
        name: each for name, each in more.items() if name.startswith(frozen)
    }
    assert first["network.head.weight"] != more["network.head.weight"]
    without = bits(taught(steps=1))
    assert first["network.first.0.weight"] != without["network.first.0.weight"]


def test_a_taught_detector_may_be_taught_on():
    assert all(parameter.requires_grad for parameter in taught(regression_steps=1).parameters())


def test_freezing_leaves_the_decoder_to_be_taught():
    detector = detector_of()
    freeze_encoder(detector)
    names = {name.split(".")[1] for name, parameter in detector.named_parameters() if parameter.requires_grad}
    assert names == {"decoder", "last", "head"}


def examples() -> Examples:
    rng = torch.Generator().manual_seed(0)
    pictures, originals = (torch.rand(3, 3, SIZE, SIZE, generator=rng) for _ in range(2))
    regions = (torch.rand(3, 1, SIZE, SIZE, generator=rng) > 0.5).float()
    return Examples(pictures, regions * torch.eye(3)[:, :, None, None], torch.tensor([-1.0, 1, 0.5]), originals, regions)


def test_offsets_are_told_as_a_map_of_stops_0_outside():
    given, regression = examples(), Regression(detector_of())
    with torch.no_grad():
        regression.head.weight.zero_()
        regression.head.bias.fill_(0.25)
    wanted = given.stops.numpy()[:, None, None, None] * given.regions.numpy()
    assert regression.loss(given).item() == pytest.approx(np.square(0.25 - wanted).mean(), rel=1e-5)


def test_the_seeds_loss_is_of_one_class_in_three_and_colour_alone_is_none():
    with torch.device("meta"):
        seeds = Detector(name="observing", width=1)
    logits = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    targets = torch.eye(3)[:, :, None, None].expand(3, 3, 8, 8)
    labels = torch.tensor([0, 1, 2])[:, None, None].expand(3, 8, 8)
    found = loss_of_logits(seeds, logits, targets, gamma=0.0, alpha=0.25)
    assert float(found) == pytest.approx(0.25 * float(cross_entropy(logits, labels)), rel=1e-5)


def test_the_small_networks_loss_is_half_a_cross_entropy_where_no_focus_is_asked_for():
    detector, given = detector_of(), examples()
    found = detection_loss(detector, given.pictures, given.targets, gamma=0.0, alpha=0.5)
    chances = torch.sigmoid(detector(given.pictures * 2 - 1))
    expected = -(given.targets * chances.log() + (1 - given.targets) * (1 - chances).log()).mean() / 2
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"photographs": 1}, "1 photographs to detect in; expected two or more; widen"),
        ({"steps": 0}, "0 steps of 2 photographs: expected at least 1 of each"),
        ({"batch_size": 0}, "2 steps of 0 photographs: expected at least 1 of each"),
    ],
)
def test_too_little_to_learn_from_is_one_line(changes, message):
    with pytest.raises(InputError, match=message):
        taught(**changes)


@pytest.mark.parametrize("level", [0, 255])
def test_photographs_of_one_colour_do_no_harm(level):
    flat = Photographs(np.full((2, SIZE, SIZE, 3), level, np.uint8), np.full((2, SIZE, SIZE), 255, np.uint8))
    detector = fit_detector(flat, name="small", width=2, teaching=TEACHING, device=CPU)
    assert all(tensor.isfinite().all() for tensor in detector.state_dict().values())
