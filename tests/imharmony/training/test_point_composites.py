"""Composites on points: what is drawn, how often, and that nothing but names decides it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.points.positions import Counts, positions_of
from imharmony.training.point_batches import PointBatch
from imharmony.training.point_composites import DECISIONS, PointComposites, planned
from imharmony.training.point_pool import PointPool
from imharmony.training.rules import PointTraining
from imharmony.transfer.moments import look
from tests.composites import packed

CPU, COUNT, COUNTS = torch.device("cpu"), 8, Counts(64, 64, 32, 32)
PLAIN = PointTraining(
    transfers=("reinhard_lab",),
    grades=("lut",),
    untouched=0.0,
    graded=0.0,
    left_as_it_was=0.0,
    hidden_edges=0.0,
    batch_size=4,
    steps=3,
    warm_up=0.1,
)


@pytest.fixture(scope="module")
def split() -> PackedSplit:
    return packed(COUNT, 32)


def drawn(split: PackedSplit, *, visit: int = 0, seed: int = 0, index: list[int] | None = None, **changes) -> PointBatch:
    pool = PointPool(split, COUNTS, device=CPU)
    composites = PointComposites(split, pool, replace(PLAIN, **changes), seed=seed, device=CPU)
    return composites.drawn(np.array(range(COUNT) if index is None else index), visit=visit)


def levels(pictures: torch.Tensor) -> np.ndarray:
    """(B, N, 3) of pictures (B, 3, N, 1)."""
    return pictures[..., 0].mT.add(1).mul(127.5).round().numpy().astype(int)


def test_the_truth_is_the_photographs_own_colours(split):
    batch = drawn(split)
    for place in range(COUNT):
        found = positions_of(split.mask[place], Counts(*(2 * count for count in COUNTS)))
        own = split.real[place].reshape(-1, 3)
        assert np.array_equal(levels(batch.real)[place], own[found.foreground[:64]])
        assert np.array_equal(batch.background[place].mul(255).round().numpy(), own[found.background[:64]])
    assert (batch.composite != batch.real).any(1).any(1).all()
    assert batch.mask.min() == 1


def test_a_transferred_foreground_has_the_look_of_another(split):
    batch = drawn(split)
    looks = np.array([look(foreground.astype(np.uint8)) for foreground in levels(batch.real)])
    for place, foreground in enumerate(levels(batch.composite)):
        away = np.abs(looks - look(foreground.astype(np.uint8))).max(1)
        assert away.argmin() != place
        assert away.min() < 1.5  # CIELAB units: levels, and the other's points are another run


def test_an_untouched_photograph_is_its_own_composite(split):
    batch = drawn(split, untouched=0.999999)
    assert torch.equal(batch.composite, batch.real)


def test_a_graded_photograph_is_the_truth_and_the_ungraded_foreground_its_composite(split):
    plain, graded = drawn(split, untouched=0.999999), drawn(split, graded=1.0, left_as_it_was=1.0)
    assert torch.equal(graded.composite, plain.real)
    changed = (graded.real - plain.real).abs().amax((1, 2, 3)) > 0.02
    assert changed.all()
    assert ((graded.background - plain.background).abs().amax((1, 2)) > 0.01).all()


def test_pairs_show_as_much_of_the_change_as_the_mask_says(split):
    """Where the mask is solid the pair's inner point takes the new colours, where it is empty the outer one keeps its own."""
    changed, plain = drawn(split, transfers=("photometric",)), drawn(split, untouched=0.999999)
    found = [positions_of(mask, Counts(*(2 * count for count in COUNTS))) for mask in split.mask]
    for side in ("inside", "outside"):
        alpha = np.stack([mask.ravel()[getattr(each, side)[:32]] for mask, each in zip(split.mask, found, strict=True)])
        same = (getattr(changed, side) == getattr(plain, side)).all(2).numpy()
        assert same[alpha == 0].all()
        assert same.mean() < 0.9 if side == "inside" else (alpha == 0).any()


def test_edges_are_withheld_from_their_share(split):
    hidden = [float(1 - drawn(split, hidden_edges=0.25, visit=visit).known[:, 3].mean()) for visit in range(12)]
    assert np.mean(hidden) == pytest.approx(0.25, abs=0.12)
    assert drawn(split).known.min() == 1


def test_names_visits_and_the_seed_decide_and_nothing_else(split):
    whole, part = drawn(split), drawn(split, index=[5, 2])
    for one, other in zip(whole, part, strict=True):
        assert torch.equal(one[[5, 2]], other)
    assert not torch.equal(drawn(split, visit=1).composite, whole.composite)
    assert not torch.equal(drawn(split, seed=1).composite, whole.composite)


def test_shares_of_a_plan():
    decided = np.random.default_rng(0).random((20_000, DECISIONS))
    rules = replace(PLAIN, transfers=("mkl", "lut"), grades=("lut", "mkl", "photometric"), untouched=0.2, graded=0.4, left_as_it_was=0.6)
    plan = planned(decided, rules)
    assert np.mean(plan.grades >= 0) == pytest.approx(0.4, abs=0.01)
    assert np.mean(plan.is_left) == pytest.approx(0.24, abs=0.01)
    assert np.mean(plan.transfers >= 0) == pytest.approx(0.76 * 0.8, abs=0.01)
    assert not (plan.is_left & (plan.grades < 0)).any()
    assert not (plan.is_left & (plan.transfers >= 0)).any()
    assert np.unique(plan.transfers).tolist() == [-1, 0, 1]
    assert np.unique(plan.grades).tolist() == [-1, 0, 1, 2]


def test_several_composites_of_a_foreground_are_one_and_a_full_frame_is_none(split):
    rows = split.rows.set_column(1, "image_id", [[0, 0, *range(2, COUNT)]]).set_column(2, "annotation_id", [[0, 0, *range(2, COUNT)]])
    mask = split.mask.copy()
    mask[-1] = 255
    pool = PointPool(replace(split, rows=rows, mask=mask), COUNTS, device=CPU)
    assert pool.rows.tolist() == [0, *range(2, COUNT - 1)]
    mask[:] = 255
    with pytest.raises(InputError, match="no foreground with a background"):
        PointPool(replace(split, mask=mask), COUNTS, device=CPU)


def test_an_unknown_transfer_is_refused(split):
    with pytest.raises(InputError, match=r"points.grades is \['idt'\]; expected some of"):
        drawn(split, grades=("idt",))
