"""The summary: means by hand, intervals over photographs, refusals."""

import math
import random

import numpy as np
import pyarrow as pa
import pytest

from imharmony.errors import InputError
from imharmony.evaluation.conventions import headline_means, read_headline_means, rows_of
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.summary import SUMMARY, summarise
from imharmony.storage.tables import write_table

PROTOCOL = {"dataset": "people", "background": "composite", "quantisation": "uint8", "code": "c", "data_hash": "h"}


def score(method: str, sample: int, fmse: float, *, seed: int = 0, image: int | None = None, ratio: float = 0.1, **more: object) -> dict:
    names = {"method": method, "seed": seed, "sample_id": f"s{sample}", "image_id": sample if image is None else image}
    metrics = {"foreground_ratio": ratio, "fmse": fmse, "mse": fmse * ratio, "psnr_255": 60 - fmse, "ssim": 1 - fmse / 100}
    return {**PROTOCOL, **names, **metrics, **more}


def table(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCORES)


def row(summary: pa.Table, method: str, metric: str = "fmse", bucket: str = "all") -> dict:
    found = [one for one in summary.to_pylist() if (one["method"], one["metric"], one["bucket"]) == (method, metric, bucket)]
    assert len(found) == 1
    return found[0]


IDENTITY = [score("identity", 0, 10), score("identity", 1, 20), score("identity", 2, 60)]
HAND_MADE = [*IDENTITY, score("idih", 0, 4), score("idih", 1, 26), score("idih", 2, 15)]


def test_a_hand_made_table():
    mended = row(summarise(table(HAND_MADE), bootstrap=5000), "idih")
    assert (mended["mean"], mended["median"], mended["difference"]) == (15, 15, -15)
    assert mended["harm_rate"] == pytest.approx(1 / 3)
    assert (mended["n_images"], mended["n_photographs"], mended["n_seeds"], mended["n_infinite"]) == (3, 3, 1, 0)


def test_a_foreground_made_one_colour_is_harm_however_near_it_is():
    flat = [score("idih", 0, 4, is_flat=True), score("idih", 1, 26, is_flat=False), score("idih", 2, 15)]
    summary = summarise(table([*IDENTITY, *flat]), bootstrap=100)
    assert [row(summary, "idih", metric)["harm_rate"] for metric in ("fmse", "psnr_255", "ssim")] == pytest.approx([2 / 3] * 3)
    assert row(summary, "idih")["mean"] == 15


def test_the_signed_rank_test_by_hand():
    """Five photographs, all better, no ties: of the 32 signs of the ranks two are as extreme."""
    rows = [score("identity", sample, 50) for sample in range(5)] + [score("idih", sample, 50 - 2**sample) for sample in range(5)]
    summary = summarise(table(rows), bootstrap=100)
    assert row(summary, "idih")["p_value"] == pytest.approx(2 / 32)
    assert row(summary, "idih", "psnr_255")["p_value"] == pytest.approx(2 / 32)
    assert row(summary, "identity")["p_value"] is None


def test_the_signed_rank_test_counts_photographs_not_images_and_the_headline_alone():
    rows = [score("identity", sample, 50, image=sample // 4) for sample in range(20)]
    rows += [score("idih", sample, 50 - 2 ** (sample // 4) - sample % 4, image=sample // 4) for sample in range(20)]
    raw = [{**one, "background": "raw"} for one in rows]
    summary = summarise(table(rows + raw), bootstrap=100).filter(pa.compute.field("metric") == "fmse").to_pylist()
    found = {(one["method"], one["background"]): one["p_value"] for one in summary if one["bucket"] == "all"}
    assert found == {
        ("identity", "composite"): None,
        ("idih", "composite"): pytest.approx(2 / 32),
        ("identity", "raw"): None,
        ("idih", "raw"): None,
    }


def test_no_test_of_what_does_not_differ():
    assert (
        row(
            summarise(
                table([*IDENTITY, *(score("idih", number, 10 * 2**number) for number in range(2)), score("idih", 2, 60)]), bootstrap=100
            ),
            "idih",
        )["p_value"]
        is None
    )


def test_harm_follows_each_metrics_own_direction():
    summary = summarise(table(HAND_MADE), bootstrap=100)
    assert row(summary, "idih", "psnr_255")["harm_rate"] == row(summary, "idih", "ssim")["harm_rate"] == pytest.approx(1 / 3)
    assert row(summary, "idih", "psnr_255")["difference"] == pytest.approx(15)


def test_the_composite_never_harms_itself():
    itself = row(summarise(table([score("identity", sample, 10 + sample) for sample in range(10)]), bootstrap=100), "identity")
    assert (itself["difference"], itself["difference_low"], itself["difference_high"], itself["harm_rate"]) == (0, 0, 0, 0)


def test_seeds_are_pooled_and_paired_with_the_same_image():
    rows = [*HAND_MADE, *(score("idih", sample, fmse, seed=1) for sample, fmse in enumerate((8, 14, 25)))]
    pooled = row(summarise(table(rows), bootstrap=100), "idih")
    assert pooled["mean"] == pytest.approx((4 + 26 + 15 + 8 + 14 + 25) / 6)
    assert pooled["harm_rate"] == pytest.approx(1 / 6)
    assert (pooled["n_images"], pooled["n_photographs"], pooled["n_seeds"]) == (3, 3, 2)


def test_the_spread_of_the_seeds_is_that_of_their_means():
    rows = [*HAND_MADE, *(score("idih", sample, fmse, seed=1) for sample, fmse in enumerate((8, 14, 26)))]
    summary = summarise(table(rows), bootstrap=100)
    assert (row(summary, "idih")["seed_low"], row(summary, "idih")["seed_high"]) == (15, 16)
    alone = row(summary, "identity")
    assert alone["seed_low"] == alone["seed_high"] == alone["mean"]


def test_buckets_that_hold_enough_photographs_have_rows_of_their_own():
    rows = [score("identity", sample, 10, ratio=(0.02, 0.1, 0.5)[sample % 3]) for sample in range(36)]
    counts = {one["bucket"]: one["n_images"] for one in summarise(table(rows), bootstrap=100).to_pylist() if one["metric"] == "fmse"}
    assert counts == {"all": 36, "0-5 %": 12, "5-15 %": 12, "15-100 %": 12}


def test_one_photograph_has_a_mean_and_no_interval():
    rows = [score("identity", sample, 10.0 + sample, image=7) for sample in range(3)]
    alone = row(summarise(table(rows), bootstrap=100), "identity")
    assert (alone["mean"], alone["n_photographs"]) == (11, 1)
    assert (alone["low"], alone["high"], alone["difference_low"], alone["difference_high"]) == (None, None, None, None)


def test_an_empty_bucket_and_an_absent_metric_have_no_row():
    summary = summarise(table(IDENTITY), bootstrap=100).to_pylist()
    assert {one["bucket"] for one in summary} == {"all"}
    assert "lpips" not in {one["metric"] for one in summary}


def test_infinite_psnr_is_counted_and_not_averaged():
    rows = [*IDENTITY, score("idih", 0, 0, psnr_255=math.inf), score("idih", 1, 26), score("idih", 2, 15)]
    psnr = row(summarise(table(rows), bootstrap=100), "idih", "psnr_255")
    assert psnr["mean"] == pytest.approx((34 + 45) / 2)
    assert psnr["difference"] == pytest.approx((-6 + 45) / 2)
    assert (psnr["n_infinite"], psnr["n_images"]) == (1, 3)
    assert psnr["harm_rate"] == pytest.approx(1 / 3)


def test_photographs_that_fail_together_widen_the_interval():
    level = np.random.default_rng(0).normal(50, 10, 30)
    together = [score("identity", 10 * photo + k, value, image=photo) for photo, value in enumerate(level) for k in range(10)]
    apart = [{**one, "image_id": index} for index, one in enumerate(together)]
    wide, narrow = (row(summarise(table(rows), bootstrap=1000), "identity") for rows in (together, apart))
    assert (wide["high"] - wide["low"]) > 2.5 * (narrow["high"] - narrow["low"])


def test_the_order_of_rows_changes_nothing():
    rows = [*HAND_MADE, *(score("idih", sample, fmse, seed=1) for sample, fmse in enumerate((8, 14, 25)))]
    shuffled = random.Random(0).sample(rows, len(rows))
    assert summarise(table(rows), bootstrap=200).equals(summarise(table(shuffled), bootstrap=200))


def test_more_methods_do_not_change_a_methods_interval():
    extra = [score("other", sample, 1) for sample in range(3)]
    alone, among = (row(summarise(table(rows), bootstrap=200), "idih") for rows in (HAND_MADE, [*extra, *HAND_MADE]))
    assert alone == among


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*HAND_MADE, score("idih", 0, 4)], "'idih', seed 0.*s0 is scored twice"),
        (HAND_MADE[:-1], "'idih', seed 0.*2 images, 3 of 'identity'; s2 is in one only"),
        ([*HAND_MADE[:-1], score("idih", 7, 1)], "s2 is in one only"),
        (HAND_MADE[3:], "no scores of 'identity'"),
        ([*HAND_MADE, score("raw", 0, 1, background="raw")], "raw"),
    ],
    ids=["doubled", "missing", "exchanged", "no reference", "protocol without reference"],
)
def test_incomplete_scores_are_refused(rows, message):
    with pytest.raises(InputError, match=message):
        summarise(table(rows), bootstrap=100)


def test_columns_are_the_schemas():
    assert summarise(table(HAND_MADE), bootstrap=100).schema.equals(SUMMARY)


def test_the_headline_is_one_protocol(tmp_path):
    rows = [*HAND_MADE, *({**one, "background": "raw"} for one in HAND_MADE)]
    assert set(rows_of(table(rows))["background"].to_pylist()) == {"composite"}
    own = table([one for one in rows if one["method"] == "idih"])
    means = headline_means(own)
    write_table(tmp_path / "scores.parquet", own)
    assert read_headline_means(tmp_path / "scores.parquet") == means
    assert means == {"people": {"fmse": 15.0, "psnr": 45.0, "ssim": pytest.approx(0.85), "images": 3}}
