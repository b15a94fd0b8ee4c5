"""Statistics side by side are those of one process, row for row, and so are those of which a part was kept."""

from pathlib import Path

import pyarrow as pa
import pytest

from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.pairs import PAIRS, pairwise, standings
from imharmony.evaluation.score_sets import gathered_from
from imharmony.evaluation.summary import summarise
from reporting import statistics
from reporting.statistics import statistics_of
from tests.imharmony.evaluation.test_pairs import every_protocol, random_rows

METHODS = ("identity", "idih", "unet", "affine")

CODE = Path(__file__)  # any file: what is kept is keyed by it


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch) -> None:
    """What is kept lies below the current folder."""
    monkeypatch.chdir(tmp_path)


def rows(*, photographs: int = 30, changed: str | None = None, without: str | None = None) -> pa.Table:
    found = [row for row in every_protocol(random_rows(0, photographs=photographs)) if row["method"] != without]
    return pa.Table.from_pylist([row | ({"fmse": row["fmse"] / 3 + 1} if row["method"] == changed else {}) for row in found], schema=SCORES)


def from_nothing(scores: pa.Table) -> dict[str, pa.Table]:
    tables = {"summary": summarise(scores, bootstrap=50), "standings": standings(scores, bootstrap=50)}
    return {**tables, "pairs": pairwise(scores, bootstrap=50)}


def computed(monkeypatch) -> list[int]:
    """How much each call of ``statistics_of`` from now on computes, filled while they run."""
    counts, jobs = [], statistics._jobs
    monkeypatch.setattr(statistics, "_jobs", lambda *given: counts.extend(job.count for job in jobs(*given)) or jobs(*given))
    return counts


def test_processes_side_by_side_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "WORTH_A_PROCESS", 0)
    results = []
    for workers in (1, 2):
        (tmp_path / str(workers)).mkdir()
        monkeypatch.chdir(tmp_path / str(workers))
        results.append(statistics_of(gathered_from(rows()), bootstrap=50, workers=workers, code=CODE))
    assert results[0] == results[1] == from_nothing(rows())
    assert results[0]["pairs"].schema == PAIRS


@pytest.mark.parametrize("changed", ["idih", "identity"])
def test_a_changed_method_is_computed_again_to_the_bit(monkeypatch, changed):
    statistics_of(gathered_from(rows()), bootstrap=50, workers=1, code=CODE)
    counts = computed(monkeypatch)
    found = statistics_of(gathered_from(rows(changed=changed)), bootstrap=50, workers=1, code=CODE)
    assert found == from_nothing(rows(changed=changed))
    pairs, summaries = len(METHODS) - 1, len(METHODS) if changed == "identity" else 1
    assert sum(counts) == pairs + summaries


def test_nothing_is_computed_where_nothing_changed(monkeypatch):
    first = statistics_of(gathered_from(rows()), bootstrap=50, workers=1, code=CODE)
    counts = computed(monkeypatch)
    assert statistics_of(gathered_from(rows()), bootstrap=50, workers=1, code=CODE) == first
    assert sum(counts) == 0


def test_a_removed_method_and_one_that_comes_back_leave_no_trace():
    statistics_of(gathered_from(rows()), bootstrap=50, workers=1, code=CODE)
    assert statistics_of(gathered_from(rows(without="unet")), bootstrap=50, workers=1, code=CODE) == from_nothing(rows(without="unet"))
    assert statistics_of(gathered_from(rows()), bootstrap=50, workers=1, code=CODE) == from_nothing(rows())


def test_other_images_are_other_statistics():
    statistics_of(gathered_from(rows()), bootstrap=50, workers=1, code=CODE)
    assert statistics_of(gathered_from(rows(photographs=31)), bootstrap=50, workers=1, code=CODE) == from_nothing(rows(photographs=31))
