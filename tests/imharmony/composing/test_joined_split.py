"""Several packed splits read as one: the rows of a concatenation, without one."""

import numpy as np
import pytest

from imharmony.composing.joined_split import JoinedRows, JoinedSplit, joined, parts_of
from imharmony.errors import InputError
from tests.composites import packed

SOURCES = {"people": "photographs", "objects": "photographs", "elsewhere": "archive"}


@pytest.fixture
def parts():
    return {name: packed(count, 16, seed=seed) for seed, (name, count) in enumerate({"people": 3, "objects": 4, "elsewhere": 2}.items())}


@pytest.mark.parametrize(
    "index",
    [0, 2, 3, -1, -9, np.int64(5), slice(None), slice(1, 8, 2), slice(6, 2, -1), np.array([8, 0, 3, 3, -2]), np.array([], np.int64)],
    ids=str,
)
def test_rows_are_those_of_the_arrays_one_after_the_other(index):
    arrays = [np.random.default_rng(count).integers(0, 256, (count, 5, 3), dtype=np.uint8) for count in (2, 4, 3)]
    rows, whole = JoinedRows(arrays), np.concatenate(arrays)
    assert (rows.shape, rows.dtype, rows.nbytes, len(rows)) == (whole.shape, whole.dtype, whole.nbytes, len(whole))
    assert rows[index].tolist() == whole[index].tolist()
    assert np.array(list(rows)).tolist() == whole.tolist()


@pytest.mark.parametrize("index", [9, -10, np.array([0, 9])], ids=str)
def test_a_position_that_is_not_there_is_an_error(index):
    with pytest.raises(IndexError, match="there are 9 rows"):
        JoinedRows([np.zeros((4, 2), np.uint8), np.zeros((5, 2), np.uint8)])[index]


def test_what_is_in_a_file_stays_there(tmp_path):
    arrays = []
    for number in range(2):
        np.save(tmp_path / f"{number}.npy", np.full((3, 4), number, np.uint8))
        arrays.append(np.load(tmp_path / f"{number}.npy", mmap_mode="r+"))
    rows = JoinedRows(arrays)
    arrays[1][2] = 7  # in the file: a copy would not know
    assert rows[5].tolist() == [7] * 4


def test_data_sets_come_in_the_order_of_their_names_whatever_order_they_are_given_in(parts):
    split = joined(parts, sources=SOURCES)
    turned = joined(dict(reversed(parts.items())), sources=SOURCES)
    assert list(parts_of(split)) == ["elsewhere", "objects", "people"]
    assert split.rows.equals(turned.rows)
    for name in ("composite", "real", "mask"):
        expected = np.concatenate([getattr(parts[each], name) for each in ("elsewhere", "objects", "people")])
        assert (getattr(split, name)[:] == expected).all()
        assert (getattr(turned, name)[:] == expected).all()
    assert isinstance(split, JoinedSplit)
    assert split.owners.tolist() == [0] * 2 + [1] * 4 + [2] * 3


def test_samples_and_foregrounds_of_two_data_sets_are_two_and_photographs_of_one_source_are_one(parts):
    rows = joined(parts, sources=SOURCES).rows.to_pydict()
    counts = {"elsewhere": 2, "objects": 4, "people": 3}
    assert rows["sample_id"] == [f"{name}/{row}_{row}_0" for name, count in counts.items() for row in range(count)]
    photographs, foregrounds = rows["image_id"], rows["annotation_id"]
    assert photographs[2:5] == photographs[6:]  # 0 to 2 of one source
    assert len(set(photographs)) == 2 + 4
    assert len(set(foregrounds)) == 9


def test_one_alone_is_itself_and_its_own_part(parts):
    own = parts["people"]
    assert joined({"people": own}, sources=SOURCES, weights={"people": 2.0}) is own
    assert parts_of(own) == {"": own}


def test_pictures_of_two_sizes_are_refused(parts):
    with pytest.raises(InputError, match="expected one shape; pack them at one size"):
        joined(parts | {"objects": packed(2, 32)}, sources=SOURCES)
