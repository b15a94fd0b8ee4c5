"""Statistics side by side are those of one process, row for row."""

import pyarrow as pa

from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.pairs import PAIRS, pairwise, standings
from imharmony.evaluation.summary import summarise
from reporting.statistics import statistics_of
from tests.imharmony.evaluation.test_pairs import every_protocol, random_rows


def test_processes_side_by_side_change_nothing():
    scores = pa.Table.from_pylist(every_protocol(random_rows(0, photographs=4)), schema=SCORES)
    one, two = (statistics_of(scores, bootstrap=50, workers=workers) for workers in (1, 2))
    assert one == two
    assert one == {
        "summary": summarise(scores, bootstrap=50),
        "standings": standings(scores, bootstrap=50),
        "pairs": pairwise(scores, bootstrap=50),
    }
    assert one["pairs"].schema == PAIRS
