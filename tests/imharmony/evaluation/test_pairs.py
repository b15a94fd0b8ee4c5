"""Pairs of methods: a case by hand, antisymmetry, the summary's own numbers, SciPy as oracle."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import wilcoxon

from imharmony.evaluation.conventions import CONVENTIONS, COUNTED, FOREGROUND_ERRORS, rows_of
from imharmony.evaluation.pairs import PAIRS, STANDINGS, pairwise, standings
from imharmony.evaluation.protocols import ALL_PROTOCOLS
from imharmony.evaluation.summary import summarise
from tests.imharmony.evaluation.test_summary import row as summary_row
from tests.imharmony.evaluation.test_summary import score, table

NUMBERS = ("difference", "low", "high", "p_value", "win_rate", "n_images", "n_photographs")


def headline_pairs(rows: list[dict], *, bootstrap: int = 500) -> pa.Table:
    return pairwise(table(rows), bootstrap=bootstrap, conventions=["headline"])


def pair(pairs: pa.Table, method: str, reference: str, metric: str = "fmse", convention: str = "headline") -> dict:
    wanted = (method, reference, metric, convention)
    found = [row for row in pairs.to_pylist() if (row["method"], row["reference"], row["metric"], row["convention"]) == wanted]
    assert len(found) == 1
    return found[0]


def random_rows(seed: int, photographs: int = 9, methods: tuple[str, ...] = ("identity", "idih", "unet", "affine")) -> list[dict]:
    """Three composites of each photograph; fMSE of whole numbers, so that ties occur."""
    rng = np.random.default_rng(seed)
    return [
        score(method, sample, float(rng.integers(1, 40)), image=sample // 3, seed=run)
        for method in methods
        for run in range(2 if method == "unet" else 1)
        for sample in range(3 * photographs)
    ]


def test_two_methods_and_three_images_by_hand():
    rows = [score("identity", sample, fmse) for sample, fmse in enumerate((10, 20, 60))]
    rows += [score("idih", sample, fmse) for sample, fmse in enumerate((4, 26, 15))]
    found = pair(headline_pairs(rows), "idih", "identity")
    assert found["difference"] == pytest.approx((-6 + 6 - 45) / 3)
    assert found["win_rate"] == pytest.approx(2 / 3)
    assert (found["n_images"], found["n_photographs"]) == (3, 3)
    higher_is_better = pair(headline_pairs(rows), "idih", "identity", "psnr")
    assert (higher_is_better["difference"], higher_is_better["win_rate"]) == (pytest.approx(15), pytest.approx(2 / 3))


def test_a_pair_turned_round_is_its_exact_negative():
    pairs = {(row["method"], row["reference"], row["metric"]): row for row in headline_pairs(random_rows(0, photographs=30)).to_pylist()}
    assert len(pairs) == 4 * 3 * 4  # fmse, mse, psnr and ssim
    for (method, reference, metric), one in pairs.items():
        other = pairs[reference, method, metric]
        assert (one["difference"], one["low"], one["high"]) == (-other["difference"], -other["high"], -other["low"])
        assert one["p_value"] == other["p_value"]
        assert one["win_rate"] + other["win_rate"] <= 1


def test_a_tie_is_nobodys_win():
    rows = [score(method, sample, fmse) for method, fmse in (("identity", 10), ("idih", 10)) for sample in range(3)]
    found = headline_pairs(rows)
    assert pair(found, "idih", "identity")["win_rate"] == pair(found, "identity", "idih")["win_rate"] == 0
    assert math.copysign(1, pair(found, "identity", "idih")["difference"]) == 1  # and no difference is not a negative zero


def test_against_identity_the_numbers_are_the_summarys():
    rows = random_rows(1, photographs=30)
    pairs, summary = headline_pairs(rows), summarise(table(rows), bootstrap=500)
    for method in ("idih", "affine", "unet"):
        for metric, measure in (("fmse", "fmse"), ("psnr_255", "psnr"), ("ssim", "ssim")):
            found, expected = pair(pairs, method, "identity", measure), summary_row(summary, method, metric)
            assert [found[name] for name in ("difference", "low", "high")] == pytest.approx(
                [expected[name] for name in ("difference", "difference_low", "difference_high")]
            )
            assert found["p_value"] == pytest.approx(expected["p_value"], abs=0.02)  # what rounding makes of ties of SSIM
            assert pair(pairs, "identity", method, measure)["win_rate"] == pytest.approx(expected["harm_rate"])
            assert [found[name] for name in ("n_images", "n_photographs")] == [expected[name] for name in ("n_images", "n_photographs")]


@pytest.mark.parametrize("photographs", [5, 20, 60], ids=["permutations", "ties", "normal"])
def test_p_is_scipys_over_the_photographs_mean_differences(photographs):
    rows = random_rows(2, photographs=photographs, methods=("identity", "idih", "affine"))
    fmse = {method: np.array([row["fmse"] for row in rows if row["method"] == method]) for method in ("idih", "affine")}
    differences = (fmse["idih"] - fmse["affine"]).reshape(photographs, 3).mean(1)
    assert pair(headline_pairs(rows), "idih", "affine")["p_value"] == pytest.approx(wilcoxon(differences[differences != 0]).pvalue)


def test_every_seed_is_compared_with_every_seed_of_the_other():
    rows = [score("identity", sample, 50) for sample in range(2)]
    rows += [score("idih", sample, 10 * (1 + sample) + run, seed=run) for sample in range(2) for run in range(2)]
    rows += [score("unet", sample, 15.0 + 10 * run, seed=run) for sample in range(2) for run in range(2)]
    found = pair(headline_pairs(rows), "idih", "unet")
    assert found["difference"] == pytest.approx(15.5 - 20)
    assert found["win_rate"] == pytest.approx(6 / 8)  # 10, 11, 20 and 21 against 15 and 25


def test_a_foreground_made_one_colour_loses_as_often_as_the_summary_says_that_it_harms():
    rows = [score("identity", sample, 10) for sample in range(4)] + [score("affine", sample, 4, is_flat=sample == 0) for sample in range(4)]
    rows += [score("idih", sample, fmse, is_flat=sample < 2) for sample, fmse in enumerate((2, 10, 6, 14))]
    found = headline_pairs(rows)
    for metric in ("fmse", "psnr"):
        assert pair(found, "identity", "idih", metric)["win_rate"] == 3 / 4  # two of one colour, and one worse
        assert pair(found, "idih", "identity", metric)["win_rate"] == 1 / 4
    assert summary_row(summarise(table(rows), bootstrap=100), "idih")["harm_rate"] == 3 / 4
    assert pair(found, "idih", "affine")["win_rate"] == 1 / 4  # both of one colour: the nearer one
    assert pair(found, "affine", "idih")["win_rate"] == 3 / 4


def test_infinite_values_are_left_out_of_differences_and_counted_as_wins():
    rows = [score("identity", sample, 10) for sample in range(3)]
    rows += [score("idih", 0, 0, psnr_255=math.inf), score("idih", 1, 8), score("idih", 2, 6)]
    found = pair(headline_pairs(rows), "idih", "identity", "psnr")
    assert (found["difference"], found["win_rate"], found["n_images"]) == (pytest.approx(3), 1, 3)


def every_protocol(rows: list[dict]) -> list[dict]:
    """The rows under every protocol, each a little worse than the one before, and every foreground error farther from the first."""
    errors = {column: place / 8 for place, column in enumerate(FOREGROUND_ERRORS)}
    return [
        {**row, "background": background, "quantisation": quantisation, "psnr_target": 40.0 - number, "psnr_range": 35.0 - number}
        | {column: row["fmse"] * (1 + share) + number for column, share in errors.items()}
        for number, (background, quantisation) in enumerate(ALL_PROTOCOLS)
        for row in rows
    ]


def test_each_convention_counts_its_own_columns():
    rows = every_protocol(random_rows(3, photographs=4, methods=("identity", "idih")))
    pairs = pairwise(table(rows), bootstrap=100)
    assert set(pairs["convention"].to_pylist()) == set(CONVENTIONS)
    without = {name for name, convention in CONVENTIONS.items() if convention.fmse is None}
    assert set(pairs.filter(pc.field("metric") == "fmse")["convention"].to_pylist()) == set(CONVENTIONS) - without
    errors = [row["fmse_whole"] for row in rows if (row["background"], row["quantisation"]) == CONVENTIONS["hdnet"].protocol]
    count = len(errors) // 2
    assert pair(pairs, "idih", "identity", convention="hdnet")["difference"] == pytest.approx(
        np.mean(errors[count:]) - np.mean(errors[:count])
    )
    offered = {name for name, convention in CONVENTIONS.items() if "ssim" in convention.also}
    assert set(pairs.filter(pc.field("metric") == "ssim")["convention"].to_pylist()) == offered == {"headline", "pctnet"}


def test_standings_are_the_summarys_means_under_the_same_protocol():
    rows = every_protocol(random_rows(4, photographs=30))
    found = {(row["convention"], row["method"], row["metric"]): row for row in standings(table(rows), bootstrap=200).to_pylist()}
    whole = summarise(table(rows), bootstrap=200)
    assert found["samsung", "idih", "psnr"]["mean"] == 40 - ALL_PROTOCOLS.index(("raw", "float"))
    expected = summary_row(rows_of(whole), "unet")
    own = found["headline", "unet", "fmse"]
    assert [own[name] for name in ("mean", "low", "high")] == pytest.approx([expected[name] for name in ("mean", "low", "high")])
    names = ("n_images", "n_photographs", "n_seeds")
    assert [own[name] for name in names] == [expected[name] for name in names] == [90, 30, 2]


def test_the_order_of_rows_changes_nothing():
    rows = random_rows(5)
    assert headline_pairs(rows).equals(headline_pairs(rows[::-1]))


def test_columns_are_the_schemas_and_metrics_the_conventions():
    rows = random_rows(6)
    pairs, means = headline_pairs(rows), standings(table(rows), bootstrap=100, conventions=["headline"])
    assert pairs.schema.equals(PAIRS)
    assert means.schema.equals(STANDINGS)
    assert set(pairs["metric"].to_pylist()) == {"fmse", "mse", "psnr", "ssim"} <= set(COUNTED)
    assert all(row["method"] != row["reference"] for row in pairs.to_pylist())


def test_one_photograph_has_a_difference_and_neither_interval_nor_p():
    rows = [score(method, sample, fmse + sample, image=7) for method, fmse in (("identity", 9.0), ("idih", 5.0)) for sample in range(3)]
    alone = pair(headline_pairs(rows), "idih", "identity")
    assert [alone[name] for name in NUMBERS] == [-4, None, None, None, 1, 3, 1]


def test_one_method_alone_has_no_pairs():
    assert headline_pairs([score("identity", 0, 1)]).num_rows == 0
