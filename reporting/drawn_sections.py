"""The sections that are mostly figures, drawn in a process beside the rest of the report."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from imharmony.running.processes import processes
from pipeline.params.file import Params
from reporting.blind import BlindRun, BlindSection, blind_section, blind_tables
from reporting.figures import training_figures
from reporting.matting import MattingRun, MattingSection, matting_section

WORTH_A_PROCESS = 4  # panels of figures without a mask: another process takes seconds to begin


@dataclass(frozen=True)
class Job:
    """What the sections are made of; figures are written to ``figures`` as PNG too."""

    params: Params
    unmasked: BlindRun
    cut_out: MattingRun
    mattes: Mapping[str, pa.Table]  # of ``matting_tables``
    curves: dict[str, pd.DataFrame]
    figures: Path


class Drawn(NamedTuple):
    """The sections, and the tables of ``blind_tables``."""

    blind_tables: dict[str, pa.Table]
    blind: BlindSection | None
    matting: MattingSection | None
    training: dict[str, str]  # of ``training_figures``


def drawn_sections(job: Job) -> Drawn:
    """All of them; equal jobs give equal files, in whichever process."""
    tables = blind_tables(job.unmasked, bootstrap=job.params.active.evaluation.bootstrap)
    return Drawn(
        tables,
        blind_section(job.params, job.unmasked, tables, figures=job.figures),
        matting_section(job.params, job.cut_out, job.mattes, figures=job.figures),
        training_figures(job.curves, job.figures),
    )


@contextmanager
def drawn_beside(job: Job, *, workers: int) -> Iterator[Callable[[], Drawn]]:
    """What waits for the sections, which are begun now; where one process is enough, they are made when they are asked for."""
    worth = sum(len(system.datasets) for system in job.params.blind.values()) >= WORTH_A_PROCESS
    with processes(workers if worth else 1) as run:
        yield partial(drawn_sections, job) if run.submit is None else run.submit(drawn_sections, job).result
