"""One table of judges: what each says of a picture, and how well it tells real ones."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.realism.critic import RealismCritic, realness
from imharmony.realism.database import build_database
from imharmony.realism.judging import JUDGED, JUDGES, REALISM, Judges, areas, realism
from imharmony.realism.local import local_emd
from imharmony.realism.photographs import photographs_of
from imharmony.realism.splits import judged_split
from tests.imharmony.realism.pictures import box, noisy, tinted

SIZE = 32


@pytest.fixture(scope="module")
def judges() -> Judges:
    database = build_database([noisy(seed) for seed in range(4)], [box()] * 4, bins=6, textons=4, neighbours=2, seed=0)
    return Judges(database, (RealismCritic(width=2).eval(), SIZE))


def split(count: int, *, name: str = "test", direction: str = "foreground") -> PackedSplit:
    """Two tinted composites of each photograph; the last photograph has no foreground left."""
    real = np.stack([noisy(seed) for seed in range(count)]).repeat(2, axis=0)
    matte = np.repeat((255 * box())[None].astype(np.uint8), 2 * count, axis=0)
    matte[-2:] = 0
    composite = np.stack([tinted(picture, box()) for picture in real])
    ids = np.arange(count).repeat(2)
    names = [f"{place}_{each}" for place, each in enumerate(ids)]
    rows = {"sample_id": names, "image_id": ids, "annotation_id": ids, "category": ["a"] * len(ids), "direction": [direction] * len(ids)}
    mask = 255 - matte if direction == "background" else matte
    return PackedSplit(pa.table({**rows, "split": [name] * len(ids)}), composite, real, mask)


def test_without_database_and_critic_the_local_judge_alone_has_a_score():
    found = realism(noisy(1), box())
    assert list(found) == list(JUDGES)
    assert {name for name, value in found.items() if value is not None} == {"local_emd"}
    assert found["local_emd"] == local_emd(noisy(1), box())


def test_all_judges_stay_in_their_ranges_and_repeat(judges):
    found = realism(tinted(noisy(9), box()), box(), judges)
    assert found == realism(tinted(noisy(9), box()), box(), judges)
    assert found["local_emd"] > 0
    assert all(0 <= value <= 1 for name, value in found.items() if name != "local_emd" and value is not None)
    assert None not in found.values()


def test_a_larger_picture_is_squared_for_judges_that_learned_at_a_size(judges):
    picture = np.full((90, 60, 3), 120, np.uint8)
    mask = np.zeros((90, 60))
    mask[20:60, 10:50] = 1
    network, _ = judges.critic
    found = realism(picture, mask, judges)
    small = np.full((SIZE, SIZE, 3), 120, np.uint8)
    assert found["critic"] == pytest.approx(realness(network, small, box()), abs=0.05)
    assert found["global_colour"] is not None


def test_a_foreground_that_vanishes_at_the_judges_size_is_one_line(judges):
    mask = np.zeros((300, 300))
    mask[5, 5] = 1
    with pytest.raises(InputError, match="at the 32 px that are judged the mask is empty"):
        realism(np.full((300, 300, 3), 9, np.uint8), mask, judges)


def test_a_split_is_judged_by_composite_and_by_photograph_and_says_what_it_could_not_judge(judges, caplog):
    rows = judged_split(split(3), judges, dataset="people")
    assert [row["is_real"] for row in rows] == [True] * 3 + [False] * 6
    assert [row["local_emd"] is None for row in rows] == [False, False, True] + [False] * 4 + [True] * 2
    assert rows[0]["local_emd"] == local_emd(noisy(0), box()) < rows[3]["local_emd"]
    assert "3 of 9 pictures have no foreground or no background at this size; not judged" in caplog.text


def test_the_foreground_is_the_annotated_one_where_the_background_was_changed(judges):
    own, other = (judged_split(split(2, direction=side), judges, dataset="a") for side in ("foreground", "background"))
    assert own == other


def test_areas_are_by_judge_and_data_set_and_count_what_has_a_score():
    rows = [
        {"dataset": "people", "sample_id": f"{image}", "image_id": image, "is_real": real, "local_emd": 9.0 - real, "critic": None}
        | {"combined": None if image == 0 else 0.5}
        for image in range(11)
        for real in (True, False)
    ]
    found = areas(pa.Table.from_pylist(rows, schema=JUDGED), judges="j", bootstrap=50)
    assert found.schema == REALISM
    first, second = found.to_pylist()
    assert (first["judge"], first["auc"], first["low"], first["high"]) == ("local_emd", 1, 1, 1)  # lower is more real
    assert (first["mean_real"], first["mean_composite"], first["n_photographs"]) == (8, 9, 11)
    assert (second["judge"], second["auc"], second["n_real"], second["n_photographs"]) == ("combined", 0.5, 10, 10)


def test_photographs_to_learn_from_are_each_foreground_once_and_none_of_another_split():
    packed = split(4, name="train")
    elsewhere = pa.table({"image_id": [1, 2], "split": ["test", "train"]})
    own = packed.rows.select(["image_id", "split"])
    found = photographs_of([("s", packed, own), ("s", packed, own), ("s", None, elsewhere)], split="train", most=9, seed=0)
    assert sorted(each.tobytes() for each in found.pictures) == sorted(noisy(seed).tobytes() for seed in (0, 2))  # 3 has no foreground
    other = photographs_of([("s", packed, own), ("t", None, elsewhere)], split="train", most=9, seed=0)
    assert len(other.pictures) == 3
    fewer = photographs_of([("s", packed, own)], split="train", most=1, seed=0)
    assert len(fewer.pictures) == len(fewer.masks) == 1


def test_no_photograph_to_learn_from_is_one_line():
    packed = split(2, name="train")
    others = pa.table({"image_id": [0, 1], "split": ["test", "test"]})
    with pytest.raises(InputError, match=r"no photograph of \['s'\] is in the split 'train' of every data set"):
        photographs_of([("s", packed, others)], split="train", most=9, seed=0)
