"""The layout in which iHarmony4 was published (Cong et al. 2020, arXiv:1911.13239), and which most loaders read.

A set is a folder of subsets. ``<subset>/`` has ``composite_images/``, ``masks/`` and ``real_images/``, with names that say what
belongs together: the composite ``c69_1234_1.jpg`` has the mask ``c69_1234.png`` (without its last token) and the photograph
``c69.jpg`` (its first). ``<subset>_train.txt`` and ``<subset>_test.txt`` list composites by name; ``IHD_train.txt`` and
``IHD_test.txt`` beside the subsets list all of them by path. Ours beyond the original, which other loaders pass over:
``<subset>_val.txt`` names those of the train list that are for validation, and ``manifest.parquet`` has lineage and hashes.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from imharmony.composing.manifest import MANIFEST
from imharmony.composing.splits import SPLITS
from imharmony.errors import InputError
from imharmony.pictures.opening import opened
from imharmony.sources.findings import Finding

COMPOSITES, MASKS, REALS = FOLDERS = ("composite_images", "masks", "real_images")
LISTS = ("train", "test")
WHOLE_SET = "IHD"
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

_NAME = re.compile(r"(?P<prefix>[a-z]?)(?P<image>[^_/\\]+)_(?P<annotation>[^/\\]+)_(?P<k>\d+)\.(?:jpg|png)")

Size = tuple[int, int]  # width, height


class Name(NamedTuple):
    """A composite's name, in parts. Only its ending may be .png, for composites stored without loss."""

    file: str
    prefix: str  # one letter
    image: str
    annotation: str
    k: int

    @property
    def mask(self) -> str:
        """The file of its mask."""
        return f"{self.file.rpartition('_')[0]}.png"

    @property
    def real(self) -> str:
        """The file of its photograph."""
        return f"{self.file.partition('_')[0]}.jpg"


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


def parse_name(file: str) -> Name:
    """The parts of a composite's file name; raises ``InputError`` where it does not follow the rule."""
    match = _NAME.fullmatch(file)
    if match is None:
        raise InputError(f"{file!r} is not a composite's name; expected <prefix><image>_<annotation>_<k>.jpg; rename it with its list")
    return Name(file, match["prefix"], match["image"], match["annotation"], int(match["k"]))


def prefix_of(subset: str) -> str:
    """The letter before a subset's image names: its first, or the one after iHarmony4's H (HCOCO has c, Hday2night d)."""
    return (subset.removeprefix("H") or subset)[0].lower()


def list_path(folder: Path, subset: str, split: str) -> Path:
    """The file of a list."""
    return folder / f"{subset}_{split}.txt"


def read_layout(folder: Path, subset: str) -> Layout:
    """The samples of ``folder/subset`` by split, from its lists; only those whose three files are there, alike in size.

    Opens every file, but decodes no pixels. Raises ``InputError`` where there is nothing to read: no such folder, no list, or
    no whole sample in any list.
    """
    root = folder / subset
    present = {name: _files(root / name) for name in FOLDERS}
    listed = _lists(root, subset)
    findings: list[Finding] = []
    size = cache(_size)
    triples = {split: list(_triples(names, root, present, size, findings)) for split, names in listed.items()}
    if not any(triples.values()):
        reason = f": {findings[0].subject}: {findings[0].reason}" if findings else ""
        raise InputError(f"{root}: its lists name no whole sample{reason}; expected composites with mask and photograph")
    findings += _repeated(listed)
    findings += _strays(present, [name for names in listed.values() for name in names])
    findings += _whole_set(folder, subset, listed)
    return Layout(subset, root, triples, findings)


def _files(folder: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: no such folder; expected a subset with {', '.join(FOLDERS)}; unpack the data set") from error


def _lists(root: Path, subset: str) -> dict[str, list[str]]:
    """The names of each split as written; validation is taken out of the train list."""
    lists = {split: _lines(list_path(root, subset, split)) for split in LISTS}
    if list_path(root, subset, "val").exists():
        lists["val"] = _lines(list_path(root, subset, "val"))
        stray = sorted(set(lists["val"]) - set(lists["train"]))
        if stray:
            raise InputError(f"{list_path(root, subset, 'val')}: {stray[0]} is not in the train list; expected a part of it")
        held_back = set(lists["val"])
        lists["train"] = [name for name in lists["train"] if name not in held_back]
    return {split: lists[split] for split in SPLITS if split in lists}


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected a list of composites, one name a line") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file ({error}); expected a list of composites, one name a line") from error


def _triples(
    names: list[str], root: Path, present: dict[str, frozenset[str]], size: Callable[[Path], Size], findings: list[Finding]
) -> Iterator[Triple]:
    """The whole samples of a list; what keeps the others out is added to ``findings``."""
    for file in names:
        try:
            name = parse_name(file)
        except InputError as error:
            findings.append(Finding("name", file, str(error)))
            continue
        files = dict(zip(FOLDERS, (file, name.mask, name.real), strict=True))
        absent = [f"{kind}/{each}" for kind, each in files.items() if each not in present[kind]]
        if absent:
            findings.append(Finding("missing", file, f"it is in a list, but there is no {' and no '.join(absent)}"))
            continue
        triple = Triple(name, *(root / kind / each for kind, each in files.items()))
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


def _strays(present: dict[str, frozenset[str]], names: list[str]) -> Iterator[Finding]:
    """Files that no list leads to."""
    for file in sorted(present[COMPOSITES].difference(names)):
        yield Finding("unlisted", f"{COMPOSITES}/{file}", "a file in no list")
    known = present[COMPOSITES].union(names)
    used = {MASKS: {f"{name.rpartition('_')[0]}.png" for name in known}, REALS: {f"{name.partition('_')[0]}.jpg" for name in known}}
    for kind, files in used.items():
        for file in sorted(present[kind] - files):
            yield Finding("unpaired", f"{kind}/{file}", "no composite has it")


def _whole_set(folder: Path, subset: str, listed: dict[str, list[str]]) -> Iterator[Finding]:
    """Where the lists of the whole set are there and say something else about this subset."""
    for split in LISTS:
        path = list_path(folder, WHOLE_SET, split)
        if not path.exists():
            continue
        own = {line.rpartition("/")[2] for line in _lines(path) if line.startswith(f"{subset}/")}
        expected = set(listed[split]) | set(listed.get("val", ()) if split == "train" else ())
        if own != expected:
            difference = f"{len(own - expected)} composites more and {len(expected - own)} fewer"
            yield Finding("list", path.name, f"names {difference} than {subset}'s own list")
