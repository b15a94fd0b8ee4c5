"""Two lessons for a network without a trimap: what counts in them, that they are learned, and that they are the same twice."""

import numpy as np
import pytest
import torch

from imharmony.errors import InputError
from imharmony.matting.portrait_training import (
    Cutouts,
    Lessons,
    PortraitTeaching,
    cutouts_of,
    draw_portraits,
    fit_portrait,
    portrait_batch_loss,
)
from imharmony.networks.portrait_matting import PortraitMatting
from tests.imharmony.matting.peopled import lessons, person, photograph_of
from tests.imharmony.matting.scenes import CPU, bits

TEACHING = PortraitTeaching(people_steps=3, outline_steps=3, batch_size=3, learning_rate=2e-3, people=0.5, size_px=32, seed=0)


def network() -> PortraitMatting:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PortraitMatting(width=0.0625)


def test_both_lessons_are_recorded_and_the_same_twice():
    first, second = network(), network()
    rows = fit_portrait(first, lessons(), teaching=TEACHING, device=CPU)
    assert [(row["lesson"], row["step"]) for row in rows] == [(name, step) for name in ("people", "outlines") for step in range(3)]
    assert rows == fit_portrait(second, lessons(), teaching=TEACHING, device=CPU)
    assert bits(first) == bits(second) != bits(network())
    assert not first.training


def test_a_batch_repeated_is_learned():
    made, batch = network().train(), draw_portraits(lessons(), np.random.default_rng(0), count=4, people=0.5, size_px=32)
    optimizer = torch.optim.Adam(made.parameters(), lr=1e-2)
    losses = []
    for _ in range(25):
        loss = portrait_batch_loss(made, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_share_of_a_batch_is_people_whose_outline_is_nobodys():
    batch = draw_portraits(lessons(), np.random.default_rng(0), count=4, people=0.5, size_px=32)
    assert batch.picture.shape == (4, 3, 32, 32)
    assert (batch.picture.min() >= -1) & (batch.picture.max() <= 1)
    assert (batch.unknown[:2].sum(), bool(batch.unknown[2:].any())) == (0, True)
    assert (bool((batch.sure[:2] == 0).any()), bool(batch.sure[2:].all())) == (True, True)


def test_what_does_not_count_has_no_gradient():
    made, batch = network().eval(), draw_portraits(lessons(), np.random.default_rng(0), count=2, people=1.0, size_px=32)
    other = batch._replace(alpha=torch.where(batch.sure > 0, batch.alpha, 1 - batch.alpha))
    unseen = batch._replace(known=torch.zeros_like(batch.known)), other._replace(known=torch.zeros_like(batch.known))
    first, second = (portrait_batch_loss(made, each) for each in unseen)
    torch.testing.assert_close(first, second)
    assert portrait_batch_loss(made, batch) != portrait_batch_loss(made, other)


def test_cutouts_have_their_own_colours():
    alpha = np.full((1, 20, 20), 255, np.uint8)
    alpha[:, :, :10] = 128
    pictures = np.full((1, 20, 20, 3), 200, np.uint8)
    pictures[:, :, :10] = 100  # half of it a black background
    made = cutouts_of(pictures, alpha)
    assert (made.colours[0, :, 10:] == 200).all()
    assert made.colours[0, 10, 5, 0] > 130


@pytest.mark.parametrize("lacking", ["people", "nobody", "portraits"])
def test_a_kind_that_is_lacking_is_one_line(lacking):
    photographs = [photograph_of(person(50, 20, 110, 110)), photograph_of(seed=1)]
    cutouts = lessons().cutouts
    given = {
        "people": (photographs[1:], cutouts),
        "nobody": (photographs[:1], cutouts),
        "portraits": (photographs, Cutouts(cutouts.colours[:0], cutouts.alpha[:0])),
    }
    with pytest.raises(InputError, match="expected some of each to learn from; widen the data sets"):
        Lessons.of(*given[lacking])
