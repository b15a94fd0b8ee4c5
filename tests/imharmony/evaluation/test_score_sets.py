"""Scores read a batch at a time: the numbers of a whole table, whatever the batches, and nothing held that grows with the rows."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imharmony.errors import InputError
from imharmony.evaluation import blocks, intervals, pairs, score_sets
from imharmony.evaluation.blocks import resamples_of
from imharmony.evaluation.measures import MEASURES, SCORES
from imharmony.evaluation.pairs import in_order, joined_pairs, joined_standings, pairs_in, pairwise, standing_in, standings
from imharmony.evaluation.score_sets import Part, Scores, gathered, gathered_from, parts_of
from imharmony.evaluation.summary import joined_summaries, summarise, summary_in
from imharmony.running.seeds import numpy_rng
from imharmony.storage import streams
from imharmony.storage.streams import read_batches
from imharmony.storage.tables import write_table
from tests.imharmony.evaluation.test_pairs import every_protocol, random_rows
from tests.imharmony.evaluation.test_summary import score, table

BOOTSTRAP = 20
SETS = {"people": 10, "objects": 11}  # and photographs, of three images each
FLAT = ("s2", "s7", "s8")
KEYS = ["dataset", "method", "seed", "background", "quantisation"]


def drawn(seed: int = 0) -> pa.Table:
    """Two data sets, gaps, infinite values, flat foregrounds and a method of two seeds, in no order."""
    rng = np.random.default_rng(seed)
    rows = [
        {**row, "dataset": dataset, "ssim": None if rng.random() < 0.1 else rng.random(), "is_flat": row["sample_id"] in FLAT}
        | ({"psnr_255": np.inf} if rng.random() < 0.05 else {})
        for dataset, photographs in SETS.items()
        for row in every_protocol(random_rows(seed, photographs, ("identity", "idih", "unet")))
    ]
    return pa.Table.from_pylist([rows[place] for place in rng.permutation(len(rows))], schema=SCORES)


def on_disk(scores: pa.Table, folder: Path) -> Scores:
    """The same read from a file for each seed of a method."""
    parts = []
    for place, part in enumerate(parts_of(scores)):
        path = folder / f"{place}.parquet"
        write_table(path, pa.Table.from_batches(part.batches(SCORES.names)))
        parts.append(Part(part.method, part.seed, partial(read_batches, path, coded=True)))
    (folder / "arrays").mkdir()
    return gathered(parts, folder / "arrays")


def statistics_of(scores: Scores) -> list[pa.Table]:
    sets = scores.sets.values()
    compared = [(own, method, in_order(own.methods)[place + 1 :]) for own in sets for place, method in enumerate(in_order(own.methods))]
    return [
        joined_summaries([summary_in(own, method, bootstrap=BOOTSTRAP) for own in sets for method in own.methods]),
        joined_standings([standing_in(own, method, bootstrap=BOOTSTRAP) for own in sets for method in own.methods]),
        joined_pairs([pairs_in(own, method, references, bootstrap=BOOTSTRAP) for own, method, references in compared]),
    ]


def test_the_numbers_are_those_of_the_table_pivoted_as_a_whole():
    scores = drawn()
    frame, sets = scores.to_pandas().set_index([*KEYS, "sample_id"]), gathered_from(scores).sets
    assert list(sets) == ["objects", "people"]
    for (dataset, method, seed, *protocol), own in frame.groupby(KEYS):
        metrics, values = sets[dataset].values((method, seed), tuple(protocol))
        expected = own.droplevel(KEYS).reindex(sets[dataset].samples)[list(MEASURES)].astype(float).dropna(axis=1, how="all")
        pd.testing.assert_frame_equal(pd.DataFrame(values, sets[dataset].samples, metrics), expected, check_names=False)
    flat = frame.query("dataset == 'people' and method == 'idih' and background == 'raw' and quantisation == 'float'")["is_flat"]
    block = sets["people"].block([("raw", "float")], ["idih"])
    assert block.is_flat[0].tolist() == flat.droplevel(KEYS).reindex(block.samples).tolist()
    assert block.is_flat.sum() == len(FLAT)


@pytest.mark.parametrize("rows_at_once", [7, 10**6])
def test_statistics_of_files_are_those_of_a_table_to_the_bit(tmp_path, monkeypatch, rows_at_once):
    scores = drawn()
    expected = [summarise(scores, bootstrap=BOOTSTRAP), standings(scores, bootstrap=BOOTSTRAP), pairwise(scores, bootstrap=BOOTSTRAP)]
    monkeypatch.setattr(streams, "BATCH_ROWS", rows_at_once)
    assert statistics_of(on_disk(scores, tmp_path)) == expected


def test_parts_that_are_computed_at_once_change_no_bit(monkeypatch):
    scores = gathered_from(drawn())
    expected = statistics_of(scores)
    for module, name, value in (
        (score_sets, "NUMBERS_AT_ONCE", 1),
        (pairs, "NUMBERS_AT_ONCE", 1),
        (intervals, "PHOTOGRAPHS_AT_ONCE", 4),
        (intervals, "AT_ONCE", 3),
        (blocks, "DRAWN_AT_ONCE", 7),
    ):
        monkeypatch.setattr(module, name, value)
    assert statistics_of(gathered_from(drawn())) == expected


def test_resamples_drawn_in_parts_are_those_drawn_at_once():
    whole = numpy_rng(3, "people", "bootstrap").multinomial(40, np.full(40, 1 / 40), size=150)
    assert np.array_equal(resamples_of("people", 40, bootstrap=150, seed=3), whole)


def test_with_a_folder_no_array_is_held_and_a_block_holds_what_it_is_of(tmp_path):
    scores, kept = drawn(), gathered_from(drawn())
    found = on_disk(scores, tmp_path)
    own, (images, others) = found.sets["people"], (3 * photographs for photographs in SETS.values())
    assert own.arrays.bytes_in_memory == 0
    numbers = sum(len(metrics) * images for protocols in own.scored.values() for metrics in protocols.values())
    numbers += sum(len(metrics) * others for protocols in found.sets["objects"].scored.values() for metrics in protocols.values())
    assert kept.sets["people"].arrays.bytes_in_memory == 8 * numbers + (images + others) * len(own.scored)  # and a byte for each foreground
    block = own.block([("raw", "float")], ["unet"])
    assert block.values.shape == (2, images, len(own.scored["unet", 0]["raw", "float"]))


def test_arrows_memory_does_not_grow_while_rows_are_read(tmp_path):
    scores, held = drawn(), list[int]()
    path = tmp_path / "identity.parquet"
    pq.write_table(scores.filter(pa.compute.field("method") == "identity"), path, row_group_size=20)

    def batches(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for batch in read_batches(path, columns, coded=True):
            held.append(pa.total_allocated_bytes())
            yield batch

    gathered([Part("identity", 0, batches)])
    rows = len(held) // 2  # read once for the images, and once for the numbers
    assert rows > 20
    assert max(held[rows + 1 :]) - held[rows] < 4 * scores.nbytes / scores.num_rows * 20


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([score("identity", 0, 1), score("idih", 1, 2)], "'identity', seed 0: rows of method 'idih'"),
        ([score("identity", 0, 1), score("identity", 1, 2, seed=3)], "'identity', seed 0: rows of seed 3"),
        ([score("identity", 0, 1), score("identity", 1, 2, sample_id=None)], "1 rows without sample_id; expected one in each"),
    ],
    ids=["another method", "another seed", "no name"],
)
def test_rows_that_are_not_the_files_are_refused(rows, message):
    with pytest.raises(InputError, match=message):
        gathered([Part("identity", 0, lambda columns: table(rows).select(list(columns)).to_batches())])


def test_where_a_data_set_came_from_is_what_its_rows_say():
    assert gathered_from(drawn()).data_hashes == {("people", "h"), ("objects", "h")}
