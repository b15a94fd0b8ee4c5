"""Scores of blind systems: by hand, and nothing of the true mask in a headline."""

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import Tensor, nn

from imharmony.blind.confidence import FEATURES, Confidence, features_of
from imharmony.blind.judging import (
    BINARY,
    BLIND,
    CAUTIOUS,
    HEADLINE,
    JUDGED,
    STRENGTHS,
    SYSTEMS,
    TRUE_MASK,
    UNTOUCHED,
    expect_headline,
    judged_split,
    outputs_of,
    visible_change,
)
from imharmony.blind.systems import BlindSystem
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.methods import MOST_AT_ONCE, whole_levels
from imharmony.evaluation.protocols import BACKGROUNDS
from imharmony.networks.harmonizer import Harmonizer
from tests.imharmony.blind.pictures import CPU, SIZE, detector_of, finding, harmonizer_of, split_of

NONE = (0.0,) * len(FEATURES)
MEASURED = ("background_mse", "fmse", "pasted_mse")  # which the true mask is there for


def trusting(*, bias: float = -9.0, limit: float = 0.5) -> Confidence:
    return Confidence(NONE, (1.0,) * len(FEATURES), NONE, bias, limit)


class Brighter(nn.Module):
    """A generator that adds an eighth of the range."""

    depth = 0

    def forward(self, inputs: Tensor) -> Tensor:
        """Of a composite and its mask."""
        return inputs[:, :3] + 0.25


def brighter() -> BlindSystem:
    """What brightens by 32 levels where channel 0 is low or high."""
    return BlindSystem(finding(), Harmonizer(Brighter(), mask_input=True, paste=True, inference_mode="eval"), colour=True).infer()


def system() -> BlindSystem:
    return BlindSystem(detector_of(), harmonizer_of(), colour=True).infer()


def judged(split: PackedSplit, chosen: BlindSystem, confidence: Confidence | None = None) -> list[dict]:
    return judged_split(split, chosen, confidence=confidence or trusting(), dataset="discs", perceptual=None, device=CPU)


def by_system(rows: list[dict], *, is_real: bool = False) -> dict[str, dict]:
    return {row["system"]: row for row in rows if row["is_real"] == is_real}


def flat(level: int, *, inside: int) -> PackedSplit:
    """One composite of one level, on a photograph of 128 whose foreground, a quarter, has another."""
    split = split_of(1)
    real = np.full((1, SIZE, SIZE, 3), 128, np.uint8)
    mask = np.zeros((1, SIZE, SIZE), np.uint8)
    real[:, :16, :16], mask[:, :16, :16] = inside, 255
    return PackedSplit(split.rows, np.full_like(real, level), real, mask)


def test_every_picture_has_a_row_of_each_system_and_so_has_each_foregrounds_photograph():
    split = split_of(3)
    table = split.rows
    twice = pa.concat_tables([table, table.slice(0, 1)])
    arrays = (np.concatenate([each, each[:1]]) for each in (split.composite, split.real, split.mask))
    rows = judged(PackedSplit(twice, *arrays), system())
    assert len(rows) == (4 + 3) * len(SYSTEMS)
    assert [row["system"] for row in rows[: len(SYSTEMS)]] == list(SYSTEMS)
    assert sum(row["is_real"] for row in rows) == 3 * len(SYSTEMS)
    assert pa.Table.from_pylist(rows, schema=JUDGED).num_rows == len(rows)


def test_scores_by_hand():
    rows = judged(flat(0, inside=64), brighter())
    own = by_system(rows)
    level = 32  # 31.875
    assert own[UNTOUCHED]["mse"] == pytest.approx((0.25 * 64**2) + 0.75 * 128**2)
    assert own[BLIND]["mse"] == pytest.approx(0.25 * (64 - level) ** 2 + 0.75 * (128 - level) ** 2)
    assert own[BLIND]["psnr"] == pytest.approx(10 * math.log10(255**2 / own[BLIND]["mse"]), rel=1e-6)
    assert own[BLIND]["background_mse"] == pytest.approx(level**2)
    assert own[BLIND]["fmse"] == own[BLIND]["pasted_mse"] * 4 == pytest.approx((64 - level) ** 2)
    assert own[BLIND]["mask_mean"] == pytest.approx(1, abs=1e-6)
    assert own[TRUE_MASK]["mse"] == pytest.approx(0.25 * (64 - level) ** 2 + 0.75 * 128**2)
    assert own[TRUE_MASK]["background_mse"] == 0
    assert (own[TRUE_MASK]["mask_mean"], own[TRUE_MASK]["strength"]) == (0.25, 1.0)
    assert own[TRUE_MASK]["strength_mse"] == pytest.approx(own[TRUE_MASK]["mse"])
    assert not any(row["is_harm"] for row in own.values())
    assert {row["visible"] for row in own.values()} == {None}


def test_a_system_that_makes_it_worse_does_harm_and_the_best_strength_of_the_true_mask_is_none():
    own = by_system(judged(flat(250, inside=64), brighter()))
    assert {name: row["is_harm"] for name, row in own.items()} == {name: name != UNTOUCHED for name in SYSTEMS}
    assert (own[TRUE_MASK]["strength"], own[TRUE_MASK]["strength_mse"]) == (0.0, pytest.approx(own[UNTOUCHED]["mse"]))


def test_the_best_strength_is_between_where_the_whole_is_too_much():
    best = by_system(judged(flat(0, inside=16), brighter()))[TRUE_MASK]
    assert best["strength"] == 0.5
    outside = 0.75 * 128**2
    errors = [0.25 * (16 - round(31.875 * each)) ** 2 + outside for each in STRENGTHS]
    assert best["strength_mse"] == pytest.approx(min(errors))


def test_what_was_given_is_changed_by_nothing():
    rows = judged(split_of(3), system())
    for row in (row for row in rows if row["system"] == UNTOUCHED):
        assert (row["background_mse"], row["mask_mean"], row["is_harm"]) == (0.0, 0.0, False)
        assert "risk" not in row
        if row["is_real"]:
            assert (row["mse"], row["psnr"], row["visible"]) == (0.0, None, 0.0)
            assert row["pasted_mse"] < 1e-9  # a mixture of equal levels, rounded


def test_a_photograph_in_which_nothing_is_found_is_left_as_it_is():
    split = flat(0, inside=120)
    own = by_system(judged(split, brighter()), is_real=True)
    assert own[BLIND]["mse"] == own[BLIND]["visible"] == 0
    assert own[TRUE_MASK]["mse"] == pytest.approx(0.25 * 32**2)
    assert own[TRUE_MASK]["visible"] > 1


@pytest.mark.parametrize("chosen", [system(), brighter()], ids=["network", "brighter"])
def test_no_headline_depends_on_the_true_mask(chosen):
    split = split_of(3)
    rng = np.random.default_rng(0)
    others = [np.zeros_like(split.mask), np.full_like(split.mask, 255), rng.integers(0, 256, split.mask.shape, dtype=np.uint8)]
    rows = judged(split, chosen)
    for mask in others:
        for own, other in zip(rows, judged(PackedSplit(split.rows, split.composite, split.real, mask), chosen), strict=True):
            assert (own["system"], own["sample_id"], own["is_real"]) == (other["system"], other["sample_id"], other["is_real"])
            if own["system"] != TRUE_MASK:
                assert {name: value for name, value in own.items() if name not in MEASURED} == {
                    name: value for name, value in other.items() if name not in MEASURED
                }
    assert HEADLINE not in MEASURED


def test_a_mask_that_covers_nothing_has_no_foreground_to_score():
    split = split_of(1)
    rows = judged(PackedSplit(split.rows, split.composite, split.real, np.zeros_like(split.mask)), system())
    assert {row["fmse"] for row in rows} == {None}
    assert {row["pasted_mse"] for row in rows} == {0.0}
    full = judged(PackedSplit(split.rows, split.composite, split.real, np.full_like(split.mask, 255)), system())
    assert {row["background_mse"] for row in full} == {None}


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_only_the_own_whole_picture_may_be_a_headline(background):
    if background == "raw":
        expect_headline(background)
    else:
        with pytest.raises(InputError, match=f"headline on background '{background}', which is pasted by the true mask; expected raw"):
            expect_headline(background)


def test_all_backgrounds_are_asked_about():
    assert "raw" in BACKGROUNDS
    assert len(BACKGROUNDS) > 1


def made(given: np.ndarray, confidence: Confidence, chosen: BlindSystem | None = None) -> dict:
    (found,) = outputs_of(chosen or brighter(), given[None], confidence=confidence, where=["here"], device=CPU)
    return found


def test_where_harm_is_likely_what_was_given_is_kept_and_at_the_limit_it_is_not():
    given = np.zeros((SIZE, SIZE, 3), np.uint8)
    found = made(given, trusting(bias=0.0, limit=0.49))
    assert np.array_equal(found[CAUTIOUS][0], given)
    assert not np.array_equal(found[BLIND][0], given)
    assert found[CAUTIOUS][1]["risk"] == found[BLIND][1]["risk"] == 0.5
    found = made(given, trusting(bias=0.0, limit=0.5))
    assert np.array_equal(found[CAUTIOUS][0], found[BLIND][0])


def test_the_limit_is_used_in_order_of_the_risk():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8) for _ in range(4)]
    weights = (1.0, *NONE[1:])
    kept = []
    for limit in (0.0, 0.1, 0.5, 0.9, 1.0):
        confidence = Confidence(NONE, (1.0,) * len(FEATURES), weights, 0.0, limit)
        found = [made(picture, confidence) for picture in pictures]
        kept.append(
            {place for place, (each, given) in enumerate(zip(found, pictures, strict=True)) if np.array_equal(each[CAUTIOUS][0], given)}
        )
        assert all((each[CAUTIOUS][1]["risk"] > limit) == (place in kept[-1]) for place, each in enumerate(found))
    assert all(more >= fewer for more, fewer in pairwise(kept))
    assert (len(kept[0]), len(kept[-1])) == (4, 0)


def test_the_risk_is_that_of_what_was_done():
    rng = np.random.default_rng(1)
    given = rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    confidence = Confidence(NONE, (1.0,) * len(FEATURES), tuple(0.1 * each for each in range(len(FEATURES))), 0.3, 0.5)
    with torch.inference_mode():
        seen = brighter()(torch.from_numpy(given).permute(2, 0, 1)[None] / 127.5 - 1)
    found = made(given, confidence)
    assert found[BLIND][1]["risk"] == pytest.approx(confidence.risk(features_of(given, found[BLIND][0], seen.mask[0, 0].numpy()))[0])


def test_told_the_true_mask_the_risk_is_that_of_what_was_done_with_it():
    split = flat(0, inside=64)
    masked = Confidence(NONE, (1.0,) * len(FEATURES), tuple(0.1 * each for each in range(len(FEATURES))), 0.3, 0.5)
    rows = judged_split(split, brighter(), confidence=trusting(), masked=masked, dataset="discs", perceptual=None, device=CPU)
    given, mask = split.composite[0], split.mask[0] / 255
    expected = masked.risk(features_of(given, np.where(mask[..., None] > 0, 32, given).astype(np.uint8), mask))[0]
    assert by_system(rows)[TRUE_MASK]["risk"] == pytest.approx(expected, rel=1e-6)
    assert by_system(judged(split, brighter()))[TRUE_MASK].get("risk") is None


def test_a_binarised_mask_is_all_or_nothing():
    given = np.full((SIZE, SIZE, 3), 128, np.uint8)
    given[: SIZE // 4] = 0
    found = made(given, trusting())
    assert found[BINARY][1]["mask_mean"] == 0.25
    assert np.array_equal(found[BINARY][0][: SIZE // 4], given[: SIZE // 4] + 32)
    assert np.array_equal(found[BINARY][0][SIZE // 4 :], given[SIZE // 4 :])


def test_what_is_not_finite_is_one_line_and_what_is_beyond_the_range_is_clipped():
    with pytest.raises(InputError, match="here: 3 of 12 values of the output are NaN or infinite"):
        whole_levels(torch.tensor([[[0.0, 0.0], [0.0, torch.inf]]]).repeat(3, 1, 1), "here")
    assert whole_levels(torch.tensor([-3.0, 0.0, 3.0]).reshape(3, 1, 1), "here").tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize("picture", [np.zeros((SIZE, SIZE, 3)), np.full((SIZE, SIZE, 3), 255), np.eye(SIZE)[..., None].repeat(3, 2) * 255])
def test_black_white_and_grey_pictures_are_scored(picture):
    split = split_of(1)
    levels = picture.astype(np.uint8)[None]
    rows = judged(PackedSplit(split.rows, levels, levels, split.mask), system())
    assert all(math.isfinite(row["mse"]) for row in rows)
    assert {row["mse"] for row in rows if row["system"] == UNTOUCHED} == {0.0}


def test_a_visible_change_is_the_largest_mean_difference_over_a_window():
    rng = np.random.default_rng(0)
    given = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    other = given.copy()
    other[20:40, 8:30] = 255 - other[20:40, 8:30]
    difference = deltaE_ciede2000(rgb2lab(given), rgb2lab(other))
    starts = range(0, 57, 4)
    expected = max(difference[top : top + 8, left : left + 8].mean() for top in starts for left in starts)
    assert visible_change(given, other) == pytest.approx(expected, rel=1e-3)
    assert visible_change(given, given.copy()) == 0


def test_a_small_change_that_is_strong_is_visible_and_one_pixel_of_a_large_picture_is_not():
    given = np.full((128, 128, 3), 100, np.uint8)
    spot, dot = given.copy(), given.copy()
    spot[:16, :16], dot[0, 0] = 140, 140
    assert visible_change(given, spot) > 10
    assert visible_change(given, dot) < 0.1


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
@pytest.mark.parametrize("size", [32, 60])
def test_every_corner_is_in_a_window(size, corner):
    given = np.full((size, size, 3), 100, np.uint8)
    other = given.copy()
    other[corner] = 250
    assert visible_change(given, other) > 0


def test_no_row_depends_on_what_else_is_scored():
    split, chosen = split_of(MOST_AT_ONCE + 3), [1, MOST_AT_ONCE, MOST_AT_ONCE + 2]
    some = PackedSplit(split.rows.take(chosen), *(pictures[chosen] for pictures in (split.composite, split.real, split.mask)))
    every = {(row["sample_id"], row["is_real"], row["system"]): row for row in judged(split, system())}
    for row in judged(some, system()):
        assert row == every[row["sample_id"], row["is_real"], row["system"]]
