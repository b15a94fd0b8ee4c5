"""Scores of predicted mattes: which numbers a row has, of which pixels and size they are, and what a perfect matte gets."""

import cv2
import numpy as np
import pytest

from imharmony.composing.packed_split import square_image, square_mask
from imharmony.errors import InputError
from imharmony.matting.judging import BAND_COLUMNS, JUDGED, MEASURED, band_errors, finished, judged
from imharmony.matting.portraits import Native, square_trimap
from imharmony.matting.trimaps import fixed_trimap
from imharmony.metrics.matting import conn, grad, mse, sad

SIZE = 48


@pytest.fixture
def native() -> Native:
    """A soft disc of 60 x 80 px on a picture without structure."""
    y, x = np.mgrid[:80, :60]
    alpha = np.clip((22 - np.hypot(y - 40, x - 30)) / 8 + 0.5, 0, 1)
    levels = np.rint(alpha * 255).astype(np.uint8)
    picture = np.full((80, 60, 3), (200, 120, 90), np.uint8)
    return Native(picture, levels, fixed_trimap(levels / 255, 30))


@pytest.fixture
def changed() -> np.ndarray:
    return np.full((SIZE, SIZE, 3), (100, 120, 190), np.uint8)


def test_a_row_has_every_column_that_it_can_fill(native, changed):
    row = judged(np.zeros((SIZE, SIZE)), native, changed=changed, has_trimap=True)
    assert row.keys() == set(JUDGED.names) - {"dataset", "sample_id", "image_id", "method"}
    assert (row["width"], row["height"], row["size_px"], row["has_trimap"]) == (60, 80, SIZE, True)
    assert len(MEASURED) == 5 * 2 * 2


def test_the_true_matte_has_no_error_at_either_size(native, changed):
    truth = square_mask(native.alpha, SIZE) / 255
    row = judged(truth, native, changed=changed, has_trimap=False, at_native=native.alpha / 255)
    assert {name: row[name] for name in MEASURED} == dict.fromkeys(MEASURED, 0.0)
    assert row["band_mse_soft"] == 0 < row["band_mse_hard"] == row["band_mse_true_hard"]


def test_each_number_is_the_metric_of_its_region_and_size(native, changed):
    rng = np.random.default_rng(0)
    predicted = cv2.GaussianBlur(rng.uniform(-0.2, 1.2, (SIZE, SIZE)), (0, 0), 1)
    row = judged(predicted, native, changed=changed, has_trimap=True)
    small = square_trimap(native.trimap, SIZE)
    truth = square_mask(native.alpha, SIZE) / 255
    merged = np.where(small == 128, predicted.clip(0, 1), small / 255)
    assert row["sad_unknown_squared"] == sad(merged, truth, small == 128)
    assert row["grad_whole_squared"] == grad(merged, truth)
    large = cv2.resize(predicted, (60, 80), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    merged = np.where(native.trimap == 128, large, native.trimap / 255)
    assert row["conn_unknown_native"] == conn(merged, native.alpha / 255, native.trimap == 128)
    assert row["mse_whole_native"] == mse(merged, native.alpha / 255)
    assert row["unknown_native"] == (native.trimap == 128).mean()
    assert row["unknown_squared"] == (small == 128).mean()


def test_without_a_trimap_the_known_pixels_are_the_predictions_own(native, changed):
    wrong = np.full((SIZE, SIZE), 0.5)
    given, free = (judged(wrong, native, changed=changed, has_trimap=has) for has in (True, False))
    assert free["sad_unknown_native"] == given["sad_unknown_native"]
    assert free["sad_whole_native"] > given["sad_whole_native"]
    assert finished(wrong, None) is not wrong
    assert set(np.unique(finished(wrong, square_trimap(native.trimap, SIZE)))) == {0, 0.5, 1}


def test_errors_grow_with_the_size_and_means_do_not(native, changed):
    half = square_mask(native.alpha, SIZE) / 255 * 0.5
    row = judged(half, native, changed=changed, has_trimap=False, at_native=native.alpha / 510)
    pixels = 60 * 80 / SIZE**2
    assert row["sad_whole_native"] == pytest.approx(row["sad_whole_squared"] * pixels, rel=0.02)
    assert row["mse_whole_native"] == pytest.approx(row["mse_whole_squared"], rel=0.02)


def test_the_band_by_hand():
    truth, alpha = np.array([[0.0, 0.25, 0.75, 1.0]]), np.array([[0.0, 0.5, 0.75, 1.0]])
    picture, changed = np.full((1, 4, 3), 200, np.uint8), np.full((1, 4, 3), 100, np.uint8)
    unknown = np.array([[False, True, True, False]])
    assert band_errors(alpha, truth, picture, changed, unknown) == {
        "band_mse_soft": (25**2 + 0) / 2,
        "band_mse_hard": (75**2 + 25**2) / 2,
        "band_mse_true_hard": (25**2 + 25**2) / 2,
    }


def test_the_band_is_of_composites_over_the_changed_background(native, changed):
    predicted = square_mask(native.alpha, SIZE) / 255 * 0.9
    row = judged(predicted, native, changed=changed, has_trimap=True)
    small, truth = square_trimap(native.trimap, SIZE), square_mask(native.alpha, SIZE) / 255
    picture = square_image(native.picture, SIZE).astype(float)
    composites = [a[..., None] * picture + (1 - a[..., None]) * changed for a in (finished(predicted, small), truth)]
    assert row["band_mse_soft"] == pytest.approx(np.square(composites[0] - composites[1])[small == 128].mean())
    assert set(BAND_COLUMNS) <= row.keys()


def test_a_matte_of_another_size_than_its_background_is_refused(native, changed):
    with pytest.raises(InputError, match=r"a matte of \(32, 32\) beside a background of \(48, 48, 3\)"):
        judged(np.zeros((32, 32)), native, changed=changed, has_trimap=True)
