"""Portraits stage by stage: their mattes reach the composites, and what is to be harmonized is the background."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from ruamel.yaml import YAML

from imharmony.composing.composites import read_composite
from imharmony.composing.manifest import MANIFEST
from imharmony.composing.packed_split import pack_split, square_mask
from imharmony.composing.rules import ReferenceRules
from imharmony.sources.studio_portraits import write_studio_portraits
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from imharmony.transfer.hmh_code import RETINEX, hmh_moments, hmh_msrcr_code, hmh_reinhard_code
from pipeline.params.file import load_params
from tests.workspace import run_data_stages

PORTRAITS = 24


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "portraits"
    write_studio_portraits(folder, portraits=PORTRAITS, width_px=60, height_px=80, seed=0, workers=1)
    return folder


@pytest.fixture(params=["hmh"])
def dataset(request) -> str:
    return request.param


@pytest.fixture
def workspace(tmp_path, monkeypatch, root, archive, dataset):
    params = YAML(typ="safe").load(root / "params.yaml")
    params |= {"sources": ["portraits"], "datasets": [dataset], "machine": params["machine"] | {"workers": 1}}
    params |= {"preprocessed": [], "decomposers": [], "classifiers": [], "judges": {}, "detectors": {}, "blind": {}}
    params |= {"trimaps": [], "matting": {}, "joint": {}, "clips": [], "videos": {}}
    params["variants"] = ["idih"]
    params["catalogue"]["idih"]["dataset"] = dataset
    source = {"kind": "matting_human", "archive": str(archive), "at_least": PORTRAITS, "attempts": 1, "timeout_seconds": 1}
    sample = params["profiles"]["sample"]
    sample["sources"]["portraits"] = source
    of_hmh = {"selection": {"min_side_px": 12}, "synthesis": {"limits": None}} if dataset == "hmh" else {}
    sample["datasets"][dataset] = of_hmh | {"split": {"by": "hash", "val": 0.3, "test": 0.3}}
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_backgrounds_are_changed_and_people_are_not(workspace):
    run_data_stages("portraits", "hmh")
    out = workspace / "data" / "sample" / "composites" / "hmh"
    manifest = read_table(out / "manifest.parquet")
    assert manifest.schema == MANIFEST
    rows = manifest.to_pylist()
    assert len(rows) + read_table(out / "dropped.parquet").num_rows == PORTRAITS
    assert {row["direction"] for row in rows} == {"background"}
    assert {row["category"] for row in rows} == {"person"}
    for row in rows:
        real, composite, matte = read_composite(ShardReader(out), row["shard"], row["row"])
        assert_array_equal(composite[matte == 255], real[matte == 255])
        assert (composite[matte == 0] != real[matte == 0]).any()
        assert len(np.unique(matte)) > 2


def test_networks_see_the_background_as_what_is_to_be_harmonized(workspace):
    run_data_stages("portraits", "hmh")
    out = workspace / "data" / "sample" / "composites" / "hmh"
    packed = pack_split(out, workspace / "packed", split="train", size_px=32)
    row = packed.rows.to_pylist()[0]
    _, _, matte = read_composite(ShardReader(out), row["shard"], row["row"])
    assert_array_equal(packed.mask[0], square_mask(255 - matte, 32))


@pytest.mark.parametrize("dataset", ["hmh_code"], indirect=True)
def test_hmh_is_made_as_its_code_makes_it(workspace, dataset):
    """I A + T(I) (1 - A) with T of all of I and all of another photograph, whatever comes out."""
    run_data_stages("portraits", dataset)
    out = workspace / "data" / "sample" / "composites" / dataset
    rows, reader = read_table(out / "manifest.parquet").to_pylist(), ShardReader(out)
    assert len(rows) == PORTRAITS  # nothing is dropped
    pictures = {row["image_id"]: read_composite(reader, row["shard"], row["row"]) for row in rows}
    for row in rows:
        real, composite, matte = pictures[row["image_id"]]
        said = json.loads(row["transfer_params"])
        assert said["attempt"] == 0
        if row["transfer"] == "brightness":
            changed = np.clip(real.astype(int) + said["levels"], 0, 255)
        elif row["transfer"] == "hmh_msrcr_code":
            changed = hmh_msrcr_code(real, RETINEX)
        else:
            other = pictures[row["reference_image_id"]][0]
            assert row["reference_image_id"] != row["image_id"]
            assert said["measured"] == "picture"
            own, reference = (hmh_moments(each.reshape(-1, 3)) for each in (real, other))
            changed = hmh_reinhard_code(real.reshape(-1, 3), own, reference).reshape(real.shape)
        alpha = matte[..., None] / 255
        assert_array_equal(composite, np.rint(changed + alpha * (real - changed.astype(float))))
    assert {row["transfer"] for row in rows} == {"brightness", "hmh_msrcr_code", "hmh_reinhard_code"}


def test_hmh_as_its_code_makes_it_has_no_limits(root):
    full = load_params(root / "params.yaml").profiles["full"]
    assert full.sources["portraits"].kind == "matting_human"
    chosen = full.datasets["hmh_code"]
    assert chosen.synthesis.limits is None
    assert chosen.synthesis.references == ReferenceRules(implausible=True, whole_picture=True)
    assert chosen.synthesis.plate.unpainted
    rules = chosen.selection
    assert (rules.foreground_ratio, rules.min_side_px, rules.max_border_fraction, rules.max_occlusion) == ((0.0, 1.0), 1, 1.0, 1.0)
    assert (rules.licences, rules.photographs, rules.foregrounds) == (None, None, {})
