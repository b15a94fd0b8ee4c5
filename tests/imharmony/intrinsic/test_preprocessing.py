"""A folder of composites preprocessed: the same layout, only the pictures differ, and the same bytes whoever makes them."""

import shutil

import numpy as np
import pytest
import torch

from imharmony.composing.composites import read_composite, to_harmonize
from imharmony.composing.manifest import MANIFEST
from imharmony.composing.packed_split import pack_split
from imharmony.composing.regions import RegionRules
from imharmony.composing.splits import SPLITS
from imharmony.datasets.contents import contents
from imharmony.errors import InputError
from imharmony.intrinsic import preprocessing
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, save_networks
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.intrinsic.preprocessing import LIGHTS, preprocess
from imharmony.intrinsic.recipe import Recipe, preprocessor
from imharmony.pictures.images import encode_patch
from imharmony.running.randomness import torch_seed
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.datasets import edit_manifest, edit_row, made
from tests.photographs import soft_matte

RECIPE = Recipe("luminance")


def preprocessed(composites, out, *, recipe=RECIPE, workers=1, splits=SPLITS):
    preprocess(composites=composites, out=out, work=out.with_suffix(".work"), recipe=recipe, workers=workers, splits=splits)
    return out


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """Foregrounds with hard masks, stored as patches, before and after."""
    composites = made(tmp_path_factory.mktemp("hard"))
    return composites, preprocessed(composites, composites.with_name("intrinsic"))


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Backgrounds changed behind soft mattes, each composite a file of its own, before and after."""
    mattes = {image_id: soft_matte(image_id) for image_id in range(1, 17)}
    composites = made(tmp_path_factory.mktemp("behind"), mattes=mattes, regions=RegionRules("background"))
    return composites, preprocessed(composites, composites.with_name("intrinsic"))


@pytest.fixture(params=["hard", "behind"])
def pair(request):
    return request.getfixturevalue(request.param)


def pictures(folder) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    reader = ShardReader(folder)
    return [read_composite(reader, row["shard"], row["row"]) for row in read_table(folder / "manifest.parquet").to_pylist()]


def test_photographs_masks_and_all_outside_what_is_harmonized_stay_bit_for_bit(pair):
    composites, out = pair
    rows = read_table(composites / "manifest.parquet").to_pylist()
    changed = 0
    for row, (real, composite, matte), (real_after, image, matte_after) in zip(rows, pictures(composites), pictures(out), strict=True):
        untouched = to_harmonize(matte, row["direction"]) == 0
        assert (real == real_after).all()
        assert (matte == matte_after).all()
        assert (image[untouched] == composite[untouched]).all()
        changed += (image != composite).any()
    assert changed == len(rows)


def test_the_pictures_are_those_of_the_recipe(pair):
    composites, out = pair
    rows = read_table(composites / "manifest.parquet").to_pylist()
    way = preprocessor(RECIPE)
    for row, (_, composite, matte), (_, image, _) in zip(rows, pictures(composites), pictures(out), strict=True):
        assert (image == way(composite, matte, row["direction"]).image).all()


def test_only_hashes_and_measures_of_the_manifest_change_and_a_check_finds_nothing_wrong(pair):
    composites, out = pair
    before, after = (read_table(folder / "manifest.parquet") for folder in pair)
    assert after.schema.equals(MANIFEST)
    renewed = {"sha256_composite", "delta_e", "clipped_fraction"}
    assert {name for name in MANIFEST.names if not before[name].equals(after[name])} <= renewed
    assert not before["sha256_composite"].equals(after["sha256_composite"])
    assert {finding.kind for finding in contents(out).findings} == {finding.kind for finding in contents(composites).findings}


def test_a_patch_stays_a_patch_and_a_file_of_its_own_one(hard, behind):
    cells = {name: ShardReader(folder).row(0, 0) for name, (_, folder) in {"hard": hard, "behind": behind}.items()}
    assert cells["hard"]["patch"].startswith(b"\x89PNG")
    assert "composite" not in cells["hard"]
    assert cells["behind"]["patch"] is None
    assert cells["behind"]["composite"].startswith(b"\x89PNG")


def test_packing_reads_the_folder_as_it_reads_composites(pair, tmp_path):
    splits = [pack_split(folder, tmp_path / name, split="test", size_px=32) for name, folder in zip("ab", pair, strict=True)]
    assert splits[0].rows["sample_id"].equals(splits[1].rows["sample_id"])
    assert (splits[0].real == splits[1].real).all()
    assert (splits[0].mask == splits[1].mask).all()
    assert (splits[0].composite != splits[1].composite).any()


def test_splits_that_nobody_asks_for_are_left_out_and_the_others_are_as_they_were(pair, tmp_path):
    composites, whole = pair
    part = preprocessed(composites, tmp_path / "part", splits=["val", "test"])
    left = read_table(part / "manifest.parquet")
    assert set(left["split"].to_pylist()) == {"val", "test"}
    everything = {row["sample_id"]: row for row in read_table(whole / "manifest.parquet").to_pylist()}
    reader, whole_reader = ShardReader(part), ShardReader(whole)
    for row in left.to_pylist():
        before = everything[row["sample_id"]]
        assert {**before, "row": row["row"]} == row
        pictures = zip(
            read_composite(reader, row["shard"], row["row"]), read_composite(whole_reader, before["shard"], before["row"]), strict=True
        )
        assert all(np.array_equal(*pair) for pair in pictures)
    assert sum(path.stat().st_size for path in part.rglob("*.arrow")) < sum(path.stat().st_size for path in whole.rglob("*.arrow"))
    with pytest.raises(InputError, match=r"no composites in split 'train'"):
        pack_split(part, tmp_path / "cache", split="train", size_px=32)
    with pytest.raises(InputError, match=r"no composites in nothing; expected some"):
        preprocessed(composites, tmp_path / "none", splits=["nothing"])


def test_lights_of_the_test_split_are_listed_as_the_objects_and_its_surroundings(pair):
    composites, out = pair
    lights = read_table(out / "lights.parquet")
    assert lights.schema.equals(LIGHTS)
    rows = read_table(composites / "manifest.parquet").to_pylist()
    way = preprocessor(RECIPE)
    for row, light, (_, composite, matte) in zip(rows, lights.to_pylist(), pictures(composites), strict=True):
        assert light["sample_id"] == row["sample_id"]
        assert not light["is_relit"]
        assert light["unchanged"] is None
        if row["split"] != "test":
            assert light["foreground_r2"] is None
            continue
        result = way(composite, matte, row["direction"], with_lights=True)
        own, other = result.light, result.background_light
        foreground, background = (other, own) if row["direction"] == "background" else (own, other)
        assert light["foreground_light"] == foreground.vector.tolist()
        assert (light["foreground_r2"], light["background_r2"]) == (foreground.r2, background.r2)
        assert light["background_is_trusted"] is False  # it faces the camera: no normals to tell a direction by


def chosen(network: EditNetwork) -> EditNetwork:
    """The network with weights that choose something: an untrained one leaves everything as it is."""
    with torch_seed(0, torch.device("cpu")):
        torch.nn.init.normal_(network.choose.weight)
    return network


def test_two_processes_write_the_bytes_of_one_with_networks_too(hard, tmp_path, monkeypatch):
    monkeypatch.setattr(preprocessing, "LEAST_EACH", 1)
    networks = IntrinsicNetworks(ShadingNetwork(channels=(8, 16)), 32, chosen(EditNetwork(width=8)), 32)
    save_networks(tmp_path / "model.safetensors", networks, {})
    recipe = Recipe("learned", "learned", model=tmp_path / "model.safetensors")
    one, two = (preprocessed(hard[0], tmp_path / name, recipe=recipe, workers=workers) for name, workers in (("one", 1), ("two", 2)))
    assert files(one) == files(two)
    assert not (tmp_path / "one.work").exists()


def test_what_was_finished_before_a_kill_is_not_made_again(hard, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as if the end was not reached
    composites, expected = hard
    preprocessed(composites, tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr(preprocessing, "preprocess_shard", lambda _job: pytest.fail("made again"))
    again = preprocessed(composites, tmp_path / "out")
    assert files(again) == files(expected)


def test_a_composite_that_is_all_foreground_stays_as_it_is_and_says_so(hard, tmp_path):
    composites = tmp_path / "composites"
    shutil.copytree(hard[0], composites)
    whole = {"box_x": 0, "box_y": 0, "box_width": 56, "box_height": 40, "mask": encode_patch(np.full((40, 56), 255, np.uint8))}
    first = read_composite(ShardReader(composites), 0, 0)[1]
    edit_row(composites, 0, lambda _: whole | {"patch": encode_patch(first)})
    out = preprocessed(composites, tmp_path / "out")
    assert read_table(out / "lights.parquet")["unchanged"].to_pylist()[:2] == ["no background", None]
    assert (read_composite(ShardReader(out), 0, 0)[1] == first).all()


def test_bad_input_is_one_line_that_names_it(hard, tmp_path):
    composites = tmp_path / "composites"
    shutil.copytree(hard[0], composites)
    edit_manifest(composites, lambda rows: rows.pop(3))
    with pytest.raises(InputError, match=r"manifest\.parquet: rows of shard 0 are missing or twice"):
        preprocessed(composites, tmp_path / "out")
    edit_manifest(composites, list.clear)
    with pytest.raises(InputError, match=r"manifest\.parquet: no composites; expected some"):
        preprocessed(composites, tmp_path / "out")
    with pytest.raises(InputError, match=r"'magic'; expected one of \['learned', 'luminance', 'retinex', 'compphoto'\]"):
        preprocessed(hard[0], tmp_path / "out", recipe=Recipe("magic"))
    with pytest.raises(InputError, match=r"came without its network; expected model\.safetensors of the stage train_shading"):
        preprocessed(hard[0], tmp_path / "out", recipe=Recipe("learned"))
    with pytest.raises(InputError, match=r"edits is 'some'; expected one of \['learned', 'fitted'\]"):
        preprocessed(hard[0], tmp_path / "out", recipe=Recipe("luminance", "some"))
    with pytest.raises(InputError, match=r"came without their network; expected model\.safetensors of the stage train_edits"):
        preprocessed(hard[0], tmp_path / "out", recipe=Recipe("luminance", "learned"))


def test_a_picture_that_the_back_end_refuses_is_named(hard, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise InputError("no answer")

    monkeypatch.setattr(preprocessing, "_loaded", lambda _recipe: refuse)
    with pytest.raises(InputError, match=r"composite 1_100_0: no answer"):
        preprocessed(hard[0], tmp_path / "out")


def test_progress_is_told_composite_by_composite_though_they_lie_in_one_shard(hard, tmp_path, monkeypatch):
    steps, make = [], preprocessing.bar

    def watched(**settings):
        progress = make(**settings)
        monkeypatch.setattr(progress, "update", lambda count=1: steps.append(count))
        return progress

    monkeypatch.setattr(preprocessing, "bar", watched)
    preprocessed(hard[0], tmp_path / "intrinsic")
    total = read_table(hard[0] / "manifest.parquet").num_rows
    assert [step for step in steps if step] == [1] * total
