"""Portraits stage by stage: their mattes reach the composites, and what is to be harmonized is the background."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from ruamel.yaml import YAML

from imharmony.composing.composites import read_composite
from imharmony.composing.manifest import MANIFEST
from imharmony.composing.packed_split import pack_split, square_mask
from imharmony.composing.rules import PlateRules
from imharmony.sources.studio_portraits import write_studio_portraits
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from tests.workspace import run_data_stages

PORTRAITS = 24


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / "portraits"
    write_studio_portraits(folder, portraits=PORTRAITS, width_px=60, height_px=80, seed=0, workers=1)
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch, root, archive):
    params = YAML(typ="safe").load(root / "params.yaml")
    params |= {"sources": ["portraits"], "datasets": ["hmh"], "machine": params["machine"] | {"workers": 1}}
    params |= {"preprocessed": [], "decomposers": [], "classifiers": [], "judges": {}}
    params["variants"] = {"idih": params["variants"]["idih"] | {"dataset": "hmh"}}
    source = {"kind": "matting_human", "archive": str(archive), "at_least": PORTRAITS, "attempts": 1, "timeout_seconds": 1}
    sample = params["profiles"]["sample"]
    sample["sources"]["portraits"] = source
    sample["datasets"]["hmh"]["split"] = {"by": "hash", "val": 0.3, "test": 0.3}
    sample["datasets"]["hmh"]["synthesis"] = {"limits": None}
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


def test_the_projects_own_full_profile_describes_the_papers_set(root):
    full = load_params(root / "params.yaml").profiles["full"]
    assert full.sources["portraits"].kind == "matting_human"
    assert full.datasets["hmh_paper"].synthesis.plate == PlateRules(radius_px=15.0, scale=1.0, halo_px=0, foreground="photograph")
