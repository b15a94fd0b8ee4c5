"""The stage writes a run that stands on its own, and the same one after a kill."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.pictures.images import read_rgb
from pipeline.params.file import load_params
from stages import train
from tests.composites import packed
from tests.conftest import ROOT
from tests.workspace import give_composites, shrink

FILES = {"model.safetensors", "history.parquet", "history.csv", "samples/val.png", "dvclive/metrics.json"}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Tiny parameters, a manifest that only counts as bytes, and pictures that come ready packed."""
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shrink(tmp_path / "params.yaml")
    sizes = {"train": 6, "val": 3}
    monkeypatch.setattr(train, "packed", lambda _params, _layout, _dataset, split, size_px, _given: packed(sizes[split], size_px))
    return enter(tmp_path, monkeypatch)


def enter(folder, monkeypatch):
    manifest = folder / "data" / "sample" / "composites" / "people" / "manifest.parquet"
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(b"rows")
    give_composites(folder)
    monkeypatch.chdir(folder)
    return folder


def written(workspace, variant: str) -> dict[str, bytes]:
    run = workspace / "runs" / "sample" / variant / "0"
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("variant", ["unet", "idih"])
def test_the_run_holds_model_history_samples_and_live_metrics(workspace, variant):
    train.main(variant, 0)
    run = workspace / "runs" / "sample" / variant / "0"
    assert written(workspace, variant).keys() >= FILES
    history = pq.read_table(run / "history.parquet").to_pydict()
    assert history["epoch"] == list(range(1, 1 + round(2 * load_params().variants[variant].epochs_factor)))
    assert json.loads((run / "dvclive" / "metrics.json").read_text())["val_fmse"] == history["val_fmse"][-1]
    assert read_rgb(run / "samples" / "val.png").shape == (3 * 32, 4 * 32, 3)
    assert (run / "history.csv").read_text().splitlines()[0] == ",".join(f'"{name}"' for name in history)


def test_the_model_tells_where_it_came_from_and_is_the_best_epochs(workspace):
    train.main("idih", 0)
    run = workspace / "runs" / "sample" / "idih" / "0"
    harmonizer, metadata = load_harmonizer(run / "model.safetensors")
    history = pq.read_table(run / "history.parquet").to_pydict()
    assert metadata["variant"] == "idih"
    assert (metadata["seed"], metadata["size_px"], metadata["commit"]) == ("0", "32", "unknown")
    assert len(metadata["data_hash"]) == 16
    assert json.loads(metadata["best_epoch"])["epoch"] == history["epoch"][int(np.argmin(history["val_fmse"]))]
    assert metadata["architecture"]["width"] == 4
    assert not harmonizer.training


def test_a_killed_run_ends_in_the_same_files(workspace, tmp_path_factory, monkeypatch):
    train.main("unet", 0)
    expected = written(workspace, "unet")
    other = tmp_path_factory.mktemp("killed")
    shutil.copy(workspace / "params.yaml", other / "params.yaml")
    enter(other, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr("imharmony.training.loop.shuffled", interrupted_in_epoch_two)
        with pytest.raises(KeyboardInterrupt):
            train.main("unet", 0)
    assert written(other, "unet") == {}
    train.main("unet", 0)
    assert written(other, "unet") == expected
    train.main("unet", 0)  # finished: nothing is trained again
    assert written(other, "unet") == expected


def interrupted_in_epoch_two(count: int, *, batch_size: int, seed: int, epoch: int):
    from imharmony.training.batches import shuffled

    if epoch == 2:
        raise KeyboardInterrupt
    return shuffled(count, batch_size=batch_size, seed=seed, epoch=epoch)


def test_an_unknown_variant_and_missing_data_are_refused(workspace):
    with pytest.raises(InputError, match=r"variant is 'vnet'; expected one of \['idih', 'unet'\]"):
        train.main("vnet", 0)
    shutil.rmtree(workspace / "data")
    with pytest.raises(InputError, match=r"manifest\.parquet: no such table; run the stage that writes it"):
        train.main("unet", 0)
