"""A subset in iHarmony4's layout: read at once into a folder of composites, or stage by stage as a source of the pipeline.

What a row says of its pictures is measured on the files themselves. The rest comes from the subset's ``manifest.parquet`` where
our own export left one; a published subset has none: its transfer is "published", its category, references and seed are null.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import (
    PHOTOGRAPHS_PER_SHARD,
    Foreground,
    gathered,
    pixels_sha256,
    sample_id_of,
    stored,
    stored_whole,
    to_harmonize,
)
from imharmony.composing.instances import INSTANCES
from imharmony.composing.limits import quality
from imharmony.composing.manifest import COMPOSITE_SHARD, DROPPED_COMPOSITES, MANIFEST, OWN_FILE_SHARD
from imharmony.composing.rules import SplitRule
from imharmony.composing.splits import split_of
from imharmony.errors import InputError
from imharmony.pictures.images import decode_trusted, size_of_whole
from imharmony.pictures.masks import foreground_ratio, instance_of
from imharmony.pictures.pairs import INSIDE
from imharmony.running.engine import engine
from imharmony.running.progress import bar, track
from imharmony.running.seeds import stable_hash
from imharmony.sources.findings import counted
from imharmony.sources.iharmony4_layout import LINEAGE_FILE, Layout, Triple, read_layout, read_lineage, read_matte
from imharmony.sources.tables import PHOTOGRAPHS, STORED_PHOTOGRAPHS
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row, write_shard
from imharmony.storage.tables import write_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """One sample's files, and the columns of the manifest that they cannot tell."""

    triple: Triple
    lineage: Row


@dataclass(frozen=True)
class ShardJob:
    """The samples of a shard, those of a photograph one after the other."""

    out: Path
    shard: int
    samples: list[Sample]


def import_iharmony4(folder: Path, out: Path, *, subset: str, val: float, workers: int = 1) -> None:
    """Writes ``out`` from ``folder/subset``. The official lists are kept; ``val`` is the share of the photographs of the train
    list that are for validation, unless the subset has a list of them. Raises ``InputError`` for any sample that is not whole.
    """
    layout = read_layout(folder, subset)
    _expect_sound(layout)
    samples = sorted(_samples(layout, val=val), key=_order)
    _expect_splits(samples, layout, val=val)
    _write(samples, out, what=subset, workers=workers, cluster_address=None)


def list_iharmony4(
    *,
    out: Path,
    work: Path,  # noqa: ARG001
    workers: int,  # noqa: ARG001
    cluster_address: str | None = None,  # noqa: ARG001
    folder: str,
    subset: str,
) -> None:
    """Lists the subset's photographs and, as its instances, its masks; ``official_split`` is the list that a photograph is in."""
    layout = read_layout(Path(folder), subset)
    _expect_sound(layout)
    photographs: dict[int, Row] = {}
    instances: dict[tuple[int, int], Row] = {}
    samples = list(_samples(layout, val=0.0))
    for sample in track(samples, total=len(samples), what=f"{subset}: masks", unit="composites"):
        image_id, annotation_id = (sample.lineage[name] for name in ("image_id", "annotation_id"))
        if (image_id, annotation_id) not in instances:
            instances[image_id, annotation_id] = _instance(sample)
        width, height = (instances[image_id, annotation_id][name] for name in ("width", "height"))
        named = {"image_id": image_id, "file_name": sample.triple.real.name, "url": "", "official_split": sample.lineage["split"]}
        photographs[image_id] = named | {"width": width, "height": height, "licence_id": 0, "licence": ""}
    write_rows(out / "photographs.parquet", [photographs[key] for key in sorted(photographs)], PHOTOGRAPHS)
    write_rows(out / "instances.parquet", [instances[key] for key in sorted(instances)], INSTANCES)


def fetch_iharmony4(
    photographs: pa.Table,  # noqa: ARG001
    *,
    listed: Mapping[str, int],  # noqa: ARG001
    source: Path,  # noqa: ARG001
    out: Path,
    work: Path,  # noqa: ARG001
    workers: int,  # noqa: ARG001
    cluster_address: str | None = None,  # noqa: ARG001
) -> None:
    """Nothing is copied: ``compose_iharmony4`` stores photographs beside their composites. Writes a table without rows."""
    with atomic_folder(out) as temporary:
        write_rows(temporary / "photographs.parquet", [], STORED_PHOTOGRAPHS)


def compose_iharmony4(
    *, selected: pa.Table, out: Path, dataset: str, workers: int, cluster_address: str | None = None, folder: str, subset: str
) -> None:
    """Writes the published composites of the selected foregrounds, in the splits of the selection."""
    layout = read_layout(Path(folder).absolute(), subset)
    _expect_sound(layout)
    keys = zip(*(selected.column(name).to_pylist() for name in ("image_id", "annotation_id")), strict=True)
    splits = dict(zip(keys, selected.column("split").to_pylist(), strict=True))
    kept = []
    for sample in _samples(layout, val=0.0):
        split = splits.get((sample.lineage["image_id"], sample.lineage["annotation_id"]))
        if split is not None:
            kept.append(replace(sample, lineage=sample.lineage | {"split": split, "dataset": dataset}))
    _write(sorted(kept, key=_order), out, what=dataset, workers=workers, cluster_address=cluster_address)


def _order(sample: Sample) -> list[int]:
    return [sample.lineage[name] for name in ("image_id", "annotation_id", "k")]


def _instance(sample: Sample) -> Row:
    """A mask as an instance of ``instances.INSTANCES``; what is more than half on is inside."""
    mask = _matte(sample) >= INSIDE
    names = {name: sample.lineage[name] for name in ("annotation_id", "image_id")}
    return names | instance_of(mask, category_id=0, category=sample.lineage.get("category") or "")


def _write(samples: list[Sample], out: Path, *, what: str, workers: int, cluster_address: str | None) -> None:
    photographs = [list(group) for _, group in groupby(samples, key=lambda sample: sample.lineage["image_id"])]
    groups = [photographs[start : start + PHOTOGRAPHS_PER_SHARD] for start in range(0, len(photographs), PHOTOGRAPHS_PER_SHARD)]
    with atomic_folder(out) as temporary:
        jobs = (ShardJob(temporary.resolve(), shard, list(chain.from_iterable(group))) for shard, group in enumerate(groups))
        rows: list[Row] = []
        progress = bar(total=len(samples), what=f"{what}: import", unit="composites")
        with progress, engine(cluster_address, workers=min(workers, len(groups))) as run:
            for made in run(import_shard, jobs):
                rows += made
                progress.update(len(made))
        write_rows(temporary / "dropped.parquet", [], DROPPED_COMPOSITES)
        write_rows(temporary / "manifest.parquet", rows, MANIFEST)


def import_shard(job: ShardJob) -> list[Row]:
    """Writes a shard; returns its rows of the manifest."""
    stored_rows: list[Row] = []
    manifest: list[Row] = []
    real, sha256_real, first, held = np.empty(0), "", 0, None
    for sample in job.samples:
        image_id, file = sample.lineage["image_id"], None
        if held != sample.triple.real:
            held, first = sample.triple.real, len(manifest)
            file, real = _picture(held)
            sha256_real = pixels_sha256(real)
        measured, change = _change(sample, real)
        row = {name: value for name, value in sample.lineage.items() if name in MANIFEST.names}
        manifest.append(row | measured | {"sha256_real": sha256_real, "shard": job.shard, "row": len(manifest)})
        stored_rows.append(change | {"real": file, "real_row": first, "image_id": image_id, "sample_id": row["sample_id"]})
    has_own_files = any("composite" in row for row in stored_rows)
    write_shard(job.out, job.shard, stored_rows, OWN_FILE_SHARD if has_own_files else COMPOSITE_SHARD)
    return manifest


def _expect_sound(layout: Layout) -> None:
    errors = [finding for finding in layout.findings if finding.is_error]
    if errors:
        first, counts = errors[0], ", ".join(f"{count} {kind}" for kind, count in counted(errors).items())
        raise InputError(f"{layout.folder}: {first.subject}: {first.reason} ({counts} in all); expected whole samples; mend the set")
    for kind, count in counted(layout.findings).items():
        log.warning("%s: %d files %s", layout.folder, count, kind)


def _samples(layout: Layout, *, val: float) -> Iterator[Sample]:
    path = layout.folder / LINEAGE_FILE
    known = {row["file"]: row for row in read_lineage(path).to_pylist()} if path.exists() else None
    tokens: dict[int, str] = {}
    draws = val > 0 and "val" not in layout.triples  # what is published has no validation part, so some of train becomes one
    rule = SplitRule(by="official", val=val, test=0.0) if draws else None
    for split, triples in layout.triples.items():
        for triple in triples:
            lineage = _published(layout.subset, triple) if known is None else known.get(triple.name.file)
            if lineage is None:
                raise InputError(f"{path}: no row for {triple.name.file}; expected one for each composite; export the set again")
            image_id = lineage["image_id"]
            is_graded = lineage["direction"] == "photograph"  # then each composite has a photograph of its own
            if not is_graded and tokens.setdefault(image_id, triple.name.image) != triple.name.image:
                raise InputError(f"{layout.folder}: photographs {tokens[image_id]} and {triple.name.image} would both be {image_id}")
            split_here = split_of(image_id, official="train", rule=rule) if rule and split == "train" else split
            yield Sample(triple, lineage | {"split": split_here, "k": triple.name.k})


def _published(subset: str, triple: Triple) -> Row:
    """What a published composite's name tells."""
    name = triple.name
    image_id, annotation_id = _number(name.image), _number(name.annotation)
    return {
        "sample_id": sample_id_of(image_id, annotation_id, name.k),
        "image_id": image_id,
        "annotation_id": annotation_id,
        "dataset": subset,
        "direction": "foreground",
        "transfer": "published",
        "transfer_params": json.dumps({"file": name.file}),
    }


def _number(token: str) -> int:
    """A token of up to 18 digits as their number, another as 63 bits of its hash."""
    return int(token) if token.isascii() and token.isdecimal() and len(token) <= 18 else stable_hash(token) >> 1


def _expect_splits(samples: list[Sample], layout: Layout, *, val: float) -> None:
    found = {sample.lineage["split"] for sample in samples}
    expected = {"train", "test"} | ({"val"} if val or "val" in layout.triples else set())
    if missing := sorted(expected - found):
        raise InputError(f"{layout.folder}: no composite in {', '.join(missing)}; expected some in each split; take a larger set or share")


def _picture(path: Path) -> tuple[bytes, np.ndarray]:
    """A file and its pixels, once all of it has been decoded by a strict reader."""
    data = path.read_bytes()
    size_of_whole(data, name=str(path))
    return data, decode_trusted(data, name=str(path))


def _matte(sample: Sample) -> np.ndarray:
    """The foreground's matte, uint8 (H, W), of a mask that is white where something is to be harmonized."""
    return to_harmonize(read_matte(sample.triple.mask), sample.lineage["direction"])


def _change(sample: Sample, real: np.ndarray) -> tuple[Row, Row]:
    """What is measured of a composite, and its columns in the shard but for the photograph's."""
    triple, direction = sample.triple, sample.lineage["direction"]
    file, composite = _picture(triple.composite)
    mask = _matte(sample)
    inside, changed = ((each >= INSIDE).astype(np.uint8) for each in (mask, to_harmonize(mask, direction)))
    if not (inside.any() and changed.any()):
        raise InputError(f"{triple.mask}: an empty mask; expected a foreground; mend the set")
    foreground = Foreground.soft(real, mask, name=str(triple.composite))
    seen = quality(gathered(real, changed), gathered(composite, changed))
    measured = {
        "width": real.shape[1],
        "height": real.shape[0],
        "foreground_ratio": foreground_ratio(inside),
        "delta_e": seen.delta_e,
        "clipped_fraction": seen.clipped_fraction,
        "sha256_mask": pixels_sha256(mask),
        "sha256_composite": pixels_sha256(composite),
    }
    if direction != "background" and np.array_equal(composite[mask == 0], real[mask == 0]):
        return measured, stored(foreground, foreground.patch(foreground.cut(composite)))
    return measured, stored_whole(foreground.box, foreground.matte, file)
