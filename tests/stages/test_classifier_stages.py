"""From packed things to a classifier, and from there to the one training whose loss looks through it."""

import json
import shutil

import pytest
from ruamel.yaml import YAML

from imharmony.classification.checkpoint import load_classifier
from imharmony.errors import InputError
from pipeline.params.file import load_params
from stages import assign_backbones, train, train_classifier
from tests.composites import packed
from tests.conftest import ROOT
from tests.things import things
from tests.workspace import give_composites, shrink

FEATURES = "fcn_feature"


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Tiny parameters with a variant that compares features, and things that come ready packed."""
    yaml = YAML()
    variant = yaml.load(ROOT / "params.yaml")["variants"][FEATURES]
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shrink(tmp_path / "params.yaml")
    params = yaml.load(tmp_path / "params.yaml")
    params["variants"][FEATURES] = variant
    yaml.dump(params, tmp_path / "params.yaml")
    sizes = {"train": 16, "val": 6}
    monkeypatch.setattr(train_classifier, "packed", lambda _params, _layout, _dataset, split, size_px: things(sizes[split], size_px))
    monkeypatch.setattr(train, "packed", lambda _params, _layout, _dataset, split, size_px, _given: packed(sizes[split], size_px))
    manifest = tmp_path / "data" / "sample" / "composites" / "people" / "manifest.parquet"
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(b"rows")
    give_composites(tmp_path)
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
    train_classifier.main()
    folder = workspace / "features" / "sample" / "classifier"
    _, metadata = load_classifier(folder / "model.safetensors")
    assert metadata["classifier"] == {"categories": ["bar", "disc"], "width": load_params().classifier.width}
    assert (metadata["dataset"], metadata["commit"], len(metadata["data_hash"])) == ("people", "unknown", 16)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics.keys() == {"accuracy", "majority", "balanced", "things", "categories"}
    assert (metrics["majority"], metrics["things"]) == (0.5, 6)


def test_running_again_changes_no_byte(workspace):
    train_classifier.main()
    before = files(workspace / "features")
    train_classifier.main()
    assert files(workspace / "features") == before


def test_only_a_variant_that_compares_features_is_given_the_classifier(workspace):
    train_classifier.main()
    assign_backbones.main()
    features = workspace / "features" / "sample"
    assigned = files(features / "variants")
    assert assigned.pop(f"{FEATURES}/model.safetensors") == (features / "classifier" / "model.safetensors").read_bytes()
    assert json.loads(assigned.pop(f"{FEATURES}/backbone.json"))["name"] == "classifier"
    assert assigned == {"idih/backbone.json": b"null\n", "unet/backbone.json": b"null\n"}


def test_a_new_classifier_leaves_the_folders_of_the_other_variants_as_they_were(workspace):
    train_classifier.main()
    assign_backbones.main()
    before = files(workspace / "features" / "sample" / "variants")
    edit(workspace, lambda params: params["classifier"].update(seed=1))
    train_classifier.main()
    assign_backbones.main()
    after = files(workspace / "features" / "sample" / "variants")
    assert {name for name in before if before[name] != after[name]} == {f"{FEATURES}/model.safetensors"}


def test_a_profile_with_pretrained_features_trains_no_classifier_and_gives_the_choice_alone(workspace):
    edit(workspace, lambda params: params["profiles"]["sample"].update(backbone={"name": "vgg19", "file": "absent/mine.pth"}))
    train_classifier.main()
    assert files(workspace / "features" / "sample" / "classifier") == {"metrics.json": b"{}\n"}
    assign_backbones.main()
    assert set(files(workspace / "features" / "sample" / "variants" / FEATURES)) == {"backbone.json"}
    with pytest.raises(InputError, match=r"the features of VGG-19 need torchvision's .*: put mine\.pth into absent"):
        train.main(FEATURES, 0)


def test_a_training_looks_through_the_classifier_and_differs_with_it(workspace):
    runs = []
    for seed in (0, 1):
        edit(workspace, lambda params, seed=seed: params["classifier"].update(seed=seed))
        train_classifier.main()
        assign_backbones.main()
        train.main(FEATURES, 0)
        runs.append(files(workspace / "runs" / "sample" / FEATURES / "0"))
    assert b'"feature"' in runs[0]["history.csv"].splitlines()[0]
    assert runs[0]["history.csv"] != runs[1]["history.csv"]


def test_a_training_without_its_backbone_says_which_stage_writes_it(workspace):
    (workspace / "features" / "sample" / "variants" / FEATURES).mkdir(parents=True)
    with pytest.raises(InputError, match=r"backbone\.json: absent or names no network; run the stage assign_backbones"):
        train.main(FEATURES, 0)


@pytest.mark.usefixtures("workspace")
def test_things_of_one_category_are_one_line(monkeypatch):
    monkeypatch.setattr(train_classifier, "packed", lambda *_, size_px=32: things(4, size_px, kinds=("disc",)))
    with pytest.raises(InputError, match="expected two or more; name another"):
        train_classifier.main()
