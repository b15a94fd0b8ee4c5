"""Evaluation and report on a small run: what is read back from the files, and what the page is made of."""

import json
import re
import shutil

import pandas as pd
import pyarrow.compute as pc
import pytest

from imharmony.errors import InputError
from imharmony.evaluation.controls import CONTROLS
from imharmony.evaluation.measures import SCORES
from imharmony.pictures.images import read_rgb
from imharmony.storage.tables import read_table
from stages import evaluate, evaluate_baselines, report
from tests.reports import DATASETS, IMAGES, SEEDS, SIZE, VARIANTS, run_stages


def test_scores_of_a_baseline_are_rows_of_every_image_and_protocol(inside):
    table = read_table(inside / "scores/sample/identity/0.parquet")
    assert table.schema.equals(SCORES)
    assert table.num_rows == 2 * IMAGES * 12
    assert set(table["fmse"].drop_null().to_pylist()) == {900.0}
    assert set(table["is_flat"].to_pylist()) == {False}


def test_headline_numbers_stand_beside_the_scores(inside):
    numbers = json.loads((inside / "scores/sample/identity/0.json").read_text())
    assert numbers["people"] == {"fmse": 900.0, "psnr": numbers["people"]["psnr"], "ssim": numbers["people"]["ssim"], "images": IMAGES}


def test_controls_lie_beside_the_scores_with_their_lineage(inside):
    table = read_table(inside / "scores/sample/idih/1.parquet")
    controls = read_table(inside / "scores/sample/idih/controls_1.parquet")
    assert controls.schema.equals(CONTROLS)
    assert controls.num_rows == 2 * 2 * IMAGES
    for name in ("method", "seed", "code", "data_hash", "trained_on", "stands_in_for"):
        assert set(controls[name].to_pylist()) == set(table[name].to_pylist())
    assert read_table(inside / "scores/sample/intrinsic/controls_0.parquet").num_rows == 0
    summary = read_table(inside / "reports/tables/controls.parquet").to_pylist()
    assert {row["method"] for row in summary} == {"identity", "reinhard", *VARIANTS}
    assert {(row["n_pictures"], row["n_photographs"], row["n_seeds"]) for row in summary if row["method"] == "idih"} == {
        (IMAGES, IMAGES // 2, len(SEEDS))
    }


def test_the_reports_scores_are_all_methods_seeds_and_images(inside):
    scores = read_table(inside / "reports/tables/scores.parquet")
    assert scores.num_rows == 2 * IMAGES * 12 * (3 + len(VARIANTS) * len(SEEDS))
    summary = read_table(inside / "reports/tables/summary.parquet")
    trained = summary.filter(pc.field("method") == "idih").to_pylist()
    assert {(row["n_images"], row["n_seeds"]) for row in trained if row["bucket"] == "all"} == {(IMAGES, len(SEEDS))}


def test_realism_is_a_table_and_a_part_of_the_page(inside):
    rows = read_table(inside / "reports/tables/realism.parquet").to_pylist()
    found = {(row["dataset"], row["judge"]): (row["auc"], row["n_real"], row["low"]) for row in rows}
    assert found == {
        (dataset, judge): (auc, IMAGES // 2, None) for dataset in DATASETS for judge, auc in (("local_emd", 1), ("combined", 0.5))
    }
    page = (inside / "reports/index.html").read_text()
    assert re.search(rf'<th scope="row">local_emd</th><td>1\.000<small>– \({IMAGES // 2} photographs\)</small></td>', page)
    assert '<li><a href="#realism">' in page
    assert "A foreground made one colour counts as worse" in page


def test_metrics_are_few_and_named(inside):
    metrics = {path.stem: json.loads(path.read_text()) for path in (inside / "reports/metrics").iterdir()}
    assert set(metrics) == {"identity", "reinhard", "intrinsic", *VARIANTS}
    assert metrics["identity"] == {dataset: {"fmse": 900.0, "harm_rate": 0.0} for dataset in DATASETS}
    assert {tuple(numbers) for tree in metrics.values() for numbers in tree.values()} == {("fmse", "harm_rate")}


def test_curves_are_means_over_the_seeds(inside):
    lines = (inside / "reports/plots/training.csv").read_text().splitlines()
    assert lines[:2] == ['"variant","epoch","train_loss","val_fmse","val_psnr"', '"idih",1,1.5,90,30']
    assert len(lines) == 1 + 3 * len(VARIANTS)


def test_distributions_are_quantiles_of_each_method(inside):
    quantiles = pd.read_csv(inside / "reports/plots/distributions.csv", index_col=["dataset", "method"])
    assert list(quantiles.columns) == ["q5", "q25", "q50", "q75", "q95"]
    assert set(quantiles.loc["people", "identity"]) == {900.0}
    assert len(quantiles) == len(DATASETS) * (3 + len(VARIANTS))


def test_a_comparison_shows_four_images_of_each_variant_from_composite_to_real(inside):
    assert {path.stem for path in (inside / "reports/plots/comparisons").iterdir()} == set(VARIANTS)
    picture = read_rgb(inside / "reports/plots/comparisons/idih.png")
    assert picture.shape == (4 * SIZE + 3 * 4, 4 * SIZE + 3 * 4, 3)
    composite, mask, output, real = (picture[:SIZE, at : at + SIZE].astype(int) for at in range(0, 4 * (SIZE + 4), SIZE + 4))
    inside_mask = mask[..., 0] > 0
    assert (composite - real)[inside_mask].min() == 30
    assert (output == composite)[~inside_mask].all()


def test_figures_are_written(inside):
    assert {path.name for path in (inside / "reports/figures").iterdir()} == {
        *("gains_people.png", "gains_luminance.png", "losses.png", "validation.png", "details_001.png")
    }


def test_running_again_changes_no_byte(inside):
    paths = [path for part in ("scores", "reports") for path in sorted((inside / part).rglob("*")) if path.is_file()]
    before = {path: path.read_bytes() for path in paths}
    run_stages()
    assert [path.name for path in paths if path.read_bytes() != before[path]] == []


def test_a_missing_score_is_named_and_a_removed_variants_file_is_not_read(inside):
    stray = inside / "scores/sample/removed/0.parquet"
    stray.parent.mkdir()
    stray.write_bytes(b"")
    wanted = inside / "scores/sample/idih/1.parquet"
    moved = wanted.rename(wanted.with_suffix(".away"))
    try:
        with pytest.raises(InputError, match=r"scores/sample/idih/1\.parquet: no such table"):
            report.main()
    finally:
        moved.rename(wanted)
        shutil.rmtree(stray.parent)


@pytest.mark.usefixtures("inside")
def test_unknown_methods_are_refused():
    with pytest.raises(InputError, match="baseline is 'lalonde'; expected one of"):
        evaluate_baselines.main("lalonde")
    with pytest.raises(InputError, match="variant is 'gan'; expected one of"):
        evaluate.main("gan")


def test_the_page_says_what_decompositions_and_lights_are_worth(inside):
    text = (inside / "reports" / "index.html").read_text().split('id="intrinsic">')[1].split("</section>")[0]
    decompositions, edits, lights, detail = (part.split("</table>")[0] for part in text.split("<tbody>")[1:])
    assert decompositions.count("<tr>") == 2
    assert "<td>0.250<small>– (4 scenes)</small></td>" in decompositions
    assert "used here" in decompositions.split("learned")[1]
    assert "<td>15°<small>4 scenes</small></td>" in decompositions
    assert "<td>10°<small>1 scenes</small></td>" in decompositions
    assert re.findall(r'row">(\w+).*<td>(\d+)</td>', edits) == [("untouched", "900"), ("fitted", "800"), ("learned", "400")]
    assert f"<td>{IMAGES}</td><td>{IMAGES // 2}<small>50.0 %</small></td><td>0.50</td><td>0</td><td>1<small>of {IMAGES + 2}" in lights
    assert [name for name in ("identity", "reinhard", "intrinsic", *VARIANTS) if f'<th scope="row">{name}</th>' not in detail] == []
