"""The workspace of the model that comes with the package, small: what is learned from and what is scored on are kept apart."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from imharmony.blind.detector import found_in
from imharmony.errors import InputError
from imharmony.pictures.images import read_rgb
from imharmony.portable.detector_session import OnnxDetector
from imharmony.portable.session import OnnxModel
from imharmony.storage.files import sha256_of
from imharmony.storage.tables import read_table
from imharmony.storage.weights import read_metadata
from pipeline.steps.paths import Places
from reporting import look, starter
from stages import (
    download_annotations,
    download_images,
    evaluate,
    evaluate_baselines,
    filter_masks,
    fingerprint,
    report,
    synthesize_composites,
    train,
    train_detector,
)
from tests.conftest import ROOT
from tests.imharmony.sources.coco_mirror import instances, photograph, write_photographs

FREE, OTHER = list(range(1, 61)), list(range(101, 121))
PLACES = Places("starter")


def write_mirror(root: Path) -> Path:
    """Photographs under a free licence, and others."""
    content = instances([*FREE, *OTHER])
    content["licenses"] = [{"id": 1, "name": "Attribution-NonCommercial License"}, {"id": 4, "name": "Attribution License"}]
    for image in content["images"]:
        image |= {
            "license": 4 if image["id"] in FREE else 1,
            "flickr_url": f"http://farm1.staticflickr.com/9/{7000 + image['id']}_ab_z.jpg",
        }
    return write_photographs(root, content)


def write_params(mirror: Path) -> None:
    yaml = YAML(typ="safe")
    tree = yaml.load(ROOT / "starter" / "params.yaml")
    tree |= {"datasets": ["free_objects", "strict_objects", "people"], "baselines": ["identity", "reinhard"], "machine": {"workers": 1}}
    for variant in tree["catalogue"].values():
        variant["points"] |= {"steps": 2, "batch_size": 6}
        variant["generator"] |= {"members": 1}
    profile = tree["profiles"]["starter"]
    for source in profile["sources"].values():
        source |= {"mirror": str(mirror), "splits": ["val2017"], "images": None}
    for name, licence in (
        ("free_objects", "Attribution License"),
        ("strict_objects", "Attribution License"),
        ("people", "Attribution-NonCommercial License"),
    ):
        tree["defaults"]["datasets"][name]["selection"] |= {"licences": [licence], "min_side_px": 10}
    profile["training"] |= {"size_px": 32, "width_factor": 0.03125, "epochs": 1}
    profile["evaluation"] |= {"size_px": 32, "bootstrap": 100, "gallery": 2}
    profile["blind"]["detector_steps"] = 2
    tree["detectors"]["marks"] |= {"size_px": 32, "batch_size": 2, "network": {"name": "small", "width": 4}}
    with Path("params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(json.loads(json.dumps(tree)), file)


def run_stages() -> None:
    fingerprint.main()
    for source in ("free", "noncommercial"):
        download_annotations.main(source)
    for dataset in ("free_objects", "strict_objects", "people"):
        for stage in (filter_masks, download_images, synthesize_composites):
            stage.main(dataset)
    for baseline in ("identity", "reinhard"):
        evaluate_baselines.main(baseline)
    for variant in ("regions", "regions_strict", "regions_foreground_only"):
        train.main(variant)
        evaluate.main(variant)
    train_detector.main("marks")
    report.main()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The folder of the package's files, made by a small run in the current folder."""
    workspace = tmp_path_factory.mktemp("starter")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        patch.setattr(starter, "STARTER", workspace / "package")
        write_params(write_mirror(workspace / "mirror"))
        run_stages()
        starter.write_starter()
        yield workspace / "package"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("package")
def test_what_is_learned_from_is_not_scored_and_what_is_scored_chooses_nothing():
    for method in ("identity", "regions"):
        assert set(read_table(PLACES.scores(method, 0), ["dataset"])["dataset"].to_pylist()) == {"people"}
        assert set(read_table(PLACES.controls(method, 0), ["dataset"])["dataset"].to_pylist()) == {"people"}
        assert set(read_table(PLACES.validation(method, 0), ["dataset"])["dataset"].to_pylist()) == {"free_objects", "strict_objects"}


def test_every_selected_photograph_is_listed_with_what_an_attribution_names(package):
    listed = {int(row["image_id"]): row for row in rows(package / "photographs.csv")}
    assert sorted(listed) == FREE
    assert listed[7]["flickr_page"] == "https://www.flickr.com/photo.gne?id=7007"
    assert listed[7]["licence_url"] == "http://creativecommons.org/licenses/by/2.0/"
    (package / "7.jpg").write_bytes(photograph(7))
    assert listed[7]["sha256"] == sha256_of(package / "7.jpg")
    assert [int(row["image_id"]) for row in rows(Path("scored_on.csv"))] == OTHER


def test_the_package_has_the_runs_own_weights_and_a_card_of_them(package):
    assert sha256_of(package / "model.safetensors") == sha256_of(PLACES.run("regions", 0) / "model.safetensors")
    assert OnnxModel.load(package / "model.onnx").facts.sha256 == sha256_of(package / "model.safetensors")
    card = (package / "model_card.md").read_text(encoding="utf-8")
    assert f"| weights, SHA-256 | `{sha256_of(package / 'model.safetensors')}` |" in card
    assert "| photographs from | a local mirror of 80 photographs |" in card
    assert str(Path.cwd()) not in card
    split = [row["split"] for row in rows(package / "photographs.csv")]
    assert f"| {split.count('train')} | {split.count('val')} |" in card
    assert f"{split.count('train')} photographs to learn from, {split.count('val')} to choose by. It is not\nin the package" in card
    assert "\n| `regions_strict` | " in card


def test_the_package_has_the_runs_own_detector_and_what_counts_as_found(package):
    own, weights = OnnxDetector.load(package / "detector.onnx"), PLACES.detector("marks") / "model.safetensors"
    assert own.facts.sha256 == sha256_of(weights)
    assert (own.limit, own.least_share) == found_in(weights, read_metadata(weights))[:2]


def test_the_lists_bring_the_same_foregrounds_again(package, tmp_path, monkeypatch):
    first = {name: read_table(PLACES.selected(name) / "instances.parquet") for name in ("free_objects", "people")}
    shutil.copy("params.yaml", tmp_path)
    yaml = YAML(typ="safe")
    tree = yaml.load(tmp_path / "params.yaml")
    for source, path in (("free", package / "photographs.csv"), ("noncommercial", Path("scored_on.csv").resolve())):
        tree["profiles"]["starter"]["sources"][source]["images"] = str(path)
    (tmp_path / "params.yaml").write_text(json.dumps(tree))
    monkeypatch.chdir(tmp_path)
    fingerprint.main()
    for source in ("free", "noncommercial"):
        download_annotations.main(source)
    for name, table in first.items():
        filter_masks.main(name)
        assert read_table(PLACES.selected(name) / "instances.parquet").equals(table)


@pytest.mark.usefixtures("package")
def test_a_sheet_of_pictures_shows_photographs_under_a_licence_that_permits_it(monkeypatch):
    with pytest.raises(InputError, match=r"people: no test photograph under 'Attribution License'"):
        look.write_look("regions")  # what is scored on here is not free
    monkeypatch.setattr(look, "LICENCE", "Attribution-NonCommercial License")
    look.write_look("regions")
    sheet, shown = read_rgb(Path("docs/look/people.jpg")), rows(Path("docs/look/shown.csv"))
    assert len({row["photograph"] for row in shown}) == len(shown) == look.EACH
    assert sheet.shape == (look.EACH * (150 + 4) - 4, 3 * (200 + 4) - 4, 3)
    assert all(int(row["fmse_before"]) > 0 for row in shown)
    with pytest.raises(InputError, match="method is 'reinhard'; expected a variant"):
        look.write_look("reinhard")
