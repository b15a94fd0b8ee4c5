"""What is kept of a parsed text is what parsing gives, and nothing else."""

import json
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from pipeline.params import parsed as module
from pipeline.params.parsed import KEPT, parsed
from pipeline.params.yaml_files import _parse
from tests.conftest import ROOT

PLAIN = {"a": [1, 1.0, True, None, "1", "\u2028ä", 1e-5, -0.0, 10**30], "b": {"c": {}, "d": []}}


def never(_text: str) -> object:
    raise AssertionError("parsed again")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".work").mkdir()


def test_a_text_is_parsed_once():
    assert parsed("text", lambda _text: PLAIN) == PLAIN
    again = parsed("text", never)
    assert repr(again) == repr(PLAIN)  # 1, 1.0 and True are equal, but not the same


def test_another_text_or_reader_is_parsed_anew(monkeypatch):
    parsed("text", lambda _text: [1])
    assert parsed("text ", lambda _text: [2]) == [2]
    assert parsed("text", lambda _text: [3]) == [3]
    monkeypatch.setattr(module, "version", lambda _name: "another")
    assert parsed("text", lambda _text: [4]) == [4]


@pytest.mark.parametrize(
    "tree",
    [{1: "a"}, {None: 1}, [float("inf")], {"a": float("nan")}, [date(2020, 1, 1)], (1, 2), {"a": {True: 1}}, [1 << 20000]],
    ids=lambda tree: repr(tree) if tree != [1 << 20000] else "long",
)
def test_what_json_would_change_is_not_kept(tree):
    assert parsed("text", lambda _text: tree) is tree
    assert not KEPT.exists()


@pytest.mark.parametrize("damaged", [b"", b"{", b"\xff", b"[]", b"{}", b"null", b'{"key": 3}'])
def test_a_damaged_file_is_parsed_over(damaged):
    KEPT.write_bytes(damaged)
    assert parsed("text", lambda _text: [1]) == [1]
    assert parsed("text", never) == [1]


def test_without_a_place_for_it_nothing_is_kept():
    Path(".work").rmdir()
    assert parsed("text", lambda _text: [1]) == [1]
    assert not KEPT.exists()
    Path(".work").mkdir()
    KEPT.mkdir()
    assert parsed("text", lambda _text: [1]) == [1]


def test_params_yaml_is_the_same_from_both():
    path = ROOT / "params.yaml"
    text = path.read_text()
    read = parsed(text, partial(_parse, path=path))
    assert json.loads(KEPT.read_text())["tree"]["profile"] == read["profile"]
    assert repr(parsed(text, never)) == repr(read)
