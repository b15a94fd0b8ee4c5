"""Matting errors against closed forms, slow loops with SciPy and scikit-image, and invariances."""

import math

import numpy as np
import pytest
from scipy.ndimage import convolve
from skimage.measure import label

from imharmony.errors import InputError
from imharmony.metrics.matting import MATTING_METRICS, conn, grad, mad, mse, sad

ALL = pytest.mark.parametrize("metric", MATTING_METRICS.values(), ids=MATTING_METRICS)


def blob(height: int = 34, width: int = 41) -> np.ndarray:
    """A soft disc with a hole and a few threads."""
    y, x = np.mgrid[:height, :width]
    alpha = np.clip(1.6 - np.hypot(y - 16, x - 19) / 8, 0, 1)
    alpha[14:17, 18:21] = 0.3
    alpha[5:20, 30] = 0.6
    return alpha


@pytest.fixture
def mattes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A prediction, the truth and a region, of 8 bits as files have them."""
    rng = np.random.default_rng(0)
    truth = blob()
    noisy = np.clip(truth + rng.normal(0, 0.25, truth.shape) * (rng.random(truth.shape) < 0.3), 0, 1)
    return np.rint(noisy * 255) / 255, np.rint(truth * 255) / 255, rng.random(truth.shape) < 0.6


@ALL
def test_a_matte_has_no_error_against_itself(metric, mattes):
    assert metric(mattes[1], mattes[1], None) == 0
    assert metric(mattes[1], mattes[1], mattes[2]) == 0


@ALL
def test_mirrored_and_turned_pictures_have_the_same_error(metric, mattes):
    for turn in (np.fliplr, np.flipud, np.transpose):
        assert metric(*map(turn, mattes)) == pytest.approx(metric(*mattes), rel=1e-12)


@ALL
def test_what_lies_outside_the_region_does_not_count(metric, mattes):
    alpha, truth, _ = mattes
    region = np.zeros(alpha.shape, bool)
    region[:, 12:] = True
    spoilt = alpha.copy()
    spoilt[:, :4] = 0.05  # out of reach of the filter, and below every level of connectivity
    assert metric(spoilt, truth, region) == metric(np.where(np.arange(41) < 4, 0.0, alpha), truth, region)
    assert metric(alpha, truth, None) == metric(alpha, truth, np.ones_like(region))


@ALL
def test_float32_is_the_same_up_to_its_rounding(metric, mattes):
    alpha, truth, region = mattes
    assert metric(alpha.astype(np.float32), truth.astype(np.float32), region) == pytest.approx(metric(*mattes), rel=1e-5)


def test_a_constant_offset_by_hand():
    truth = np.full((20, 30), 0.25)
    region = np.zeros(truth.shape, bool)
    region[:4, :25] = True
    assert sad(truth + 0.5, truth) == 0.5 * 600 / 1000
    assert sad(truth + 0.5, truth, region) == 0.5 * 100 / 1000
    assert (mse(truth + 0.5, truth), mad(truth - 0.25, truth, region)) == (0.25, 0.25)


def test_the_mean_errors_are_numpys(mattes):
    alpha, truth, region = mattes
    assert mse(alpha, truth, region) == pytest.approx(np.average((alpha - truth) ** 2, weights=region))
    assert mad(alpha, truth) == pytest.approx(sad(alpha, truth) * 1000 / alpha.size)


def test_the_mean_over_no_pixel_is_not_a_number_and_a_sum_is_nothing(mattes):
    alpha, truth, region = mattes
    empty = np.zeros_like(region)
    assert math.isnan(mse(alpha, truth, empty))
    assert math.isnan(mad(alpha, truth, empty))
    assert sad(alpha, truth, empty) == grad(alpha, truth, empty) == conn(alpha, truth, empty) == 0


def slow_kernel() -> np.ndarray:
    """The filter of the literature: each of 81 taps by its formula, then all divided by their norm."""
    kernel = np.empty((9, 9))
    for row in range(9):
        for column in range(9):
            gauss = math.exp(-((row - 4) ** 2) / 3.92) / (1.4 * math.sqrt(2 * math.pi))
            slope = -(column - 4) / 1.96 * math.exp(-((column - 4) ** 2) / 3.92) / (1.4 * math.sqrt(2 * math.pi))
            kernel[row, column] = gauss * slope
    return kernel / math.sqrt((kernel**2).sum())


def slow_grad(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray) -> float:
    kernel, total = slow_kernel(), 0.0
    sizes = [np.sqrt(convolve(m, kernel, mode="nearest") ** 2 + convolve(m, kernel.T, mode="nearest") ** 2) for m in (alpha, truth)]
    for place in np.argwhere(region):
        total += (sizes[0][tuple(place)] - sizes[1][tuple(place)]) ** 2
    return total / 1000


def test_the_gradient_error_is_that_of_81_taps(mattes):
    assert grad(*mattes) == pytest.approx(slow_grad(*mattes), rel=1e-10)


def test_the_gradient_error_of_a_ramp_is_its_slope_by_the_filters_first_moment():
    ramp = np.tile(np.arange(40) / 40, (30, 1))
    inside = np.zeros(ramp.shape, bool)
    inside[:, 4:-4] = True
    gain = abs((slow_kernel() * np.arange(-4, 5)).sum())
    assert grad(ramp, np.zeros_like(ramp), inside) == pytest.approx((gain / 40) ** 2 * inside.sum() / 1000)
    # Of an endless filter the gain is sqrt(8 pi) sigma^2.
    assert gain == pytest.approx(math.sqrt(8 * math.pi) * 1.4**2, rel=0.02)


def test_the_gradient_error_knows_no_level_and_no_sign_of_a_slope(mattes):
    alpha, truth, region = mattes
    assert grad(0.5 * alpha + 0.25, 0.5 * alpha, region) == pytest.approx(0, abs=1e-20)
    assert grad(1 - alpha, alpha, region) == pytest.approx(0, abs=1e-20)
    assert grad(1 - alpha, truth, region) == pytest.approx(grad(alpha, truth, region))


def test_stretching_hides_a_wrong_range_and_is_never_done_unasked(mattes):
    _, truth, region = mattes
    dull = 0.2 + 0.6 * truth
    assert grad(dull, truth, region, compat_minmax=True) == pytest.approx(0, abs=1e-20)
    assert grad(dull, truth, region) > 0
    assert sad(dull, truth) > 0
    assert grad(np.full_like(truth, 0.7), truth, region, compat_minmax=True) == grad(np.zeros_like(truth), truth, region)


def slow_conn(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray) -> float:
    """The definition, pixel by pixel, with scikit-image's parts."""
    level = -np.ones(alpha.shape)
    for k in range(1, 11):
        parts = label((alpha >= k / 10) & (truth >= k / 10), connectivity=1)
        if parts.max() == 0:
            continue
        sizes = [(parts == number).sum() for number in range(1, parts.max() + 1)]
        largest = parts == 1 + int(np.argmax(sizes))
        for place in np.argwhere((level == -1) & ~largest):
            level[tuple(place)] = (k - 1) / 10
    level[level == -1] = 1
    total = 0.0
    for place in map(tuple, np.argwhere(region)):
        above = [matte[place] - level[place] for matte in (alpha, truth)]
        phi = [1 - (d if d >= 0.15 else 0) for d in above]
        total += abs(phi[0] - phi[1])
    return total / 1000


def test_the_connectivity_error_is_that_of_the_slow_definition(mattes):
    alpha, truth, region = mattes
    assert conn(alpha, truth, region) == pytest.approx(slow_conn(*mattes), rel=1e-12)
    everywhere = np.ones_like(region)
    assert conn(0.8 * alpha, truth) == pytest.approx(slow_conn(0.8 * alpha, truth, everywhere), rel=1e-12)  # .9 and 1 are empty


def test_a_detached_blob_is_not_connected_by_hand():
    truth = np.zeros((12, 20))
    truth[2:8, 2:8] = 1
    predicted = truth.copy()
    predicted[3:5, 14:18] = 1  # eight pixels of alpha 1 whose level is 0: 1 - 1 against 1
    assert conn(predicted, truth) == 8 / 1000
    assert conn(truth, predicted) == 8 / 1000
    # The same blob in both mattes is as little connected in both.
    assert conn(predicted, predicted) == 0


def test_only_the_largest_part_is_connected_and_corners_do_not_connect():
    truth = np.zeros((9, 9))
    truth[:4, :4] = 1
    truth[4:7, 4:7] = 1  # touches the square at a corner alone
    paler = truth.copy()
    paler[4:7, 4:7] = 0.5
    # Both nine pixels have level 0: 1 - .5 against 1 - 1.
    assert conn(paler, truth) == pytest.approx(9 * 0.5 / 1000)


def test_a_background_larger_than_the_matte_does_not_win():
    truth = np.zeros((60, 60))
    truth[20:30, 20:30] = 1
    predicted = truth.copy()
    predicted[40:42, 40:42] = 0.5
    assert conn(predicted, truth) == pytest.approx(4 * 0.5 / 1000)  # with label 0 as the largest part, the square would differ too


def test_small_steps_above_the_level_do_not_count():
    truth = np.full((10, 10), 0.5)
    assert conn(truth + 0.14, truth) == 0


def test_rounding_beyond_the_range_is_no_wrong_matte():
    assert sad(np.full((4, 5), 1 + 1e-9), np.ones((4, 5))) == pytest.approx(2e-11, rel=1e-3)


@ALL
@pytest.mark.parametrize(
    ("alpha", "truth", "region", "message"),
    [
        (np.zeros((4, 5)), np.zeros((5, 4)), None, r"shape \(4, 5\) beside a true matte of \(5, 4\)"),
        (np.zeros((1, 4, 5)), np.zeros((1, 4, 5)), None, r"shape \(1, 4, 5\) beside a true matte"),
        (np.zeros((4, 5)), np.zeros((4, 5)), np.ones((4, 4), bool), r"beside a region of \(4, 4\)"),
        (np.zeros((4, 5)), np.zeros((4, 5)), np.full((4, 5), 128), "a region of int64; expected bool"),
        (np.full((4, 5), 255.0), np.zeros((4, 5)), None, "a predicted alpha matte from 255 to 255; expected .0, 1."),
        (np.zeros((4, 5)), np.full((4, 5), -0.1), None, "a true alpha matte from -0.1 to -0.1"),
        (np.full((4, 5), np.nan), np.zeros((4, 5)), None, "a predicted alpha matte from nan"),
    ],
)
def test_what_is_no_pair_of_mattes_is_refused(metric, alpha, truth, region, message):
    with pytest.raises(InputError, match=message):
        metric(alpha, truth, region)
