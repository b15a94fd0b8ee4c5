"""Evaluation and report on a small run: what is read back from the files, and what the page is made of."""

import base64
import json
import math
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from ruamel.yaml import YAML

from harmonization.checkpoint import save_harmonizer
from harmonization.errors import InputError
from harmonization.networks.harmonizer import build_harmonizer
from harmonization.tables import DROPPED, MANIFEST, SCORES, SELECTED, read_table, write_rows, write_table
from pipeline.layout import Layout
from pipeline.published_scores import PUBLISHED_SCORES, read_published
from stages import evaluate, evaluate_baselines, report
from tests.conftest import ROOT

SIZE = 32
IMAGES = 12
DATASETS = ("people", "luminance")
VARIANTS = ("idih", "unet_code")
SEEDS = (0, 1)


def pictures(dataset: str) -> dict[str, np.ndarray]:
    """Smooth pictures with a box brightened by 30."""
    rng = np.random.default_rng(len(dataset))
    real = (rng.integers(60, 160, (IMAGES, 1, 1, 3)) + np.linspace(0, 40, SIZE)[:, None]).astype(np.uint8)
    real = np.broadcast_to(real, (IMAGES, SIZE, SIZE, 3)).copy()
    mask = np.zeros((IMAGES, SIZE, SIZE), np.uint8)
    for index in range(IMAGES):
        mask[index, 8 : 12 + index, 8:24] = 255
    return {"real": real, "mask": mask, "composite": real + 30 * (mask[..., None] > 0).astype(np.uint8)}


def manifest(dataset: str) -> list[dict[str, object]]:
    ratios = pictures(dataset)["mask"].mean((1, 2)) / 255
    return [
        {
            **dict.fromkeys(("sample_id", "transfer_params", "licence"), f"{index // 2}_{index}_0"),
            **{"image_id": index // 2, "annotation_id": index, "dataset": dataset, "split": "test", "category": "person"},
            **{"foreground_ratio": float(ratio), "transfer": "luminance", "delta_e": 5.0},
        }
        for index, ratio in enumerate(ratios)
    ]


def fake_packed(params, layout, dataset, split, size_px) -> SimpleNamespace:  # noqa: ARG001
    assert (split, size_px) == ("test", SIZE)
    return SimpleNamespace(rows=read_table(layout.composites(dataset) / "manifest.parquet"), **pictures(dataset))


def write_params(root: Path) -> None:
    yaml = YAML()
    tree = yaml.load(root / "params.yaml")
    tree["datasets"] = list(DATASETS)
    for profile in tree["profiles"].values():
        profile["datasets"] = {name: profile["datasets"][name] for name in DATASETS}
    tree["baselines"] = ["identity", "reinhard"]
    tree["seeds"] = list(SEEDS)
    tree["classifier"]["dataset"] = DATASETS[0]
    tree["variants"] = {name: tree["variants"][name] for name in VARIANTS}
    tree["profiles"]["sample"]["evaluation"] = {"size_px": SIZE, "lpips": None, "bootstrap": 100, "gallery": 5}
    yaml.dump(tree, Path("params.yaml"))


def write_run(layout: Layout, variant: str, seed: int) -> None:
    network, mode = ("idih", "eval") if variant == "idih" else ("unet", "train")
    architecture = {"name": network, "width": 4, "size_px": SIZE, "mask_input": True, "paste": False, "inference_mode": mode}
    torch.manual_seed(seed)
    save_harmonizer(layout.run(variant, seed) / "model.safetensors", build_harmonizer(**architecture), architecture, {})
    rows = [{"epoch": epoch, "g_loss": 1 / epoch + seed, "d_loss": None, "val_fmse": 90.0 / epoch, "val_psnr": 30.0} for epoch in (1, 2, 3)]
    schema = pa.schema([("epoch", pa.int64()), *((name, pa.float64()) for name in ("g_loss", "d_loss", "val_fmse", "val_psnr"))])
    write_table(layout.run(variant, seed) / "history.parquet", pa.Table.from_pylist(rows, schema=schema))


def run_stages() -> None:
    for baseline in ("identity", "reinhard"):
        evaluate_baselines.main(baseline)
    for variant in VARIANTS:
        for seed in SEEDS:
            evaluate.main(variant, seed)
    report.main()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """A folder in which the three stages have run."""
    root, folder = Path(__file__).resolve().parents[2], tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("pipeline.evaluation.packed", fake_packed)
        patch.setattr("pipeline.sections.packed", fake_packed)
        write_params(root)
        shutil.copytree(root / "reports" / "templates", folder / "reports" / "templates")
        shutil.copy(root / "reports" / "published_scores.csv", folder / "reports")
        layout = Layout("sample")
        for dataset in DATASETS:
            write_rows(layout.composites(dataset) / "manifest.parquet", manifest(dataset), MANIFEST)
            write_rows(layout.selected(dataset) / "instances.parquet", [{"annotation_id": 1}] * IMAGES, SELECTED)
            write_rows(layout.selected(dataset) / "dropped.parquet", [{"reason": "crowd"}] * 3 + [{"reason": "<tiny>"}], DROPPED)
        for variant in VARIANTS:
            for seed in SEEDS:
                write_run(layout, variant, seed)
        run_stages()
        yield folder


@pytest.fixture
def inside(workspace, monkeypatch) -> Path:
    monkeypatch.chdir(workspace)
    return workspace


@pytest.fixture(scope="module")
def page(workspace) -> str:
    return (workspace / "reports" / "index.html").read_text()


def test_scores_of_a_baseline_are_rows_of_every_image_and_protocol(inside):
    table = read_table(inside / "scores/sample/identity/0.parquet")
    assert table.schema.equals(SCORES)
    assert table.num_rows == 2 * IMAGES * 9
    assert set(table["fmse"].to_pylist()) == {900.0}


def test_headline_numbers_stand_beside_the_scores(inside):
    numbers = json.loads((inside / "scores/sample/identity/0.json").read_text())
    assert numbers["people"] == {"fmse": 900.0, "psnr": numbers["people"]["psnr"], "ssim": numbers["people"]["ssim"], "images": IMAGES}


def test_the_reports_scores_are_all_methods_seeds_and_images(inside):
    scores = read_table(inside / "reports/tables/scores.parquet")
    assert scores.num_rows == 2 * IMAGES * 9 * (2 + len(VARIANTS) * len(SEEDS))
    summary = read_table(inside / "reports/tables/summary.parquet")
    trained = summary.filter(pc.field("method") == "idih").to_pylist()
    assert {(row["n_images"], row["n_seeds"]) for row in trained if row["bucket"] == "all"} == {(IMAGES, len(SEEDS))}


def test_metrics_are_few_and_named(inside):
    metrics = json.loads((inside / "reports/metrics.json").read_text())
    assert set(metrics) == set(DATASETS)
    assert set(metrics["people"]) == {"identity", "reinhard", *VARIANTS}
    assert metrics["people"]["identity"]["fmse"] == 900
    assert set(metrics["people"]["idih"]) == {"fmse", "fmse_minus_identity", "psnr", "psnr_minus_identity", "harm_rate"}


def test_curves_are_means_over_the_seeds(inside):
    assert (inside / "reports/curves/idih.csv").read_text().splitlines()[:2] == ["epoch,train_loss,val_fmse,val_psnr", "1,1.5,90,30"]


def test_figures_are_written(inside):
    assert {path.name for path in (inside / "reports/figures").iterdir()} == {
        *("gains_people.png", "gains_luminance.png", "losses.png", "validation.png")
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
        evaluate.main("gan", 0)


class Elements(HTMLParser):
    """Every start tag with its attributes, and whether tags nest."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_asks_for_nothing_outside_itself(page):
    elements = Elements(page)
    assert re.findall(r"(?:https?:)?//[a-z]", page) == []
    assert elements.of("script") == []
    assert {link["href"].split(",")[0] for link in elements.of("link")} == {"data:"}
    assert all(image["src"].startswith("data:image/") for image in elements.of("img"))
    assert all(link["href"].startswith("#") for link in elements.of("a"))


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page):
    elements = Elements(page)
    assert elements.open == []
    names = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(names) == len(set(names))
    assert {link["href"][1:] for link in elements.of("a")} <= set(names)


def test_every_image_has_a_description_and_headings_follow_each_other(page):
    elements = Elements(page)
    assert all(image["alt"] for image in elements.of("img"))
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_the_page_has_both_themes_and_so_have_its_figures(page):
    assert "prefers-color-scheme: dark" in page
    figures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    assert len(figures) == 2 + 2 + 2
    for figure in figures:
        text = base64.b64decode(figure).decode()
        assert "prefers-color-scheme:dark" in text
        assert "currentColor" in text


def test_tables_scroll_inside_their_own_box(page):
    boxes = [attributes for tag, attributes in Elements(page).found if tag == "div" and attributes.get("class") == "scroll"]
    assert len(boxes) == 2 * 2 + 1 + 2 + len(read_published(ROOT / PUBLISHED_SCORES))
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_the_gallery_shows_best_and_worst_cases_with_every_method(page):
    cases = page.split('<figure class="case">')[1:]
    assert len(cases) == 2 * 5
    for case in cases:
        titles = re.findall(r"<b>([a-z_]+)</b>", case.split("</ul>")[0])
        assert titles == ["composite", "mask", "reinhard", *VARIANTS, "real"]
    assert "fMSE 900.0" in cases[0]


def test_what_comes_from_the_data_is_escaped(page):
    assert "&lt;tiny&gt; (1)" in page
    assert "crowd (3)" in page


def test_the_page_states_the_protocol_and_why_lpips_is_absent(page):
    assert "rounded to 8 bits, PSNR with peak 255" in page
    assert "evaluation.lpips of this profile is null" in page


def test_the_pages_leader_is_the_summarys(inside, page):
    rows = read_table(inside / "reports/tables/summary.parquet").to_pylist()
    headline = {"dataset": "people", "background": "composite", "quantisation": "uint8", "bucket": "all", "metric": "fmse"}
    means = {row["method"]: row["mean"] for row in rows if headline.items() <= row.items()}
    assert all(math.isfinite(mean) for mean in means.values())
    table = page.split('aria-label="Methods on people"')[1].split("</table>")[0]
    assert re.findall(r'<th scope="row">([a-z_]+)', table) == sorted(means, key=means.__getitem__)
