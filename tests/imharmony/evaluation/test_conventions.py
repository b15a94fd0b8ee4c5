"""Every published convention on a case worked out by hand: one picture, and what each of them makes of it.

The real photograph is 100 everywhere but for one pixel of 200; the foreground is its left half. The method's own picture is the
real one + 10.6 in the foreground and + 4 in the background, where the composite is the real one + 2.
"""

import math

import pyarrow as pa
import pytest
import torch

from imharmony.errors import InputError
from imharmony.evaluation.convention_words import WORDS
from imharmony.evaluation.conventions import CONVENTIONS, COUNTED, under
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.report_000 import as_report_000_counts
from imharmony.evaluation.scoring import score_images
from imharmony.metrics.error import psnr

NAMES = {"method": "m", "seed": 0, "dataset": "people", "sample_id": "7_1_0", "image_id": 7, "foreground_ratio": 0.5}
SIZE = 16


@pytest.fixture(scope="module")
def scores() -> pa.Table:
    real = torch.full((1, 3, SIZE, SIZE), 100.0, dtype=torch.float64)
    real[..., 0, 0] = 200
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., : SIZE // 2] = 1
    raw = real + torch.where(mask > 0, 10.6, 4.0)
    composite = real + torch.where(mask > 0, 30.0, 2.0)
    rows = score_images(raw=raw, composite=composite, real=real, mask=mask)
    return pa.Table.from_pylist([{**NAMES, **row} for row in rows], schema=SCORES)


def decibels(peak: float, mse: float) -> float:
    return 10 * math.log10(peak**2 / mse)


FLOAT = 10.6**2
# Mean squared error, PSNR's peak, foreground error. 100 and 200 survive truncation; 110.6 and 210.6 become 110 and 210.
BY_HAND = {
    "headline": ((11**2 + 4) / 2, 255, 11**2),  # rounded, on the composite's background
    "dovenet": ((10**2 + 16) / 2, 210 - 104, 10**2),  # cut off, whatever it made of the background; range of the output
    "harmonizer": ((FLOAT + 16) / 2, 210.6 - 104, FLOAT),
    "samsung": ((FLOAT + 16) / 2, 200, FLOAT),  # the real photograph's maximum
    "rainnet": (10**2 / 2, 255, None),  # over the real photograph
    "hdnet": (10**2 / 2, 255, 10**2),  # whole error over half the area
    "pctnet": (FLOAT / 2, 255, FLOAT),
    "diffharmony": (10**2 / 2, 255, 10**2),  # cut off, over the real photograph
    "report_001": ((11**2 + 16) / 2, 255, None),  # rounded, its own background
    "report_002_unet3plus": (10**2 / 2, 210 - 100, None),  # the real background; 210 at most, 100 at least
    "report_003": ((FLOAT + 16) / 2, 255, None),
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_case_by_hand(name, scores):
    mse, peak, fmse = BY_HAND[name]
    (row,) = under(scores, name).to_pylist()
    assert row["mse"] == pytest.approx(mse)
    assert row["psnr"] == pytest.approx(decibels(peak, mse))
    assert row["fmse"] == (None if fmse is None else pytest.approx(fmse))
    assert (row["sample_id"], row["method"]) == ("7_1_0", "m")


def test_one_picture_has_scores_that_are_decibels_apart(scores):
    psnr = [under(scores, name)["psnr"][0].as_py() for name in CONVENTIONS]
    assert max(psnr) - min(psnr) > 7


def test_a_measure_whose_formula_is_not_the_codes_own_is_not_offered_under_its_name(scores):
    for name, convention in CONVENTIONS.items():
        (row,) = under(scores, name).to_pylist()
        offered = {measure for measure in COUNTED if row[measure] is not None}
        assert offered <= {"mse", "psnr", "fmse", *convention.also}
        assert (row["ssim"] is not None) == (name in ("headline", "pctnet"))


def test_no_two_conventions_are_the_same():
    assert len({(*one.protocol, one.psnr, one.fmse) for one in CONVENTIONS.values()}) == len(CONVENTIONS)


def test_every_convention_is_put_into_words():
    assert list(WORDS) == list(CONVENTIONS)
    assert all(words.note for name, words in WORDS.items() if name != "headline")


def test_an_unknown_convention_is_refused(scores):
    with pytest.raises(InputError, match=r"convention is 'photoshop'; expected one of \['diffharmony'"):
        under(scores, "photoshop")


def test_scores_without_the_protocol_are_refused(scores):
    old = scores.filter(pa.compute.field("quantisation") != "truncated")
    with pytest.raises(InputError, match="no scores with background raw, quantisation truncated"):
        under(old, "dovenet")


@pytest.mark.parametrize(("mse_printed", "psnr_printed"), [(0.65, 49.98), (0.53, 50.88), (0.48, 51.27)])
def test_report_000s_fifty_decibels_are_a_peak_of_255_over_pictures_of_unit_range(mse_printed, psnr_printed):
    error = torch.full((1, 3, 8, 8), math.sqrt(mse_printed))
    assert psnr(error, torch.zeros_like(error), peak=255).item() == pytest.approx(psnr_printed, abs=0.06)


def test_report_000s_code_compares_its_input_with_its_output_in_another_range():
    composite, output = torch.full((1, 3, 4, 4), 51.0), torch.full((1, 3, 4, 4), 153.0)
    error, decibels_printed = as_report_000_counts(composite, output)
    assert error.item() == pytest.approx((51 / 127.5 - 1 - 153 / 255) ** 2)  # -0.6 against 0.6
    assert decibels_printed.item() == pytest.approx(decibels(255, 1.44))


def test_in_report_000s_ranges_even_a_black_picture_scores_fifty_decibels():
    composite = 255 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for output in (composite, torch.zeros_like(composite)):  # the composite itself, and nothing
        assert 48 < as_report_000_counts(composite, output)[1].item() < 56
    assert psnr(torch.zeros_like(composite), composite, peak=255).item() < 6
