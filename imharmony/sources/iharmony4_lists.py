"""The lists of a subset in iHarmony4's layout, and the files that their names mean.

Lists come from many hands: with a byte order mark, in quotes, with commas or more columns, with paths as the whole set's lists have
them, for Windows or from another disk, with .jpg where the file was saved anew as .png, or only as the lists of the whole set.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from imharmony.composing.splits import SPLITS
from imharmony.errors import InputError
from imharmony.sources.texts import text_lines

LISTS = ("train", "test")
WHOLE_SET = "IHD"
COMPOSITES = "composite_images"
COMPOSITE_ENDINGS = {".jpg", ".jpeg", ".png"}
ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}

_NAME = re.compile(r"(?P<prefix>[a-z]?)(?P<image>[^_/\\]+)_(?P<annotation>[^/\\]+)_(?P<k>[0-9]{1,9})(?P<ending>\.[A-Za-z]+)")
_COLUMNS = re.compile(r"[\t;,]|(?<=\.(?i:jpg|png|bmp|tif)) +|(?<=\.(?i:jpeg|webp|tiff)) +")
_FOLDERS = re.compile(r"[/\\]")
_AROUND = " \"'`\u200b\ufeff\xa0"


class Name(NamedTuple):
    """A composite's name, in parts."""

    file: str
    prefix: str  # one letter
    image: str
    annotation: str
    k: int

    @property
    def mask(self) -> str:
        """The file of its mask, as the layout has it."""
        return f"{self.file.rpartition('_')[0]}.png"

    @property
    def real(self) -> str:
        """The file of its photograph, as the layout has it."""
        return f"{self.file.partition('_')[0]}.jpg"


def parse_name(file: str) -> Name:
    """The parts of a composite's file name; raises ``InputError`` where it does not follow the rule."""
    match = _NAME.fullmatch(file)
    if match is None or match["ending"].lower() not in COMPOSITE_ENDINGS:
        raise InputError(f"{file!r} is not a composite's name; expected <prefix><image>_<annotation>_<k>.jpg; rename it with its list")
    return Name(file, match["prefix"], match["image"], match["annotation"], int(match["k"]))


def prefix_of(subset: str) -> str:
    """The letter before a subset's image names: its first, or the one after iHarmony4's H (HCOCO has c, Hday2night d)."""
    return (subset.removeprefix("H") or subset)[0].lower()


def list_path(folder: Path, subset: str, split: str) -> Path:
    """The file of a list."""
    return folder / f"{subset}_{split}.txt"


class Files:
    """The names in a folder, found with another ending too."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        self._by_stem: dict[str, list[str]] = {}
        for name in sorted(self.names):
            stem, ending = _split(name)
            if ending.lower() in ENDINGS:
                self._by_stem.setdefault(stem, []).append(name)

    def candidates(self, name: str) -> list[str]:
        """The file of this name, else all that have it but for the ending; one where it is clear which is meant."""
        return [name] if name in self.names else self._by_stem.get(_split(name)[0], [])


def own_lists(root: Path, subset: str) -> dict[str, list[str]]:
    """The names of each split as written; validation is taken out of the train list."""
    lists = {split: _listed(root, subset, split) for split in LISTS}
    if list_path(root, subset, "val").exists():
        lists["val"] = [_name_in(line) for line in text_lines(list_path(root, subset, "val"))]
        held_back, known = ({_stem(name) for name in lists[split]} for split in ("val", "train"))
        stray = sorted(name for name in lists["val"] if _stem(name) not in known)
        if stray:
            raise InputError(f"{list_path(root, subset, 'val')}: {stray[0]} is not in the train list; expected a part of it")
        lists["train"] = [name for name in lists["train"] if _stem(name) not in held_back]
    return {split: lists[split] for split in SPLITS if split in lists}


def whole_set_names(path: Path, subset: str) -> list[str]:
    """What a list of the whole set names of one subset: by the folder in the path, or the first letter of a bare name."""
    names = []
    for line in text_lines(path):
        *folders, name = _parts(line)
        if subset in folders or (not folders and name.startswith(prefix_of(subset))):
            names.append(name)
    return names


def _listed(root: Path, subset: str, split: str) -> list[str]:
    own, whole = list_path(root, subset, split), list_path(root.parent, WHOLE_SET, split)
    if own.exists():
        return [_name_in(line) for line in text_lines(own)]
    if whole.exists():
        return whole_set_names(whole, subset)
    raise InputError(f"{own}: no such file, and no {whole.name} beside {subset}/; expected a list of composites, one name a line")


def _name_in(line: str) -> str:
    """The file's name in a line of a subset's own list, which may be a path."""
    return _parts(line)[-1]


def _parts(line: str) -> list[str]:
    line = _composite_of(line)
    return [part for part in line.replace("\\", "/").split("/") if part] or [line]


def _composite_of(line: str) -> str:
    """The composite's column of a line: that of a path through its folder, or the first; without quotes around it."""
    columns = [each for column in _COLUMNS.split(line) if (each := column.strip(_AROUND))]
    if not columns:
        return line
    named = {_stem(name) for each in columns if _NAME.fullmatch(name := _FOLDERS.split(each)[-1])}
    if len(named) > 1:
        raise InputError(f"a list's line names {len(named)} composites, {line[:60]!r}; expected one a line; write the list so")
    return next((each for each in columns if COMPOSITES in _FOLDERS.split(each)), columns[0])


def _stem(name: str) -> str:
    return _split(name)[0]


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, f".{ending}") if dot and f".{ending}".lower() in ENDINGS else (name, "")
