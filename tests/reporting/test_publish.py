"""Published tables: the headline as text, the whole summary, and what is needed to judge them."""

import csv
import json
from pathlib import Path

import pytest

from imharmony.blind.summary import BLIND_MEANS, BLIND_PAIRS
from imharmony.clips.summary import CLIP_MEANS, CLIP_PAIRS
from imharmony.errors import InputError
from imharmony.evaluation.control_summary import CONTROL_SUMMARY
from imharmony.evaluation.summary import SUMMARY
from imharmony.matting.summary import HARMONIZED_MEANS, HARMONIZED_PAIRS, MATTE_BANDS, MATTE_MEANS, MATTE_PAIRS
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from reporting.publish import publish

OF_MATTING = {
    "matting": MATTE_MEANS,
    "matting_pairs": MATTE_PAIRS,
    "matting_bands": MATTE_BANDS,
    "matting_harmonized": HARMONIZED_MEANS,
    "matting_harmonized_pairs": HARMONIZED_PAIRS,
}


@pytest.fixture
def workspace(tmp_path, monkeypatch, root):
    (tmp_path / "params.yaml").write_text((root / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    shared = {"method": "idih", "dataset": "people", "metric": "fmse", "mean": 1.5, "quantisation": "uint8"}
    protocols = [("raw", "uint8"), ("raw", "float"), ("composite", "uint8"), ("real", "uint8")]
    rows = [
        shared | {"background": background, "quantisation": quantisation, "bucket": bucket}
        for background, quantisation in protocols
        for bucket in ("all", "0-5 %")
    ]
    write_rows(tmp_path / "reports" / "tables" / "summary.parquet", rows, SUMMARY)
    control = {"method": "idih", "dataset": "people", "measure": "untouched_visible", "mean": 0.5}
    write_rows(tmp_path / "reports" / "tables" / "controls.parquet", [control], CONTROL_SUMMARY)
    for name, schema in (("blind", BLIND_MEANS), ("blind_pairs", BLIND_PAIRS)):
        row = {"variant": "two_step", "dataset": "people", "system": "blind", "is_real": False}
        write_rows(tmp_path / "reports" / "tables" / f"{name}.parquet", [row | {"mse": 2.5} if name == "blind" else row], schema)
    for name, schema in OF_MATTING.items():
        row = {"dataset": "hmh", "method": "together", "system": "together", "metric": "sad", "mean": 1.5, "n_portraits": 12}
        write_rows(tmp_path / "reports" / "tables" / f"{name}.parquet", [{key: row.get(key) for key in schema.names}], schema)
    for name, schema in (("clips", CLIP_MEANS), ("clip_pairs", CLIP_PAIRS)):
        row = {"dataset": "people", "kind": "all", "method": "unet_video", "smoothing": "none", "measure": "tl", "mean": 2.5, "n_clips": 12}
        row |= {"reference": "unet_frames", "reference_smoothing": "none"}
        write_rows(tmp_path / "reports" / "tables" / f"{name}.parquet", [{key: row.get(key) for key in schema.names}], schema)
    return tmp_path


def give_manifests(folder) -> list[str]:
    """Manifests whose hash is known; the data sets that have one."""
    datasets = load_params().datasets
    for dataset in datasets:
        manifest = folder / "data" / "sample" / "composites" / dataset / "manifest.parquet"
        manifest.parent.mkdir(parents=True)
        manifest.write_bytes(b"x")
    return datasets


def published_with(workspace, monkeypatch, **changes) -> Path:
    """The folder of what is published with other parameters."""
    give_manifests(workspace)
    params = load_params().model_copy(update=changes)
    monkeypatch.setattr("reporting.publish.load_params", lambda: params)
    publish("trial")
    return workspace / "reports" / "published"


def test_the_headline_is_readable_without_tools_and_the_facts_stand_beside_it(workspace):
    datasets = give_manifests(workspace)
    publish("trial")
    rows = list(csv.DictReader((workspace / "reports" / "published" / "trial.csv").read_text().splitlines()))
    found = [tuple(row[key] for key in ("method", "background", "quantisation", "bucket", "mean")) for row in rows]
    assert found == [("idih", "composite", "uint8", "all", "1.5"), ("idih", "raw", "uint8", "all", "1.5")]
    (control,) = csv.DictReader((workspace / "reports" / "published" / "trial.controls.csv").read_text().splitlines())
    assert (control["method"], control["measure"], control["mean"], control["low"]) == ("idih", "untouched_visible", "0.5", "")
    facts = json.loads((workspace / "reports" / "published" / "trial.json").read_text())
    assert facts["data_hash"] == dict.fromkeys(datasets, "2d711642b726b044")
    assert facts["profile"] == "sample"
    assert facts["hardware"]["cores"] >= 1
    assert "hostname" not in json.dumps(facts)


@pytest.mark.parametrize("names", [[], ["two_step"]])
def test_scores_without_a_mask_are_published_where_something_is_harmonized_so(workspace, monkeypatch, names):
    path = published_with(workspace, monkeypatch, blind=dict.fromkeys(names)) / "trial.blind.csv"
    assert path.exists() == bool(names)
    if names:
        first, *_ = csv.DictReader(path.read_text().splitlines())
        assert (first["variant"], first["system"], first["metric"], first["value"]) == ("two_step", "blind", "mse", "2.5")


@pytest.mark.parametrize("names", [[], ["hmh"]])
def test_mattes_are_published_where_portraits_are_cut_out(workspace, monkeypatch, names):
    path = published_with(workspace, monkeypatch, trimaps=names) / "trial.matting.csv"
    assert path.exists() == bool(names)
    if names:
        first, *_ = csv.DictReader(path.read_text().splitlines())
        assert (first["method"], first["metric"], first["value"], first["n_portraits"]) == ("together", "sad", "1.5", "12")


@pytest.mark.parametrize("names", [[], ["people"]])
def test_clips_are_published_where_there_are_some(workspace, monkeypatch, names):
    path = published_with(workspace, monkeypatch, clips=names) / "trial.clips.csv"
    assert path.exists() == bool(names)
    if names:
        mean, difference = csv.DictReader(path.read_text().splitlines())
        assert (mean["method"], mean["measure"], mean["mean"], mean["reference"]) == ("unet_video", "tl", "2.5", "")
        assert difference["reference"] == "unet_frames"


@pytest.mark.parametrize("name", ["trial.v2", "../../trial", "/tmp/trial", "", "a b", "a\n", "-trial", "x" * 65, "a/b", ".."])
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(workspace, name):
    with pytest.raises(InputError, match="expected 1 to 64 letters, digits, _ and -") as error:
        publish(name)
    assert "\n" not in str(error.value)
    assert not (workspace / "reports" / "published").exists()


@pytest.mark.usefixtures("workspace")
def test_data_that_is_not_there_is_one_line():
    with pytest.raises(InputError, match=r"manifest\.parquet"):
        publish("trial")
