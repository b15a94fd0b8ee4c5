"""Photographs of any folder as new backgrounds: the seed of report 004 takes the 130,519 of the SUN database.

Pictures are uint8 (H, W, 3). What cannot be read is left out for the next by name, and told.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.images import read_rgb
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.sources.left_out import LeftOut, counts_of, examples_of

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
LONGEST_SHAPE = 20  # sides of a photograph; one that is only a line would cover a portrait with gigabytes

T = TypeVar("T")
Read = TypeVar("Read")


class Place(NamedTuple):
    """A photograph and its name below its folder."""

    name: str
    photo: np.ndarray


class Cut(NamedTuple):
    """What of a place lies behind a picture, and where it was cut out of the place once that was made as small as it can be."""

    picture: np.ndarray
    crop_x: int
    crop_y: int


class BrokenError(Exception):
    """Raised by what reads a thing that cannot be used, for ``Drawn`` to go on to the next."""

    def __init__(self, name: str, reason: str, detail: str) -> None:
        super().__init__(name)
        self.left_out = LeftOut(name, reason, detail)


def photographs_in(folder: Path) -> list[Path]:
    """All photographs below a folder, by their endings, in the order of their names."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected photographs")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and not path.is_dir() and path.name[0] != ".")
    if not found:
        raise InputError(f"{folder}: no photographs; expected files that end in {', '.join(sorted(ENDINGS))}")
    return found


def cut_out(place: np.ndarray, *, width: int, height: int, rng: np.random.Generator) -> Cut:
    """A place of any size behind a picture of width x height: scaled until it just covers, cut out at random."""
    scale = max(height / place.shape[0], width / place.shape[1])
    size = max(round(place.shape[1] * scale), width), max(round(place.shape[0] * scale), height)
    covering = cv2.resize(place, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    x, y = (int(rng.integers(0, room, endpoint=True)) for room in (size[0] - width, size[1] - height))
    return Cut(covering[y : y + height, x : x + width], x, y)


class Drawn(Generic[T, Read]):
    """Things drawn by hash; one that cannot be read is left out once and for all, and the next after it is taken."""

    def __init__(self, things: Sequence[T], read: Callable[[T], Read], left_out: list[LeftOut], *, what: str) -> None:
        self._things, self._read, self._left_out, self._what = things, read, left_out, what
        self._broken: dict[int, LeftOut] = {}

    def draw(self, number: int) -> Read:
        """What stands at a position of an endless round, or the first whole one after it."""
        for step in range(len(self._things)):
            position = (number + step) % len(self._things)
            if position in self._broken:
                continue
            try:
                return self._read(self._things[position])
            except BrokenError as error:
                self._broken[position] = error.left_out
                self._left_out.append(error.left_out)
        broken = list(self._broken.values())
        raise InputError(f"{self._what}: all {len(broken)} are broken ({counts_of(broken)}); {examples_of(broken)}; expected whole ones")


class Places:
    """Reads the photographs below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, path: Path) -> Place:
        name = os.fsencode(path.relative_to(self._root).as_posix()).decode("utf-8", "backslashreplace")  # not every name is text
        try:
            photo = read_rgb(path)
        except (InputError, OSError) as error:
            raise BrokenError(name, "unreadable", str(error)) from error
        height, width = photo.shape[:2]
        if max(height, width) > LONGEST_SHAPE * min(height, width):
            raise BrokenError(name, "shape", f"{width}x{height} pixels; expected sides of at most 1 to {LONGEST_SHAPE}")
        return Place(name, photo)


class NewBackgrounds:
    """Backgrounds of a folder of photographs, drawn by number: number ``k`` depends on the folder, the seed and the size alone."""

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        self.left_out: list[LeftOut] = []
        self._seed = seed
        self._places = Drawn(photographs_in(folder), Places(folder), self.left_out, what=f"{folder}: photographs")

    def background(self, number: int, *, width: int, height: int) -> tuple[str, Cut]:
        """The name of a photograph and what of it lies behind a picture of width x height."""
        place = self._places.draw(stable_hash(self._seed, number, "place"))
        return place.name, cut_out(place.photo, width=width, height=height, rng=numpy_rng(self._seed, number, "crop"))
