"""The tables of statistics that the report is made of, side by side in processes: the dearest part of it."""

from collections.abc import Callable
from functools import partial

import pyarrow as pa

from imharmony.evaluation.conventions import CONVENTIONS
from imharmony.evaluation.pairs import joined_pairs, pairwise, standings
from imharmony.evaluation.summary import summarise
from imharmony.running.processes import processes


def statistics_of(scores: pa.Table, *, bootstrap: int, workers: int) -> dict[str, pa.Table]:
    """``summary``, ``standings`` and ``pairs`` of rows of ``measures.SCORES``; they do not depend on the number of workers."""
    names = list(CONVENTIONS)
    shares = [names[start::workers] for start in range(workers) if names[start::workers]]
    jobs = [
        partial(summarise, scores, bootstrap=bootstrap),
        partial(standings, scores, bootstrap=bootstrap),
        *(partial(pairwise, scores, bootstrap=bootstrap, conventions=share) for share in shares),
    ]
    with processes(workers) as run:
        summary, means, *pairs = run(_call, jobs)
    return {"summary": summary, "standings": means, "pairs": joined_pairs(pairs)}


def _call(job: Callable[[], pa.Table]) -> pa.Table:
    return job()
