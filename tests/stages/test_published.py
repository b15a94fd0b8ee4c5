"""A published set stage by stage: its own composites, in splits that keep the official lists."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from ruamel.yaml import YAML

from imharmony.composing.composites import read_composite
from imharmony.composing.manifest import MANIFEST
from imharmony.composing.packed_split import pack_split
from imharmony.pictures.images import read_rgb
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from tests.datasets import scene, write_subset
from tests.workspace import run_data_stages

SELECTION = {"categories": None, "photographs": None, "foreground_ratio": [0.0, 1.0], "min_side_px": 1, "max_border_fraction": 1.0}
TRAIN, TEST = [f"c{number}" for number in range(1, 13)], ["c20", "c21"]


@pytest.fixture
def workspace(tmp_path, monkeypatch, root):
    pictures = {split: {name: scene(int(name[1:])) for name in names} for split, names in (("train", TRAIN), ("test", TEST))}
    write_subset(tmp_path / "published", "HCOCO", pictures)
    params = YAML(typ="safe").load(root / "params.yaml")
    params |= {
        "sources": ["hcoco"],
        "datasets": ["hcoco"],
        "preprocessed": [],
        "decomposers": [],
        "classifiers": [],
        "judges": {},
        "detectors": {},
        "blind": {},
        "trimaps": [],
        "matting": {},
        "joint": {},
        "clips": [],
        "videos": {},
    }
    params["variants"] = ["idih"]
    params["profiles"]["sample"]["stand_ins"] = {}
    params["profiles"]["sample"]["sources"]["hcoco"] = {"kind": "iharmony4", "folder": "published", "subset": "HCOCO"}
    section = {"source": "hcoco", "selection": SELECTION | {"max_parts": 9}, "split": {"by": "official", "val": 0.3, "test": 0.0}}
    params["profiles"]["sample"]["datasets"]["hcoco"] = section
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_published_composites_are_the_data_set(workspace):
    run_data_stages("hcoco", "hcoco")
    out = workspace / "data" / "sample" / "composites" / "hcoco"
    manifest = read_table(out / "manifest.parquet")
    assert manifest.schema == MANIFEST
    rows = manifest.to_pylist()
    assert {row["image_id"] for row in rows if row["split"] == "test"} == {20, 21}
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    assert {row["dataset"] for row in rows} == {"hcoco"}
    assert len(rows) == len(TRAIN) + len(TEST)
    for row in rows:
        real, composite, mask = read_composite(ShardReader(out), row["shard"], row["row"])
        folder = workspace / "published" / "HCOCO"
        assert_array_equal(real, read_rgb(folder / "real_images" / f"c{row['image_id']}.jpg"))
        assert_array_equal(composite, read_rgb(folder / "composite_images" / f"c{row['sample_id']}.jpg"))
        assert np.count_nonzero(mask) == 30 * 40
    packed = pack_split(out, workspace / "packed", split="train", size_px=32)
    assert len(packed.composite) == sum(row["split"] == "train" for row in rows)


def test_the_selection_drops_published_foregrounds_with_their_composites(workspace):
    params = json.loads((workspace / "params.yaml").read_text())
    params["profiles"]["sample"]["datasets"]["hcoco"]["selection"]["foregrounds"] = {"train": 3}
    (workspace / "params.yaml").write_text(json.dumps(params))
    run_data_stages("hcoco", "hcoco")
    rows = read_table(workspace / "data" / "sample" / "composites" / "hcoco" / "manifest.parquet").to_pylist()
    assert sum(row["split"] == "train" for row in rows) == 3
    dropped = read_table(workspace / "data" / "sample" / "selected" / "hcoco" / "dropped.parquet")["reason"].to_pylist()
    assert set(dropped) == {"foreground_limit"}


def test_the_projects_own_full_profile_describes_iharmony4(root):
    full = load_params(root / "params.yaml").profiles["full"]
    assert full.sources["hcoco"].subset == "HCOCO"
    assert full.datasets["hflickr"].source == "hflickr"
    assert full.datasets["hcoco"].synthesis is None
