"""Views of people: whose alpha counts where, where a portrait stands, and that crops stay in their photograph."""

import numpy as np
import pytest

from imharmony.matting import views
from imharmony.matting.views import around, backdrop, near_edge, person_view, portrait_view, relit, within
from tests.imharmony.matting.peopled import lessons, person, photograph_of

SIZE = 48


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(6))
def test_a_view_of_a_person_counts_everywhere_but_along_the_outline(seed):
    given = lessons()
    view = person_view(given.photographs, given.backdrops, rng(seed), SIZE)
    assert (view.picture.shape, view.picture.dtype) == ((SIZE, SIZE, 3), np.uint8)
    assert set(np.unique(view.alpha)) == {0.0, 1.0}
    assert view.known.all()
    assert 0 < (~view.sure).mean() < 0.9
    assert not view.is_exact
    bright = view.picture.mean(axis=2)
    inside = (view.alpha == 1) & view.sure
    if inside.any() and (view.sure & ~inside).any():
        assert bright[inside].mean() > bright[view.sure & ~inside].mean()


def test_a_crowd_does_not_count(monkeypatch):
    monkeypatch.setattr(views, "PASTED", 0.0)
    photo = photograph_of(person(0, 0, 160, 30, iscrowd=True), person(40, 30, 120, 115))
    seen = [person_view([photo], [photo.picture], rng(seed), SIZE) for seed in range(8)]
    assert any((~view.known).any() for view in seen)
    assert all((view.alpha[~view.known] == 0).all() for view in seen)
    assert not any((view.sure & ~view.known).any() for view in seen)


@pytest.mark.parametrize("seed", range(6))
def test_a_portrait_stands_on_the_lower_edge_with_its_own_alpha(seed):
    given = lessons()
    view = portrait_view(given.cutouts.colours[0], given.cutouts.alpha[0], given.backdrops, rng(seed), SIZE)
    assert view.is_exact
    assert view.sure.all()
    assert view.alpha[-1].max() > 0.9
    assert len(np.unique(view.alpha)) > 2


def test_views_of_equal_draws_are_equal():
    given = lessons()
    first, second = (person_view(given.photographs, given.backdrops, rng(3), SIZE) for _ in range(2))
    assert all((one == other).all() for one, other in zip(first[:4], second[:4], strict=True))


def test_crops_lie_in_the_photograph_and_have_what_was_asked():
    assert within((10, 10), (40, 30), (160, 120)) == (0, 0, 40, 30)
    assert within((155, 60), (40, 400), (160, 120)) == (120, 0, 160, 120)
    for seed in range(50):
        left, top, right, bottom = around((50, 20, 110, 110), (120, 160), rng(seed))
        assert 0 <= left < right <= 160
        assert 0 <= top < bottom <= 120


def test_a_backdrop_is_a_part_of_its_photograph():
    colours = np.arange(90 * 70, dtype=np.int64).reshape(90, 70)
    photograph = np.dstack([colours % 251, colours // 251, 0 * colours]).astype(np.uint8)
    made = backdrop([photograph], rng(), 16)
    assert (made.shape, made.dtype) == ((16, 16, 3), np.uint8)
    assert made[..., 1].max() <= photograph[..., 1].max()


def test_the_band_along_an_outline_is_as_wide_as_asked():
    inside = np.zeros((40, 40), bool)
    inside[:, 20:] = True
    assert near_edge(inside, 3.0)[20].nonzero()[0].tolist() == list(range(17, 23))
    assert not near_edge(np.ones((8, 8), bool), 3.0).any()


def test_other_light_keeps_the_shape_and_changes_the_colours():
    picture = np.full((20, 20, 3), 128, np.uint8)
    made = relit(picture, rng(1), noise=False)
    assert (made.shape, made.dtype) == (picture.shape, np.uint8)
    assert np.ptp(made.reshape(-1, 3), axis=0).max() == 0
    assert len({tuple(relit(picture, rng(seed), noise=False)[0, 0]) for seed in range(5)}) > 1
