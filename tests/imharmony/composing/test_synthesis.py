"""A data set of composites: what is in it, and that nothing but the selection and the seed decides it."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.composing import synthesis
from imharmony.composing.composites import pixels_sha256, read_composite
from imharmony.composing.manifest import MANIFEST
from imharmony.composing.regions import RegionRules
from imharmony.composing.rules import Limits, ReferenceRules
from imharmony.composing.synthesis import synthesize
from imharmony.errors import InputError
from imharmony.pictures.images import decode_trusted, encode_jpeg
from imharmony.pictures.masks import decode_segmentation
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_table
from imharmony.transfer import TRANSFERS
from imharmony.transfer.kinds import ByParameters, ByReference
from imharmony.transfer.random_poisson import colours_by_place, random_poisson
from tests.photographs import HEIGHT, WIDTH, instance, photo, rows_of, write_world

COUNTS = {"train": 2, "val": 1, "test": 1}


def made(folder: Path, rows: list[Row], **changes) -> Path:
    """The folder of composites of these instances."""
    selected, images = write_world(folder, rows)
    options = {"dataset": "d", "composites_per_foreground": COUNTS, "seed": 0, "workers": 1, "transfers": ("reinhard_lab", "luminance")}
    options |= changes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthesis, "PHOTOGRAPHS_PER_SHARD", 4)
        synthesize(selected=selected, images=images, out=folder / "out", work=folder / "work", **options)
    return folder / "out"


def contents(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def samples(folder: Path) -> dict[str, Row]:
    """The rows of the manifest by name, without their place in the shards."""
    rows = read_table(folder / "manifest.parquet").to_pylist()
    return {row["sample_id"]: {name: value for name, value in row.items() if name not in {"shard", "row"}} for row in rows}


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("world"), rows_of())


def test_every_foreground_has_its_number_of_composites_in_order(out):
    manifest = read_table(out / "manifest.parquet")
    assert manifest.schema == MANIFEST
    wanted = [f"{row['image_id']}_{row['annotation_id']}_{k}" for row in rows_of() for k in range(COUNTS[str(row["split"])])]
    assert manifest["sample_id"].to_pylist() == wanted
    assert sorted(path.name for path in out.glob("*.arrow")) == [f"shard-{shard:05d}.arrow" for shard in range(4)]


def test_hashes_are_of_the_pixels_that_are_read_back(out):
    reader = ShardReader(out)
    for row in read_table(out / "manifest.parquet").to_pylist():
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        assert [pixels_sha256(array) for array in (real, composite, mask)] == [
            row[f"sha256_{name}"] for name in ("real", "composite", "mask")
        ]


def test_a_composite_differs_from_its_photograph_in_the_mask_only(out):
    reader = ShardReader(out)
    for row in read_table(out / "manifest.parquet").to_pylist()[::5]:
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        assert_array_equal(real, decode_trusted(encode_jpeg(photo(row["image_id"]), quality=95), name="x"))
        assert_array_equal(composite[mask == 0], real[mask == 0])
        assert (composite[mask == 255] != real[mask == 255]).any()


def test_a_photograph_is_stored_once_in_its_shard(out):
    reader = ShardReader(out)
    rows = read_table(out / "manifest.parquet").to_pylist()
    files = [row["image_id"] for row in rows if reader.value(row["shard"], row["row"], "real") is not None]
    assert files == sorted({row["image_id"] for row in rows})


def test_foreground_and_reference_share_split_and_category_but_not_the_photograph(out):
    known = {row["annotation_id"]: row for row in rows_of()}
    for row in read_table(out / "manifest.parquet").to_pylist():
        reference = known[row["reference_annotation_id"]]
        assert (reference["split"], reference["category"]) == (row["split"], row["category"])
        assert reference["image_id"] == row["reference_image_id"] != row["image_id"]


def test_the_number_of_processes_changes_no_byte(out, tmp_path):
    assert contents(made(tmp_path, rows_of(), workers=2)) == contents(out)


def test_a_cluster_changes_no_byte(out, tmp_path):
    assert contents(made(tmp_path, rows_of(), workers=2, cluster_address="local")) == contents(out)


def test_the_order_of_the_rows_changes_no_byte(out, tmp_path):
    rows = rows_of()
    shuffled = [rows[position] for position in np.random.default_rng(0).permutation(len(rows))]
    assert contents(made(tmp_path, shuffled)) == contents(out)


def test_another_seed_chooses_other_references(out, tmp_path):
    changed = samples(made(tmp_path, rows_of(), seed=1))
    assert any(changed[name]["reference_image_id"] != row["reference_image_id"] for name, row in samples(out).items())


def test_photographs_of_another_category_change_no_sample(tmp_path):
    people = rows_of(range(1, 9), categories=["person"])
    dogs = [instance(number, 1, category="dog", split="train") for number in (100, 0)]
    alone, together = samples(made(tmp_path / "a", people)), samples(made(tmp_path / "b", people + dogs))
    assert alone.items() <= together.items()


def test_a_foreground_without_a_reference_is_listed_as_dropped(tmp_path, caplog):
    lonely = instance(50, 1, category="dog", split="train")
    folder = made(tmp_path, [*rows_of(range(1, 9), categories=["person"]), lonely])
    dropped = read_table(folder / "dropped.parquet").to_pylist()
    assert [(row["sample_id"], row["reason"]) for row in dropped] == [("50_5001_0", "no_reference"), ("50_5001_1", "no_reference")]
    assert "2 composites dropped" in caplog.text
    assert "50_5001_0" not in samples(folder)


def test_a_killed_run_is_taken_up_to_the_same_bytes(out, tmp_path, monkeypatch):
    compose, done = synthesis.compose_shard, []

    def compose_two_shards(job) -> int:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(job.shard)
        return compose(job)

    monkeypatch.setattr(synthesis, "compose_shard", compose_two_shards)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, rows_of())
    assert not (tmp_path / "out").exists()
    (tmp_path / "work" / "manifest-00001.parquet").unlink()  # killed between the shard and its table

    def compose_the_rest(job) -> int:
        assert job.shard != 0, "shard 0 was finished"
        return compose(job)

    monkeypatch.setattr(synthesis, "compose_shard", compose_the_rest)
    assert contents(made(tmp_path, rows_of())) == contents(out)
    assert not (tmp_path / "work").exists()


def mean_rgb(pixels: np.ndarray) -> np.ndarray:
    return pixels.mean(axis=0)


def shifted(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pixels + reference - own), 0, 255).astype(np.uint8)


@pytest.fixture
def kinds(monkeypatch) -> None:
    """One transfer of each kind that the real ones of this test do not have."""
    drawn = {"draw": lambda rng: {"add": int(rng.integers(1, 30))}, "apply": lambda pixels, drawn: pixels + np.uint8(drawn["add"])}
    monkeypatch.setitem(TRANSFERS, "mean", ByReference(mean_rgb, shifted))
    monkeypatch.setitem(TRANSFERS, "add", ByParameters(**drawn))
    monkeypatch.setitem(TRANSFERS, "turn", ByParameters(lambda _: {}, lambda photo, _: photo[::-1], sees_photograph=True))


@pytest.mark.usefixtures("kinds")
def test_what_a_transfer_measures_of_the_reference_reaches_it(tmp_path):
    folder, known = made(tmp_path, rows_of(), transfers=("mean",)), {row["annotation_id"]: row for row in rows_of()}
    reader, means = ShardReader(folder), []
    for row in read_table(folder / "manifest.parquet").to_pylist():
        _, composite, mask = read_composite(reader, row["shard"], row["row"])
        reference = known[row["reference_annotation_id"]]
        own = photo(reference["image_id"])[decode_segmentation(reference["segmentation"], width=WIDTH, height=HEIGHT) > 0]
        means.append((composite[mask > 0].mean(axis=0), own.mean(axis=0)))
    assert_allclose(*zip(*means, strict=True), atol=1.5)  # the photographs are stored as JPEG


@pytest.mark.usefixtures("kinds")
def test_a_transfer_may_measure_all_of_both_photographs(tmp_path):
    folder = made(tmp_path, rows_of(), transfers=("mean",), references=ReferenceRules(whole_picture=True))
    reader = ShardReader(folder)
    means = {}
    for row in read_table(folder / "manifest.parquet").to_pylist():
        real = read_composite(reader, row["shard"], row["row"])[0]
        means[row["image_id"]] = mean_rgb(real.reshape(-1, 3))
    for row in read_table(folder / "manifest.parquet").to_pylist()[::3]:
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        expected = shifted(real[mask > 0], means[row["image_id"]], means[row["reference_image_id"]])
        assert_array_equal(composite[mask > 0], expected)
        assert json.loads(row["transfer_params"])["measured"] == "picture"


def test_an_implausible_reference_is_taken_where_it_is_allowed(out, tmp_path):
    """Of the same rows, the first reference by name; among plausible ones alone it is often another."""
    free = samples(made(tmp_path, rows_of(), references=ReferenceRules(implausible=True)))
    kept = samples(out)
    assert free.keys() == kept.keys()
    assert any(free[name]["reference_image_id"] != kept[name]["reference_image_id"] for name in kept)


@pytest.mark.usefixtures("kinds")
def test_transfers_without_a_reference_record_what_they_drew(tmp_path):
    folder = made(tmp_path, rows_of(), transfers=("add",))
    reader = ShardReader(folder)
    rows = read_table(folder / "manifest.parquet").to_pylist()
    for row in rows:
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        assert_array_equal(composite[mask > 0], real[mask > 0] + np.uint8(json.loads(row["transfer_params"])["add"]))
        assert row["reference_image_id"] is None
    assert len({row["transfer_params"] for row in rows}) > 5


@pytest.mark.usefixtures("kinds")
def test_a_transfer_may_see_the_whole_photograph(tmp_path):
    folder = made(tmp_path, rows_of(), transfers=("turn",))
    real, composite, mask = read_composite(ShardReader(folder), 0, 0)
    assert_array_equal(composite[mask > 0], real[::-1][mask > 0])
    assert_array_equal(composite[mask == 0], real[mask == 0])


@pytest.mark.usefixtures("kinds")
def test_all_kinds_together_give_the_same_bytes_in_two_goes(tmp_path):
    mixed = {"transfers": ("mean", "add", "turn", "luminance"), "limits": Limits((2, 60), 0.5, 120, redraws=2)}
    assert contents(made(tmp_path / "a", rows_of(), **mixed)) == contents(made(tmp_path / "b", rows_of(), **mixed))


def test_a_composite_beyond_the_limits_gets_another_reference_or_is_dropped_with_the_reason(out, tmp_path):
    strict = Limits(delta_e=(4.0, 100.0))
    alone, retried = (made(tmp_path / str(n), rows_of(), limits=replace(strict, redraws=n)) for n in (0, 3))
    free = samples(out)
    weak = {name for name, row in free.items() if row["delta_e"] < 4}
    assert weak
    dropped = read_table(alone / "dropped.parquet").to_pylist()
    assert {row["sample_id"]: row["reason"] for row in dropped} == dict.fromkeys(weak, "too_like")
    assert samples(alone) == {name: row for name, row in free.items() if name not in weak}
    kept = samples(retried)
    assert set(samples(alone)) < set(kept)
    for name in set(kept) & weak:
        assert kept[name]["delta_e"] >= 4
        assert kept[name]["reference_annotation_id"] != free[name]["reference_annotation_id"]
        assert json.loads(kept[name]["transfer_params"])["attempt"] > 0


def test_a_foreground_blended_into_anothers_region_can_be_made_again_from_its_lineage(tmp_path):
    folder = made(tmp_path, rows_of(), transfers=("random_poisson",))
    reader, known = ShardReader(folder), {row["annotation_id"]: row for row in rows_of()}
    rows = read_table(folder / "manifest.parquet").to_pylist()
    reals = {row["image_id"]: read_composite(reader, row["shard"], row["row"])[0] for row in rows}
    for row in rows:
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        reference = known[row["reference_annotation_id"]]
        assert (reference["split"], reference["category"]) == (row["split"], row["category"])
        assert reference["image_id"] != row["image_id"]
        place = decode_segmentation(reference["segmentation"], width=WIDTH, height=HEIGHT)
        region = colours_by_place(reals[reference["image_id"]], place)
        assert_array_equal(composite, random_poisson(real, mask, region, json.loads(row["transfer_params"])))


def test_a_background_is_blended_into_no_region(tmp_path):
    with pytest.raises(InputError, match=r"transfers \['random_poisson'\] of a background; expected some of"):
        made(tmp_path, rows_of(), transfers=("random_poisson",), regions=RegionRules("background"))


def test_an_empty_split_is_named(tmp_path):
    with pytest.raises(InputError, match="data set d, split test: 0 categories; expected two photographs"):
        made(tmp_path, [row for row in rows_of() if row["split"] != "test"])


def test_a_split_without_any_pair_is_named(tmp_path):
    rows = [row for row in rows_of() if row["split"] != "val" or row["image_id"] == 2]
    with pytest.raises(InputError, match="data set d, split val: 2 categories; expected two photographs"):
        made(tmp_path, rows)


def test_a_missing_photograph_is_named(tmp_path):
    selected, images = write_world(tmp_path, rows_of())
    table = read_table(images / "photographs.parquet")
    pq.write_table(table.slice(1), images / "photographs.parquet")
    with pytest.raises(InputError, match="photograph 1 and 0 more are missing"):
        synthesize(
            selected=selected,
            images=images,
            out=tmp_path / "out",
            work=tmp_path / "work",
            dataset="d",
            transfers=["luminance"],
            composites_per_foreground=COUNTS,
            seed=0,
            workers=1,
        )


def test_an_unknown_transfer_is_named(tmp_path):
    with pytest.raises(InputError, match=r"transfers \['sepia'\] of a foreground; expected some of \['brightness', 'fecker_ycbcr', "):
        made(tmp_path, rows_of(), transfers=("sepia",))
