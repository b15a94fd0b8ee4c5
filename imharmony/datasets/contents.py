"""What a data set holds, seen by decoding every file: of a folder of ours or of subsets in iHarmony4's layout."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from imharmony.composing.composites import pixels_sha256, read_change, read_real
from imharmony.composing.limits import quality
from imharmony.composing.manifest import OWN_FILE_SHARD, read_manifest
from imharmony.composing.splits import SPLITS
from imharmony.datasets.perceptual_hash import perceptual_hash
from imharmony.errors import InputError
from imharmony.pictures.gathering import gathered
from imharmony.pictures.images import decode_rgb
from imharmony.pictures.masks import foreground_ratio
from imharmony.pictures.pairs import INSIDE
from imharmony.running.processes import processes
from imharmony.running.progress import bar
from imharmony.sources.findings import Finding
from imharmony.sources.iharmony4_layout import HASHES, LINEAGE_FILE, Triple, read_layout, read_lineage, read_matte
from imharmony.sources.iharmony4_lists import COMPOSITES
from imharmony.storage.files import sha256_of
from imharmony.storage.shards import Row, ShardReader, shard_path

PHOTOGRAPHS_PER_JOB = 32
BROKEN = (ValueError, TypeError, LookupError, cv2.error)  # what a damaged cell makes of reading it
DESCRIBED = ("split", "category", "transfer", "foreground_ratio", "delta_e")


@dataclass(frozen=True)
class Contents:
    """What was seen. A sample has the keys ``sample``, ``photograph``, ``reference`` and ``DESCRIBED``; what is unknown is None."""

    samples: list[Row] = field(default_factory=list)
    hashes: dict[str, np.uint64] = field(default_factory=dict)  # by photograph
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: "Contents") -> None:
        """Takes what was seen elsewhere."""
        self.samples.extend(other.samples)
        self.hashes.update(other.hashes)
        self.findings.extend(other.findings)


@dataclass(frozen=True)
class ShardJob:
    """The rows of the manifest that lie in one shard, in their order."""

    folder: Path
    shard: int
    rows: list[Row]


class Listed(NamedTuple):
    """A triple of a subset, and its row of the subset's ``manifest.parquet`` if there is one."""

    triple: Triple
    split: str
    lineage: Row


@dataclass(frozen=True)
class FilesJob:
    """Some photographs of a subset, each with all its triples."""

    subset: str
    photographs: list[list[Listed]]


def contents(folder: Path, *, workers: int = 1) -> Contents:
    """Decodes everything in a folder of composites, in a subset in iHarmony4's layout or in a folder of such subsets."""
    subsets = [folder] if (folder / COMPOSITES).is_dir() else sorted(path.parent for path in folder.glob(f"*/{COMPOSITES}"))
    if not subsets and not (folder / "manifest.parquet").is_file():
        raise InputError(f"{folder}: no data set; expected manifest.parquet with its shards, or subsets with {COMPOSITES}/")
    seen = Contents()
    see, jobs = (see_files, _files_jobs(subsets, seen.findings)) if subsets else (see_shard, _shard_jobs(folder, seen.findings))
    with bar(total=len(jobs), what="check", unit="parts") as progress, processes(min(workers, len(jobs))) as run:
        for part in run(see, jobs):
            seen.add(part)
            progress.update()
    return seen


def see_shard(job: ShardJob) -> Contents:
    """Decodes the composites of a shard and compares them with their rows."""
    seen, reader = Contents([_sample_of_row(row) for row in job.rows]), ShardReader(job.folder, OWN_FILE_SHARD)
    try:
        reader.value(job.shard, 0, "sample_id")
    except BROKEN as error:
        return Contents(seen.samples, {}, [Finding("unreadable", shard_path(job.folder, job.shard).name, str(error))])
    for (image_id, _), rows in groupby(job.rows, key=lambda row: (row["image_id"], row["sha256_real"])):
        of_photograph = list(rows)
        try:
            real = read_real(reader, job.shard, of_photograph[0]["row"])
        except BROKEN as error:
            seen.findings.append(Finding("unreadable", _photograph(image_id), str(error)))
            continue
        seen.hashes.setdefault(_photograph(image_id), perceptual_hash(real))  # of graded ones the first
        sha256_real = pixels_sha256(real)
        for row in of_photograph:
            seen.findings.extend(_row_findings(reader, row, real, sha256_real))
    return seen


def see_files(job: FilesJob) -> Contents:
    """Decodes the files of photographs and of their composites."""
    seen = Contents()
    for photograph in job.photographs:
        samples = [_sample_of_file(job.subset, listed) for listed in photograph]
        seen.samples.extend(samples)
        for finding in _file_findings(job.subset, photograph, samples, seen.hashes):
            seen.findings.append(_within(job.subset, finding))
    return seen


def _within(subset: str, finding: Finding) -> Finding:
    """A finding whose subject names its subset."""
    return finding._replace(subject=f"{subset}/{finding.subject}")


def _shard_jobs(folder: Path, findings: list[Finding]) -> list[ShardJob]:
    table = read_manifest(folder).sort_by([("shard", "ascending"), ("row", "ascending")])
    rows = table.to_pylist()
    if not rows:
        raise InputError(f"{folder}: no composites; expected some; make the data set again")
    if unknown := {row["split"] for row in rows} - set(SPLITS):
        raise InputError(f"{folder}: splits {sorted(map(str, unknown))}; expected some of {SPLITS}; make the data set again")
    counts = Counter(row["sample_id"] for row in rows)
    findings += [Finding("twice", name, f"{count} rows of the manifest") for name, count in counts.items() if count > 1]
    return [ShardJob(folder, shard, list(group)) for shard, group in groupby(rows, key=lambda row: row["shard"])]


def _files_jobs(subsets: list[Path], findings: list[Finding]) -> list[FilesJob]:
    jobs = []
    for folder in subsets:
        layout = read_layout(folder.parent, folder.name)
        # A photograph in two splits is looked for later, in its role as reference too.
        findings += [_within(layout.subset, finding) for finding in layout.findings if finding.kind != "leak"]
        path = folder / LINEAGE_FILE
        known = {row["file"]: row for row in read_lineage(path).to_pylist()} if path.exists() else {}
        every = [Listed(each, split, known.get(each.name.file, {})) for split, triples in layout.triples.items() for each in triples]
        every.sort(key=lambda listed: listed.triple.real.name)
        photographs = [list(group) for _, group in groupby(every, key=lambda listed: listed.triple.real.name)]
        starts = range(0, len(photographs), PHOTOGRAPHS_PER_JOB)
        jobs += [FilesJob(layout.subset, photographs[start : start + PHOTOGRAPHS_PER_JOB]) for start in starts]
    return jobs


def _photograph(image_id: int) -> str:
    return f"photograph {image_id}"


def _sample_of_row(row: Row) -> Row:
    reference = row["reference_image_id"]
    names = {"sample": row["sample_id"], "photograph": _photograph(row["image_id"])}
    names["reference"] = None if reference is None else _photograph(reference)
    return names | {name: row[name] for name in DESCRIBED}


def _sample_of_file(subset: str, listed: Listed) -> Row:
    """The sample of a triple before its pictures are seen."""
    name, reference = listed.triple.name, listed.lineage.get("reference_image_id")
    known = {"sample": f"{subset}/{name.file}", "photograph": f"{subset}/{name.real}", "split": listed.split}
    described = {key: listed.lineage.get(key) for key in ("category", "transfer")} | {"foreground_ratio": None, "delta_e": None}
    return known | described | {"reference": None if reference is None else f"{subset}/{name.prefix}{reference}.jpg"}


def _row_findings(reader: ShardReader, row: Row, real: np.ndarray, sha256_real: str) -> Iterator[Finding]:
    name = row["sample_id"]
    if real.shape[:2] != (row["height"], row["width"]):
        yield Finding("size", name, f"{real.shape[1]}x{real.shape[0]} pixels; the manifest says {row['width']}x{row['height']}")
        return
    try:
        composite, mask = read_change(reader, row["shard"], row["row"], real=real)
    except BROKEN as error:
        yield Finding("unreadable", name, str(error))
        return
    if not mask.any():
        yield Finding("empty_mask", name, "no pixel is foreground")
    found = {"real": sha256_real, "mask": pixels_sha256(mask), "composite": pixels_sha256(composite)}
    changed = [picture for picture, value in found.items() if value != row[f"sha256_{picture}"]]
    if changed:
        yield Finding("changed", name, f"other pixels than the manifest has the hash of: {', '.join(changed)}")


def _file_findings(subset: str, photograph: list[Listed], samples: list[Row], hashes: dict[str, np.uint64]) -> Iterator[Finding]:
    """What is wrong with a photograph and its composites; puts its hash and their measures where they belong."""
    path = photograph[0].triple.real
    try:
        data = path.read_bytes()
        real = decode_rgb(data, name=path.name)
    except (InputError, OSError) as error:
        yield Finding("unreadable", path.name, str(error))
        return
    hashes[f"{subset}/{path.name}"] = perceptual_hash(real)
    if changed := _changed(photograph[0].lineage, "real", sha256(data).hexdigest()):
        yield Finding("changed", path.name, changed)
    for listed, sample in zip(photograph, samples, strict=True):
        yield from _triple_findings(listed, real, sample)


def _triple_findings(listed: Listed, real: np.ndarray, sample: Row) -> Iterator[Finding]:
    name, triple = listed.triple.name, listed.triple
    try:
        data = triple.composite.read_bytes()
        composite, mask = decode_rgb(data, name=name.file), read_matte(triple.mask)
    except (InputError, OSError) as error:
        yield Finding("unreadable", name.file, str(error))
        return
    for picture, found in (("composite", sha256(data).hexdigest()), ("mask", sha256_of(triple.mask))):
        if changed := _changed(listed.lineage, picture, found):
            yield Finding("changed", name.file, changed)
    if not real.shape[:2] == composite.shape[:2] == mask.shape:
        yield Finding("size", name.file, "composite, mask and photograph differ in size once they are turned upright")
        return
    inside = (mask >= INSIDE).astype(np.uint8)
    sample["foreground_ratio"] = foreground_ratio(inside)
    if not inside.any():
        yield Finding("empty_mask", name.file, f"no pixel of {name.mask} is foreground")
        return
    sample["delta_e"] = quality(gathered(real, inside), gathered(composite, inside)).delta_e


def _changed(lineage: Row, picture: str, found: str) -> str | None:
    expected = lineage.get(HASHES[picture], found)
    return None if found == expected else f"the {picture} is another file than {LINEAGE_FILE} has the hash of"
