"""From packed things to a classifier, and from there to the one training whose loss looks through it."""

import json
import shutil

import pytest
from ruamel.yaml import YAML

from imharmony.classification.checkpoint import load_classifier
from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import Places
from stages import train, train_classifier
from tests.composites import packed
from tests.conftest import ROOT
from tests.things import things
from tests.workspace import give_fingerprints, shrink

FEATURES = "fcn_feature"
BACKBONE = Places("sample").backbone("profile")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Tiny parameters with a variant that compares features, and things that come ready packed."""
    yaml = YAML()
    variant = yaml.load(ROOT / "params.yaml")["catalogue"][FEATURES]
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shrink(tmp_path / "params.yaml")
    params = yaml.load(tmp_path / "params.yaml")
    params["variants"].append(FEATURES)
    params["catalogue"][FEATURES] = variant | {"input": "composites"}
    yaml.dump(params, tmp_path / "params.yaml")
    sizes = {"train": 16, "val": 6}
    monkeypatch.setattr(train_classifier, "packed", lambda _params, _layout, _dataset, split, size_px: things(sizes[split], size_px))
    monkeypatch.setattr(train, "packed_together", lambda _params, _layout, _dataset, split, size_px, _given: packed(sizes[split], size_px))
    manifest = tmp_path / "data" / "sample" / "composites" / "people" / "manifest.parquet"
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(b"rows")
    give_fingerprints(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edit(folder, change) -> None:
    yaml = YAML()
    params = yaml.load(folder / "params.yaml")
    change(params)
    yaml.dump(params, folder / "params.yaml")


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_classifier_tells_where_it_came_from_and_what_it_is_worth(workspace):
    train_classifier.main("people")
    folder = workspace / BACKBONE
    _, metadata = load_classifier(folder / "model.safetensors")
    assert metadata["classifier"] == {"categories": ["bar", "disc"], "width": load_params().classifier.width}
    assert (metadata["dataset"], len(metadata["data_hash"])) == ("people", 16)
    assert metadata["code"] == read_fingerprint(Places("sample").fingerprint("train_classifier", "people")).code
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics.keys() == {"accuracy", "majority", "balanced", "things", "categories"}
    assert (metrics["majority"], metrics["things"]) == (0.5, 6)


def test_running_again_changes_no_byte(workspace):
    train_classifier.main("people")
    before = files(workspace / "features")
    train_classifier.main("people")
    assert files(workspace / "features") == before


def test_what_stands_for_no_backbone_does_not_change_with_the_classifier(workspace):
    none = Places("sample").backbone("none")
    before = files(none)
    assert before == {"backbone.json": b"null\n"}
    train_classifier.main("people")
    assert json.loads(files(workspace / BACKBONE)["backbone.json"])["name"] == "classifier"
    edit(workspace, lambda params: params["classifier"].update(seed=1))
    give_fingerprints(workspace)
    train_classifier.main("people")
    assert files(none) == before


def test_a_profile_with_pretrained_features_trains_no_classifier_and_gives_the_choice_alone(workspace):
    edit(workspace, lambda params: params["profiles"]["sample"].update(backbone={"name": "vgg19", "file": "absent/mine.pth"}))
    train_classifier.main("people")
    assert set(files(workspace / BACKBONE)) == {"backbone.json", "metrics.json"}
    assert json.loads(files(workspace / BACKBONE)["backbone.json"]) == {"name": "vgg19", "file": "absent/mine.pth"}
    with pytest.raises(InputError, match=r"the features of VGG-19 need torchvision's .*: put mine\.pth into absent"):
        train.main(FEATURES)


def test_a_training_looks_through_the_classifier_and_differs_with_it(workspace):
    runs = []
    for seed in (0, 1):
        edit(workspace, lambda params, seed=seed: params["classifier"].update(seed=seed))
        train_classifier.main("people")
        train.main(FEATURES)
        runs.append(files(workspace / "runs" / "sample" / FEATURES / "0"))
    assert b'"feature"' in runs[0]["history.csv"].splitlines()[0]
    assert runs[0]["history.csv"] != runs[1]["history.csv"]


def test_a_training_without_its_backbone_says_which_stage_writes_it(workspace):
    (workspace / BACKBONE).mkdir(parents=True)
    with pytest.raises(InputError, match=r"backbone\.json: absent or names no network; run the stage train_classifier"):
        train.main(FEATURES)


@pytest.mark.usefixtures("workspace")
def test_things_of_one_category_are_one_line(monkeypatch):
    monkeypatch.setattr(train_classifier, "packed", lambda *_, size_px=32: things(4, size_px, kinds=("disc",)))
    with pytest.raises(InputError, match="expected two or more; name another"):
        train_classifier.main("people")
