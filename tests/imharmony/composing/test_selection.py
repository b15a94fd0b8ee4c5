"""Selection: a reason for every dropped instance, and splits that depend on the photograph alone."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imharmony.composing.candidates import REASONS
from imharmony.composing.instances import INSTANCES
from imharmony.composing.rules import Rules, SplitRule, parts_of
from imharmony.composing.selection import select
from imharmony.composing.splits import split_of
from imharmony.errors import InputError
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.tables import read_table, write_table

SIDE = 100
RULES = Rules(
    categories=["person"],
    licences=None,
    foreground_ratio=(0.01, 0.8),
    min_side_px=8,
    max_border_fraction=0.5,
    max_parts=2,
    photographs=None,
    foregrounds={},
    max_occlusion=1.0,
)
SPLIT = SplitRule(by="hash", val=0.3, test=0.3)


def square(left=20, top=20, side=30):
    return [left, top, left + side, top, left + side, top + side, left, top + side]


def instance(annotation_id, *, image_id=None, category="person", iscrowd=False, segmentation=None, side=30.0):
    shape = segmentation if isinstance(segmentation, bytes) else json.dumps([square()] if segmentation is None else segmentation).encode()
    row = {"annotation_id": annotation_id, "image_id": annotation_id if image_id is None else image_id, "category_id": 1}
    row |= {"category": category, "iscrowd": iscrowd, "area_px": 900.0, "bbox_x": 20.0, "bbox_y": 20.0, "bbox_width": side}
    return row | {"bbox_height": side, "width": SIDE, "height": SIDE, "segmentation": shape}


def tables(rows, *, licence="Attribution License", official="train2017"):
    photographs = [
        {
            "image_id": image_id,
            "file_name": f"{image_id}.jpg",
            "width": SIDE,
            "height": SIDE,
            "licence": licence,
            "official_split": official,
        }
        for image_id in sorted({row["image_id"] for row in rows})
    ]
    return pa.Table.from_pylist(rows, schema=INSTANCES), pa.Table.from_pylist(photographs, schema=PHOTOGRAPHS)


GOOD = [instance(number) for number in range(1, 41)]


def run(rows, *, rules=RULES, split=SPLIT, workers=1, **options):
    return select_of(*tables(rows, **options), rules=rules, split=split, workers=workers)


def select_of(instances, photographs, *, row_group_size=None, **options):
    """What is kept and dropped of these tables, by way of their files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(instances, folder / "listed.parquet", row_group_size=row_group_size)
        write_table(folder / "photographs.parquet", photographs)
        select(folder / "listed.parquet", folder / "photographs.parquet", out=folder / "out", **options)
        assert sorted(path.name for path in (folder / "out").iterdir()) == ["dropped.parquet", "instances.parquet"]
        return read_table(folder / "out" / "instances.parquet"), read_table(folder / "out" / "dropped.parquet")


def reason_of(row, **options):
    _, dropped = run([*GOOD, row], **options)
    return {dropped_row["annotation_id"]: dropped_row["reason"] for dropped_row in dropped.to_pylist()}.get(row["annotation_id"])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (instance(99), None),
        (instance(99, category="dog"), "category"),
        (instance(99, iscrowd=True), "crowd"),
        (instance(99, side=7.5), "min_side"),
        (instance(99, segmentation=[]), "degenerate"),
        (instance(99, segmentation=[[5, 5, 5, 5, 5, 5]]), "degenerate"),
        (instance(99, segmentation=b"[[1, 2"), "degenerate"),
        (instance(99, segmentation=[square(side=6)]), "foreground_ratio"),
        (instance(99, segmentation=[square(0, 0, 95)]), "foreground_ratio"),
        (instance(99, segmentation=[[0, 0, 4, 0, 4, 100, 0, 100]]), "border"),
        (instance(99, segmentation=[square(5, 5, 10), square(30, 30, 10), square(60, 60, 10)]), "parts"),
    ],
)
def test_each_dropped_instance_has_its_reason(row, reason):
    assert reason_of(row) == reason


def test_the_first_failed_test_is_the_reason():
    assert reason_of(instance(99, category="dog", iscrowd=True, segmentation=[])) == "category"
    assert REASONS.index("category") < REASONS.index("crowd") < REASONS.index("degenerate")


def test_licences_without_derivatives_are_dropped_unless_asked_for():
    rows, photographs = tables(GOOD)
    licences = ["Attribution-NoDerivs License" if i % 2 else "Attribution License" for i in range(len(photographs))]
    position = photographs.schema.get_field_index("licence")
    photographs = photographs.set_column(position, "licence", pa.array(licences))
    kept, dropped = select_of(rows, photographs, rules=RULES, split=SPLIT, workers=1)
    assert set(dropped.column("reason").to_pylist()) == {"licence"}
    assert len(kept) == len(dropped) == 20
    asked = replace(RULES, licences=("Attribution-NoDerivs License",))
    only, _ = select_of(rows, photographs, rules=asked, split=SPLIT, workers=1)
    assert only.column("annotation_id").to_pylist() == dropped.column("annotation_id").to_pylist()


@pytest.mark.parametrize("limits", [(0.09, 0.8), (0.01, 0.09)])
def test_limits_are_inclusive(limits):
    exact = replace(RULES, foreground_ratio=limits, min_side_px=30)
    kept, _ = run(GOOD, rules=exact)
    assert len(kept) == len(GOOD)
    assert kept.column("foreground_ratio").to_pylist() == [0.09] * len(GOOD)


def test_a_larger_number_of_photographs_keeps_the_earlier_ones():
    few, dropped = run(GOOD, rules=replace(RULES, photographs=25))
    more, _ = run(GOOD, rules=replace(RULES, photographs=30))
    assert len(few) == 25
    assert set(dropped.column("reason").to_pylist()) == {"photograph_limit"}
    assert set(few.column("image_id").to_pylist()) < set(more.column("image_id").to_pylist())


def test_the_order_of_rows_and_the_number_of_workers_change_nothing():
    expected = run(GOOD)
    assert run(GOOD[::-1])[0].equals(expected[0])
    many = [instance(number) for number in range(1, 4200)]
    assert run(many, workers=2)[0].equals(run(many)[0])


def test_a_split_depends_on_the_photograph_alone():
    few = {row["image_id"]: row["split"] for row in run(GOOD[:30])[0].to_pylist()}
    more = {row["image_id"]: row["split"] for row in run(GOOD)[0].to_pylist()}
    assert few.items() <= more.items()
    crowded = [*GOOD, *(instance(100 + row["image_id"], image_id=row["image_id"]) for row in GOOD)]
    splits = {}
    for row in run(crowded)[0].to_pylist():
        splits.setdefault(row["image_id"], set()).add(row["split"])
    assert all(len(names) == 1 for names in splits.values())


def test_an_official_split_is_kept_and_val_is_carved_out_of_its_train_part():
    rule = SplitRule(by="official", val=0.3, test=0.0)
    assert {split_of(image_id, official="val2017", rule=rule) for image_id in range(500)} == {"test"}
    assert {split_of(image_id, official="train2017", rule=rule) for image_id in range(500)} == {"train", "val"}


def test_fractions_of_the_splits_are_as_asked():
    rule = SplitRule(by="hash", val=0.1, test=0.2)
    names = [split_of(image_id, official="", rule=rule) for image_id in range(20_000)]
    assert names.count("test") / len(names) == pytest.approx(0.2, abs=0.01)
    assert names.count("val") / len(names) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        (SplitRule(by="hash", val=0.3, test=0.3), {"train", "val", "test"}),
        (SplitRule(by="hash", val=0.3, test=0.0), {"train", "val"}),
        (SplitRule(by="hash", val=0.0, test=1.0), {"test"}),
    ],
)
def test_a_rule_names_the_splits_that_photographs_come_into(rule, parts):
    assert {split_of(image_id, official="", rule=rule) for image_id in range(500)} == parts == set(parts_of(rule))
    assert set(run(GOOD, split=rule)[0]["split"].to_pylist()) == parts


@pytest.mark.parametrize(
    "shares", [{"val": 0.0, "test": 0.5}, {"val": 0.5, "test": 0.5}, {"val": 0.3, "test": 1.0}, {"val": 0.0, "test": 0.0}]
)
def test_shares_that_leave_nothing_to_learn_from_or_to_choose_by_are_refused(shares):
    with pytest.raises(ValueError, match=r"expected val above 0 and a part left for training, or val 0 and test 1"):
        SplitRule(by="hash", **shares)
    with pytest.raises(ValueError, match="expected val above 0"):
        SplitRule(by="official", val=0.0, test=1.0)


def test_a_category_that_nobody_has_names_close_ones():
    with pytest.raises(InputError, match=r"category 'persn': no annotation has it; .*such as person"):
        run(GOOD, rules=replace(RULES, categories=["persn"]))


def test_a_licence_that_no_photograph_has_is_named():
    with pytest.raises(InputError, match=r"licence 'Atribution License': no photograph has it; expected one that the source has"):
        run(GOOD, rules=replace(RULES, licences=["Atribution License"]))


def test_an_empty_split_says_what_dropped_how_many():
    with pytest.raises(InputError, match=r"0 of 40 instances were kept \(dropped: foreground_ratio 40\) and none is in train, val, test"):
        run(GOOD, rules=replace(RULES, foreground_ratio=(0.5, 0.8)))
    with pytest.raises(InputError, match=r"and none is in .*test"):
        run(GOOD, split=SplitRule(by="official", val=0.3, test=0.0))


def test_a_limit_of_foregrounds_holds_in_its_split_and_keeps_the_earlier_ones_when_it_grows():
    everything, _ = run(GOOD)
    of_train = [row["annotation_id"] for row in everything.to_pylist() if row["split"] == "train"]
    rest = {row["annotation_id"] for row in everything.to_pylist()} - set(of_train)
    kept_by = {}
    for limit in (3, 5):
        kept, dropped = run(GOOD, rules=replace(RULES, foregrounds={"train": limit}))
        kept_by[limit] = set(kept.column("annotation_id").to_pylist())
        assert len(kept_by[limit] & set(of_train)) == limit
        assert rest <= kept_by[limit]
        assert dropped.column("reason").to_pylist() == ["foreground_limit"] * (len(of_train) - limit)
    assert kept_by[3] < kept_by[5]


def test_a_foreground_that_another_object_touches_is_dropped_where_occlusion_is_limited(monkeypatch):
    touching = [square(50, 0, 60)]
    rows = [
        *GOOD,
        instance(101, image_id=1, category="dog", segmentation=touching),
        instance(102, image_id=2, iscrowd=True, segmentation=touching),
        instance(103, image_id=3, category="dog", segmentation=[square(60, 0, 60)]),
    ]
    limited = replace(RULES, max_occlusion=0.25)
    assert {row["reason"] for row in run(rows)[1].to_pylist()} == {"category", "crowd"}
    kept, dropped = run(rows, rules=limited)
    assert [row["annotation_id"] for row in dropped.to_pylist() if row["reason"] == "occlusion"] == [1, 2]
    assert run(rows, rules=replace(RULES, max_occlusion=0.5))[0].equals(run(rows)[0])
    monkeypatch.setattr("imharmony.composing.selection.WORTH_PROCESSES", 0)
    assert run(rows[::-1], rules=limited, workers=2)[0].equals(kept)


def test_how_many_rows_are_held_at_once_changes_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    rows = []
    for number in rng.permutation(300).tolist():
        left, top, side = rng.integers([0, 0, 4], [60, 60, 64]).tolist()
        shape = [square(left, top, side)] if number % 11 else []
        category = "person" if number % 5 else "dog"
        rows.append(instance(number, image_id=number % 150, category=category, iscrowd=number % 17 == 0, segmentation=shape))
    limited = replace(RULES, categories=None, max_occlusion=0.3, photographs=60, foregrounds={"train": 5})
    kept, dropped = run(rows, rules=limited)
    assert {row["reason"] for row in dropped.to_pylist()} >= {"crowd", "degenerate", "occlusion", "photograph_limit", "foreground_limit"}
    assert kept["annotation_id"].to_pylist() == sorted(kept["annotation_id"].to_pylist())
    assert sorted(kept["annotation_id"].to_pylist() + dropped["annotation_id"].to_pylist()) == list(range(300))
    source = {row["annotation_id"]: row for row in rows}
    assert all(row | source[row["annotation_id"]] == row for row in kept.to_pylist())
    for name, value in (("selection.BUCKET_ROWS", 7), ("selection.CHUNK", 3), ("selected.DROPPED_ROWS", 10), ("candidates.AT_ONCE", 9)):
        monkeypatch.setattr(f"imharmony.composing.{name}", value)
    monkeypatch.setattr("imharmony.storage.streams.BATCH_ROWS", 16)
    instances, photographs = tables(rows)
    again = select_of(instances, photographs, rules=limited, split=SPLIT, workers=1, row_group_size=50)
    assert again[0].equals(kept)
    assert again[1].equals(dropped)
