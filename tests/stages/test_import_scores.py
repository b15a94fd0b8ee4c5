"""Results from elsewhere, from params.yaml to the page."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from ruamel.yaml import YAML

from imharmony.checkpoint import load_harmonizer
from imharmony.colour.ranges import uint8_from_metric
from imharmony.errors import InputError
from imharmony.evaluation.conventions import under
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.methods import NetworkMethod
from imharmony.evaluation.scoring import metric_tensor
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from imharmony.storage.tables import read_table
from pipeline.steps.paths import Places
from reporting.publish import publish
from stages import fingerprint, import_scores, report
from tests.reports import DATASETS, IMAGES, SIZE, VARIANTS, fake_packed, manifest, pictures, reported
from tests.stages.conftest import opened

COLUMNS = {"name": "image", "mse": "MSE", "psnr_255": "PSNR"}
PCT_NET = {"file": "pct.csv", "convention": "pctnet", "size_px": SIZE, "columns": COLUMNS}


def write_outputs(folder: Path) -> None:
    """What ``idih`` makes of both data sets, as its users would save it."""
    harmonizer, _ = load_harmonizer(Places("sample").run("idih", 0) / "model.safetensors")
    harmonize = NetworkMethod(harmonizer, device=torch.device("cpu"))
    for dataset in DATASETS:
        made = pictures(dataset)
        for row, composite, mask in zip(manifest(dataset), made["composite"], made["mask"], strict=True):
            levels = uint8_from_metric(metric_tensor(harmonize(composite, mask.astype(np.float32) / 255)))
            write_bytes(folder / dataset / f"{row['sample_id']}.png", encode_png(levels[0].contiguous().numpy()))


def write_pct_table(file: Path) -> None:
    """The headline of another method, as if it were of the real background."""
    rows = under(read_table(Path("scores/sample/reinhard/0.parquet")), "pctnet").filter(pc.field("dataset") == "people").to_pylist()
    file.parent.mkdir(parents=True)
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["image", "MSE", "PSNR"])
        writer.writerows([f"c{row['sample_id']}", row["mse"], row["psnr"]] for row in rows)


def write_imported(entries: dict[str, object]) -> None:
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    tree["imported"] = entries
    yaml.dump(tree, Path("params.yaml"))
    fingerprint.main()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, session_folder) -> Iterator[Path]:
    """A reported run with two methods from elsewhere: pictures of both data sets, and a table of one."""
    with reported(tmp_path_factory.mktemp("imported"), session_folder) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.steps.imported_scores.packed", fake_packed)
        write_outputs(folder / "given")
        write_pct_table(folder / "tables" / "pct.csv")
        write_imported(
            {
                "saved": {"folder": "given", "outputs": {name: name for name in DATASETS}},
                "pct": {"folder": "tables", "tables": {"people": PCT_NET}},
            }
        )
        import_scores.main("saved")
        import_scores.main("pct")
        report.main()
        yield folder


@pytest.fixture
def inside(folder, monkeypatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


def rows_of(path: Path, background: str, quantisation: str):
    table = read_table(path).filter((pc.field("background") == background) & (pc.field("quantisation") == quantisation))
    return table.drop_columns(["method", "code"])  # each cell has its own code


def both(background: str, quantisation: str):
    return (rows_of(Path(f"scores/sample/{name}/0.parquet"), background, quantisation) for name in ("idih", "saved"))


@pytest.mark.parametrize("background", ["raw", "composite", "real"])
@pytest.mark.usefixtures("inside")
def test_saved_pictures_score_as_the_pipelines_own_path_scores_their_method(background):
    """Where it rounds too. Masks are hard here: at a soft edge the blend of rounded levels may round to another one.

    But for one column: only a method that can be run harmonizes its own output once more.
    """
    own, saved = both(background, "uint8")
    assert saved.num_rows == 2 * IMAGES
    assert saved.drop_columns(["idempotence"]).equals(own.drop_columns(["idempotence"]))
    assert saved["idempotence"].null_count == saved.num_rows


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("quantisation", ["float", "truncated"])
def test_scores_of_what_a_file_does_not_hold_are_not_equal(quantisation):
    """Neither fractions of a level, nor what would have been left had they been cut off."""
    own, saved = both("composite", quantisation)
    assert saved["sample_id"].equals(own["sample_id"])
    assert not saved["mse"].equals(own["mse"])


def test_a_table_becomes_rows_of_its_convention_alone(inside):
    table = read_table(inside / "scores/sample/pct/0.parquet")
    assert table.schema.equals(SCORES)
    assert table.num_rows == IMAGES
    assert {(row["dataset"], row["background"], row["quantisation"], row["fmse"], row["code"]) for row in table.to_pylist()} == {
        ("people", "weighed", "float", None, None)
    }
    assert json.loads((inside / "scores/sample/pct/0.json").read_text()) == {}
    assert set(json.loads((inside / "scores/sample/saved/0.json").read_text())) == set(DATASETS)


def test_the_summary_compares_it_with_identity_where_it_has_numbers(inside):
    rows = [row for row in read_table(inside / "reports/tables/summary.parquet").to_pylist() if row["method"] == "pct"]
    assert {(row["dataset"], row["background"], row["quantisation"], row["metric"]) for row in rows} == {
        ("people", "weighed", "float", metric) for metric in ("mse", "psnr_255")
    }
    whole = next(row for row in rows if (row["metric"], row["bucket"]) == ("mse", "all"))
    assert (whole["n_images"], whole["n_seeds"]) == (IMAGES, 1)
    assert whole["difference"] is not None
    assert json.loads((inside / "reports/metrics/saved.json").read_text())["people"]["fmse"] > 0
    assert not (inside / "reports/metrics/pct.json").exists()


def test_the_page_shows_it_under_its_own_convention_and_last_without_fmse(browser, inside):
    standings = read_table(inside / "reports/tables/standings.parquet").to_pylist()
    psnr = next(row["mean"] for row in standings if (row["method"], row["convention"], row["metric"]) == ("pct", "pctnet", "psnr"))
    with opened(browser, (inside / "reports/index.html").as_uri(), 1280) as page:
        cells = {("people", "pctnet"): f"{psnr:.2f}", ("people", "samsung"): "–", ("luminance", "pctnet"): "–"}
        page.evaluate("document.querySelectorAll('details.part').forEach(part => { part.open = true; })")
        for (dataset, convention), expected in cells.items():
            page.locator(f".choices[data-leaders={dataset}]").get_by_label("Protocol").select_option(convention)
            rows = page.locator(f"table.leaders[data-dataset={dataset}] tbody tr")
            found = page.locator(f"table.leaders[data-dataset={dataset}] tr[data-method=pct]")
            assert found.locator("td").nth(3).evaluate("cell => cell.firstChild.textContent") == expected
            names = rows.evaluate_all("rows => rows.map(row => row.dataset.method).filter(Boolean)")
            assert names[-2:] == ["pct", "unet_code"]  # it has no fMSE, by which they are ordered; forms as published stand apart
        page.locator("#distributions").scroll_into_view_if_needed()
        page.wait_for_selector("[data-part=distributions] .boxlayer .box")
        assert page.locator("[data-part=distributions] .methods label").all_text_contents().count(" saved") == 1
        assert page.locator("[data-part=distributions] .methods label").all_text_contents().count(" pct") == 0


def table_row(text: str, label: str, method: str) -> str:
    table = text.split(f'aria-label="{label}"')[1].split("</table>")[0]
    return table.split(f'<th scope="row">{method}<')[1].split("</tr>")[0]


def test_the_page_has_them_in_every_table_and_a_dash_where_nothing_is_known(inside):
    text = (inside / "reports/index.html").read_text()
    for dataset in DATASETS:
        for method in ("saved", "pct"):
            row = table_row(text, f"Methods on {dataset}", method)
            assert "from outside" in row
            cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
            assert ("".join(cells) == "–" * 10) == (method == "pct")
            assert table_row(text, f"Methods on {dataset} by foreground ratio", method)
    conventions = table_row(text, "PSNR under every convention on people", "pct")
    known = [cell for cell in re.findall(r"<td[^>]*>(.*?)</td>", conventions) if cell != "–"]
    assert len(known) == 1  # nobody counts as PCT-Net does
    assert "a table for people at 32 px, convention pctnet" in text
    assert "pictures for people, luminance" in text


def test_the_gallery_shows_pictures_from_elsewhere_and_none_of_a_table(inside):
    text = (inside / "reports/index.html").read_text()
    for case in text.split('<figure class="case"')[1:]:
        pictures = case.split("</figcaption>")[1].split("</figure>")[0]
        titles = [title.replace("<wbr>", "") for title in re.findall(r"<b>([a-z_<>]+)</b>", pictures)]
        assert sorted(titles) == sorted(["composite", "mask", "reinhard", "intrinsic", *VARIANTS, "saved", "real"])
        uris = dict(zip(titles, re.findall(r'<img src="([^"]+)"', pictures), strict=True))
        assert uris["saved"] == uris["idih"]


@pytest.mark.usefixtures("inside")
def test_a_published_summary_says_where_they_are_from():
    publish("trial")
    assert json.loads(Path("reports/published/trial.json").read_text())["outside"]["pct"]["tables"]["people"]["convention"] == "pctnet"


@pytest.fixture
def trial(inside) -> Iterator[Path]:
    """The folder, its parameters and scores put back afterwards."""
    paths = [Path("params.yaml"), *(path for name in ("saved", "pct") for path in Path("scores/sample", name).iterdir())]
    before = {path: path.read_bytes() for path in paths}
    yield inside
    for path, data in before.items():
        path.write_bytes(data)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"folder": "given", "outputs": {"people": "luminosity"}}, r"given/luminosity: no such folder"),
        ({"folder": "tables", "tables": {"people": PCT_NET | {"size_px": 256}}}, r"at 256 px \(imported\.new.*; expected 32"),
        ({"folder": "tables", "tables": {"people": PCT_NET | {"convention": "photoshop"}}}, "convention is 'photoshop'"),
        ({"folder": "tables", "tables": {"luminance": PCT_NET | {"columns": COLUMNS | {"ssim": "S"}}}}, r"no columns 'S', named for ssim"),
    ],
)
@pytest.mark.usefixtures("trial")
def test_what_cannot_be_imported_is_one_line(entry, message):
    write_imported({"new": entry})
    with pytest.raises(InputError, match=message):
        import_scores.main("new")


@pytest.mark.usefixtures("trial")
def test_results_of_other_composites_are_refused_where_their_hash_is_given():
    entry = {"folder": "given", "outputs": {"people": "people"}}
    found = read_table(Path("scores/sample/saved/0.parquet"))["data_hash"][0].as_py()
    write_imported({"saved": entry | {"data_hash": {"people": found}}})
    import_scores.main("saved")
    write_imported({"saved": entry | {"data_hash": {"people": "0" * 16}}})
    with pytest.raises(
        InputError, match=rf"imported\.saved\.data_hash\.people is '0{{16}}', the composites' is '{found}'; make the results"
    ):
        import_scores.main("saved")


@pytest.mark.usefixtures("inside")
def test_an_unknown_name_is_refused():
    with pytest.raises(
        InputError, match=r"method is 'theirs'; expected one of \['pct', 'saved'\], as `imported` of params\.yaml lists them"
    ):
        import_scores.main("theirs")


@pytest.mark.usefixtures("trial")
def test_scores_of_other_data_sets_than_the_entry_has_are_noticed():
    write_imported({"pct": {"folder": "tables", "tables": {"luminance": PCT_NET}}})
    with pytest.raises(InputError, match=r"pct/0\.parquet: scores of \['people'\]; expected \['luminance'\]; evaluate pct again"):
        report.main()


@pytest.mark.usefixtures("trial")
def test_an_empty_mask_is_told(monkeypatch, caplog):
    def without_a_mask(*arguments):
        split = fake_packed(*arguments)
        split.mask[0] = 0
        return split

    monkeypatch.setattr("pipeline.steps.imported_scores.packed", without_a_mask)
    import_scores.main("pct")
    assert (
        f"people: 1 of {IMAGES} images have an empty mask at this size, first 0_0_0: "
        "their fmse, fmse_products, fmse_products_whole_px, fmse_whole, fpsnr, fssim, "
        "ciede2000, gradient_energy_log2, local_contrast_log2, idempotence are" in caplog.text
    )
