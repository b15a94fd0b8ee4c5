"""Both sides of the comparison: what is printed comes from the published scores, ours from the scores and by one convention."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.conventions import CONVENTIONS, FOREGROUND_ERRORS, under
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.protocols import ALL_PROTOCOLS
from imharmony.evaluation.score_sets import gathered_from
from imharmony.evaluation.summary import summarise
from reporting.published_scores import PUBLISHED_SCORES, read_published
from reporting.side_by_side import TABLE, Measured, compare, in_words, means_of, singles_of, table_of
from reporting.side_by_side_file import SIDE_BY_SIDE, published_rows, read_described
from tests.conftest import ROOT

METHODS = ("identity", "unet_code", "unet", "fcn_content", "dovenet", "style_unet3plus", "style_hsv", "dih", "xue")
PICTURES = {"people": ["1_1_0", "2_1_0", "3_1_0"], "luminance": ["4_1_0"]}
SEEDS = {"unet": (0, 1)}
REASON = "no weights"


@pytest.fixture(scope="module")
def scores() -> pa.Table:
    rng = np.random.default_rng(0)
    metrics = ("mask_mean", "mse", "fmse", "psnr_255", "psnr_target", "psnr_range", "fpsnr", "ssim", "fssim", *FOREGROUND_ERRORS[1:])
    rows = [
        {
            **{"method": method, "seed": seed, "dataset": dataset, "sample_id": f"{image}_1_0", "image_id": image},
            **{"foreground_ratio": 0.2, "background": background, "quantisation": quantisation},
            **{metric: rng.uniform(10, 50) for metric in metrics},
        }
        for dataset in PICTURES
        for method in METHODS
        for seed in SEEDS.get(method, (0,))
        for image in range(1, 6)
        for background, quantisation in ALL_PROTOCOLS
    ]
    return pa.Table.from_pylist(rows, schema=SCORES)


@pytest.fixture(scope="module")
def published():
    return read_published(ROOT / PUBLISHED_SCORES)


@pytest.fixture(scope="module")
def table(scores, published) -> pd.DataFrame:
    codes = {(method, name): {"mse": 0.5, "psnr": 51.1} for method in METHODS for name in PICTURES["people"]}
    measured = Measured(
        datasets=list(PICTURES),
        pasting={"unet", "fcn_content", "style_unet3plus", "style_hsv", "dih", "xue"},
        means=means_of(summarise(scores, bootstrap=50).to_pandas()),
        pictures=PICTURES,
        singles=singles_of(gathered_from(scores), PICTURES, dict.fromkeys(METHODS, 0)),
        report_000=codes,
        lpips_reason=REASON,
    )
    reports, systems = read_described(published, ROOT / SIDE_BY_SIDE), published_rows(published)
    result = table_of({number: [compare(one, systems, measured) for one in report.tables] for number, report in reports.items()})
    assert result.schema.equals(TABLE)
    return result.to_pandas()


def of(table: pd.DataFrame, **wanted) -> pd.DataFrame:
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table


def test_what_is_printed_is_the_published_score_to_the_digit(table, published):
    systems = published_rows(published)
    shown = {
        (number, one.name, row.printed, metric): systems[row.published][metric] if row.published else None
        for number, report in read_described(published, ROOT / SIDE_BY_SIDE).items()
        for one in report.tables
        for row in one.rows
        for metric in one.metrics
    }
    cells = {(row.report, row.table, row.system, row.metric): (row.printed, row.published) for row in table.itertuples()}
    assert cells.keys() == shown.keys()
    for key, (printed, value) in cells.items():
        assert printed == shown[key] if shown[key] else pd.isna(printed)
        assert value == float(shown[key]) if shown[key] else pd.isna(value)


def test_ours_are_means_over_images_of_one_data_set_under_the_rows_convention(table, scores):
    rows = of(table[table["sample_id"].isna() & table["ours"].notna()])
    assert len(rows) > 20
    for row in rows.itertuples():
        own = under(scores, row.convention).to_pandas()
        if row.background != CONVENTIONS[row.convention].background:
            chosen = CONVENTIONS[row.convention]
            own = scores.to_pandas().query(f"background == 'composite' and quantisation == '{chosen.quantisation}'")
            own = own.assign(psnr=own[chosen.psnr])
        own = own[(own["method"] == row.method) & (own["dataset"] == row.dataset)]
        values = own[row.metric]
        assert row.ours == pytest.approx(values.mean(), rel=1e-12)
        if own["image_id"].nunique() < LEAST_PHOTOGRAPHS:
            assert np.isnan([row.ours_low, row.ours_high]).all()
        else:
            assert row.ours_low <= row.ours <= row.ours_high
        assert row.n_images == values.size / len(SEEDS.get(row.method, (0,)))


def test_a_network_that_was_scored_otherwise_keeps_its_own_convention(table):
    conventions = of(table, report="002").dropna(subset=["convention"]).groupby("method")["convention"].unique()
    assert list(conventions["style_unet3plus"]) == ["report_002_unet3plus"]
    assert list(conventions["style_hsv"]) == ["dovenet"]


def test_a_method_that_pastes_is_shown_as_it_is_used_too(table):
    assert list(of(table, report="003", method="dih", metric="mse")["background"]) == ["raw", "composite"]
    assert list(of(table, report="003", method="identity", metric="mse")["background"]) == ["raw"]
    assert set(of(table, report="002", method="style_unet3plus")["background"]) == {"real"}


def test_single_pictures_show_their_own_scores_of_one_seed(table, scores):
    rows = of(table, report="000", method="unet", metric="psnr", convention="report_003", background="raw")
    own = under(scores, "report_003").to_pandas().query("dataset == 'people' and method == 'unet' and seed == 0")
    assert list(rows["sample_id"]) == PICTURES["people"]
    assert list(rows["ours"]) == list(own.set_index("sample_id").loc[PICTURES["people"], "psnr"])
    assert rows["ours_low"].isna().all()
    coded = of(table, report="000", method="unet", metric="psnr", convention="report_000_code")
    assert list(coded["ours"]) == [51.1] * 3


def test_what_is_absent_says_why_and_shows_no_number(table):
    empty = table[table["ours"].isna()]
    assert empty["note"].notna().all()
    assert table[table["ours"].notna()]["note"].isna().all()
    notes = {(row.report, row.method): row.note for row in of(empty, metric="psnr").itertuples()}
    assert notes["000", "unet_paper"] == "not in this run"
    assert set(of(empty, metric="lpips", method="dih")["note"]) == {REASON}
    assert set(of(table, report="004")["note"]) == {"ours are in the section on matting", "no raters were asked here"}


def test_a_run_without_a_test_set_like_the_reports_says_which_would_be(scores, published):
    reports, systems = read_described(published, ROOT / SIDE_BY_SIDE), published_rows(published)
    means = means_of(summarise(scores, bootstrap=2).to_pandas())
    measured = Measured(["hmh"], set(), means, {}, {}, {}, None)
    comparison = compare(reports["003"].tables[0], systems, measured)
    assert comparison.groups[0].lines[0].notes["mse"] == "no test set of this run is like it; luminance would be"


def test_too_few_pictures_are_said(scores, published):
    reports, systems = read_described(published, ROOT / SIDE_BY_SIDE), published_rows(published)
    means = means_of(summarise(scores, bootstrap=2).to_pandas())
    measured = Measured(["people"], set(), means, {"people": ["1_1_0"]}, {}, {}, None)
    last = compare(reports["000"].tables[1], systems, measured).groups[2]
    assert {line.notes["mse"] for line in last.lines if line.method == "unet"} == {"people has too few test pictures"}


def test_conventions_are_said_in_words():
    assert in_words("report_001") == "the method's own picture, background included, rounded to whole levels, PSNR for a peak of 255"
    assert all(in_words(name) for name in CONVENTIONS)
