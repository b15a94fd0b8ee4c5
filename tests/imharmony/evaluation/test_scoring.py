"""Scores under every protocol: what a background, a quantisation and a peak change."""

import math
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch

from imharmony.errors import InputError
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.methods import NetworkMethod
from imharmony.evaluation.protocols import ALL_PROTOCOLS, PROTOCOLS, truncated
from imharmony.evaluation.scoring import HEADLINE_ROW, is_flat, score_images, score_split
from imharmony.metrics.colour_difference import foreground_ciede2000
from imharmony.networks.harmonizer import build_harmonizer

SIZE = 32


@pytest.fixture
def images() -> dict[str, torch.Tensor]:
    """Two images; the composite differs from the real one inside the mask only, by a constant 20."""
    rng = torch.Generator().manual_seed(0)
    real = (torch.rand(2, 3, SIZE, SIZE, generator=rng) * 180 + 20).round().double()
    mask = torch.zeros(2, 1, SIZE, SIZE)
    mask[..., 8:24, 8:24] = 1
    return {"composite": real + 20 * mask, "real": real, "mask": mask}


def row(rows: list[dict], background: str, quantisation: str, index: int = 0) -> dict:
    return rows[len(ALL_PROTOCOLS) * index + PROTOCOLS.index((background, quantisation))]


def test_every_image_has_every_protocol_once(images):
    rows = score_images(raw=images["composite"], **images)
    assert [(one["background"], one["quantisation"]) for one in rows] == ALL_PROTOCOLS * 2


def test_the_composite_itself_scores_by_the_closed_form(images):
    scores = row(score_images(raw=images["composite"], **images), "composite", "uint8")
    assert scores["fmse"] == 400
    assert scores["mse"] == 400 * 256 / SIZE**2
    assert scores["psnr_255"] == pytest.approx(10 * math.log10(255**2 / 100))
    assert scores["lpips"] is None


def test_a_spoilt_background_counts_in_raw_alone(images):
    raw = images["composite"] + 30 * (1 - images["mask"])
    rows = score_images(raw=raw, **images)
    assert row(rows, "raw", "float")["mse"] == pytest.approx(100 + 900 * 0.75)
    assert row(rows, "composite", "float")["mse"] == row(rows, "real", "float")["mse"] == 100


def test_the_real_background_hides_what_the_composites_background_lost(images):
    composite = images["composite"] + 2 * (1 - images["mask"])
    rows = score_images(raw=composite, **{**images, "composite": composite})
    assert row(rows, "composite", "float")["mse"] - row(rows, "real", "float")["mse"] == pytest.approx(4 * 0.75)


def test_uint8_rounds_and_does_not_truncate(images):
    rows = score_images(raw=images["real"] + 0.6, **images)
    assert row(rows, "raw", "float")["mse"] == pytest.approx(0.36)
    assert row(rows, "raw", "uint8")["mse"] == 1.0


def test_truncation_moves_63_levels_by_one_the_real_ones_too():
    levels = torch.arange(256, dtype=torch.float64).reshape(1, 1, 16, 16).repeat(1, 3, 1, 1)
    moved = truncated(levels.numpy()) - levels.numpy()
    assert (moved[0, 0] != 0).sum() == 63
    assert abs(moved).max() == 1
    rows = score_images(raw=levels, composite=levels, real=levels, mask=torch.ones(1, 1, 16, 16))
    assert row(rows, "raw", "truncated")["mse"] == 0


def test_truncation_loses_up_to_a_level(images):
    flat = {**images, "real": torch.full_like(images["real"], 100.0), "composite": torch.full_like(images["real"], 100.0)}
    rows = score_images(raw=flat["real"] + 0.9, **flat)
    assert row(rows, "raw", "truncated")["mse"] == 0
    assert row(rows, "raw", "uint8")["mse"] == 1


def test_the_three_peaks_differ_by_their_formula(images):
    scores = row(score_images(raw=images["composite"], **images), "composite", "float")
    output, real = images["composite"][0], images["real"][0]
    assert scores["psnr_target"] - scores["psnr_255"] == pytest.approx(20 * math.log10(real.max() / 255))
    assert scores["psnr_range"] - scores["psnr_255"] == pytest.approx(20 * math.log10((output.max() - output.min()) / 255))


def test_a_perfect_output_stays_infinite(images):
    scores = row(score_images(raw=images["real"], **images), "composite", "uint8")
    assert (scores["psnr_255"], scores["fpsnr"]) == (math.inf, math.inf)
    assert scores["ssim"] == pytest.approx(1)


def test_a_soft_mask_blends(images):
    half = {**images, "mask": images["mask"] / 2}
    assert row(score_images(raw=images["real"], **half), "composite", "float")["fmse"] == pytest.approx(100)


@pytest.fixture
def split(images) -> SimpleNamespace:
    uint8 = {name: images[name].permute(0, 2, 3, 1).to(torch.uint8).numpy() for name in ("composite", "real")}
    rows = pa.table({"sample_id": ["7_1_0", "8_2_0"], "image_id": [7, 8], "foreground_ratio": [0.2, 0.3], "category": ["a", "b"]})
    return SimpleNamespace(rows=rows, mask=(255 * images["mask"][:, 0]).to(torch.uint8).numpy(), **uint8)


NAMES = {"method": "m", "seed": 3, "dataset": "people", "code": "c", "data_hash": "h", "trained_on": "objects", "stands_in_for": "hcoco"}


def test_a_split_becomes_rows_of_the_score_table(split):
    rows = score_split(split, lambda composite, _: composite.astype(np.float32), names=NAMES, perceptual=None)
    table = pa.Table.from_pylist(rows, schema=SCORES)
    assert set(rows[0]) == set(SCORES.names)
    assert table["sample_id"].to_pylist() == ["7_1_0"] * 12 + ["8_2_0"] * 12
    assert table["foreground_ratio"].to_pylist() == [0.2] * 12 + [0.3] * 12
    rounded = table.filter(pa.compute.field("quantisation").isin(["float", "uint8"]))
    assert rounded["fmse"].to_pylist() == [400.0] * 14
    assert table["mask_mean"].to_pylist() == [0.25] * 24


def test_a_method_that_brightens_each_time_is_not_idempotent(split):
    rows = score_split(split, lambda composite, _: composite.astype(np.float32) + 3, names=NAMES, perceptual=None)
    assert [one["idempotence"] for one in rows[:12]] == [9.0 if number == HEADLINE_ROW else None for number in range(12)]


def test_a_method_that_finds_nothing_left_to_do_is_idempotent(split):
    rows = score_split(split, lambda composite, _: np.full(composite.shape, 80.0, dtype=np.float32), names=NAMES, perceptual=None)
    assert rows[HEADLINE_ROW]["fmse"] > 0
    assert rows[HEADLINE_ROW]["idempotence"] == 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("repeated", [False, True])
def test_an_output_that_is_not_finite_ends_scoring_with_its_method_and_image(wrong, repeated, split):
    count = iter(range(4))

    def broken(composite: np.ndarray, _: np.ndarray) -> np.ndarray:
        output = composite.astype(np.float32)
        if next(count) == 2 + repeated:  # the second image, or it harmonized once more
            output[3, 4, 1] = wrong
        return output

    again = ", harmonized once more" if repeated else ""
    said = rf"^m: people, image 8_2_0{again}: 1 of 3072 values of the output are NaN or infinite; expected levels 0 to 255; [^\n]*$"
    with pytest.raises(InputError, match=said):
        score_split(split, broken, names=NAMES, perceptual=None)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_network_that_overflows_is_not_clipped_to_white(wrong):
    network = SimpleNamespace(to=lambda _: None, raw=lambda pictures, _: torch.where(pictures > 0, wrong, pictures))
    output = NetworkMethod(network, device=torch.device("cpu"))(np.full((4, 4, 3), 200, np.uint8), np.ones((4, 4), np.float32))
    assert np.isnan(output).all()


def test_a_foreground_of_one_colour_is_marked(split):
    def painted(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.where(mask[..., None] > 0, np.float32(77.3), composite)

    for harmonize, expected in ((painted, True), (lambda composite, _: composite.astype(np.float32), False)):
        assert {one["is_flat"] for one in score_split(split, harmonize, names=NAMES, perceptual=None)} == {expected}


def test_what_has_one_colour_already_is_not_made_flat():
    grey, mask = np.full((4, 4, 3), 90, np.uint8), np.zeros((4, 4), np.float32)
    mask[1, 1:3] = 0.4
    assert not is_flat(grey.astype(np.float32), grey, mask)
    spotted = grey.copy()
    spotted[1, 1] = 91
    assert is_flat(grey.astype(np.float32), spotted, mask)
    assert not is_flat(grey.astype(np.float32), spotted, np.eye(4, dtype=np.float32) * (np.arange(4) == 2))


def test_a_picture_of_one_colour_has_a_psnr_by_its_range_that_a_mean_counts(images):
    scores = row(score_images(raw=torch.full_like(images["real"], 90.0), **images), "raw", "truncated")
    assert scores["psnr_range"] == pytest.approx(-10 * math.log10(scores["mse"]))


def test_pictures_that_cannot_be_made_again_have_no_idempotence(split):
    rows = score_split(split, lambda composite, _: composite.astype(np.float32), names=NAMES, perceptual=None, repeats=False)
    assert {one["idempotence"] for one in rows} == {None}


def test_a_method_that_is_given_other_pictures_is_still_pasted_over_and_judged_by_the_composites(split):
    other = split.composite + np.uint8(7)
    seen = []
    copied = score_split(split, lambda given, _: seen.append(given) or given.astype(np.float32), names=NAMES, perceptual=None, inputs=other)
    assert (np.array(seen) == other).all()
    assert row(copied, "raw", "float")["background_mse"] == 49
    assert row(copied, "composite", "float")["background_mse"] == 0
    assert row(copied, "composite", "float")["fmse"] == 27**2
    assert {one["idempotence"] for one in copied} == {None}


def test_detail_is_compared_with_the_photographs_own(images):
    flat = row(score_images(raw=torch.full_like(images["real"], 90.0), **images), "composite", "uint8")
    assert (flat["gradient_energy_log2"], flat["local_contrast_log2"]) == (16, 16)
    halved = images["real"] / 2
    rows = score_images(raw=halved, **{**images, "real": halved.round() * 2})
    half = row(rows, "composite", "uint8")
    assert half["gradient_energy_log2"] == pytest.approx(2)
    assert half["local_contrast_log2"] == pytest.approx(1)
    assert row(rows, "raw", "uint8")["local_contrast_log2"] is None


def test_the_background_error_is_the_raw_pictures_and_none_once_it_is_pasted(images):
    raw = images["composite"] + 4 * (1 - images["mask"])
    rows = score_images(raw=raw, **images)
    assert row(rows, "raw", "uint8")["background_mse"] == pytest.approx(16)
    assert row(rows, "composite", "uint8")["background_mse"] == 0


def test_the_colour_difference_is_that_of_the_picture_a_user_gets(images):
    rows = score_images(raw=images["composite"] + 0.4, **images)  # rounds to the composite
    assert [number for number, one in enumerate(rows[:12]) if one["ciede2000"] is not None] == [HEADLINE_ROW]
    expected = foreground_ciede2000(images["composite"], images["real"], images["mask"])
    assert rows[HEADLINE_ROW]["ciede2000"] == expected[0].item()
    assert rows[len(ALL_PROTOCOLS) + HEADLINE_ROW]["ciede2000"] == expected[1].item()
    assert PROTOCOLS[HEADLINE_ROW] == ("composite", "uint8")


def test_a_method_cannot_change_the_pictures_that_it_is_judged_by(split):
    def vandal(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        composite[:], mask[:] = 0, 0
        return composite.astype(np.float32)

    rows = score_split(split, vandal, names=NAMES, perceptual=None)
    untouched = row(rows, "composite", "float")["mse"] - row(rows, "composite", "float")["fmse"] * 0.25
    assert untouched == pytest.approx(0)


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_a_trained_harmonizer_scores_the_same_twice_and_in_any_order(split, mode):
    harmonizer = build_harmonizer(name="unet", width=4, size_px=SIZE, mask_input=True, paste=False, inference_mode=mode)
    harmonize = NetworkMethod(harmonizer.infer(), device=torch.device("cpu"))
    mask = split.mask[0].astype(np.float32) / 255
    first = harmonize(split.composite[0], mask)
    harmonize(split.composite[1], mask)
    assert (harmonize(split.composite[0], mask) == first).all()
    assert (first.shape, first.dtype) == ((SIZE, SIZE, 3), np.dtype(np.float32))
    assert first.min() >= 0
    assert first.max() <= 255
