"""The tables of statistics that the report is made of, in processes side by side; what did not change is taken from the last report.

What is kept under ``.work/report/`` is keyed by the code and, method by method, by the scores themselves: a method that is scored
anew is summarised again and compared again with all others, and nothing else is.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.evaluation.blocks import REFERENCE, Block, blocks_of
from imharmony.evaluation.pairs import in_order, joined_pairs, joined_standings, pairs_of, standing_of
from imharmony.evaluation.summary import joined_summaries, summary_of
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
PAIRS_AT_ONCE = 100
WORTH_A_PROCESS = 500  # pairs; fewer are done before a process has started


@dataclass(frozen=True)
class Job:
    """What is to be computed of one data set."""

    block: Block
    summaries: list[str]
    standings: list[str]
    pairs: list[tuple[str, list[str]]]  # a method and those that it is compared with

    @property
    def count(self) -> int:
        """How much work it is: summaries and pairs."""
        return len(self.summaries) + sum(len(references) for _, references in self.pairs)


def statistics_of(scores: pa.Table, *, bootstrap: int, workers: int, code: Path) -> dict[str, pa.Table]:
    """``summary``, ``standings`` and ``pairs`` of rows of ``measures.SCORES``.

    They depend neither on the number of workers nor on what was kept, which ``code``, the fingerprint of this function, is part of.
    """
    blocks = list(blocks_of(scores, bootstrap=bootstrap, seed=0))
    marks = [{method: _mark(block, method) for method in block.methods} for block in blocks]
    folders = [work_folder("report", code, block.dataset, bootstrap) for block in blocks]
    known = [_kept(folder, own) for folder, own in zip(folders, marks, strict=True)]
    jobs = [
        (place, job)
        for place, (block, own, (fresh, _)) in enumerate(zip(blocks, marks, known, strict=True))
        for job in _jobs(block, [method for method in own if method not in fresh])
    ]
    made: list[Tables] = [{name: list(part) for name, part in tables.items()} for _, tables in known]
    total = sum(job.count for _, job in jobs)
    progress = bar(total=total, what="report: statistics", unit="pairs")
    with progress, processes(workers if total > WORTH_A_PROCESS else 1) as run:
        for (place, job), tables in zip(jobs, run(_computed, (job for _, job in jobs)), strict=True):
            for name, part in tables.items():
                made[place][name] += part
            progress.update(job.count)
    whole = [{name: JOINED[name](part) for name, part in tables.items()} for tables in made]
    for folder, own, tables, (fresh, _) in zip(folders, marks, whole, known, strict=True):
        if set(fresh) != set(own):
            _keep(folder, own, tables)
    return {name: JOINED[name]([tables[name] for tables in whole]) for name in JOINED}


def _jobs(block: Block, changed: Sequence[str]) -> Iterator[Job]:
    """Work in pieces of about as many pairs each, for methods whose scores are new."""
    anew = set(changed)
    if not anew:
        return
    yield Job(block, block.methods if REFERENCE in anew else sorted(anew), sorted(anew), [])
    order, piece = in_order(block.methods), []
    for place, method in enumerate(order):
        references = [name for name in order[place + 1 :] if method in anew or name in anew]
        if references:
            piece.append((method, references))
        if sum(len(names) for _, names in piece) >= PAIRS_AT_ONCE:
            yield Job(block, [], [], piece)
            piece = []
    if piece:
        yield Job(block, [], [], piece)


def _computed(job: Job) -> Tables:
    return {
        "summary": [summary_of(job.block, method) for method in job.summaries],
        "standings": [standing_of(job.block, method) for method in job.standings],
        "pairs": [pairs_of(job.block, method, references) for method, references in job.pairs],
    }


def _mark(block: Block, method: str) -> str:
    """A hash of all of a block that a method's statistics depend on, but for the other methods."""
    members = block.members(method)
    digest = sha256(json.dumps([block.samples, block.starts.tolist(), [block.cells[index][1] for index in members]]).encode())
    for inside in block.buckets.values():
        digest.update(inside.tobytes())
    values = block.values[members]
    for index in np.flatnonzero(~np.isnan(values).all((0, 1))):
        digest.update("/".join(block.columns[index]).encode())
        digest.update(block.is_scored[members, index].tobytes())
        digest.update(np.ascontiguousarray(values[:, :, index]).tobytes())
    return digest.hexdigest()


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
