"""Leaks between splits are found, by name and by what the photographs show, and a set is described in numbers."""

import cv2
import numpy as np
import pytest

from imharmony.datasets.check import STATISTICS, check, leaks, near_duplicates, statistics
from imharmony.pictures.images import decode_rgb, encode_jpeg
from tests.datasets import edit_manifest, made, scene, write_subset

SAMPLE = {"category": "dog", "transfer": "luminance", "foreground_ratio": 0.1, "delta_e": 7.0, "reference": None}


def sample(photograph: str, split: str, **changes: object) -> dict:
    return SAMPLE | {"sample": f"{photograph}_1_0", "photograph": photograph, "split": split} | changes


def value(table, split: str, statistic: str, label: str = "") -> float:
    rows = [r["value"] for r in table.to_pylist() if (r["split"], r["statistic"], r["label"]) == (split, statistic, label)]
    assert len(rows) == 1
    return rows[0]


def test_our_own_set_is_sound(tmp_path):
    result = check(made(tmp_path))
    assert result.findings == []
    assert result.is_sound
    assert result.statistics.schema == STATISTICS


def test_a_background_in_two_splits_is_a_leak():
    assert list(leaks([sample("a", "train"), sample("a", "train"), sample("b", "test")])) == []
    (leak,) = leaks([sample("a", "train"), sample("a", "train"), sample("a", "test"), sample("b", "test")])
    assert (leak.kind, leak.subject) == ("leak", "a")
    assert leak.reason == "a photograph in two splits: background of 1 in test, background of 2 in train"


def test_a_reference_in_another_split_is_a_leak():
    (leak,) = leaks([sample("a", "train"), sample("b", "test", reference="a")])
    assert (leak.subject, leak.reason) == ("a", "a photograph in two splits: background of 1 in train, reference of 1 in test")


def test_a_reference_of_two_splits_is_a_leak_without_being_a_background():
    (leak,) = leaks([sample("a", "train", reference="c"), sample("b", "val", reference="c")])
    assert leak.subject == "c"


def test_a_leak_in_a_folder_makes_it_unsound(tmp_path):
    composites = made(tmp_path)

    def move(rows):
        own = next(row for row in rows if row["split"] == "test")
        own["reference_image_id"] = next(row["image_id"] for row in rows if row["split"] == "train")

    edit_manifest(composites, move)
    result = check(composites)
    assert [finding.kind for finding in result.findings] == ["leak"]
    assert not result.is_sound


CHANGES = {
    "equal": lambda picture: picture,
    "half": lambda picture: cv2.resize(picture, (48, 36), interpolation=cv2.INTER_AREA),
    "larger": lambda picture: cv2.resize(picture, (160, 120), interpolation=cv2.INTER_CUBIC),
    "re-encoded": lambda picture: decode_rgb(encode_jpeg(picture, quality=60), name="x"),
    "brighter": lambda picture: np.clip(picture * 1.06 + 2, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_photograph_under_another_name_is_found(tmp_path, change):
    root = write_subset(
        tmp_path,
        "HCOCO",
        {"train": {f"c{number}": scene(number) for number in range(1, 13)}, "test": {"c20": scene(20), "c21": change(scene(5))}},
    )
    result = check(root)
    assert [(finding.kind, finding.subject) for finding in result.findings] == [("near_duplicate", "HCOCO/c21.jpg")]
    assert "of 64 bits from HCOCO/c5.jpg in train" in result.findings[0].reason
    assert not result.is_sound


def test_the_same_photograph_within_a_split_is_no_leak(tmp_path):
    root = write_subset(tmp_path, "HCOCO", {"train": {"c1": scene(1), "c2": scene(1)}, "test": {"c3": scene(3)}})
    assert check(root).findings == []


def test_a_photograph_has_one_finding_with_its_nearest():
    samples = [sample("a", "train"), sample("b", "train"), sample("c", "test"), sample("d", "test")]
    hashes = {"a": 0b1111 << 8, "b": 0b111 << 8, "c": 0b11 << 8, "d": (1 << 60) - 1}
    (finding,) = near_duplicates(samples, {name: np.uint64(value) for name, value in hashes.items()})
    assert finding == ("near_duplicate", "c", "in test; 1 of 64 bits from b in train, and 1 more look like it")


def test_statistics_count_composites_by_split():
    rows = [sample("a", "train"), sample("a", "train", foreground_ratio=0.02, category="cat"), sample("b", "test", delta_e=20.0)]
    table = statistics(rows)
    assert list(dict.fromkeys(table["split"].to_pylist())) == ["train", "test", "all"]
    assert value(table, "train", "composites") == 2
    assert value(table, "train", "photographs") == 1
    assert value(table, "all", "photographs") == 2
    assert value(table, "train", "foreground_ratio", "0.01 to 0.05") == 1
    assert value(table, "all", "foreground_ratio", "0.05 to 0.15") == 2
    assert value(table, "test", "delta_e", "20 to 30") == 1
    assert value(table, "all", "delta_e_median") == 7
    assert value(table, "train", "category", "cat") == 1
    assert value(table, "all", "transfer", "luminance") == 3


def test_what_is_unknown_is_not_counted():
    table = statistics([sample("a", "train", foreground_ratio=None, delta_e=None, category=None)])
    assert value(table, "all", "composites") == 1
    assert "delta_e_mean" not in table["statistic"].to_pylist()
    assert "category" not in table["statistic"].to_pylist()


def test_a_ratio_of_one_is_in_the_last_bin():
    assert value(statistics([sample("a", "train", foreground_ratio=1.0)]), "all", "foreground_ratio", "0.8 to 1") == 1
