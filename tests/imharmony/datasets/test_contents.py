"""Every kind of damage to a file is found, in our folders and in iHarmony4's layout."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from imharmony.composing.limits import quality
from imharmony.composing.manifest import MANIFEST
from imharmony.datasets.contents import contents
from imharmony.datasets.iharmony4_export import export_iharmony4
from imharmony.errors import InputError
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.storage.tables import read_table, write_rows
from tests.datasets import edit_manifest, edit_row, made, scene, write, write_subset

PHOTOGRAPHS = {"train": {f"c{number}": scene(number) for number in (1, 2, 3)}, "test": {"c7": scene(7), "c8": scene(8)}}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("world"))


@pytest.fixture
def composites(world, tmp_path) -> Path:
    return shutil.copytree(world, tmp_path / "copy")


@pytest.fixture
def root(tmp_path) -> Path:
    return write_subset(tmp_path, "HCOCO", PHOTOGRAPHS)


def found(folder: Path) -> list[tuple[str, str]]:
    return [(finding.kind, finding.subject) for finding in contents(folder).findings]


def sample(composites: Path, position: int) -> str:
    return read_table(composites / "manifest.parquet")["sample_id"][position].as_py()


def test_our_own_set_is_whole(composites):
    seen = contents(composites)
    assert seen.findings == []
    assert len(seen.samples) == 48
    assert len(seen.hashes) == 16
    assert seen.samples[0].keys() == {
        *("sample", "photograph", "reference"),
        *("split", "category", "transfer", "foreground_ratio", "delta_e"),
    }


def test_processes_see_the_same(root, monkeypatch):
    monkeypatch.setattr("imharmony.datasets.contents.PHOTOGRAPHS_PER_JOB", 2)
    assert contents(root, workers=2) == contents(root)


@pytest.mark.parametrize("column", ["patch", "mask"])
def test_a_cell_that_does_not_decode_is_found(composites, column):
    edit_row(composites, 1, lambda _: {column: b"not a picture"})
    assert found(composites) == [("unreadable", sample(composites, 1))]


@pytest.mark.parametrize("data", [b"not a picture", b"", None])
def test_a_photograph_that_does_not_decode_is_found_once(composites, data):
    edit_row(composites, 0, lambda _: {"real": data})
    assert [(kind, subject.split()[0]) for kind, subject in found(composites)] == [("unreadable", "photograph")]


def test_pixels_other_than_recorded_are_found(composites):
    edit_row(composites, 1, lambda row: {"patch": encode_png(np.zeros((row["box_height"], row["box_width"], 3), np.uint8))})
    finding = contents(composites).findings[0]
    assert (finding.kind, finding.subject) == ("changed", sample(composites, 1))
    assert finding.reason.endswith("has the hash of: composite")


def test_a_patch_of_another_size_is_found(composites):
    edit_row(composites, 1, lambda _: {"mask": encode_png(np.full((3, 3), 255, np.uint8))})
    assert found(composites) == [("unreadable", sample(composites, 1))]


def test_an_empty_mask_is_found(composites):
    edit_row(composites, 1, lambda row: {"mask": encode_png(np.zeros((row["box_height"], row["box_width"]), np.uint8))})
    assert ("empty_mask", sample(composites, 1)) in found(composites)


def test_a_size_other_than_recorded_is_found(composites):
    edit_manifest(composites, lambda rows: rows[2].update(width=57))
    finding = contents(composites).findings[0]
    assert (finding.kind, finding.reason) == ("size", "56x40 pixels; the manifest says 57x40")


def test_a_row_that_stands_twice_is_found(composites):
    edit_manifest(composites, lambda rows: rows.append(rows[0]))
    assert found(composites) == [("twice", sample(composites, 0))]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:5000]), Path.unlink])
def test_a_shard_that_is_not_whole_is_one_finding(composites, damage):
    damage(composites / "shard-00000.arrow")
    assert found(composites) == [("unreadable", "shard-00000.arrow")]


def test_a_row_beyond_its_shard_is_found(composites):
    edit_manifest(composites, lambda rows: rows[-1].update(row=1000))
    assert [kind for kind, _ in found(composites)] == ["unreadable"]


def test_an_unknown_split_is_named(composites):
    edit_manifest(composites, lambda rows: rows[0].update(split="dev"))
    with pytest.raises(InputError, match=r"splits \['dev'\]; expected some of"):
        contents(composites)


def test_a_folder_that_is_no_data_set_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no data set; expected manifest.parquet with its shards, or subsets with composite_images/"):
        contents(tmp_path)


def test_a_published_subset_is_measured(root):
    seen = contents(root)
    assert seen.findings == []
    row = next(row for row in seen.samples if row["sample"] == "HCOCO/c7_1_1.jpg")
    assert (row["photograph"], row["split"], row["category"], row["reference"]) == ("HCOCO/c7.jpg", "test", None, None)
    assert row["foreground_ratio"] == 30 * 40 / (72 * 96)
    before = scene(7)[10:40, 20:60].reshape(-1, 3)
    assert row["delta_e"] == pytest.approx(quality(before, np.clip(before * 1.3, 0, 255).astype(np.uint8)).delta_e, abs=2)


def test_a_folder_of_subsets_is_seen_as_one_set(root):
    write_subset(root.parent, "HFlickr", {"train": {"f1": scene(4)}, "test": {"f2": scene(5)}})
    assert sorted(contents(root.parent).hashes) == [
        *(f"HCOCO/c{number}.jpg" for number in (1, 2, 3, 7, 8)),
        "HFlickr/f1.jpg",
        "HFlickr/f2.jpg",
    ]


@pytest.mark.parametrize(
    ("file", "subject"), [("real_images/c7.jpg", "c7.jpg"), ("composite_images/c7_1_1.jpg", "c7_1_1.jpg"), ("masks/c7_1.png", "c7_1_1.jpg")]
)
def test_half_a_file_is_found(root, file, subject):
    data = (root / file).read_bytes()
    (root / file).write_bytes(data[: len(data) * 2 // 3])
    assert found(root) == [("unreadable", f"HCOCO/{subject}")]


@pytest.mark.parametrize(("level", "kind"), [(0, "empty_mask"), (20, "unreadable")], ids=["black", "a label"])
def test_a_published_mask_without_foreground_is_found(root, level, kind):
    write(root / "masks" / "c7_1.png", encode_png(np.full((72, 96), level, np.uint8)))
    assert found(root) == [(kind, "HCOCO/c7_1_1.jpg")]


def test_what_the_lists_show_is_found_too(root):
    (root / "masks" / "c7_1.png").unlink()
    assert found(root) == [("missing", "HCOCO/c7_1_1.jpg")]


def test_a_lineage_of_other_columns_is_named(root):
    write_rows(root / "manifest.parquet", [], MANIFEST)
    with pytest.raises(InputError, match=r"manifest\.parquet: has columns sample_id.*expected file"):
        contents(root)


@pytest.mark.parametrize("folder", ["composite_images", "real_images"])
def test_an_exported_file_that_was_written_again_is_found(composites, tmp_path, folder):
    exported = export_iharmony4(composites, tmp_path / "layout")
    assert contents(exported).findings == []
    path = min((exported / folder).iterdir())
    path.write_bytes(encode_jpeg(np.full((40, 56, 3), 90, np.uint8)))
    assert found(exported) == [("changed", f"people/{path.name}")]


def test_an_export_keeps_lineage_for_the_check(composites, tmp_path):
    ours, exported = contents(composites).samples, contents(export_iharmony4(composites, tmp_path / "layout")).samples
    known = {row["sample"]: row for row in ours}
    for row in exported:
        own = known[row["sample"].removeprefix("people/p").removesuffix(".jpg")]
        assert {name: row[name] for name in ("split", "category", "transfer", "foreground_ratio")} == {
            name: own[name] for name in ("split", "category", "transfer", "foreground_ratio")
        }
        assert row["reference"] == own["reference"].replace("photograph ", "people/p") + ".jpg"
