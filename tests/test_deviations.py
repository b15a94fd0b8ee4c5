"""The page of deviations: its numbers are those of params.yaml, no number of a variant is left out, and each report has its section."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "deviations.md").read_text(encoding="utf-8")
CELL = re.compile(r"`((?:catalogue|profiles|defaults)\.[^`=]+?) = ([^`]+)`")
CELLS = [(key, YAML(typ="safe", pure=True).load(value)) for key, value in CELL.findall(PAGE)]
TOLD_ELSEWHERE = ("protocol",)  # in the generated table of docs/training.md


@cache
def numbers() -> dict[str, Any]:
    """Every value of the project's own file by its keys, lists whole."""
    return dict(_leaves(YAML(typ="safe", pure=True).load(ROOT / "params.yaml"), ()))


def _leaves(part: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _leaves(value, (*keys, str(key)))
    else:
        yield ".".join(keys), part


def is_number(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)


def found(pattern: str) -> dict[str, Any]:
    """What a cell names: ``*`` stands for any part of one name."""
    parts = pattern.split(".")
    return {
        key: value for key, value in numbers().items() if key.count(".") == len(parts) - 1 and all(map(fnmatchcase, key.split("."), parts))
    }


@pytest.mark.parametrize(("pattern", "stated"), CELLS, ids=[key for key, _ in CELLS])
def test_a_number_on_the_page_is_that_of_the_parameters(pattern, stated):
    values = found(pattern)
    assert values, f"{pattern} is not in params.yaml"
    assert {key: value for key, value in values.items() if value != stated} == {}


def test_every_number_of_a_variant_is_on_the_page():
    said = {key for pattern, _ in CELLS for key in found(pattern)}
    wanted = {
        key
        for key, value in numbers().items()
        if key.startswith("catalogue.") and key.split(".")[2] not in TOLD_ELSEWHERE and is_number(value)
    }
    assert sorted(wanted - said) == []


@pytest.mark.parametrize("report", ["000", "001", "002", "003", "004"])
def test_each_report_has_a_section_with_a_table(report):
    section = PAGE.partition(f"\n## Report {report}\n")[2].partition("\n## ")[0]
    assert "| what | source | ours, and why |" in section
    assert "Not built:\n\n- " not in section
