"""Composites of a graded photograph in which the foreground was left as it was, from their making to all that reads their truth."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.composing.composites import Foreground, pixels_sha256, read_composite, read_real, recomposed
from imharmony.composing.graded import WholePhotograph
from imharmony.composing.limits import quality
from imharmony.composing.packed_split import pack_split, square_image
from imharmony.composing.regions import RegionRules
from imharmony.composing.rules import Limits
from imharmony.datasets.contents import contents
from imharmony.errors import InputError
from imharmony.intrinsic.preprocessing import preprocess
from imharmony.intrinsic.recipe import Recipe
from imharmony.pictures.gathering import gathered
from imharmony.pictures.images import decode_trusted, encode_jpeg, encode_png
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_table
from imharmony.transfer import GRADES, TRANSFERS
from imharmony.transfer.kinds import ByReference
from tests.datasets import edit_row, made
from tests.imharmony.composing import test_synthesis
from tests.photographs import photo, rows_of, soft_matte

GRADED = RegionRules("photograph")


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """With soft edges."""
    return made(tmp_path_factory.mktemp("world"), mattes={image_id: soft_matte(image_id) for image_id in range(1, 17)}, regions=GRADED)


def rows_in(folder: Path) -> list[Row]:
    return read_table(folder / "manifest.parquet").to_pylist()


def stored_photo(image_id: int) -> np.ndarray:
    return decode_trusted(encode_jpeg(photo(image_id), quality=95), name="x")


def pictures(folder: Path) -> list[tuple[Row, np.ndarray, np.ndarray, np.ndarray]]:
    """(row, real, composite, mask) of each composite."""
    reader = ShardReader(folder)
    return [(row, *read_composite(reader, row["shard"], row["row"])) for row in rows_in(folder)]


def test_the_truth_is_the_whole_photograph_graded_as_the_lineage_says(out):
    """Made again from the photograph and the row alone."""
    for row, real, composite, mask in pictures(out):
        grade, parameters = GRADES[row["transfer"]], json.loads(row["transfer_params"])
        own = stored_photo(row["image_id"])
        truth = grade.apply(own.reshape(-1, 3), parameters).reshape(own.shape)
        assert_array_equal(real, truth)
        assert_array_equal(composite, recomposed(own, mask / 255, truth))
        assert (row["direction"], row["reference_image_id"]) == ("photograph", None)


def test_the_foreground_is_left_as_it_was_and_the_rest_is_the_truth(out):
    for row, real, composite, mask in pictures(out):
        assert_array_equal(composite[mask == 255], stored_photo(row["image_id"])[mask == 255])
        assert_array_equal(composite[mask == 0], real[mask == 0])
        assert (composite[mask == 255] != real[mask == 255]).any()


def test_the_manifest_tells_grades_apart_and_has_the_hashes_of_what_is_read_back(out):
    assert {row["transfer"] for row in rows_in(out)} == {"photometric", "lut"}
    for row, *parts in pictures(out):
        assert [pixels_sha256(part) for part in parts] == [row[f"sha256_{name}"] for name in ("real", "composite", "mask")]
    assert len({row["sha256_real"] for row in rows_in(out)}) == len(rows_in(out))


def test_a_grade_is_judged_by_what_it_does_to_the_foreground(tmp_path):
    """With hard masks: ΔE between the foregrounds of photograph and truth, and limits of it with redraws."""
    options = {"transfers": ("photometric", "lut"), "regions": GRADED}
    free = test_synthesis.made(tmp_path / "free", rows_of(), **options)
    for row, real, composite, mask in pictures(free):
        seen = quality(gathered(composite, mask), gathered(real, mask))
        assert (row["delta_e"], row["clipped_fraction"]) == (seen.delta_e, seen.clipped_fraction)
    median = float(np.median([row["delta_e"] for row in rows_in(free)]))
    kept = rows_in(test_synthesis.made(tmp_path / "kept", rows_of(), **options, limits=Limits((0, median), redraws=20)))
    assert max(row["delta_e"] for row in kept) <= median
    assert max(json.loads(row["transfer_params"])["attempt"] for row in kept) > 0


def test_two_goes_and_two_processes_give_the_same_bytes(tmp_path):
    options = {"transfers": ("photometric", "lut"), "regions": GRADED}
    one, two = (test_synthesis.made(tmp_path / str(workers), rows_of(), workers=workers, **options) for workers in (1, 2))
    assert test_synthesis.contents(one) == test_synthesis.contents(two)


def test_grades_that_would_take_colours_from_elsewhere_are_refused(tmp_path):
    for name in (name for name, transfer in TRANSFERS.items() if isinstance(transfer, ByReference)):
        with pytest.raises(InputError, match=rf"transfers \['{name}'\] of a photograph; expected some of \['brightness', "):
            test_synthesis.made(tmp_path, rows_of(), transfers=(name,), regions=GRADED)


def test_a_grade_that_changes_nothing_leaves_the_photograph():
    picture, matte = photo(1), soft_matte(1)
    region = WholePhotograph(Foreground.soft(picture, matte, name="x"))
    same = region.made(region.pixels)
    assert_array_equal(same.composite, picture)
    assert_array_equal(same.truth, picture)
    assert_array_equal(region.full_matte, matte)


def test_telling_pixels_are_those_of_the_foreground_alone():
    picture, matte = photo(1), soft_matte(1)
    region = WholePhotograph(Foreground.soft(picture, matte, name="x"))
    other = 255 - picture
    assert_array_equal(region.telling(other.reshape(-1, 3)), region.foreground.telling(region.foreground.cut(other)))
    hard = replace(region, foreground=Foreground.of(picture, (matte > 99).astype(np.uint8), name="x"))
    assert_array_equal(hard.telling(hard.pixels), picture[matte > 99])


def test_packed_truths_are_those_of_each_composite(out, tmp_path):
    packed = pack_split(out, tmp_path, split="train", size_px=32)
    rows = packed.rows.to_pylist()
    assert [row["image_id"] for row in rows] == sorted(row["image_id"] for row in rows)
    reader = ShardReader(out)
    for place, row in enumerate(rows):
        real, composite, _ = read_composite(reader, row["shard"], row["row"])
        assert_array_equal(packed.real[place], square_image(real, 32))
        assert_array_equal(packed.composite[place], square_image(composite, 32))


def test_a_check_finds_the_set_whole_and_a_changed_truth(out, tmp_path):
    seen = contents(out)
    assert seen.findings == []
    assert len(seen.hashes) == 16
    copy = shutil.copytree(out, tmp_path / "copy")
    edit_row(copy, 1, lambda _: {"real": encode_png(255 - read_real(ShardReader(copy), 0, 1))})
    (finding,) = contents(copy).findings
    assert (finding.kind, finding.subject) == ("changed", rows_in(out)[1]["sample_id"])


def test_preprocessing_keeps_the_truths(out, tmp_path):
    preprocess(composites=out, out=tmp_path / "out", work=tmp_path / "work", recipe=Recipe("luminance", "fitted", 0.5, 0, 0), workers=1)
    for (row, real, _, mask), (other, kept, image, same) in zip(pictures(out), pictures(tmp_path / "out"), strict=True):
        assert row["sample_id"] == other["sample_id"]
        assert_array_equal(kept, real)
        assert_array_equal(same, mask)
        assert_array_equal(image[mask == 0], real[mask == 0])
