"""The work on one shard of composites, as two jobs for a process: measure its instances' colours, then make its composites."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from harmonization.composites import Foreground, clipped_fraction, delta_e, pixels_sha256, stored
from harmonization.images import decode_trusted
from harmonization.masks import decode_segmentation
from harmonization.pairing import References, references_of, sample_id_of, transfer_of
from harmonization.shards import Row, ShardReader, write_shard
from harmonization.tables import COMPOSITE_SHARD, MANIFEST, read_table, write_rows
from harmonization.transfer import TRANSFERS
from harmonization.transfer.moments import Moments

# One row per instance and transfer: what the transfer measured. Together the rows of all shards are ``MEASURED_FILE``.
MEASURED = pa.schema(
    [
        ("annotation_id", pa.int64()),
        ("image_id", pa.int64()),
        ("split", pa.string()),
        ("category", pa.string()),
        ("transfer", pa.string()),
        ("mean", pa.list_(pa.float64())),
        ("std", pa.list_(pa.float64())),
    ]
)
MEASURED_FILE = "measured.parquet"
DROPPED = pa.schema([("sample_id", pa.string()), ("split", pa.string()), ("category", pa.string()), ("reason", pa.string())])

Record = dict[str, Any]  # a row of one of the tables of `harmonization.tables`


@dataclass(frozen=True)
class Order:
    """What all shards of a data set have in common."""

    images: Path
    work: Path
    dataset: str
    transfers: tuple[str, ...]
    composites_per_foreground: dict[str, int]
    seed: int

    def part(self, name: str, shard: int) -> Path:
        """The file of a shard's part of a table in the work folder."""
        return self.work / f"{name}-{shard:05d}.parquet"


@dataclass(frozen=True)
class ShardJob:
    """A shard's photographs, each with its instances, in the order of their ids."""

    order: Order
    shard: int
    photographs: list[tuple[Record, list[Record]]]


def measure_shard(job: ShardJob) -> int:
    """Writes what the transfers measure of every instance; returns how many instances there are."""
    rows = []
    reader = ShardReader(job.order.images)
    for photograph, instances in job.photographs:
        _, photo = _decoded(reader, photograph)
        for instance in instances:
            pixels = _foreground(photo, instance).pixels
            names = {name: instance[name] for name in ("annotation_id", "image_id", "split", "category")}
            measures = {TRANSFERS[transfer].measure for transfer in job.order.transfers}
            seen = {measure: measure(pixels)._asdict() for measure in measures}
            rows += [names | {"transfer": transfer} | seen[TRANSFERS[transfer].measure] for transfer in job.order.transfers]
    write_rows(job.order.part("measured", job.shard), rows, MEASURED)
    return sum(len(instances) for _, instances in job.photographs)


def compose_shard(job: ShardJob) -> int:
    """Writes the shard and its parts of ``manifest`` and ``dropped``; returns how many composites were asked for."""
    rows: list[Row] = []
    samples: list[Row] = []
    dropped: list[Row] = []
    reader = ShardReader(job.order.images)
    for photograph, instances in job.photographs:
        file, photo = _decoded(reader, photograph)
        sha256_real, first = pixels_sha256(photo), len(rows)
        for instance in instances:
            lacking, made = _composites(job.order, photograph, instance, photo)
            dropped += lacking
            for sample, change in made:
                kept = {"real": file if len(rows) == first else None, "real_row": first}
                samples.append(sample | {"sha256_real": sha256_real, "shard": job.shard, "row": len(rows)})
                rows.append(change | kept | {name: sample[name] for name in ("sample_id", "image_id")})
    write_shard(job.order.work, job.shard, rows, COMPOSITE_SHARD)
    write_rows(job.order.part("dropped", job.shard), dropped, DROPPED)
    write_rows(job.order.part("manifest", job.shard), samples, MANIFEST)  # the last: with it the shard is done
    return len(samples) + len(dropped)


def _composites(order: Order, photograph: Record, instance: Record, photo: np.ndarray) -> tuple[list[Row], list[tuple[Row, Row]]]:
    """The rows of the foreground's samples without a reference, and of those made: in the manifest and in the shard."""
    foreground = _foreground(photo, instance)
    full_mask = np.zeros(photo.shape[:2], np.uint8)
    foreground.box.of(full_mask)[:] = 255 * foreground.mask
    names = {name: instance[name] for name in ("image_id", "annotation_id", "split", "category", "width", "height", "foreground_ratio")}
    names |= {"dataset": order.dataset, "direction": "foreground", "seed": order.seed, "licence": photograph["licence"]}
    names["sha256_mask"] = pixels_sha256(full_mask)
    dropped, made = [], []
    for k in range(order.composites_per_foreground[instance["split"]]):
        sample_id = sample_id_of(instance["image_id"], instance["annotation_id"], k)
        composite = _composite(order, foreground, instance, sample_id)
        if composite is None:
            dropped.append({name: instance[name] for name in ("split", "category")} | {"sample_id": sample_id, "reason": "no_reference"})
        else:
            made.append((names | composite[0], composite[1]))
    return dropped, made


def _composite(order: Order, foreground: Foreground, instance: Record, sample_id: str) -> tuple[Row, Row] | None:
    """What only this composite has: in the manifest and in the shard; None without a reference."""
    transfer = transfer_of(sample_id, seed=order.seed, transfers=order.transfers)
    references = _references(order)[transfer, instance["split"], instance["category"]]
    chosen = references.choice(instance["annotation_id"], transfer=transfer, sample_id=sample_id, seed=order.seed)
    if chosen is None:
        return None
    own, reference = (references.moments(position) for position in (references.position(instance["annotation_id"]), chosen))
    pixels = TRANSFERS[transfer].apply(foreground.pixels, own, reference)
    patch = foreground.patch(pixels)
    sample: Row = {
        "sample_id": sample_id,
        "transfer": transfer,
        "transfer_params": json.dumps({"own": _written(own), "reference": _written(reference)}),
        "reference_image_id": int(references.images[chosen]),
        "reference_annotation_id": int(references.annotations[chosen]),
        "delta_e": delta_e(foreground.pixels, pixels),
        "clipped_fraction": clipped_fraction(foreground.pixels, pixels),
        "sha256_composite": pixels_sha256(foreground.replaced_by(patch)),
    }
    return sample, stored(foreground, patch)


def _written(moments: Moments) -> dict[str, list[float]]:
    return {name: [round(value, 3) for value in values] for name, values in moments._asdict().items()}


def _references(order: Order) -> dict[tuple[str, str, str], References]:
    path = order.work / MEASURED_FILE
    return _read_references(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read_references(path: Path, written: int) -> dict[tuple[str, str, str], References]:  # noqa: ARG001 - a file's second life is another file
    """The references of all shards; read once by each process."""
    return references_of(read_table(path))


def _decoded(reader: ShardReader, photograph: Record) -> tuple[bytes, np.ndarray]:
    file = reader.value(photograph["shard"], photograph["row"], "jpeg")
    if not isinstance(file, bytes):
        raise TypeError(f"photograph {photograph['image_id']}: its cell is {type(file).__name__}; expected a file's bytes")
    return file, decode_trusted(file, name=f"{reader.folder}, photograph {photograph['image_id']}")


def _foreground(photo: np.ndarray, instance: Record) -> Foreground:
    mask = decode_segmentation(instance["segmentation"], width=instance["width"], height=instance["height"])
    return Foreground.of(photo, mask, name=f"instance {instance['annotation_id']} of photograph {instance['image_id']}")
