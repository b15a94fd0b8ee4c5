"""The tables of statistics that the report is made of, in processes side by side; what did not change is taken from the last report.

What is kept under ``.work/report/`` is keyed by the code and, method by method, by the scores themselves: a method that is scored
anew is summarised again and compared again with all others, and nothing else is.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.pairs import in_order, joined_pairs, joined_standings, pairs_in, standing_in
from imharmony.evaluation.score_sets import Scores, ScoreSet
from imharmony.evaluation.summary import joined_summaries, summary_in
from imharmony.running.processes import processes
from imharmony.running.progress import bar
from imharmony.storage.files import write_text
from imharmony.storage.tables import read_table, write_table
from pipeline.steps.work_folders import work_folder

Tables = dict[str, list[pa.Table]]
JOINED: dict[str, Callable[[Sequence[pa.Table]], pa.Table]] = {
    "summary": joined_summaries,
    "standings": joined_standings,
    "pairs": joined_pairs,
}
MARKS = "marks.json"
PAIRS_AT_ONCE = 20
# Pairs, times photographs and what a pair costs beside them; less is done before a process has started.
WORTH_A_PROCESS = 2_000_000
PHOTOGRAPHS_OF_A_CALL = 1000


@dataclass(frozen=True)
class Job:
    """What is to be computed of one data set."""

    scores: ScoreSet
    bootstrap: int
    summaries: list[str]
    standings: list[str]
    pairs: list[tuple[str, list[str]]]  # a method and those that it is compared with

    @property
    def count(self) -> int:
        """How much work it is: summaries and pairs."""
        return len(self.summaries) + sum(len(references) for _, references in self.pairs)


def statistics_of(scores: Scores, *, bootstrap: int, workers: int, code: Path) -> dict[str, pa.Table]:
    """``summary``, ``standings`` and ``pairs`` of scores.

    They depend neither on the number of workers nor on what was kept, which ``code``, the fingerprint of this function, is part of.
    """
    sets = list(scores.sets.values())
    marks = [{method: own.mark(method) for method in own.methods} for own in sets]
    folders = [work_folder("report", code, own.name, bootstrap) for own in sets]
    known = [_kept(folder, own) for folder, own in zip(folders, marks, strict=True)]
    jobs = [
        (place, job)
        for place, (own, (fresh, _)) in enumerate(zip(sets, known, strict=True))
        for job in _jobs(own, [method for method in own.methods if method not in fresh], bootstrap)
    ]
    for own in {place: sets[place] for place, _ in jobs}.values():
        own.resamples(bootstrap=bootstrap)  # before there are processes, each of which would draw them
    made: list[Tables] = [{name: list(part) for name, part in tables.items()} for _, tables in known]
    total = sum(job.count for _, job in jobs)
    work = sum(job.count * (len(job.scores.starts) + PHOTOGRAPHS_OF_A_CALL) for _, job in jobs)
    progress = bar(total=total, what="report: statistics", unit="pairs")
    with progress, processes(workers if work > WORTH_A_PROCESS else 1) as run:
        for (place, job), tables in zip(jobs, run(_computed, (job for _, job in jobs)), strict=True):
            for name, part in tables.items():
                made[place][name] += part
            progress.update(job.count)
    whole = [{name: JOINED[name](part) for name, part in tables.items()} for tables in made]
    for folder, own, tables, (fresh, _) in zip(folders, marks, whole, known, strict=True):
        if set(fresh) != set(own):
            _keep(folder, own, tables)
    return {name: JOINED[name]([tables[name] for tables in whole]) for name in JOINED}


def _jobs(scores: ScoreSet, changed: Sequence[str], bootstrap: int) -> Iterator[Job]:
    """Work in pieces of about as many pairs each, for methods whose scores are new."""
    anew = set(changed)
    for method in scores.methods if REFERENCE in anew else sorted(anew):
        yield Job(scores, bootstrap, [method], [method] if method in anew else [], [])
    order, piece = in_order(scores.methods), []
    for place, method in enumerate(order):
        references = [name for name in order[place + 1 :] if method in anew or name in anew]
        if references:
            piece.append((method, references))
        if sum(len(names) for _, names in piece) >= PAIRS_AT_ONCE:
            yield Job(scores, bootstrap, [], [], piece)
            piece = []
    if piece:
        yield Job(scores, bootstrap, [], [], piece)


def _computed(job: Job) -> Tables:
    own, bootstrap = job.scores, job.bootstrap
    return {
        "summary": [summary_in(own, method, bootstrap=bootstrap) for method in job.summaries],
        "standings": [standing_in(own, method, bootstrap=bootstrap) for method in job.standings],
        "pairs": [pairs_in(own, method, references, bootstrap=bootstrap) for method, references in job.pairs],
    }


def _kept(folder: Path, marks: dict[str, str]) -> tuple[list[str], Tables]:
    """The methods whose scores are those of the last report, and the rows that still hold."""
    path = folder / MARKS
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    fresh = [method for method, mark in marks.items() if before.get(method) == mark]
    tables: Tables = {name: [] for name in JOINED}
    if not fresh:
        return fresh, tables
    is_own, is_of_both = pc.field("method").isin(fresh), pc.field("method").isin(fresh) & pc.field("reference").isin(fresh)
    for name in [*(["summary"] if REFERENCE in fresh else []), "standings", "pairs"]:
        tables[name] = [read_table(folder / f"{name}.parquet").filter(is_of_both if name == "pairs" else is_own)]
    return fresh, tables


def _keep(folder: Path, marks: dict[str, str], tables: dict[str, pa.Table]) -> None:
    (folder / MARKS).unlink(missing_ok=True)  # the tables hold from when it is written again
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", table)
    write_text(folder / MARKS, json.dumps(marks))
