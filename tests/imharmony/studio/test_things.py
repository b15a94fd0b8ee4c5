"""Things to learn matting on: whole and soft where they should be, the same every time, and nobody among them."""

from unittest.mock import Mock

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.running.seeds import numpy_rng
from imharmony.studio.objects import OBJECTS
from imharmony.studio.things import KINDS, Thing, furry, render_place, render_thing

SIZE = 64


@pytest.fixture(scope="module")
def things() -> list[Thing]:
    return [render_thing(seed=0, index=index, size_px=SIZE) for index in range(12)]


def soft_share(alpha: np.ndarray) -> float:
    """Of what is covered at all, the share that is covered in part."""
    return ((alpha > 12) & (alpha < 243)).sum() / (alpha > 12).sum()


def test_a_thing_depends_on_its_numbers_alone(things):
    again = render_thing(seed=0, index=3, size_px=SIZE)
    assert_array_equal(again.alpha, things[3].alpha)
    assert_array_equal(again.foreground, things[3].foreground)
    assert (render_thing(seed=1, index=3, size_px=SIZE).alpha != things[3].alpha).any()


def test_every_thing_is_seen_and_leaves_some_of_the_place(things):
    for thing in things:
        assert thing.foreground.shape == (SIZE, SIZE, 3)
        assert (thing.foreground.dtype, thing.alpha.dtype) == (np.uint8, np.uint8)
        assert 0.02 < (thing.alpha > 12).mean() < 0.9
        assert soft_share(thing.alpha) > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_soft_in_its_own_way(kind):
    alphas = [KINDS[kind](numpy_rng("test", kind, number), SIZE).planes[0] for number in range(4)]
    share = np.mean([soft_share(np.rint(alpha * 255)) for alpha in alphas])
    opaque = np.mean([(alpha > 0.98).sum() / (alpha > 0.05).sum() for alpha in alphas])
    assert share > {"furry": 0.1, "tuft": 0.2, "wires": 0.05, "veil": 0.9}[kind]
    assert (opaque > 0.2) == (kind in ("furry", "wires", "tuft"))


def test_fur_stands_off_what_it_grows_on():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imharmony.studio.things._grow", Mock())
        bald = furry(numpy_rng("test", 5), SIZE)
    grown = furry(numpy_rng("test", 5), SIZE)
    assert grown.shape == bald.shape
    beyond = (grown.planes[0] > 0.05) & (bald.planes[0] == 0)
    assert beyond.sum() > 0.05 * (bald.planes[0] > 0.5).sum()


def test_no_thing_is_a_person():
    assert not {"person"} & set(OBJECTS)


def test_colours_that_nobody_sees_are_the_things_mean(things):
    for thing in things:
        hidden = thing.foreground[thing.alpha == 0]
        assert (hidden == hidden[0]).all()


def test_places_are_sharp_and_empty_and_depend_on_their_numbers_alone():
    first = render_place(seed=0, index=0, size_px=SIZE)
    assert first.shape == (SIZE, SIZE, 3)
    assert_array_equal(render_place(seed=0, index=0, size_px=SIZE), first)
    assert (render_place(seed=0, index=1, size_px=SIZE) != first).any()
