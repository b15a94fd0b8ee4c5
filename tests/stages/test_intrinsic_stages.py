"""From composites to semi-harmonized ones, and from there to the variants that see them, and to no others."""

import json
import shutil

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.evaluation.conventions import rows_of
from imharmony.intrinsic import preprocessing
from imharmony.intrinsic.checkpoint import load_networks
from imharmony.intrinsic.judging import DECOMPOSITIONS
from imharmony.sources.studio import write_studio
from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.packing import packed, packed_test, packed_together
from pipeline.steps.paths import Places
from pipeline.steps.preprocessed import PREPROCESSING
from stages import (
    evaluate,
    evaluate_baselines,
    evaluate_intrinsic,
    preprocess_intrinsic,
    train,
    train_edits,
    train_shading,
)
from tests.conftest import ROOT
from tests.workspace import run_data_stages, shrink

LAYOUT = Places("sample")
SEEING = "fcn_content"
SHADING, EDITS = LAYOUT.preprocessing("shading"), LAYOUT.preprocessing("edits")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Tiny parameters with a variant that sees semi-harmonized pictures, composites, and those preprocessed."""
    folder = tmp_path_factory.mktemp("intrinsic")
    yaml = YAML()
    variant = yaml.load(ROOT / "params.yaml")["catalogue"][SEEING]
    shutil.copy(ROOT / "params.yaml", folder)
    shrink(folder / "params.yaml")
    edit(folder, lambda params: params["variants"].append(SEEING))
    edit(folder, lambda params: params["catalogue"].update({SEEING: variant}))
    edit(folder, lambda params: params["machine"].update(workers=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_data_stages("photographs", "people")
        train_shading.main("people")
        train_edits.main("people")
        preprocessing._loaded.cache_clear()  # another workspace of this process may have had networks of the same relative path
        preprocess_intrinsic.main("people")
    return folder


@pytest.fixture
def workspace(made, tmp_path, monkeypatch):
    preprocessing._loaded.cache_clear()
    folder = tmp_path / "copy"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


def edit(folder, change) -> None:
    yaml = YAML()
    params = yaml.load(folder / "params.yaml")
    change(params)
    yaml.dump(params, folder / "params.yaml")


class DrawnError(Exception):
    """Raised once the stage has drawn its world."""


@pytest.mark.usefixtures("workspace")
def test_shading_is_learnt_from_no_scene_of_the_photographs(monkeypatch):
    """With equal seeds; before worlds had purposes the same scenes were drawn twice, test photographs with their true layers among them."""
    params = load_params()
    assert params.intrinsic.seed == params.active.sources["photographs"].seed
    lights = []

    def draw(folder, **options):
        write_studio(folder, **options)
        lights.extend(read_table(folder / "layers.parquet")["light_direction"].to_pylist())
        raise DrawnError

    monkeypatch.setattr(train_shading, "write_studio", draw)
    with pytest.raises(DrawnError):
        train_shading.main("people")
    photographs = read_table(LAYOUT.source("photographs") / "mirror" / "layers.parquet")["light_direction"].to_pylist()
    assert len(lights) == 12
    assert not {tuple(light) for light in lights} & {tuple(light) for light in photographs}


def networks_that_made_them() -> str | None:
    return json.loads((LAYOUT.intrinsic("people") / PREPROCESSING).read_text())["networks_sha256"]


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_network_comes_with_what_it_and_the_other_ways_are_worth(workspace):
    folder = workspace / SHADING
    networks, metadata = load_networks(folder / "model.safetensors")
    assert (networks.shading_px, metadata["steps"]) == (64, 2)
    assert metadata["code"] == read_fingerprint(LAYOUT.fingerprint("train_shading", "people")).code
    judged = read_table(folder / "decompositions.parquet")
    assert judged.schema.equals(DECOMPOSITIONS)
    ways = ["constant", "luminance", "retinex", "learned", "true grey", "from above"]
    assert judged["way"].to_pylist() == 2 * ways  # each sixth of 12 scenes
    metrics = json.loads((folder / "metrics.json").read_text())
    own = [row["albedo_lmse"] for row in judged.to_pylist() if row["way"] == "learned"]
    assert metrics["albedo_lmse"] == pytest.approx(np.mean(own))


def test_the_network_of_edits_comes_in_one_file_with_the_one_that_it_looks_through(workspace):
    folder = workspace / EDITS
    before, _ = load_networks(workspace / SHADING / "model.safetensors")
    networks, metadata = load_networks(folder / "model.safetensors")
    picture = torch.rand(1, 3, 32, 32)
    assert torch.equal(networks.shading(picture), before.shading(picture))
    assert networks.edits_px == 64
    assert metadata["edits"].keys() == {"examples", "size_px", "steps", "batch_size", "learning_rate", "data_hash"}
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["examples"] == 2  # a fifth of those that are learned from
    assert all(np.isfinite(metrics[name]) for name in ("untouched", "fitted", "learned"))


def test_edits_are_learned_of_layers_that_no_network_found_too(workspace):
    edit(workspace, lambda params: params["profiles"]["sample"]["intrinsic"].update(backend="luminance"))
    train_shading.main("people")
    train_edits.main("people")
    networks, _ = load_networks(workspace / EDITS / "model.safetensors")
    assert networks.shading is None
    preprocess_intrinsic.main("people")
    assert networks_that_made_them() is not None


def test_shading_is_learned_from_the_photographs_too_where_they_weigh(workspace):
    before = files(workspace / SHADING)
    edit(workspace, lambda params: params["profiles"]["sample"]["intrinsic"]["shading_network"].update(consistency=1.0))
    train_shading.main("people")
    after = files(workspace / SHADING)
    assert {name for name in before if before[name] != after[name]} == set(before)
    assert "data_hash" in load_networks(workspace / SHADING / "model.safetensors")[1]


@pytest.mark.usefixtures("workspace")
def test_stages_that_run_again_change_no_byte():
    folders = [SHADING, EDITS, LAYOUT.intrinsic("people")]
    before = [files(folder) for folder in folders]
    train_shading.main("people")
    train_edits.main("people")
    preprocess_intrinsic.main("people")
    assert [files(folder) for folder in folders] == before


def test_another_back_end_trains_no_network_and_gives_other_pictures(workspace):
    before = files(workspace / LAYOUT.intrinsic("people"))
    edit(workspace, lambda params: params["profiles"]["sample"]["intrinsic"].update(backend="luminance", edits="fitted"))
    train_shading.main("people")
    train_edits.main("people")
    for folder in (SHADING, EDITS):
        assert files(workspace / folder) == {"metrics.json": b"{}\n"}
    preprocess_intrinsic.main("people")
    assert files(workspace / LAYOUT.intrinsic("people"))["manifest.parquet"] != before["manifest.parquet"]
    assert networks_that_made_them() is None


def test_without_the_network_or_the_released_models_one_line_says_what_is_missing(workspace, monkeypatch):
    (workspace / SHADING / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"shading/model\.safetensors: no such file; run the stage that trains it"):
        train_edits.main("people")
    (workspace / EDITS / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"edits/model\.safetensors: no such file; run the stage train_edits"):
        preprocess_intrinsic.main("people")
    monkeypatch.delenv("INTRINSIC_COMPPHOTO_PYTHON", raising=False)
    edit(workspace, lambda params: params["profiles"]["sample"]["intrinsic"].update(backend="compphoto"))
    with pytest.raises(InputError, match="INTRINSIC_COMPPHOTO_PYTHON and INTRINSIC_COMPPHOTO_WEIGHTS not set; expected"):
        preprocess_intrinsic.main("people")


@pytest.mark.usefixtures("workspace")
def test_pictures_without_word_of_how_they_were_made_are_refused():
    (LAYOUT.intrinsic("people") / PREPROCESSING).unlink()
    with pytest.raises(InputError, match=r"preprocessing\.json: absent or not what preprocess_intrinsic writes; run that stage"):
        train.main(SEEING)


@pytest.mark.usefixtures("workspace")
def test_a_variant_learns_from_and_is_scored_on_the_pictures_that_it_is_given(monkeypatch):
    seen = []
    params = load_params()
    monkeypatch.setattr(train, "packed_together", lambda *arguments: seen.append(packed_together(*arguments)) or seen[-1])
    train.main(SEEING)
    for split, found in zip(("train", "val"), seen, strict=True):
        expected = packed(params, LAYOUT, "people", split, 32, "intrinsic")
        assert (found.composite == expected.composite).all()
        assert (found.composite != packed(params, LAYOUT, "people", split, 32).composite).any()
    _, metadata = load_harmonizer(LAYOUT.run(SEEING, 0) / "model.safetensors")
    assert metadata["input"] == "intrinsic"
    assert metadata["preprocessing"].keys() == {"backend", "edits", "strength", "feather_px", "seed", "networks_sha256"}
    evaluate.main(SEEING)
    rows = rows_of(read_table(LAYOUT.scores(SEEING, 0))).to_pylist()
    assert all(row["idempotence"] is None for row in rows)
    assert {(row["trained_on"], row["stands_in_for"]) for row in rows} == {("people", "hflickr")}


@pytest.mark.usefixtures("workspace")
def test_the_semi_harmonized_pictures_themselves_are_scored():
    evaluate_intrinsic.main("people")
    evaluate_baselines.main("identity")
    semi, untouched = (read_table(LAYOUT.scores(method, 0)) for method in ("intrinsic", "identity"))
    assert set(semi["method"].to_pylist()) == {"intrinsic"}
    assert semi["data_hash"].equals(untouched["data_hash"])
    assert semi["sample_id"].equals(untouched["sample_id"])
    split = packed_test(load_params(), LAYOUT, "people")
    error = np.square(split.semi_harmonized.astype(float) - split.real).mean((1, 2, 3))
    own = semi.to_pandas().query("background == 'raw' and quantisation == 'float'")["mse"]
    np.testing.assert_allclose(own, error, rtol=1e-6)
