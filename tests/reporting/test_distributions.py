"""Scores image by image: which are plotted, and what their quantiles are over."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.evaluation.score_sets import gathered_from
from reporting.distributions import MOST_IMAGES, QUANTILES, distributions_of
from tests.imharmony.evaluation.test_summary import score, table


def long_scores(count: int) -> pa.Table:
    return table([score("identity", sample, float(sample)) for sample in range(count)])


def test_so_many_images_are_plotted_and_quantiles_are_over_all():
    people = distributions_of(gathered_from(long_scores(2 * MOST_IMAGES + 1)))["people"]
    assert (people["n_images"], len(people["samples"])) == (2 * MOST_IMAGES + 1, MOST_IMAGES)
    fmse = people["measures"]["fmse"]
    assert len(fmse["values"][0]) == MOST_IMAGES
    assert fmse["quantiles"] == [pytest.approx([2 * MOST_IMAGES * share for share in QUANTILES])]


def test_images_without_a_finite_value_are_counted():
    rows = [score("identity", sample, 10, psnr_255=np.inf if sample == 0 else 40.0) for sample in range(3)]
    psnr = distributions_of(gathered_from(table(rows)))["people"]["measures"]["psnr"]
    assert psnr["values"] == [[None, 40, 40]]
    assert psnr["infinite"] == [1]


def test_a_measure_without_any_value_is_left_out():
    assert set(distributions_of(gathered_from(table([score("identity", 0, 1)])))["people"]["measures"]) == {"fmse", "mse", "psnr", "ssim"}
