"""The layout in which iHarmony4 was published (Cong et al. 2020, arXiv:1911.13239), and which most loaders read.

A set is a folder of subsets. ``<subset>/`` has ``composite_images/``, ``masks/`` and ``real_images/``, with names that say what
belongs together: the composite ``c69_1234_1.jpg`` has the mask ``c69_1234.png`` (without its last token) and the photograph
``c69.jpg`` (its first). ``<subset>_train.txt`` and ``<subset>_test.txt`` list composites by name; ``IHD_train.txt`` and
``IHD_test.txt`` beside the subsets list all of them by path. Ours beyond the original, which other loaders pass over:
``<subset>_val.txt`` names those of the train list that are for validation, and ``manifest.parquet`` has lineage and hashes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.composing.manifest import FILLED, MANIFEST
from imharmony.errors import InputError
from imharmony.pictures.jpeg_warnings import JPEG_START
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.opening import opened
from imharmony.pictures.pairs import INSIDE
from imharmony.sources.findings import Finding
from imharmony.sources.iharmony4_lists import COMPOSITES, LISTS, WHOLE_SET, Files, Name, list_path, own_lists, parse_name, whole_set_names
from imharmony.storage.tables import read_typed

MASKS, REALS = "masks", "real_images"
FOLDERS = (COMPOSITES, MASKS, REALS)
LINEAGE_FILE = "manifest.parquet"
HASHES = {picture: f"sha256_{picture}_file" for picture in ("real", "mask", "composite")}

# One row per composite: its row in the manifest it came from, hashes of its pixels and all; its file; hashes of its files' bytes.
LINEAGE = pa.schema(
    [
        *(field for field in MANIFEST if field.name not in {"shard", "row"}),
        ("file", pa.string()),
        *((name, pa.string()) for name in HASHES.values()),
    ]
)

Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class Triple:
    """One sample's files."""

    name: Name
    composite: Path
    mask: Path
    real: Path


@dataclass(frozen=True)
class Layout:
    """A subset's whole samples by split, in the order of its lists, and what is wrong with it."""

    subset: str
    folder: Path
    triples: dict[str, list[Triple]]
    findings: list[Finding]


def read_layout(folder: Path, subset: str) -> Layout:
    """The samples of ``folder/subset`` by split, from its lists; only those whose three files are there, alike in size.

    Opens every file, but decodes no pixels. Raises ``InputError`` where there is nothing to read: no such folder, no list, or
    no whole sample in any list.
    """
    root = folder / subset
    present = {name: _files(root / name) for name in FOLDERS}
    findings: list[Finding] = []
    listed = {split: [_present(name, present[COMPOSITES]) for name in names] for split, names in own_lists(root, subset).items()}
    size = cache(_size)
    triples = {split: list(_triples(names, root, present, size, findings)) for split, names in listed.items()}
    if not any(triples.values()):
        empty = f": none of their lines is of {subset}, whose folder they should name" if not any(listed.values()) else ""
        reason = f": {findings[0].subject}: {findings[0].reason}" if findings else empty
        raise InputError(f"{root}: its lists name no whole sample{reason}; expected composites with mask and photograph")
    findings += _repeated(listed)
    findings += _strays(present, [name for names in listed.values() for name in names])
    findings += _whole_set(folder, subset, listed, present[COMPOSITES])
    return Layout(subset, root, triples, findings)


def read_matte(path: Path) -> np.ndarray:
    """A mask of a subset, uint8 (H, W), as stored. JPEG cannot store one exactly, so a JPEG's is white or black."""
    mask = read_mask(path, as_stored=True)
    with path.open("rb") as file:
        is_jpeg = file.read(len(JPEG_START)) == JPEG_START
    if is_jpeg:
        return np.where(mask >= INSIDE, 255, 0).astype(np.uint8)
    return mask


def read_lineage(path: Path) -> pa.Table:
    """The rows of a subset's ``manifest.parquet``, its columns as ``LINEAGE`` has them."""
    filled = [name for name in FILLED if name in LINEAGE.names]
    return read_typed(path, LINEAGE, filled=["file", *filled])


def _files(folder: Path) -> Files:
    try:
        return Files(path.name for path in folder.iterdir())
    except OSError as error:
        came = "a file" if folder.is_file() else "no such folder"
        raise InputError(f"{folder}: {came}; expected a subset with {', '.join(FOLDERS)}; unpack the data set") from error


def _present(name: str, files: Files) -> str:
    """The file that a list means, where it is clear which; else the name as it is listed."""
    found = files.candidates(name)
    return found[0] if len(found) == 1 else name


def _triples(
    names: list[str], root: Path, present: dict[str, Files], size: Callable[[Path], Size], findings: list[Finding]
) -> Iterator[Triple]:
    """The whole samples of a list; what keeps the others out is added to ``findings``."""
    for file in names:
        try:
            name = parse_name(file)
        except InputError as error:
            findings.append(Finding("name", file, str(error)))
            continue
        named: dict[str, str] = dict(zip(FOLDERS, (file, name.mask, name.real), strict=True))
        found: dict[str, list[str]] = {kind: present[kind].candidates(each) for kind, each in named.items()}
        if unclear := [f"{kind}/ has {' and '.join(each)}" for kind, each in found.items() if len(each) > 1]:
            findings.append(Finding("name", file, f"which file is meant? {', '.join(unclear)}; expected one; remove the others"))
            continue
        absent = [f"{kind}/{named[kind]}" for kind, each in found.items() if not each]
        if absent:
            instead = present[MASKS].candidates(file) if not found[MASKS] else []
            there = f"; there is {MASKS}/{instead[0]}: masks are named without the composite's last number" if instead else ""
            findings.append(Finding("missing", file, f"it is in a list, but there is no {' and no '.join(absent)}{there}"))
            continue
        triple = Triple(name, *(root / kind / found[kind][0] for kind in FOLDERS))
        problem = _size_problem(triple, size)
        if problem is None:
            yield triple
        else:
            findings.append(problem)


def _size_problem(triple: Triple, size: Callable[[Path], Size]) -> Finding | None:
    sizes = {}
    for kind, path in zip(FOLDERS, (triple.composite, triple.mask, triple.real), strict=True):
        try:
            sizes[kind] = size(path)
        except InputError as error:
            return Finding("unreadable", f"{kind}/{path.name}", str(error).removeprefix(f"{path.name}: "))
    if len(set(sizes.values())) == 1:
        return None
    return Finding("size", triple.name.file, ", ".join(f"{kind} {width}x{height}" for kind, (width, height) in sizes.items()))


def _size(path: Path) -> Size:
    with opened(path, name=path.name) as image:
        return image.size


def _repeated(listed: dict[str, list[str]]) -> Iterator[Finding]:
    """Names that stand in one list twice or in two, and photographs in two."""
    where: dict[str, Counter[str]] = {}
    photographs: dict[str, Counter[str]] = {}
    for split, names in listed.items():
        for name in names:
            where.setdefault(name, Counter())[split] += 1
            photographs.setdefault(name.partition("_")[0], Counter())[split] += 1
    for name, counts in where.items():
        if counts.total() > 1:
            yield Finding("twice", name, f"listed {counts.total()} times, in {' and '.join(counts)}")
    for image, counts in photographs.items():
        if len(counts) > 1:
            held = ", ".join(f"{count} in {split}" for split, count in counts.items())
            yield Finding("leak", f"{image}.jpg", f"a photograph with composites in {len(counts)} splits: {held}")


def _strays(present: dict[str, Files], names: list[str]) -> Iterator[Finding]:
    """Files that no list leads to."""
    for file in sorted(present[COMPOSITES].names.difference(names)):
        yield Finding("unlisted", f"{COMPOSITES}/{file}", "a file in no list")
    known = present[COMPOSITES].names.union(names)
    used = {MASKS: {f"{name.rpartition('_')[0]}.png" for name in known}, REALS: {f"{name.partition('_')[0]}.jpg" for name in known}}
    for kind, files in used.items():
        led_to = {found for file in files for found in present[kind].candidates(file)}
        for file in sorted(present[kind].names - led_to):
            yield Finding("unpaired", f"{kind}/{file}", "no composite has it")


def _whole_set(folder: Path, subset: str, listed: dict[str, list[str]], files: Files) -> Iterator[Finding]:
    """Where the lists of the whole set are there and say something else about this subset."""
    for split in LISTS:
        path = list_path(folder, WHOLE_SET, split)
        if not path.exists():
            continue
        own = {_present(name, files) for name in whole_set_names(path, subset)}
        expected = set(listed[split]) | set(listed.get("val", ()) if split == "train" else ())
        if own != expected:
            difference = f"{len(own - expected)} composites more and {len(expected - own)} fewer"
            yield Finding("list", path.name, f"names {difference} than {subset}'s own list")
