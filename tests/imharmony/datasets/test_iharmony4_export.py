"""An exported set is what other loaders of the layout expect, and reading it back gives the same samples."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, JpegImagePlugin

from imharmony.composing.composites import read_composite
from imharmony.composing.regions import RegionRules
from imharmony.datasets.iharmony4_export import export_iharmony4
from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, encode_png, read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.sources.iharmony4 import import_iharmony4
from imharmony.sources.iharmony4_layout import LINEAGE, read_layout
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.datasets import edit_manifest, edit_row, made
from tests.imharmony.pictures.test_photo_files import WIDE
from tests.photographs import photo, soft_matte


@pytest.fixture(scope="module")
def composites(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def layout(composites, tmp_path_factory) -> Path:
    """The set twice: as JPEG and without loss."""
    folder = tmp_path_factory.mktemp("layout")
    export_iharmony4(composites, folder)
    export_iharmony4(composites, folder, subset="Hexact", lossless=True)
    return folder


def stored(composites: Path) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(real, composite, mask) by sample."""
    reader = ShardReader(composites)
    rows = read_table(composites / "manifest.parquet").to_pylist()
    return {row["sample_id"]: read_composite(reader, row["shard"], row["row"]) for row in rows}


def loaded(root: Path, split: str) -> dict[str, tuple[Path, Path, Path]]:
    """What a loader that knows the whole set's list and the rule for names finds: composite, mask and real by line."""
    found = {}
    for line in (root / f"IHD_{split}.txt").read_text().splitlines():
        subset, folder, file = line.split("/")
        assert folder == "composite_images"
        tokens = file.rsplit(".", 1)[0].split("_")
        mask, real = "_".join(tokens[:-1]), tokens[0]
        found[line] = (root / line, root / subset / "masks" / f"{mask}.png", root / subset / "real_images" / f"{real}.jpg")
    return found


def loaded_by_replacing(root: Path, split: str) -> dict[str, tuple[Path, Path, Path]]:
    """The same by the other habit: text of the path, cut at its underscores."""
    found = {}
    for line in (root / f"IHD_{split}.txt").read_text().splitlines():
        without_k = line[: line.rindex("_")]
        without_mask = without_k[: without_k.rindex("_")]
        mask = without_k.replace("composite_images", "masks") + ".png"
        found[line] = (root / line, root / mask, root / (without_mask.replace("composite_images", "real_images") + ".jpg"))
    return found


@pytest.mark.parametrize("find", [loaded, loaded_by_replacing])
def test_other_loaders_find_every_file(layout, composites, find):
    splits = {row["sample_id"]: row["split"] for row in read_table(composites / "manifest.parquet").to_pylist()}
    for split, ours in (("train", {"train", "val"}), ("test", {"test"})):
        files = find(layout, split)
        assert all(path.is_file() for triple in files.values() for path in triple)
        expected = [name for name, value in splits.items() if value in ours]
        assert list(files) == [f"people/composite_images/p{name}.jpg" for name in expected] + [
            f"Hexact/composite_images/e{name}.png" for name in expected
        ]


def test_photographs_and_masks_are_exact_and_lossless_composites_too(layout, composites):
    pictures = stored(composites)
    for split in ("train", "test"):
        for line, (composite, mask, real) in loaded(layout, split).items():
            expected = pictures[Path(line).stem[1:]]
            assert_array_equal(read_rgb(real), expected[0])
            assert_array_equal(read_mask(mask), expected[2])
            if line.startswith("Hexact"):
                assert_array_equal(read_rgb(composite), expected[1])
            else:
                assert np.abs(read_rgb(composite).astype(int) - expected[1]).mean() < 4


def test_the_photographs_own_file_is_copied(layout, composites):
    file = ShardReader(composites).value(0, 0, "real")
    image_id = read_table(composites / "manifest.parquet")["image_id"][0].as_py()
    assert (layout / "people" / "real_images" / f"p{image_id}.jpg").read_bytes() == file


def test_composites_are_jpeg_as_the_original_has_them(layout):
    with Image.open(next((layout / "people" / "composite_images").iterdir())) as image:
        assert image.format == "JPEG"
        assert JpegImagePlugin.get_sampling(image) == 2  # 4:2:0
        assert image.quantization[0][:8] == [2, 1, 1, 2, 2, 4, 5, 6]


def test_our_reading_finds_nothing_wrong_and_restores_the_splits(layout, composites):
    splits = {row["sample_id"]: row["split"] for row in read_table(composites / "manifest.parquet").to_pylist()}
    for subset in ("people", "Hexact"):
        read = read_layout(layout, subset)
        assert read.findings == []
        assert {Path(t.name.file).stem[1:]: split for split, triples in read.triples.items() for t in triples} == splits


def test_the_lineage_is_kept_with_the_hash_of_every_file(layout, composites):
    manifest = {row["sample_id"]: row for row in read_table(composites / "manifest.parquet").to_pylist()}
    table = read_table(layout / "people" / "manifest.parquet")
    assert table.schema == LINEAGE
    for row in table.to_pylist():
        assert {name: row[name] for name in manifest[row["sample_id"]] if name in row} == {
            name: value for name, value in manifest[row["sample_id"]].items() if name not in {"shard", "row"}
        }
        for picture, folder, file in (("real", "real_images", f"p{row['image_id']}.jpg"), ("composite", "composite_images", row["file"])):
            assert sha256((layout / "people" / folder / file).read_bytes()).hexdigest() == row[f"sha256_{picture}_file"]


@pytest.mark.parametrize("direction", ["foreground", "background", "photograph"])
def test_soft_mattes_and_changed_backgrounds_are_read_back_identical(tmp_path, direction):
    mattes = {image_id: soft_matte(image_id) for image_id in range(1, 17)}
    expected = made(tmp_path, mattes=mattes, regions=RegionRules(direction))
    export_iharmony4(expected, tmp_path / "layout", lossless=True)
    import_iharmony4(tmp_path / "layout", tmp_path / "back", subset="people", val=0.0)
    for one, other in zip(*(read_table(folder / "manifest.parquet").to_pylist() for folder in (expected, tmp_path / "back")), strict=True):
        skipped = {"shard", "row", "delta_e", "clipped_fraction"}  # these are measured where the foreground is opaque, or more than half on
        assert {name: one[name] for name in one.keys() - skipped} == {name: other[name] for name in one.keys() - skipped}
    for sample, pictures in stored(expected).items():
        for one, other in zip(pictures, stored(tmp_path / "back")[sample], strict=True):
            assert_array_equal(one, other)


def test_a_mask_is_white_where_something_is_to_be_harmonized(tmp_path):
    mattes = {image_id: soft_matte(image_id) for image_id in range(1, 17)}
    export_iharmony4(made(tmp_path, mattes=mattes, regions=RegionRules("background")), tmp_path / "layout")
    assert_array_equal(read_mask(tmp_path / "layout" / "people" / "masks" / "p1_100.png"), 255 - mattes[1])


@pytest.mark.parametrize("lossless", [False, True])
def test_composites_are_under_the_colour_profile_of_their_photograph(composites, tmp_path, monkeypatch, lossless):
    plain = export_iharmony4(composites, tmp_path / "plain", lossless=lossless)
    monkeypatch.setattr("imharmony.datasets.iharmony4_export.own_profile", lambda _file, *, name: WIDE)  # noqa: ARG005
    for path in (export_iharmony4(composites, tmp_path / "wide", lossless=lossless) / "composite_images").iterdir():
        with Image.open(path) as image:
            assert image.info["icc_profile"] == WIDE
        pixels, expected = (
            decode_rgb(each.read_bytes(), name="x", as_encoded=True) for each in (path, plain / "composite_images" / path.name)
        )
        assert abs(pixels.astype(int) - expected).max() <= (0 if lossless else 2)


def test_a_second_subset_leaves_the_lines_of_the_first(layout):
    lines = (layout / "IHD_test.txt").read_text().splitlines()
    assert [line.split("/")[0] for line in lines] == ["people"] * (len(lines) // 2) + ["Hexact"] * (len(lines) // 2)


def test_an_existing_subset_is_not_replaced(layout, composites):
    with pytest.raises(InputError, match="people: exists already"):
        export_iharmony4(composites, layout)


def test_a_png_photograph_keeps_its_bytes_under_the_layouts_name(tmp_path, caplog):
    composites, file = made(tmp_path), encode_png(photo(1))
    edit_row(composites, 0, lambda _: {"real": file})
    image_id = read_table(composites / "manifest.parquet")["image_id"][0].as_py()
    export_iharmony4(composites, tmp_path / "layout")
    assert (tmp_path / "layout" / "people" / "real_images" / f"p{image_id}.jpg").read_bytes() == file
    assert "1 of the photographs are PNG" in caplog.text


@pytest.mark.parametrize("subset", ["../x", "a/b", "1st", ".hidden", "a b"])
def test_a_subset_that_is_no_folders_name_is_refused(composites, tmp_path, subset):
    with pytest.raises(InputError, match="not a name for a folder"):
        export_iharmony4(composites, tmp_path, subset=subset)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("sample_id", "nonsense", "expected a name of its own"),
        ("split", "dev", "split 'dev'; expected one of"),
        ("sha256_mask", "other", "another mask than an earlier sample"),
        ("sha256_real", "other", "another photograph than an earlier sample"),
    ],
)
def test_a_manifest_that_the_layout_cannot_hold_is_refused_and_nothing_written(tmp_path, column, value, message):
    composites = made(tmp_path)
    edit_manifest(composites, lambda rows: rows[1].update({column: value}))
    with pytest.raises(InputError, match=message):
        export_iharmony4(composites, tmp_path / "layout")
    assert not (tmp_path / "layout").exists()


def test_a_broken_shard_leaves_nothing_behind(tmp_path):
    composites = made(tmp_path)
    edit_row(composites, 5, lambda _: {"patch": b"not a picture"})
    with pytest.raises(InputError, match="row 5: does not decode"):
        export_iharmony4(composites, tmp_path / "layout")
    assert list((tmp_path / "layout").iterdir()) == []
