"""The stage writes a run that stands on its own, and the same one after a kill."""

import json
import shutil
from hashlib import sha256

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from ruamel.yaml import YAML

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.pictures.images import read_rgb
from pipeline.params.file import load_params
from pipeline.steps import packing
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import Places
from stages import train
from tests.composites import packed
from tests.conftest import ROOT
from tests.workspace import give_fingerprints, shrink

FILES = {"model.safetensors", "history.parquet", "history.csv", "samples/val.png", "dvclive/metrics.json"}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Tiny parameters, a manifest that only counts as bytes, and pictures that come ready packed."""
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shrink(tmp_path / "params.yaml")
    sizes = {"train": 6, "val": 3}
    monkeypatch.setattr(packing, "packed", lambda _params, _layout, _dataset, split, size_px, _given: packed(sizes[split], size_px))
    return enter(tmp_path, monkeypatch)


def enter(folder, monkeypatch):
    give_manifest(folder, "people", b"rows")
    give_fingerprints(folder)
    monkeypatch.chdir(folder)
    return folder


def give_manifest(folder, dataset: str, content: bytes) -> None:
    manifest = folder / "data" / "sample" / "composites" / dataset / "manifest.parquet"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_bytes(content)


def learn_from(workspace, dataset, **others) -> None:
    """Of the variant ``unet``; the profile has the data set ``objects`` too."""
    yaml = YAML()
    params = yaml.load(workspace / "params.yaml")
    params["datasets"] = params["preprocessed"] = ["people", "objects"]
    params["catalogue"]["unet"]["dataset"] = dataset
    params["profiles"]["sample"] |= others
    yaml.dump(params, workspace / "params.yaml")
    give_manifest(workspace, "objects", b"other rows")
    give_fingerprints(workspace)


def written(workspace, variant: str, seed: int = 0) -> dict[str, bytes]:
    run = workspace / "runs" / "sample" / variant / str(seed)
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_checkpoint_names_its_data_set_and_the_one_that_it_stands_in_for(workspace):
    found = {}
    for variant in ("unet", "idih"):
        train.main(variant)
        _, facts = load_harmonizer(workspace / "runs" / "sample" / variant / "0" / "model.safetensors")
        found[variant] = facts["dataset"], facts["stands_in_for"]
    assert found == {"unet": ("people", None), "idih": ("people", "hcoco")}


@pytest.mark.parametrize(
    ("dataset", "stand_ins", "names", "told", "weights"),
    [
        (["people", "objects"], {}, "objects+people", None, None),
        ({"people": 2, "objects": 1}, {}, "objects+people", None, {"objects": 1.0, "people": 2.0}),
        (["people", "hcoco"], {"hcoco": "objects"}, "objects+people", "hcoco+people", None),
        ({"hflickr": 1, "hcoco": 2}, {"hcoco": "people", "hflickr": "people"}, "people", "hcoco+hflickr", None),
    ],
    ids=str,
)
def test_a_checkpoint_names_all_its_data_sets(workspace, dataset, stand_ins, names, told, weights):
    learn_from(workspace, dataset, stand_ins={"hcoco": "people", "hflickr": "people"} | stand_ins)
    train.main("unet")
    run = workspace / "runs" / "sample" / "unet" / "0"
    _, facts = load_harmonizer(run / "model.safetensors")
    assert (facts["dataset"], facts["stands_in_for"], facts.get("weights")) == (names, told, weights)
    hashes = {name: sha256(content).hexdigest()[:16] for name, content in {"people": b"rows", "objects": b"other rows"}.items()}
    assert facts["data_hash"] == "+".join(hashes[name] for name in names.split("+"))
    columns = pq.read_table(run / "history.parquet").column_names
    assert [column for column in columns if column.startswith("val_fmse_")] == [
        f"val_fmse_{name}" for name in names.split("+") if "+" in names
    ]


def test_a_list_of_one_and_another_order_give_the_bits_of_the_name_and_of_the_first_order(workspace):
    found = []
    for dataset in ("people", ["people"], {"people": 3}, ["people", "objects"], ["objects", "people"]):
        learn_from(workspace, dataset)
        shutil.rmtree(workspace / "runs", ignore_errors=True)
        train.main("unet")
        found.append(written(workspace, "unet"))
    assert found[0] == found[1] == found[2]
    assert found[3] == found[4] != found[0]


@pytest.mark.parametrize("changed", ["people", "objects"])
def test_other_pictures_of_one_of_several_data_sets_train_anew(workspace, monkeypatch, changed):
    learn_from(workspace, ["people", "objects"])
    train.main("unet")
    give_manifest(workspace, changed, b"new rows")
    trained = []
    monkeypatch.setattr(train, "fit", lambda fit=train.fit, **parts: trained.append(parts["recipe"].seed) or fit(**parts))
    train.main("unet")
    assert trained == [0]


@pytest.mark.parametrize("variant", ["unet", "idih"])
def test_the_run_holds_model_history_samples_and_live_metrics(workspace, variant):
    train.main(variant)
    run = workspace / "runs" / "sample" / variant / "0"
    assert written(workspace, variant).keys() >= FILES
    history = pq.read_table(run / "history.parquet").to_pydict()
    assert history["epoch"] == list(range(1 + round(2 * load_params().variant(variant).epochs_factor)))  # from the untrained network on
    assert json.loads((run / "dvclive" / "metrics.json").read_text())["val_fmse"] == history["val_fmse"][-1]
    assert read_rgb(run / "samples" / "val.png").shape == (3 * 32, 4 * 32, 3)
    assert (run / "history.csv").read_text().splitlines()[0] == ",".join(f'"{name}"' for name in history)


def test_the_model_tells_where_it_came_from_and_is_the_best_epochs(workspace):
    train.main("idih")
    run = workspace / "runs" / "sample" / "idih" / "0"
    harmonizer, metadata = load_harmonizer(run / "model.safetensors")
    history = pq.read_table(run / "history.parquet").to_pydict()
    assert metadata["variant"] == "idih"
    assert (metadata["seed"], metadata["size_px"]) == ("0", "32")
    fingerprint = read_fingerprint(Places("sample").fingerprint("train", "idih"))
    assert (metadata["code"], metadata["packages"]) == (fingerprint.code, fingerprint.packages)
    assert metadata["packages"]["torch"] == torch.__version__.partition("+")[0]
    assert len(metadata["data_hash"]) == 16
    assert json.loads(metadata["best_epoch"])["epoch"] == history["epoch"][int(np.argmin(history["val_fmse"]))]
    assert metadata["architecture"]["width"] == 4
    assert not harmonizer.training


def test_a_killed_run_ends_in_the_same_files(workspace, tmp_path_factory, monkeypatch):
    train.main("unet")
    expected = written(workspace, "unet")
    other = tmp_path_factory.mktemp("killed")
    shutil.copy(workspace / "params.yaml", other / "params.yaml")
    enter(other, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr("imharmony.training.ways.shuffled", interrupted_in_epoch_two)
        with pytest.raises(KeyboardInterrupt):
            train.main("unet")
    assert written(other, "unet") == {}
    train.main("unet")
    assert written(other, "unet") == expected
    train.main("unet")  # finished: nothing is trained again
    assert written(other, "unet") == expected


def with_seeds(workspace, *seeds: int) -> None:
    yaml = YAML()
    params = yaml.load(workspace / "params.yaml")
    params["seeds"] = list(seeds)
    yaml.dump(params, workspace / "params.yaml")
    give_fingerprints(workspace)


def test_one_more_seed_trains_what_is_missing_and_one_less_removes_its_run(workspace, monkeypatch):
    train.main("idih")
    first = written(workspace, "idih")
    with_seeds(workspace, 0, 1)
    trained = []
    monkeypatch.setattr(train, "fit", lambda fit=train.fit, **parts: trained.append(parts["recipe"].seed) or fit(**parts))
    train.main("idih")
    assert trained == [1]
    assert written(workspace, "idih") == first
    assert written(workspace, "idih", 1).keys() == first.keys()
    with_seeds(workspace, 1)
    train.main("idih")
    assert trained == [1]
    assert [path.name for path in (workspace / "runs" / "sample" / "idih").iterdir()] == ["1"]


@pytest.mark.parametrize("changed", ["code", "packages", "values", "data", "backbone"])
def test_a_finished_run_of_other_inputs_is_trained_anew(changed, workspace, monkeypatch):
    train.main("idih")
    place = Places("sample").fingerprint("train", "idih")
    found = json.loads(place.read_text())
    if changed == "data":
        (workspace / "data" / "sample" / "composites" / "people" / "manifest.parquet").write_bytes(b"other rows")
    elif changed == "backbone":
        (Places("sample").backbone("none") / "other").write_text("")
    else:
        other = {"code": "0" * 16, "packages": {"torch": "1.0"}, "values": found["values"] | {"size_px": 1}}
        place.write_text(json.dumps(found | {changed: other[changed]}))
    trained = []
    monkeypatch.setattr(train, "fit", lambda fit=train.fit, **parts: trained.append(parts["recipe"].seed) or fit(**parts))
    train.main("idih")
    assert trained == [0]


def interrupted_in_epoch_two(count: int, *, batch_size: int, seed: int, epoch: int):
    from imharmony.training.batches import shuffled

    if epoch == 2:
        raise KeyboardInterrupt
    return shuffled(count, batch_size=batch_size, seed=seed, epoch=epoch)


def test_an_unknown_variant_and_missing_data_are_refused(workspace):
    with pytest.raises(InputError, match=r"variant is 'vnet'; expected one of \['unet', 'idih'\]"):
        train.main("vnet")
    shutil.rmtree(workspace / "data")
    with pytest.raises(InputError, match=r"manifest\.parquet: no such table; run the stage that writes it"):
        train.main("unet")
