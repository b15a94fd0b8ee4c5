"""The work on one shard of composites, as two jobs for a process: measure its instances' colours, then make its composites."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import pixels_sha256, sample_id_of
from imharmony.composing.limits import quality
from imharmony.composing.manifest import COMPOSITE_SHARD, DROPPED_COMPOSITES, MANIFEST, OWN_FILE_SHARD
from imharmony.composing.pairing import References, references_of, transfer_of
from imharmony.composing.regions import Photograph, Region, RegionRules, regrained
from imharmony.composing.rules import Limits, ReferenceRules
from imharmony.running.seeds import numpy_rng
from imharmony.storage.seals import seal
from imharmony.storage.shards import Row, ShardReader, write_shard
from imharmony.storage.tables import read_table, write_rows
from imharmony.transfer import TRANSFERS
from imharmony.transfer.kinds import ByParameters, ByPlace, ByReference, Parameters
from imharmony.transfer.moments import look

# One row per instance: its look, and where the looks that single transfers measure of it lie (``measured_schema``).
# Together the rows of all shards are ``MEASURED_FILE``.
MEASURED = pa.schema(
    [
        ("annotation_id", pa.int64()),
        ("image_id", pa.int64()),
        ("split", pa.string()),
        ("category", pa.string()),
        ("look", pa.list_(pa.float64())),
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
MEASURED_FILE = "measured.parquet"

Record = dict[str, Any]  # a row of one of the tables of `manifest`


@dataclass(frozen=True)
class Order:
    """What all shards of a data set have in common."""

    images: Path
    work: Path
    dataset: str
    transfers: tuple[str, ...]
    composites_per_foreground: dict[str, int]
    regions: RegionRules
    limits: Limits
    references: ReferenceRules
    seed: int

    @property
    def measuring(self) -> dict[str, ByReference | ByPlace]:
        """The transfers that measure something of a region beside its look, by the measure's name; of those that share one the last."""
        chosen = (TRANSFERS[name] for name in self.transfers)
        return {each.measure.__name__: each for each in chosen if not isinstance(each, ByParameters) and each.measure is not look}

    @property
    def looks(self) -> Path:
        """The folder of the shards of what the transfers measured."""
        return self.work / "looks"

    def part(self, name: str, shard: int) -> Path:
        """The file of a shard's part of a table in the work folder."""
        return self.work / f"{name}-{shard:05d}.parquet"

    def done(self, name: str, shard: int) -> Path:
        """The seal with which a shard's part of a table, and what belongs to it, is done."""
        return self.work / f"{name}-{shard:05d}.seal"


@dataclass(frozen=True)
class ShardJob:
    """A shard's photographs, each with its instances, in the order of their ids."""

    order: Order
    shard: int
    photographs: list[tuple[Record, list[Record]]]


def measure_shard(job: ShardJob) -> int:
    """Writes what the transfers measure of every instance's region; returns how many instances there are."""
    rows: list[Row] = []
    looks: list[Row] = []
    reader, measuring = ShardReader(job.order.images), job.order.measuring
    for row, instances in job.photographs:
        photograph = Photograph.read(reader, row)
        for instance in instances:
            region = job.order.regions.region_of(photograph, instance)
            if region is None:
                continue  # its composites are listed as dropped
            pixels = region.whole.reshape(-1, 3) if job.order.references.whole_picture else region.telling(region.pixels)
            names = {name: instance[name] for name in ("annotation_id", "image_id", "split", "category")}
            rows.append(names | {"look": look(pixels), "shard": job.shard, "row": len(rows)})
            looks.append({name: _measured(transfer, region, pixels).tobytes() for name, transfer in measuring.items()})
    files = [job.order.part("measured", job.shard)]
    if measuring:
        files.append(write_shard(job.order.looks, job.shard, looks, pa.schema([(name, pa.binary()) for name in measuring])))
    write_rows(files[0], rows, MEASURED)
    seal(job.order.done("measured", job.shard), files)
    return sum(len(instances) for _, instances in job.photographs)


def _measured(transfer: ByReference | ByPlace, region: Region, pixels: np.ndarray) -> np.ndarray:
    return transfer.measure(region.whole, region.full_matte) if isinstance(transfer, ByPlace) else transfer.measure(pixels)


def compose_shard(job: ShardJob) -> int:
    """Writes the shard and its parts of ``manifest`` and ``dropped``; returns how many composites were asked for."""
    rows: list[Row] = []
    samples: list[Row] = []
    dropped: list[Row] = []
    reader = ShardReader(job.order.images)
    for row, instances in job.photographs:
        photograph = Photograph.read(reader, row)
        sha256_real, first = pixels_sha256(photograph.pixels), len(rows)
        for instance in instances:
            lacking, made = _composites(job.order, photograph, instance)
            dropped += lacking
            for sample, change in made:
                own = "real" in change  # a truth of its own
                kept = {"real": photograph.file if len(rows) == first else None, "real_row": len(rows) if own else first}
                named = {"licence": row["licence"], "shard": job.shard, "row": len(rows)}
                samples.append({"sha256_real": sha256_real} | sample | named)
                rows.append(kept | change | {name: sample[name] for name in ("sample_id", "image_id")})
    has_own_files = job.order.regions.direction == "background"
    shard = write_shard(job.order.work, job.shard, rows, OWN_FILE_SHARD if has_own_files else COMPOSITE_SHARD)
    tables = [job.order.part(name, job.shard) for name in ("dropped", "manifest")]
    write_rows(tables[0], dropped, DROPPED_COMPOSITES)
    write_rows(tables[1], samples, MANIFEST)
    seal(job.order.done("manifest", job.shard), [shard, *tables])
    return len(samples) + len(dropped)


def _composites(order: Order, photograph: Photograph, instance: Record) -> tuple[list[Row], list[tuple[Row, Row]]]:
    """The rows of the instance's samples that could not be made, and of those made: in the manifest and in the shard."""
    region = order.regions.region_of(photograph, instance)
    names = {name: instance[name] for name in ("image_id", "annotation_id", "split", "category", "width", "height", "foreground_ratio")}
    names |= {"dataset": order.dataset, "direction": order.regions.direction, "seed": order.seed}
    names |= {} if region is None else {"sha256_mask": pixels_sha256(region.full_matte)}
    dropped, made = [], []
    for k in range(order.composites_per_foreground[instance["split"]]):
        sample_id = sample_id_of(instance["image_id"], instance["annotation_id"], k)
        composite = "no_background" if region is None else _composite(order, region, instance, sample_id)
        if isinstance(composite, str):
            dropped.append({name: instance[name] for name in ("split", "category")} | {"sample_id": sample_id, "reason": composite})
        else:
            made.append((names | composite[0], composite[1]))
    return dropped, made


def _composite(order: Order, region: Region, instance: Record, sample_id: str) -> tuple[Row, Row] | str:
    """What only this composite has, in the manifest and in the shard; or why there is none, the last attempt's reason."""
    transfer = transfer_of(sample_id, seed=order.seed, transfers=order.transfers)
    before, reason = region.telling(region.pixels), "no_reference"
    for number, attempt in enumerate(islice(_attempts(order, region, instance, sample_id, transfer), 1 + order.limits.redraws)):
        seen = quality(before, region.telling(attempt.pixels))
        reason = order.limits.reason(seen)
        if not reason:
            made = region.made(attempt.pixels)
            truth: Row = {} if made.truth is None else {"sha256_real": pixels_sha256(made.truth)}
            sample: Row = truth | {
                "sample_id": sample_id,
                "transfer": transfer,
                "transfer_params": json.dumps(attempt.parameters | {"attempt": number}),
                "reference_image_id": attempt.reference and attempt.reference[0],
                "reference_annotation_id": attempt.reference and attempt.reference[1],
                "delta_e": seen.delta_e,
                "clipped_fraction": seen.clipped_fraction,
                "sha256_composite": pixels_sha256(made.composite),
            }
            return sample, made.columns
    return reason


class Attempt(NamedTuple):
    """A region's pixels recoloured, and by what."""

    pixels: np.ndarray
    parameters: Parameters
    reference: tuple[int, int] | None = None  # its photograph and annotation


def _attempts(order: Order, region: Region, instance: Record, sample_id: str, name: str) -> Iterator[Attempt]:
    """Ever other references or parameters for one sample, in an order that its name fixes."""
    transfer = TRANSFERS[name]
    if isinstance(transfer, ByParameters):
        return _by_parameters(transfer, region, order.seed, sample_id)
    references = _references(order)[instance["split"], instance["category"]]
    return _by_references(transfer, region, references, order, instance["annotation_id"], sample_id)


def _by_parameters(transfer: ByParameters, region: Region, seed: int, sample_id: str) -> Iterator[Attempt]:
    rng = numpy_rng(seed, sample_id, "parameters")
    while True:
        parameters = transfer.draw(rng)
        if transfer.sees_photograph:
            pixels = region.cut(transfer.apply(region.whole, parameters))
        else:
            pixels = transfer.apply(region.pixels, parameters)
        yield Attempt(pixels, parameters)


def _by_references(
    transfer: ByReference | ByPlace, region: Region, references: References, order: Order, annotation_id: int, sample_id: str
) -> Iterator[Attempt]:
    own, reader = references.position(annotation_id), _looks(order.looks, _measured_at(order))

    def measured(position: int) -> np.ndarray:
        if transfer.measure is look:
            return references.looks[position]
        shard, row = int(references.shards[position]), int(references.rows[position])
        return np.frombuffer(reader.value(shard, row, transfer.measure.__name__))

    key = {"sample_id": sample_id, "seed": order.seed, "implausible": order.references.implausible}
    rng = numpy_rng(order.seed, sample_id, "parameters")
    for chosen in references.preferred(annotation_id, channels=transfer.channels, **key):
        drawn: Parameters = {}
        if isinstance(transfer, ByPlace):
            drawn = transfer.draw(rng)
            pixels = region.cut(transfer.apply(region.whole, region.full_matte, measured(chosen), drawn))
        else:
            pixels = transfer.apply(region.pixels, measured(own), measured(chosen))
            if transfer.needs_regrain:
                pixels = regrained(region, pixels)
        looks: Parameters = {name: references.looks[position].round(3).tolist() for name, position in (("own", own), ("reference", chosen))}
        looks |= {"measured": "picture"} if order.references.whole_picture else {}
        yield Attempt(pixels, drawn | looks, (int(references.images[chosen]), int(references.annotations[chosen])))


def _references(order: Order) -> dict[tuple[str, str], References]:
    return _read_references(order.work / MEASURED_FILE, _measured_at(order))


def _measured_at(order: Order) -> int:
    return (order.work / MEASURED_FILE).stat().st_mtime_ns


# Read once by each process; a file's second life is another file.
@lru_cache(maxsize=1)
def _read_references(path: Path, written: int) -> dict[tuple[str, str], References]:  # noqa: ARG001
    return references_of(read_table(path))


@lru_cache(maxsize=1)
def _looks(folder: Path, written: int) -> ShardReader:  # noqa: ARG001
    return ShardReader(folder)
