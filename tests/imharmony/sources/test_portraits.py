"""Portraits lie in shards under their addresses, the same bytes however they were made; what was left out is in a table."""

import hashlib
import logging

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.pictures.images import decode_png
from imharmony.pictures.masks import decode_segmentation
from imharmony.sources import portraits
from imharmony.sources.matting_human import LICENCE, portrait_id
from imharmony.sources.portraits import PORTRAITS, REJECTED, fetch_portraits, store_portraits, store_shard
from imharmony.sources.tables import PHOTOGRAPHS, STORED_PHOTOGRAPHS
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.imharmony.sources.portrait_archive import (
    FIRST,
    FIRST_MATTE,
    HEIGHT,
    WIDTH,
    alpha,
    archive_files,
    encoded,
    photograph_name,
    pixels,
    write_folder,
    write_zip,
)

TABLES = ("photographs", "instances", "portraits", "rejected")


@pytest.fixture
def small_shards(monkeypatch):
    """Two portraits in a shard."""
    files = archive_files()
    monkeypatch.setattr(portraits, "SHARD_BYTES", int(2.5 * len(files[FIRST] + files[FIRST_MATTE])))


def stored(tmp_path, files, *, name="out", workers=1, **options):
    archive = write_zip(tmp_path / f"{name}.zip", files)
    store_portraits(archive, tmp_path / name, work=tmp_path / f"{name}-work", workers=workers, **options)
    return tmp_path / name


def rows(out, table="portraits"):
    return pq.read_table(out / f"{table}.parquet").to_pylist()


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.usefixtures("small_shards")
def test_every_portrait_is_found_by_its_address(tmp_path):
    files = archive_files()
    out = stored(tmp_path, files)
    reader = ShardReader(out)
    table = rows(out)
    assert [(row["shard"], row["row"]) for row in table] == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]
    for row in table:
        batch, _, stem = row["name"].split("/")
        found = reader.row(row["shard"], row["row"])
        assert found["portrait_id"] == row["portrait_id"] == portrait_id(row["name"])
        assert found["photograph"] == files[photograph_name(batch, int(stem[-8:]))]
        assert row["sha256"] == hashlib.sha256(found["photograph"]).hexdigest()
        np.testing.assert_array_equal(decode_png(found["matte"], name="matte"), alpha())


def test_the_tables_have_their_columns(tmp_path):
    out = stored(tmp_path, archive_files())
    assert pq.read_schema(out / "portraits.parquet").equals(PORTRAITS)
    assert pq.read_schema(out / "rejected.parquet").equals(REJECTED)
    assert [row["group"] for row in rows(out)] == ["1803151818"] * 3 + ["1803201916"] * 2
    assert {(row["width"], row["height"], row["licence"], row["converted"]) for row in rows(out)} == {(WIDTH, HEIGHT, LICENCE, None)}
    assert rows(out)[0]["foreground_ratio"] == pytest.approx(alpha().mean() / 255)


def test_every_portrait_is_a_photograph_with_one_person(tmp_path):
    out = stored(tmp_path, archive_files())
    photographs, instances = (read_table(out / f"{table}.parquet") for table in ("photographs", "instances"))
    assert (photographs.schema, instances.schema) == (PHOTOGRAPHS, INSTANCES)
    assert photographs["image_id"].to_pylist() == [row["portrait_id"] for row in rows(out)]
    assert photographs["file_name"].to_pylist() == [f"{row['name']}.jpg" for row in rows(out)]
    for row in instances.to_pylist():
        mask = decode_segmentation(row["segmentation"], width=WIDTH, height=HEIGHT)
        np.testing.assert_array_equal(mask, alpha() >= 128)
        assert (row["annotation_id"], row["category"], row["area_px"]) == (row["image_id"], "person", np.count_nonzero(mask))


@pytest.mark.usefixtures("small_shards")
def test_the_chosen_portraits_are_packed_with_their_mattes(tmp_path):
    files = archive_files()
    out = stored(tmp_path, files)
    listing = read_table(out / "photographs.parquet")
    fetch_portraits(listing.slice(1, 3), listed={}, source=out, out=tmp_path / "images", work=tmp_path, workers=1)
    table = read_table(tmp_path / "images" / "photographs.parquet")
    assert table.schema == STORED_PHOTOGRAPHS
    assert sorted(table["image_id"].to_pylist()) == sorted(listing["image_id"].to_pylist()[1:4])
    reader = ShardReader(tmp_path / "images")
    for row in table.to_pylist():
        found = reader.row(row["shard"], row["row"])
        batch, _, stem = row["file_name"].removesuffix(".jpg").split("/")
        assert found["jpeg"] == files[photograph_name(batch, int(stem[-8:]))]
        np.testing.assert_array_equal(decode_png(found["matte"], name="matte"), alpha())


@pytest.mark.usefixtures("small_shards")
def test_a_folder_and_two_workers_give_the_same_bytes(tmp_path):
    files = archive_files()
    expected = contents(stored(tmp_path, files))
    store_portraits(write_folder(tmp_path / "folder", files), tmp_path / "out2", work=tmp_path / "work2", workers=1)
    assert contents(tmp_path / "out2") == expected
    assert contents(stored(tmp_path, files, name="two", workers=2)) == expected
    assert set(expected) == {*(f"{table}.parquet" for table in TABLES), *(f"shard-0000{k}.arrow" for k in range(3))}


def test_what_is_left_out_is_in_the_table_and_counted(tmp_path, caplog):
    files = archive_files()
    files |= {f"matting_human_half/{name}": data for name, data in files.items()}
    files |= {"clip_img/.DS_Store": b"", FIRST_MATTE: encoded(pixels(1), "PNG"), photograph_name("1803201916", 0): b"no"}
    del files[f"matting_human_half/{FIRST_MATTE}"], files[f"matting_human_half/{photograph_name('1803201916', 0)}"]
    caplog.set_level(logging.INFO)
    out = stored(tmp_path, files)
    assert len(rows(out)) == 3
    reasons = {row["name"]: (row["reason"], row["detail"]) for row in rows(out, "rejected")}
    assert reasons["clip_img/.DS_Store"] == ("macos_metadata", "")
    assert reasons[FIRST_MATTE] == ("no_alpha", "RGB")
    assert reasons[photograph_name("1803201916", 0)] == ("unreadable", "not a readable image (cannot identify image file)")
    assert reasons[f"matting_human_half/{FIRST}"] == ("duplicate", f"of {FIRST}")
    assert len(reasons) == len(rows(out, "rejected")) == 11
    assert "3 portraits, 0 of them converted; left out: 8 duplicate, 1 macos_metadata, 1 unreadable, 1 no_alpha" in caplog.text


def test_a_photograph_that_occurs_twice_is_kept_once(tmp_path):
    files = archive_files()
    again = photograph_name("1803201916", 1)
    files[again] = files[FIRST]
    out = stored(tmp_path, files)
    name = "1803201916/00000000/1803201916-00000001"
    assert name not in {row["name"] for row in rows(out)}
    assert len(rows(out, "instances")) == len(rows(out)) == 4
    assert rows(out, "rejected") == [{"name": name, "reason": "same_photograph", "detail": "of 1803151818/00000000/1803151818-00000000"}]


def test_a_converted_photograph_says_from_what(tmp_path):
    files = archive_files() | {FIRST: encoded(Image.fromarray(pixels(0)).convert("CMYK"), "JPEG")}
    assert [row["converted"] for row in rows(stored(tmp_path, files))] == ["CMYK", None, None, None, None]


@pytest.mark.usefixtures("small_shards")
def test_finished_shards_are_not_made_again(tmp_path, monkeypatch):
    files = archive_files()
    expected = contents(stored(tmp_path, files))
    made = []

    def until_the_second(job):
        if len(made) == 1:
            raise KeyboardInterrupt
        made.append(job.shard)
        return store_shard(job)

    monkeypatch.setattr(portraits, "store_shard", until_the_second)
    with pytest.raises(KeyboardInterrupt):
        stored(tmp_path, files, name="cut")
    assert not (tmp_path / "cut").exists()
    monkeypatch.setattr(portraits, "store_shard", lambda job: made.append(job.shard) or store_shard(job))
    store_portraits(tmp_path / "cut.zip", tmp_path / "cut", work=tmp_path / "cut-work", workers=1)
    assert made == [0, 1, 2]
    assert contents(tmp_path / "cut") == expected


@pytest.mark.usefixtures("small_shards")
def test_another_archive_at_the_same_path_begins_anew(tmp_path):
    with pytest.raises(InputError, match="expected at least 6"):  # its shards are made, and stay
        stored(tmp_path, archive_files(), least=6)
    other = archive_files() | {FIRST: encoded(pixels(99), "JPEG", quality=90)}
    out = stored(tmp_path, other)
    assert ShardReader(out).row(0, 0)["photograph"] == other[FIRST]


def test_work_is_tidied_but_nothing_else_in_the_folder(tmp_path):
    (tmp_path / "out-work").mkdir()
    (tmp_path / "out-work" / "archive.zip").write_bytes(b"kept")
    stored(tmp_path, archive_files())
    assert [path.name for path in (tmp_path / "out-work").iterdir()] == ["archive.zip"]


def test_too_few_portraits_are_one_line_that_names_the_table(tmp_path):
    files = archive_files()
    del files[FIRST_MATTE]
    with pytest.raises(
        InputError, match=r"out\.zip: 4 whole portraits; expected at least 5; left out: 1 no_matte, see .*rejected\.parquet"
    ) as caught:
        stored(tmp_path, files, least=5)
    table = str(caught.value).partition(", see ")[2].partition(";")[0]
    assert pq.read_table(table).to_pylist() == [{"name": FIRST, "reason": "no_matte", "detail": ""}]
    assert not (tmp_path / "out").exists()


def test_all_portraits_of_a_shard_may_be_bad(tmp_path, monkeypatch):
    monkeypatch.setattr(portraits, "SHARD_BYTES", 1)
    files = archive_files() | {photograph_name("1803151818", k): b"no" for k in range(3)}
    assert [(row["shard"], row["row"]) for row in rows(stored(tmp_path, files))] == [(3, 0), (4, 0)]


def test_an_archive_without_portraits_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"out\.zip: no portrait among 1 files; expected clip_img/<batch>/"):
        stored(tmp_path, {"README.md": b"x"})


def test_a_cut_zip_is_one_line(tmp_path):
    path = write_zip(tmp_path / "cut.zip", archive_files())
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"cut\.zip: not a whole zip archive"):
        store_portraits(path, tmp_path / "out", work=tmp_path / "work", workers=1)
    assert not (tmp_path / "out").exists()
