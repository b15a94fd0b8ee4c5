"""The stages that bring photographs: from a mirror to selected, verified photographs in shards."""

import json

import pytest
from ruamel.yaml import YAML

from imharmony.composing.instances import DROPPED, SELECTED
from imharmony.errors import InputError
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from stages import download_annotations, download_images, filter_masks
from tests.imharmony.sources.coco_mirror import photograph, write_mirror


@pytest.fixture
def workspace(tmp_path, monkeypatch, root):
    mirror = write_mirror(tmp_path / "mirror", train=list(range(1, 31)), val=list(range(101, 111)))
    params = YAML(typ="safe").load(root / "params.yaml")
    params["profile"] = "coco"
    params["profiles"]["coco"]["sources"]["photographs"]["mirror"] = str(mirror)
    params["profiles"]["coco"]["datasets"]["people"]["selection"] |= {"min_side_px": 10, "photographs": 25}
    params["datasets"], params["preprocessed"], params["classifiers"], params["judges"] = ["people"], ["people"], ["people"], {}
    params |= {"detectors": {}, "blind": {}, "trimaps": [], "matting": {}, "joint": {}, "clips": [], "videos": {}}
    params["profiles"]["coco"]["stand_ins"] = dict.fromkeys(("hcoco", "hflickr", "objects", "luminance", "hmh"), "people")
    params["profiles"]["coco"]["datasets"]["people"]["split"] = {"by": "hash", "val": 0.3, "test": 0.3}
    (tmp_path / "params.yaml").write_text(json.dumps(params))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "coco"


def test_photographs_of_the_selection_and_no_others_are_stored(workspace):
    download_annotations.main("photographs")
    filter_masks.main("people")
    download_images.main("people")
    assert read_table(workspace / "sources" / "photographs" / "photographs.parquet").schema.equals(PHOTOGRAPHS)
    selected = read_table(workspace / "selected" / "people" / "instances.parquet")
    dropped = read_table(workspace / "selected" / "people" / "dropped.parquet")
    assert selected.schema.equals(SELECTED)
    assert dropped.schema.equals(DROPPED)
    assert len(selected) == 25
    assert {row["reason"] for row in dropped.to_pylist()} == {"licence", "photograph_limit"}
    stored = read_table(workspace / "images" / "people" / "photographs.parquet").to_pylist()
    assert [row["image_id"] for row in stored] == sorted(selected.column("image_id").to_pylist())
    reader = ShardReader(workspace / "images" / "people")
    assert all(reader.value(row["shard"], row["row"], "jpeg") == photograph(row["image_id"]) for row in stored)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("stage", [download_annotations, filter_masks, download_images])
def test_an_unknown_name_is_one_line(stage):
    with pytest.raises(InputError, match=r"is 'poeple'; expected one of"):
        stage.main("poeple")


@pytest.mark.usefixtures("workspace")
def test_a_stage_run_too_early_says_what_is_missing():
    with pytest.raises(InputError, match=r"instances\.parquet: no such table; run the stage that writes it"):
        filter_masks.main("people")
