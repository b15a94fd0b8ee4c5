"""Intervals of means: by another route, with known variance, and none where too little is known."""

import numpy as np
import pytest
from scipy.stats import t

from imharmony.evaluation.blocks import Block
from imharmony.evaluation.intervals import interval, quantiles
from imharmony.evaluation.pairs import standings
from tests.imharmony.evaluation.test_pairs import headline_pairs, pair
from tests.imharmony.evaluation.test_summary import row, score, summarise, table

TRIALS = 600


def block_of(photographs: int, *, resamples: int = 400) -> Block:
    drawn = np.random.default_rng(0).multinomial(photographs, np.full(photographs, 1 / photographs), size=resamples).astype(float)
    return Block("", [], [], np.empty(0), np.empty(0), np.empty(0), [], np.arange(photographs), {}, drawn)


def coverage(found: tuple[np.ndarray, np.ndarray], truth: float) -> float:
    return float(np.mean((found[0] <= truth) & (truth <= found[1])))


@pytest.mark.parametrize("count", [10, 40])
def test_the_interval_is_the_wider_of_students_t_and_a_studentised_bootstrap_written_as_a_loop(count):
    rng = np.random.default_rng(count)
    images = rng.integers(1, 5, count).astype(float)
    sums = rng.lognormal(3, 1, count) * images
    block = block_of(count)
    mean = sums.sum() / images.sum()

    def error(sums: np.ndarray, images: np.ndarray, own: float) -> float:
        return np.sqrt(np.sum((sums - own * images) ** 2) * count / (count - 1)) / images.sum()

    studentised = []
    for drawn in block.resamples:
        chosen = np.repeat(np.arange(count), drawn.astype(int))
        own = sums[chosen].sum() / images[chosen].sum()
        studentised.append((own - mean) / error(sums[chosen], images[chosen], own))
    low, high = np.quantile(studentised, [0.025, 0.975])
    critical, width = t.ppf(0.975, count - 1), error(sums, images, mean)
    (found_low,), (found_high,) = interval(block, sums[:, None], images[:, None])
    assert found_low == pytest.approx(mean - width * max(high, critical))
    assert found_high == pytest.approx(mean + width * max(-low, critical))


def test_skewed_scores_of_few_photographs_are_covered_where_plain_percentiles_are_not():
    rng = np.random.default_rng(0)
    values = np.exp(rng.normal(0, 1, (20, TRIALS)))
    block = block_of(20)
    assert coverage(quantiles((block.resamples @ values).T / 20, [0.025, 0.975]), np.exp(0.5)) < 0.88
    assert coverage(interval(block, values, np.ones_like(values)), np.exp(0.5)) > 0.9


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_the_seeds_variance_is_covered_and_left_out_it_is_not(seeds):
    """The seeds' share of the variance of the mean is as large as the photographs'."""
    rng, count = np.random.default_rng(seeds), 40
    values = rng.normal(0, 1, (1, count, TRIALS)) + rng.normal(0, np.sqrt(seeds / count), (seeds, 1, TRIALS))
    block, counts = block_of(count), np.full((count, TRIALS), float(seeds))
    by_seed = values.sum(1), np.full((seeds, TRIALS), float(count))
    assert coverage(interval(block, values.sum(0), counts), 0) < 0.88
    assert coverage(interval(block, values.sum(0), counts, [by_seed]), 0) > 0.91


def test_seeds_that_agree_change_nothing():
    values = np.random.default_rng(0).normal(0, 1, (30, 5))
    block, both = block_of(30), np.stack([values, values])
    alone = interval(block, values, np.ones_like(values))
    pooled = interval(block, both.sum(0), np.full_like(values, 2.0), [(both.sum(1), np.full((2, 5), 30.0))])
    np.testing.assert_allclose(alone, pooled, rtol=1e-12)


def test_two_seeds_by_hand():
    """Photographs that do not differ: what is left is Student's t of two seeds, one degree of freedom."""
    rows = [score("identity", sample, 50) for sample in range(15)]
    rows += [score("idih", sample, 40 + 2 * seed, seed=seed) for sample in range(15) for seed in range(2)]
    summary = row(summarise(table(rows), bootstrap=50), "idih")
    assert summary["difference"] == -9
    half = t.ppf(0.975, 1) * 1.0  # the standard error of 40 and 42 is 1
    assert (summary["difference_low"], summary["difference_high"]) == pytest.approx((-9 - half, -9 + half))
    assert (summary["low"], summary["high"]) == pytest.approx((41 - half, 41 + half))
    for one, other, sign in (("idih", "identity", 1), ("identity", "idih", -1)):
        found = pair(headline_pairs(rows, bootstrap=50), one, other)
        assert (found["low"], found["high"]) == pytest.approx((-9 * sign - half, -9 * sign + half))


def test_the_seeds_of_both_methods_count():
    """Means 41 ± 1 and 26 ± 2: variances 1 and 4, one degree of freedom each, together 25 / 17 of them by Satterthwaite."""
    rows = [score("identity", sample, 50) for sample in range(15)]
    rows += [score("idih", sample, 40 + 2 * seed, seed=seed) for sample in range(15) for seed in range(2)]
    rows += [score("unet", sample, 24 + 4 * seed, seed=seed) for sample in range(15) for seed in range(2)]
    half = t.ppf(0.975, 25 / 17) * np.sqrt(5)
    found = pair(headline_pairs(rows, bootstrap=50), "idih", "unet")
    assert (found["low"], found["high"]) == pytest.approx((15 - half, 15 + half))


@pytest.mark.parametrize(("photographs", "has_one"), [(9, False), (10, True)])
def test_no_interval_below_ten_photographs_and_the_number_stands_beside_it(photographs, has_one):
    rows = [score(method, sample, 10.0 + sample % 7 + level, image=sample // 2) for method, level in (("identity", 9), ("idih", 5))
            for sample in range(2 * photographs)]  # fmt: skip
    summary = row(summarise(table(rows), bootstrap=50), "idih")
    found = pair(headline_pairs(rows, bootstrap=50), "idih", "identity")
    for one, names in ((summary, ("low", "high", "difference_low", "difference_high")), (found, ("low", "high"))):
        assert [one[name] is not None for name in names] == [has_one] * len(names)
        assert one["n_photographs"] == photographs


def test_an_interval_of_a_mean_ends_where_such_means_end_and_one_of_a_change_does_not():
    rows = [score("identity", sample, 1.0) for sample in range(12)]
    rows += [score("idih", sample, 1e6 if sample == 0 else 1.0, ssim=0.0 if sample == 0 else 0.99) for sample in range(12)]
    summary, standing = summarise(table(rows), bootstrap=200), standings(table(rows), bootstrap=200, conventions=["headline"]).to_pylist()
    (fmse, psnr, ssim) = (row(summary, "idih", metric) for metric in ("fmse", "psnr_255", "ssim"))
    assert fmse["low"] == 0 < fmse["high"]
    assert ssim["low"] < ssim["high"] == 1
    assert psnr["low"] < -1e5  # decibels end nowhere
    assert fmse["difference_low"] < -1
    shown = {line["metric"]: (line["low"], line["high"]) for line in standing if line["method"] == "idih"}
    assert shown["fmse"] == (0, fmse["high"])
    assert shown["ssim"] == (ssim["low"], 1)


def test_more_columns_do_not_change_a_bit():
    rng = np.random.default_rng(1)
    values, counts = rng.normal(0, 1, (20, 200)), rng.integers(1, 4, (20, 200)).astype(float)
    block = block_of(20)
    whole = np.stack(interval(block, values, counts))
    for part in (slice(0, 1), slice(63, 65), slice(150, 200)):
        assert np.array_equal(whole[:, part], np.stack(interval(block, values[:, part], counts[:, part])))
