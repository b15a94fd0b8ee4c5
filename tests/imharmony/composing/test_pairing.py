"""References are of the same split and category, of another photograph, and chosen by name alone."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.composing.composites import sample_id_of
from imharmony.composing.pairing import References, references_of, transfer_of
from imharmony.composing.shard_jobs import MEASURED

CLOSE = [50.0, 0.0, 0.0, 10.0, 5.0, 5.0]
FAR = [95.0, 0.0, 0.0, 10.0, 5.0, 5.0]
ALL = (True, True, True)


def row(annotation_id: int, *, colours=CLOSE, category="person", split="train", image_id: int | None = None) -> dict[str, object]:
    return {
        "annotation_id": annotation_id,
        "image_id": annotation_id // 10 if image_id is None else image_id,
        "split": split,
        "category": category,
        "look": colours,
        "shard": 0,
        "row": annotation_id,
    }


def references(rows: list[dict[str, object]], category="person", split="train") -> References:
    return references_of(pa.Table.from_pylist(rows, schema=MEASURED))[split, category]


def preferred(rows: list[dict[str, object]], annotation_id: int, k: int = 0, **key) -> list[int]:
    group = references(rows, **key)
    order = group.preferred(annotation_id, channels=ALL, sample_id=sample_id_of(1, annotation_id, k), seed=0)
    return [int(group.annotations[position]) for position in order]


def chosen(rows: list[dict[str, object]], annotation_id: int, k: int = 0, **key) -> int | None:
    return next(iter(preferred(rows, annotation_id, k, **key)), None)


PEOPLE = [row(annotation_id) for annotation_id in range(10, 400, 10)]


def test_the_sample_id_names_photograph_annotation_and_number():
    assert sample_id_of(12, 345, 6) == "12_345_6"


def test_references_share_split_and_category():
    others = [row(7, category="dog"), row(8, split="val")]
    assert {chosen(PEOPLE + others, 10, k) for k in range(30)} <= {int(str(person["annotation_id"])) for person in PEOPLE}


def test_a_reference_is_never_of_the_same_photograph():
    rows = [row(1, image_id=1), row(2, image_id=1), row(3, image_id=2)]
    assert {chosen(rows, 1, k) for k in range(20)} == {3}


def test_a_category_with_one_photograph_has_no_reference():
    assert chosen([row(1, image_id=1), row(2, image_id=1)], 1) is None


def test_the_order_of_the_rows_does_not_matter():
    shuffled = [PEOPLE[position] for position in np.random.default_rng(0).permutation(len(PEOPLE))]
    assert [chosen(shuffled, 50, k) for k in range(10)] == [chosen(PEOPLE, 50, k) for k in range(10)]


def test_instances_that_are_not_chosen_change_nothing():
    first = chosen(PEOPLE, 50)
    fewer = [person for person in PEOPLE if person["annotation_id"] in {50, first, 200, 210}]
    assert chosen(fewer, 50) == first


def test_an_implausible_reference_is_taken_only_when_there_is_no_other():
    rows = [row(10), row(20, colours=FAR), row(30), row(40, colours=FAR)]
    assert {chosen(rows, 10, k) for k in range(30)} == {30}
    assert chosen([row(10), row(20, colours=FAR)], 10) == 20


def test_further_choices_are_all_other_plausible_references_once():
    rows = [*PEOPLE, row(500, colours=FAR)]
    order = preferred(rows, 10)
    assert sorted(order) == [person["annotation_id"] for person in PEOPLE[1:]]
    assert order != sorted(order)
    fewer = [person for person in rows if person["annotation_id"] != order[1]]
    assert preferred(fewer, 10) == [name for name in order if name != order[1]]


def test_plausible_references_are_about_equally_likely():
    counts = np.unique([chosen(PEOPLE[:6], 10, k) for k in range(400)], return_counts=True)[1]
    assert len(counts) == 5
    assert counts.min() > 50


@pytest.mark.parametrize("transfers", [["reinhard_lab"], ["reinhard_lab", "luminance"]])
def test_every_transfer_of_the_data_set_is_used(transfers):
    used = [transfer_of(sample_id_of(1, 2, k), seed=0, transfers=transfers) for k in range(200)]
    assert {used.count(name) > 70 for name in transfers} == {True}
    assert set(used) == set(transfers)


def test_with_implausible_ones_every_other_photograph_is_a_reference_and_equally_likely():
    rows = [row(10), *(row(annotation_id, colours=[5.0 * annotation_id, 0, 0, 1, 1, 1]) for annotation_id in range(20, 100, 10)), row(11)]
    group = references(rows)
    first = []
    for k in range(4000):
        order = group.preferred(10, channels=ALL, sample_id=sample_id_of(1, 10, k), seed=0, implausible=True)
        names = [int(group.annotations[position]) for position in order]
        assert sorted(names) == list(range(20, 100, 10))  # all but those of its own photograph
        first.append(names[0])
    counts = np.bincount(first, minlength=100)[20:100:10]
    assert counts.min() > 500 - 5 * 21  # of 4,000 in eight parts; one standard deviation is 21
    assert counts.max() < 500 + 5 * 21
