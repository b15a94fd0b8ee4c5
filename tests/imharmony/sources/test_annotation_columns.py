"""Annotations as columns: however many are decoded or written at once, the rows are those of the json."""

import json
from typing import Any

import pytest

from imharmony.sources import annotation_columns, annotations
from tests.imharmony.sources.coco_mirror import instances


def rows_of(data: bytes | bytearray) -> list[dict[str, Any]]:
    content, left_out = annotations.parsed(data, name="x.json")
    assert left_out == []
    return [row for batch in annotations.instance_batches(content) for row in batch.to_pylist()]


def document(count: int) -> dict[str, Any]:
    """Every annotation has an outline and a box of its own."""
    content = instances(list(range(1, count + 1)))
    for number, row in enumerate(content["annotations"]):
        row["segmentation"] = [[1, 1, 20 + number, 1, 20, 30 * number, 1, 30]]
        row["bbox"] = [number, 2 * number, 3 + number, 4.5]
    return content


@pytest.mark.parametrize("wrap", [bytes, bytearray], ids=["bytes", "bytearray"])
@pytest.mark.parametrize("at_once", [1, 3, 7, 100])
def test_batches_change_no_row(monkeypatch, at_once, wrap):
    content = document(7)
    monkeypatch.setattr(annotation_columns, "AT_ONCE", at_once)
    monkeypatch.setattr(annotations, "ROWS_AT_ONCE", 4)
    rows = rows_of(wrap(json.dumps(content).encode()))
    assert [json.loads(row["segmentation"]) for row in rows] == [each["segmentation"] for each in content["annotations"]]
    assert [[row[name] for name in annotation_columns.BOX] for row in rows] == [each["bbox"] for each in content["annotations"]]
    assert [row["annotation_id"] for row in rows] == [each["id"] for each in content["annotations"]]
    assert [row["image_id"] for row in rows] == [each["image_id"] for each in content["annotations"]]


def test_a_tools_json_gives_the_rows_of_cocos_own():
    content = document(5)
    expected = rows_of(json.dumps(content).encode())
    content["annotations"][3]["iscrowd"] = False  # as tools write it
    assert rows_of(json.dumps(content).encode()) == expected


def test_a_json_without_annotations_has_no_rows():
    assert rows_of(json.dumps(instances([1]) | {"annotations": []}).encode()) == []
