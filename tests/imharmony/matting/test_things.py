"""Packed things: rendered once, any over any place, and composed exactly."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from torch.testing import assert_close

from imharmony.matting import things as module
from imharmony.matting.things import Things, pack_things
from imharmony.studio.things import render_place, render_thing

CPU = torch.device("cpu")
SIZE = 32


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> Things:
    return pack_things(tmp_path_factory.mktemp("cache"), things=5, places=4, size_px=SIZE, seed=0, workers=1)


def test_they_are_the_studios(packed):
    assert (len(packed.alpha), len(packed.place)) == (5, 4)
    for index in range(5):
        foreground, alpha = render_thing(seed=0, index=index, size_px=SIZE)
        assert_array_equal(packed.foreground[index], foreground)
        assert_array_equal(packed.alpha[index], alpha)
    assert_array_equal(packed.place[3], render_place(seed=0, index=3, size_px=SIZE))


def test_they_are_rendered_once(tmp_path, monkeypatch):
    options = {"things": 2, "places": 1, "size_px": SIZE, "seed": 1, "workers": 1}
    first = pack_things(tmp_path, **options)
    monkeypatch.setattr(module, "render_thing", None)
    assert_array_equal(pack_things(tmp_path, **options).alpha, first.alpha)


def test_a_batch_composes_its_own_layers(packed):
    batch = packed.draw(6, np.random.default_rng(0), device=CPU)
    assert {name: tuple(tensor.shape[1:]) for name, tensor in batch.items()} == {
        "picture": (3, SIZE, SIZE),
        "foreground": (3, SIZE, SIZE),
        "plate": (3, SIZE, SIZE),
        "alpha": (1, SIZE, SIZE),
    }
    exact = batch["alpha"] * batch["foreground"] + (1 - batch["alpha"]) * batch["plate"]
    assert (batch["picture"] - exact).abs().max() <= 0.5001 / 255
    levels = batch["picture"] * 255
    assert_close(levels, levels.round(), atol=1e-4, rtol=0)


def test_a_batch_depends_on_its_generator_alone(packed):
    one, two, other = (packed.draw(8, np.random.default_rng(seed), device=CPU)["picture"] for seed in (3, 3, 4))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_any_thing_stands_before_any_place_also_mirrored(packed):
    batch = packed.draw(200, np.random.default_rng(0), device=CPU)
    alphas = {tensor.numpy().tobytes() for tensor in batch["alpha"]}
    plates = {tensor.numpy().tobytes() for tensor in batch["plate"]}
    assert len(alphas) == 2 * 5
    assert len(plates) == 2 * 4
    assert len({(a.numpy().tobytes(), p.numpy().tobytes()) for a, p in zip(batch["alpha"], batch["plate"], strict=True)}) > 60
