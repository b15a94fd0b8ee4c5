"""What one data set tests on and another learns from is found by what it shows, whatever it is called."""

import numpy as np
import pytest

from imharmony.datasets.contents import Contents
from imharmony.datasets.overlap import shared_with
from imharmony.storage.tables import read_table
from tests.datasets import called, scene, write_subset

SAMPLE = {"category": None, "transfer": None, "foreground_ratio": 0.1, "delta_e": 7.0, "reference": None}


def holding(splits: dict[str, str], hashes: dict[str, int], **references: str) -> Contents:
    """Contents with one composite of each photograph; ``references`` lend a photograph's composite their colours."""
    samples = [
        SAMPLE | {"sample": name, "photograph": name, "split": split, "reference": references.get(name)} for name, split in splits.items()
    ]
    return Contents(samples, {name: np.uint64(value) for name, value in hashes.items()})


def found(own: Contents, other: Contents) -> list[tuple[str, str]]:
    return [(finding.subject, finding.reason) for finding in shared_with(own, other, other_name="b")]


HASHES = {"1": 0x0F0F_0F0F_0F0F_0F0F, "2": 0x3333_5555_AAAA_CCCC, "3": 0xFFFF_0000_1234_5678}


def test_a_photograph_that_one_tests_on_and_the_other_trains_on_is_found():
    own = holding({"1": "train", "2": "test"}, HASHES)
    assert found(own, holding({"1": "train", "2": "test"}, HASHES)) == []
    assert found(own, holding({"1": "test", "2": "train"}, HASHES)) == [("2", "tested on here, and in b: background of 1 in train")]
    assert found(own, holding({"2": "val"}, HASHES)) == [("2", "tested on here, and in b: background of 1 in val")]


def test_a_photograph_that_one_validates_on_and_the_other_trains_on_is_found():
    own = holding({"1": "train", "2": "val"}, HASHES)
    assert found(own, holding({"1": "train", "2": "val"}, HASHES)) == []
    assert found(own, holding({"2": "test"}, HASHES)) == []
    assert found(own, holding({"1": "train", "2": "train"}, HASHES)) == [("2", "validated on here, and in b: background of 1 in train")]


def test_equal_names_of_two_sources_are_two_photographs():
    own = holding({"1": "train", "2": "test"}, HASHES)
    assert found(own, holding({"1": "test", "2": "train"}, {"1": HASHES["2"] ^ 0xFFFF, "2": HASHES["3"]})) == []


def test_one_photograph_has_two_names_in_two_sources():
    own = holding({"2": "test"}, {"2": HASHES["2"]})
    (only,) = found(own, holding({"c2.jpg": "train"}, {"c2.jpg": HASHES["2"] ^ 1}))
    assert only == ("2", "tested on here, and in b as c2.jpg, 1 of 64 bits apart: background of 1 in train")


def test_a_photograph_that_lends_its_colours_counts_where_names_mean_the_same():
    own, lent = holding({"1": "test", "2": "test"}, {"1": HASHES["1"], "2": HASHES["2"]}), {"1": HASHES["1"], "3": HASHES["3"]}
    assert found(own, holding({"1": "test", "3": "train"}, lent, **{"3": "2"})) == [
        ("2", "tested on here, and in b: reference of 1 in train")
    ]
    elsewhere = {"1": HASHES["3"], "3": HASHES["1"] ^ 0xFFFF_FFFF}
    assert found(own, holding({"1": "test", "3": "train"}, elsewhere, **{"3": "2"})) == []


@pytest.fixture(scope="module")
def subsets(tmp_path_factory):
    """Two subsets; what is in the test part of the first is in the train part of the second under another name."""
    folder = tmp_path_factory.mktemp("subsets")
    pictures = {number: scene(number) for number in range(1, 6)}
    first = write_subset(folder, "HFirst", {"train": {"a1": pictures[1], "a2": pictures[2]}, "test": {"a3": pictures[3]}})
    second = write_subset(folder, "HSecond", {"train": {"b9": pictures[3], "b4": pictures[4]}, "test": {"b5": pictures[5]}})
    third = write_subset(folder, "HThird", {"train": {"c1": pictures[1]}, "test": {"c3": pictures[3]}})
    return first, second, third


def test_the_command_checks_several_sets_against_each_other(monkeypatch, subsets, tmp_path, capsys):
    first, second, third = subsets
    assert called(monkeypatch, "check", "--workers", 1, first, third) == 0
    assert capsys.readouterr().out == f"{first}: Sound: nothing was found.\n{third}: Sound: nothing was found.\n"
    assert called(monkeypatch, "check", "--workers", 1, first, second, "--out", tmp_path) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{first}: Not sound: 1 shared."
    assert out[1].startswith(f"shared: HFirst/a3.jpg: tested on here, and in {second} as HSecond/b9.jpg, 0 of 64 bits apart: background")
    assert out[2] == f"{second}: Sound: nothing was found."
    assert [read_table(tmp_path / name / "findings.parquet").num_rows for name in ("HFirst", "HSecond")] == [1, 0]


def test_a_set_that_comes_twice_is_wrong_input(monkeypatch, subsets, capsys):
    assert called(monkeypatch, "check", "--workers", 1, subsets[0], subsets[0]) == 2
    assert "a data set comes twice" in capsys.readouterr().err
