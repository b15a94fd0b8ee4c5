"""Fresh composites: new colours in the foreground, the photograph's own bits around it, drawn by names alone."""

from dataclasses import replace

import numpy as np
import pytest

from imharmony.composing.composites import Foreground, recomposed
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.running.seeds import numpy_rng
from imharmony.training.batches import FreshPictures
from imharmony.training.resynthesis import CHEAP_TRANSFERS, FreshComposites
from imharmony.training.rules import Resynthesis
from imharmony.transfer.moments import look, strangeness
from tests.composites import packed

COUNT = 12
BRIGHTNESS = Resynthesis(("brightness",), share=1.0)


@pytest.fixture(scope="module")
def split() -> PackedSplit:
    return packed(COUNT, 32)


def relabelled(split: PackedSplit, **columns: list) -> PackedSplit:
    rows = split.rows
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, [values])
    return replace(split, rows=rows)


def drawn(split: PackedSplit, *transfers: str, share: float = 1.0, seed: int = 0, epoch: int = 1) -> dict[int, np.ndarray]:
    """The composites alone; their truths are the stored ones."""
    fresh = FreshComposites(split, Resynthesis(transfers, share), seed=seed).drawn(range(COUNT), epoch=epoch)
    assert all(pictures.real is None for pictures in fresh.values())
    return {place: pictures.composite for place, pictures in fresh.items()}


def graded(split: PackedSplit, *grades: str, graded: float = 1.0, left: float = 1.0, epoch: int = 1) -> dict[int, FreshPictures]:
    rules = Resynthesis(("brightness",), share=1.0, graded=graded, grades=grades, left_as_it_was=left)
    return FreshComposites(split, rules, seed=0).drawn(range(COUNT), epoch=epoch)


def look_of(picture: np.ndarray, split: PackedSplit, row: int) -> np.ndarray:
    foreground = Foreground.soft(picture, split.mask[row], name="")
    return look(foreground.telling(foreground.pixels))


@pytest.mark.parametrize("name", CHEAP_TRANSFERS)
def test_every_transfer_leaves_the_photograph_around_the_foreground_bit_for_bit(name, split):
    fresh = drawn(split, name)
    assert len(fresh) == COUNT
    for place, composite in fresh.items():
        outside = split.mask[place] == 0
        assert (composite.dtype, composite.shape) == (np.uint8, (32, 32, 3))
        assert np.array_equal(composite[outside], split.real[place][outside])
    changed = sum(not np.array_equal(composite, split.real[place]) for place, composite in fresh.items())
    assert changed > COUNT / 2


def test_soft_edges_show_as_much_of_the_photograph_as_the_mask_says(split):
    """The oracle: brightness adds one number; alpha mixes the two colours and rounds to the nearest level."""
    for place, composite in drawn(split, "brightness").items():
        real, alpha = split.real[place], split.mask[place] / 255
        solid = (alpha == 1) & (real > 0).all(2) & (real < 255).all(2) & (composite > 0).all(2) & (composite < 255).all(2)
        added = np.unique(composite[solid].astype(int) - real[solid])
        if len(added) != 1:
            continue  # clipped everywhere
        expected = recomposed((real + added).clip(0, 255).astype(np.uint8), alpha, real)
        assert np.array_equal(composite, expected)


@pytest.mark.parametrize("name", ["reinhard_lab", "xiao_rgb"])
def test_the_new_colours_are_those_of_another_foreground(name, split):
    fresh = drawn(split, name)
    looks = np.array([look_of(split.real[row], split, row) for row in range(COUNT)])
    for place, composite in fresh.items():
        away = np.abs(looks[:, :3] - look_of(composite, split, place)[:3]).max(1)
        assert away.min() < 0.5  # CIELAB units: rounding to levels
        strange = strangeness(looks[place], looks, channels=(True, True, True))
        assert strange[away.argmin()] <= max(1, np.delete(strange, place).min())


def test_references_are_of_another_photograph_and_of_the_same_category(split):
    """With two categories of which one has a single photograph, only the other's samples have a reference."""
    lonely = relabelled(split, category=["a"] * 3 + ["b"] * (COUNT - 3), image_id=[7] * 3 + list(range(COUNT - 3)))
    assert sorted(drawn(lonely, "reinhard_lab")) == list(range(3, COUNT))
    assert len(drawn(lonely, "lut")) == COUNT
    looks = np.array([look_of(split.real[row], split, row) for row in range(COUNT)])
    pairs = relabelled(split, image_id=[row // 2 for row in range(COUNT)])
    fresh = FreshComposites(pairs, BRIGHTNESS, seed=0)
    for own in range(COUNT):
        chosen = {fresh._reference(own, (True, True, True), np.random.default_rng(seed)) for seed in range(50)}
        others = [row for row in range(COUNT) if row // 2 != own // 2]
        plausible = [row for row in others if strangeness(looks[own], looks[[row]], channels=(True, True, True))[0] <= 1]
        assert chosen <= set(plausible or others)
        assert len(chosen) >= min(2, len(plausible))


def test_composites_of_one_foreground_count_as_one_reference(split):
    twice = relabelled(split, annotation_id=[0, 0, *range(2, COUNT)], image_id=[0, 0, *range(2, COUNT)])
    fresh = FreshComposites(twice, BRIGHTNESS, seed=0)
    assert len(fresh._rows) == COUNT - 1
    assert fresh._foreground_of[0] == fresh._foreground_of[1]


def test_draws_depend_on_seed_epoch_and_name_and_not_on_the_batch(split):
    names = ["reinhard_lab", "photometric"]
    first, again = drawn(split, *names), drawn(split, *names)
    assert all(np.array_equal(first[place], again[place]) for place in range(COUNT))
    alone = FreshComposites(split, Resynthesis(tuple(names), 1.0), seed=0).drawn([5], epoch=1)
    assert np.array_equal(alone[0].composite, first[5])
    for other in (drawn(split, *names, seed=1), drawn(split, *names, epoch=2)):
        assert sum(np.array_equal(first[place], other[place]) for place in range(COUNT)) < COUNT / 2


def test_the_share_of_fresh_samples_is_what_it_should_be(split):
    fresh = FreshComposites(split, Resynthesis(("brightness",), share=0.3), seed=0)
    counts = [len(fresh.drawn(range(COUNT), epoch=epoch)) for epoch in range(100)]
    assert np.mean(counts) / COUNT == pytest.approx(0.3, abs=0.04)
    assert len(set(counts)) > 1


def test_a_foreground_that_vanished_keeps_its_composite(split):
    masks = split.mask.copy()
    masks[4] = 0
    assert sorted(drawn(replace(split, mask=masks), "reinhard_lab")) == [row for row in range(COUNT) if row != 4]


def test_dear_and_unknown_transfers_are_refused_and_old_manifests_named(split):
    for name in ("idt", "msrcr", "illumination", "sepia"):
        with pytest.raises(InputError, match=rf"resynthesis\.transfers is \['{name}'\]; expected some of \['brightness', 'fecker"):
            FreshComposites(split, Resynthesis((name,), 0.5), seed=0)
        with pytest.raises(InputError, match=rf"resynthesis\.grades is \['{name}'\]; expected some of \['brightness', 'fecker"):
            FreshComposites(split, Resynthesis(("lut",), 0.5, graded=0.5, grades=(name,)), seed=0)
    with pytest.raises(InputError, match=r"the manifest lacks the columns \['category'\]"):
        FreshComposites(replace(split, rows=split.rows.drop_columns(["category"])), BRIGHTNESS, seed=0)


@pytest.mark.parametrize("name", CHEAP_TRANSFERS)
def test_the_truth_is_a_graded_photograph_in_which_the_foreground_was_left_as_it_was(name, split):
    fresh = graded(split, name)
    assert len(fresh) == COUNT
    for place, (composite, truth) in fresh.items():
        assert np.array_equal(composite, recomposed(split.real[place], split.mask[place] / 255, truth))
    changed = sum((truth[split.mask[place] == 0] != split.real[place][split.mask[place] == 0]).any() for place, (_, truth) in fresh.items())
    assert changed > COUNT / 2


def test_a_grade_without_a_reference_makes_the_same_of_a_colour_wherever_it_is(split):
    """The oracle: brightness adds one number to the whole photograph."""
    for place, (_, truth) in graded(split, "brightness").items():
        real = split.real[place].astype(int)
        inside = (truth > 0) & (truth < 255)
        added = np.unique(truth[inside].astype(int) - real[inside])
        assert len(added) == 1
        assert np.array_equal(truth, (real + added).clip(0, 255))


def test_a_grade_towards_a_reference_takes_a_part_of_the_way(split):
    """With one other foreground there is one reference, so the whole way is known."""
    pair = relabelled(split, category=["a", "a", *["b"] * (COUNT - 2)])
    looks = [look_of(split.real[row], split, row) for row in (0, 1)]
    for place in (0, 1):
        shares = []
        for epoch in range(1, 9):
            moved = look_of(graded(pair, "luminance", epoch=epoch)[place].real, split, place)[0] - looks[place][0]
            shares.append(moved / (looks[1 - place][0] - looks[place][0]))
        assert 0.25 < min(shares) < max(shares) < 0.85
        assert np.ptp(shares) > 0.1


def test_the_foreground_of_a_graded_photograph_may_be_changed_instead(split):
    seen = 0
    for place, (composite, truth) in graded(split, "lut", left=0.0).items():
        inside, outside = split.mask[place] == 255, split.mask[place] == 0
        assert np.array_equal(composite[outside], truth[outside])
        both = (composite > 0) & (composite < 255) & inside[..., None]
        assert len(np.unique(composite[both].astype(int) - truth[both])) <= 1  # brightness; 0: clipped everywhere
        seen += both.any()
    assert seen > COUNT / 2


def test_the_shares_of_graded_samples_are_what_they_should_be(split):
    truths = [fresh.real is not None for epoch in range(100) for fresh in graded(split, "brightness", graded=0.3, epoch=epoch).values()]
    assert len(truths) == 100 * COUNT
    assert np.mean(truths) == pytest.approx(0.3, abs=0.04)
    left = [
        np.array_equal(pictures.composite[split.mask[place] == 255], split.real[place][split.mask[place] == 255])
        for epoch in range(100)
        for place, pictures in graded(split, "lut", left=0.7, epoch=epoch).items()
    ]
    assert np.mean(left) == pytest.approx(0.7, abs=0.05)


def test_without_graded_samples_the_same_is_drawn_as_before_there_were_any(split):
    """Names and shares alone decide: the first number of a sample is its share's, the second chooses its transfer."""
    rules = Resynthesis(("brightness", "lut"), 0.5)
    fresh = FreshComposites(split, rules, seed=3).drawn(range(COUNT), epoch=2)
    for row in range(COUNT):
        rng = numpy_rng(3, "resynthesis", 2, f"{row}_{row}_0")
        assert (rng.random() < 0.5) == (row in fresh)
        if row in fresh:
            transfer = CHEAP_TRANSFERS[rules.transfers[rng.integers(2)]]
            expected = transfer.apply(split.real[row].reshape(-1, 3), transfer.draw(rng)).reshape(32, 32, 3)
            assert np.array_equal(fresh[row].composite, recomposed(expected, split.mask[row] / 255, split.real[row]))


@pytest.mark.parametrize(("graded", "grades"), [(0.5, None), (0.5, ()), (0.0, ("lut",))])
def test_a_share_and_grades_need_each_other(graded, grades):
    with pytest.raises(ValueError, match="expected a share above 0 and one grade or more, or neither"):
        Resynthesis(("lut",), 0.5, graded=graded, grades=grades)
