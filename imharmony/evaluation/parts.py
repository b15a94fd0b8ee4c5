"""A method's scores on a data set in parts: each is a job of its own, sealed when it is done, and all are joined at the end.

What a part holds depends on the split alone, so neither the number of workers nor a killed run changes a byte. A part has its pictures
mapped from the packed files and no other's rows. The controls compare with what the method made of the composites as they are, so their
parts come after the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from torch import nn

from imharmony.composing.packed_split import PackedFiles, PackedSplit
from imharmony.evaluation.controls import CONTROLS, SWAPPED, UNTOUCHED, Background, Plan, inner_error, plan_of, score_controls
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.methods import Harmonize
from imharmony.evaluation.scoring import score_split
from imharmony.evaluation.validation import score_validation
from imharmony.metrics.perceptual import load_lpips
from imharmony.running.processes import Run
from imharmony.running.progress import bar
from imharmony.running.randomness import torch_threads
from imharmony.storage.seals import is_sound, seal
from imharmony.storage.shards import Row
from imharmony.storage.tables import write_table

PICTURES_PER_PART = 256
FOREGROUNDS_PER_PART = 64  # whose pictures, and other photographs, are read before they are looked at
TEST, VALIDATION = "test", "val"


@dataclass(frozen=True)
class Order:
    """What all parts of a method on one data set have in common. The method is called in other processes, so it must travel."""

    work: Path
    harmonize: Harmonize
    names: Row  # the columns that all rows share, as for ``scoring.score_split``
    lpips: str | None  # the backbone, whose weights are there
    threads: int  # of the processor, that a network takes
    has_controls: bool

    def table(self, kind: str, part: int) -> Path:
        """The file of a part of a table."""
        return self.work / f"{kind}-{part:05d}.parquet"

    def own(self, part: int) -> Path:
        """The file of ``inner_error`` of a part's composites, float64, NaN for None."""
        return self.work / f"own-{part:05d}.npy"

    def done(self, kind: str, part: int) -> Path:
        """The seal with which it is done."""
        return self.work / f"{kind}-{part:05d}.seal"


@dataclass(frozen=True)
class PartJob:
    """One part: its rows of the manifest, and the places of their pictures in the split."""

    order: Order
    number: int
    files: PackedFiles
    rows: pa.Table
    places: slice | np.ndarray
    own: np.ndarray | None = None  # of foregrounds: ``inner_error`` of each

    @cached_property
    def split(self) -> PackedSplit:
        """The rows with their pictures."""
        return self.files.taken(self.rows, self.places)


@dataclass(frozen=True)
class Parts:
    """All parts of one kind, of which jobs are made as they are needed."""

    order: Order
    kind: str
    files: PackedFiles
    samples: pa.Table  # of the split
    places: Sequence[slice | np.ndarray]
    own: np.ndarray | None = None  # of the split

    def job(self, number: int) -> PartJob:
        """One part. Its rows are copied: a slice would take the whole table along."""
        places = self.places[number]
        rows = self.samples.take(pa.array(np.r_[places]))
        return PartJob(self.order, number, self.files, rows, places, None if self.own is None else self.own[places])


Work = Callable[..., int]


def score_parts(run: Run, order: Order, split: PackedSplit) -> Iterator[Path]:
    """Scores a test split; gives the parts of its table of ``SCORES`` in their order."""
    return _scored(run, score_part, order, split, TEST)


def validate_parts(run: Run, order: Order, split: PackedSplit) -> Iterator[Path]:
    """The same of a validation split (``validation.score_validation``)."""
    return _scored(run, validate_part, order, split, VALIDATION)


def control_parts(run: Run, order: Order, split: PackedSplit) -> Iterator[Path]:
    """The controls of a test split that ``score_parts`` has scored; gives the parts of its table of ``CONTROLS`` in their order."""
    plan = plan_of(split)
    plan.save(order.work)
    own = np.concatenate([np.load(order.own(part)) for part in range(-(-split.rows.num_rows // PICTURES_PER_PART))])
    starts = range(0, len(plan.looked_at), FOREGROUNDS_PER_PART)
    places = [plan.looked_at[start : start + FOREGROUNDS_PER_PART] for start in starts]
    parts = Parts(order, SWAPPED, PackedFiles.of(split), split.rows.select(["sample_id", "image_id"]), places, own)
    _work(run, control_part, parts, what="controls")
    return (order.table(control, number) for control in (SWAPPED, UNTOUCHED) for number in range(len(places)))


def score_part(job: PartJob, done: Callable[[int], object] = int) -> int:
    """Writes a part of the scores and, for the controls, of ``inner_error``; returns how many pictures it has. ``done`` hears of each."""
    order, split, own = job.order, job.split, np.full(job.rows.num_rows, np.nan)

    def keep(index: int, raw: np.ndarray) -> None:
        error = inner_error(split, index, raw) if order.has_controls else None
        own[index] = np.nan if error is None else error
        done(1)

    with torch_threads(order.threads):
        perceptual, inputs = _perceptual(order.lpips), split.semi_harmonized
        rows = score_split(split, order.harmonize, names=order.names, perceptual=perceptual, inputs=inputs, on_output=keep)
    np.save(order.own(job.number), own)
    return _sealed(job, TEST, {TEST: rows}, SCORES, beside=[order.own(job.number)])


def validate_part(job: PartJob, done: Callable[[int], object] = int) -> int:
    """The same of the validation."""
    with torch_threads(job.order.threads):
        rows = score_validation(
            job.split, job.order.harmonize, names=job.order.names, inputs=job.split.semi_harmonized, on_output=lambda *_: done(1)
        )
    return _sealed(job, VALIDATION, {VALIDATION: rows}, SCORES)


def control_part(job: PartJob, done: Callable[[int], object] = int) -> int:
    """The same of the controls of some foregrounds, a table for each control."""
    order, plan = job.order, Plan.load(job.order.work)
    others = [plan.background_of(**row) for row in job.rows.to_pylist()]
    backgrounds = [
        None if place is None else Background(image_id, job.files.taken(job.rows, slice(place, place + 1)).real[0])
        for image_id, place in others
    ]
    own = [None if np.isnan(error) else float(error) for error in (() if job.own is None else job.own)]
    with torch_threads(order.threads):
        rows = score_controls(job.split, order.harmonize, names=order.names, own=own, backgrounds=backgrounds, done=done)
    return _sealed(job, SWAPPED, rows, CONTROLS)


def _scored(run: Run, make: Work, order: Order, split: PackedSplit, kind: str) -> Iterator[Path]:
    count = split.rows.num_rows
    places = [slice(start, min(start + PICTURES_PER_PART, count)) for start in range(0, count, PICTURES_PER_PART)]
    samples = split.rows.select(["sample_id", "image_id", "foreground_ratio"])
    _work(run, make, Parts(order, kind, PackedFiles.of(split), samples, places), what=kind)
    return (order.table(kind, number) for number in range(len(places)))


def _work(run: Run, make: Work, parts: Parts, *, what: str) -> None:
    """Makes what is not there yet; pictures of this process are counted one by one, others when their part is done."""
    order, sizes = parts.order, [len(np.r_[places]) for places in parts.places]
    todo = [number for number in range(len(sizes)) if not is_sound(order.done(parts.kind, number))]
    initial, what = sum(sizes) - sum(sizes[number] for number in todo), f"{order.names['method']}: {order.names['dataset']}, {what}"
    with bar(total=sum(sizes), initial=initial, what=what, unit="images") as progress:
        for count in run(partial(make, done=progress.update) if run.is_here else make, map(parts.job, todo)):
            progress.update(0 if run.is_here else count)


def _sealed(job: PartJob, kind: str, tables: dict[str, list[Row]], schema: pa.Schema, beside: list[Path] | None = None) -> int:
    files = [job.order.table(name, job.number) for name in tables]
    for path, rows in zip(files, tables.values(), strict=True):
        write_table(path, pa.Table.from_pylist(rows, schema=schema))
    seal(job.order.done(kind, job.number), [*files, *(beside or [])])
    return job.rows.num_rows


@lru_cache(maxsize=1)
def _perceptual(backbone: str | None) -> nn.Module | None:
    return None if backbone is None else load_lpips(backbone)  # once for each process
