"""Clips of composites: what is chosen, that they come out the same, and what is said of those that cannot be made."""

from dataclasses import replace

import numpy as np
import pytest

from imharmony.clips import synthesis
from imharmony.clips.synthesis import wanted
from imharmony.composing.composites import pixels_sha256
from imharmony.composing.manifest import read_manifest
from imharmony.composing.packed_clips import CLIPS, pack_clips, read_strips
from imharmony.errors import InputError
from imharmony.storage.tables import read_table, read_typed
from tests.imharmony.clips.films import RULES, SIZE, filmed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("films")
    filmed(path)
    return path


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_clip_says_of_what_it_was_made(folder):
    manifest = read_typed(folder / "clips" / "manifest.parquet", CLIPS)
    dropped = read_table(folder / "clips" / "dropped.parquet")
    assert manifest.num_rows + dropped.num_rows == 11
    rows = manifest.to_pylist()
    stills = {row["sample_id"]: row for row in read_manifest(folder / "composites").to_pylist()}
    for row, strips in zip(rows, read_strips(folder / "clips", manifest.to_pylist()), strict=True):
        assert (row["frames"], row["size_px"], len(row["shares"]), len(row["backward"])) == (4, SIZE, 4, 24)
        assert np.isnan(row["backward"][:6]).all()
        assert np.isfinite(row["backward"][6:]).all()
        for part, strip in strips.items():
            assert strip.shape[:2] == (4 * SIZE, SIZE)
            assert pixels_sha256(strip) == row[f"sha256_{part}"]
        if row["kind"] == "lit":
            assert row["image_id"] < 0
            assert row["composite_id"] is None
            assert row["transfer"] in RULES.grades
        else:
            still = stills[row["composite_id"]]
            assert row["kind"] == ("fixed" if set(row["shares"]) == {1.0} else "drifting")
            assert [row[key] for key in ("image_id", "split", "transfer", "category")] == [
                still[key] for key in ("image_id", "split", "transfer", "category")
            ]
    assert {row["kind"] for row in rows} >= {"lit", "fixed"}


def test_two_processes_and_a_killed_run_give_the_same_bytes(folder, monkeypatch):
    monkeypatch.setattr(synthesis, "CLIPS_PER_SHARD", 4)
    whole = files(filmed(folder, name="whole"))
    write, count = synthesis.write_shard, []

    def dying(*arguments):
        count.append(1)
        if len(count) == 2:
            raise KeyboardInterrupt
        return write(*arguments)

    monkeypatch.setattr(synthesis, "write_shard", dying)
    with pytest.raises(KeyboardInterrupt):
        filmed(folder, name="killed")
    assert not (folder / "killed").exists()
    monkeypatch.setattr(synthesis, "write_shard", write)
    made = []
    monkeypatch.setattr(synthesis, "_make_shard", lambda order, job, own=synthesis._make_shard: (made.append(job[0]), own(order, job)))
    assert files(filmed(folder, name="killed")) == whole
    assert made == [1, 2]
    monkeypatch.undo()
    assert files(filmed(folder, name="pair", workers=2)) == files(folder / "clips")


def test_a_cluster_changes_no_byte(folder):
    assert files(filmed(folder, name="cluster", workers=2, cluster="local")) == files(folder / "clips")


def test_each_foreground_comes_once_before_any_comes_twice(folder):
    manifest = read_manifest(folder / "composites")
    splits = manifest["split"].to_pylist()
    foregrounds = {(row["image_id"], row["annotation_id"]) for row in manifest.to_pylist() if row["split"] == "train"}
    rules = replace(RULES, moved={"train": len(foregrounds)}, lit={})
    chosen = [each.composite for each in wanted(manifest, rules, dataset="people") if each.composite]
    assert {(row["image_id"], row["annotation_id"]) for row in chosen} == foregrounds
    fewer = wanted(manifest, replace(rules, moved={"train": 2}), dataset="people")
    assert [each.composite for each in fewer] == chosen[:2]
    with pytest.raises(InputError, match=rf"10000 moved clips .* split train has {splits.count('train')} composites; expected .* lower"):
        wanted(manifest, replace(RULES, moved={"train": 10000}), dataset="people")


def test_packed_clips_are_the_strips_frame_by_frame(folder, tmp_path):
    packed = pack_clips(folder / "clips", tmp_path, split="train")
    manifest = read_typed(folder / "clips" / "manifest.parquet", CLIPS)
    own = manifest.filter(np.array([split == "train" for split in manifest["split"].to_pylist()]))
    assert (packed.length, packed.clips) == (4, own.num_rows)
    assert packed.rows["clip_id"].to_pylist() == [name for name in own["sample_id"].to_pylist() for _ in range(4)]
    assert packed.rows["sample_id"][5].as_py() == f"{own['sample_id'][1].as_py()}_1"
    for place, strips in enumerate(read_strips(folder / "clips", own.to_pylist())):
        for part, strip in strips.items():
            assert (getattr(packed, part)[4 * place : 4 * place + 4].reshape(strip.shape) == strip).all()
    assert np.isnan(packed.backward[::4]).all()
    with pytest.raises(InputError, match=r"no clips in split 'other'; expected some, as in \['test', 'train', 'val'\]"):
        pack_clips(folder / "clips", tmp_path, split="other")
