"""People from portraits over photographs of other places: composites that have no real photograph, as report 004 tests on them.

The places may be any photographs; the report takes the 130,519 of the SUN database.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import cv2
import numpy as np
import pyarrow as pa

from imharmony.composing.backgrounds import estimated_foreground
from imharmony.composing.composites import recomposed
from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, encode_png, read_rgb
from imharmony.running.progress import track
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.sources.archives import Archive, open_archive
from imharmony.sources.left_out import LeftOut, counts_of, examples_of, keep_left_out
from imharmony.sources.matting_human import Pair, Rejected, pair_up, read_pair
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row
from imharmony.storage.tables import write_rows

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
COMPOSITES, MASKS = "composites", "masks"
LONGEST_SHAPE = 20  # sides of a photograph; one that is only a line would cover a portrait with gigabytes

log = logging.getLogger(__name__)

T = TypeVar("T")
Read = TypeVar("Read")

# One row per composite, by name.
PASTED = pa.schema(
    [
        ("name", pa.string()),  # of the files composites/<name>.png and masks/<name>.png
        ("portrait", pa.string()),
        ("background", pa.string()),  # below the folder of photographs
        ("crop_x", pa.int32()),  # where the portrait lies in the background, once that is made as small as it can be around it
        ("crop_y", pa.int32()),
    ]
)


class Pasted(NamedTuple):
    """A composite (H, W, 3), and where its background was cut out."""

    composite: np.ndarray
    crop_x: int
    crop_y: int


def paste_portraits(portraits: Path, backgrounds: Path, out: Path, *, count: int, seed: int = 0, estimate: bool = False) -> None:
    """Writes ``count`` composites of an archive of portraits (a zip or folder) and any folder of photographs into a new ``out``.

    Which person is before which place depends on the seed and the number alone, while both collections stay the same. With
    ``estimate`` the person's own colours are laid over the place; else the portrait's, whose background shows in the hair. A broken
    portrait or photograph is left out for the next by name, counted, and named in ``rejected.parquet``.
    """
    places = photographs_in(backgrounds)
    archive = open_archive(portraits)
    try:
        pairs, unpaired = pair_up(archive.members())
        if not pairs:
            raise InputError(f"{portraits}: no portrait; expected clip_img/ and matting/ as AISegment has them; name another archive")
        if unpaired:
            log.warning("%s: %d files belong to no portrait (%s)", portraits, len(unpaired), counts_of(LeftOut(*each) for each in unpaired))
        with atomic_folder(out) as folder:
            for name in (COMPOSITES, MASKS):
                (folder / name).mkdir()
            left_out: list[LeftOut] = []
            people = _Drawn(pairs, partial(_portrait, archive), left_out, what=f"{portraits}: portraits")
            drawn_places = _Drawn(places, _Places(backgrounds), left_out, what=f"{backgrounds}: photographs")
            made = _made(people, drawn_places, folder, count=count, seed=seed, estimate=estimate)
            write_rows(folder / "manifest.parquet", list(track(made, total=count, what="paste", unit="composites")), PASTED)
            keep_left_out(left_out, folder, what="paste", place=out)
    finally:
        archive.close()


def photographs_in(folder: Path) -> list[Path]:
    """All photographs below a folder, by their endings, in the order of their names."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected photographs")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and not path.is_dir() and path.name[0] != ".")
    if not found:
        raise InputError(f"{folder}: no photographs; expected files that end in {', '.join(sorted(ENDINGS))}")
    return found


def pasted(foreground: np.ndarray, matte: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> Pasted:
    """A person (H, W, 3) with a matte, uint8 (H, W), over a place of any size: scaled until it just covers, cut out at random."""
    height, width = matte.shape
    scale = max(height / place.shape[0], width / place.shape[1])
    size = max(round(place.shape[1] * scale), width), max(round(place.shape[0] * scale), height)
    covering = cv2.resize(place, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    x, y = (int(rng.integers(0, room, endpoint=True)) for room in (size[0] - width, size[1] - height))
    return Pasted(recomposed(foreground, matte / 255, covering[y : y + height, x : x + width]), x, y)


class _Drawn(Generic[T, Read]):
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
            except _BrokenError as error:
                self._broken[position] = error.left_out
                self._left_out.append(error.left_out)
        broken = list(self._broken.values())
        raise InputError(f"{self._what}: all {len(broken)} are broken ({counts_of(broken)}); {examples_of(broken)}; expected whole ones")


class _BrokenError(Exception):
    def __init__(self, name: str, reason: str, detail: str) -> None:
        super().__init__(name)
        self.left_out = LeftOut(name, reason, detail)


class _Person(NamedTuple):
    name: str
    photo: np.ndarray
    alpha: np.ndarray


def _portrait(archive: Archive, pair: Pair) -> _Person:
    portrait = read_pair(archive, pair)
    if isinstance(portrait, Rejected):
        raise _BrokenError(*portrait)
    try:
        return _Person(portrait.name, decode_rgb(portrait.photograph, name=portrait.name), portrait.alpha)
    except InputError as error:
        raise _BrokenError(portrait.name, "unreadable", str(error)) from error


class _Place(NamedTuple):
    name: str
    photo: np.ndarray


class _Places:
    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, path: Path) -> _Place:
        name = os.fsencode(path.relative_to(self._root).as_posix()).decode("utf-8", "backslashreplace")  # not every name is text
        try:
            photo = read_rgb(path)
        except (InputError, OSError) as error:
            raise _BrokenError(name, "unreadable", str(error)) from error
        height, width = photo.shape[:2]
        if max(height, width) > LONGEST_SHAPE * min(height, width):
            raise _BrokenError(name, "shape", f"{width}x{height} pixels; expected sides of at most 1 to {LONGEST_SHAPE}")
        return _Place(name, photo)


def _made(
    people: _Drawn[Pair, _Person], places: _Drawn[Path, _Place], folder: Path, *, count: int, seed: int, estimate: bool
) -> Iterator[Row]:
    """Writes the files of each composite and gives its row."""
    for number in range(count):
        person = people.draw(stable_hash(seed, number, "portrait"))
        place = places.draw(stable_hash(seed, number, "place"))
        foreground = estimated_foreground(person.photo, person.alpha / 255) if estimate else person.photo
        made = pasted(foreground, person.alpha, place.photo, numpy_rng(seed, number, "crop"))
        name = f"{number:06d}"
        (folder / COMPOSITES / f"{name}.png").write_bytes(encode_png(made.composite))
        (folder / MASKS / f"{name}.png").write_bytes(encode_png(person.alpha))
        yield {"name": name, "portrait": person.name, "background": place.name, "crop_x": made.crop_x, "crop_y": made.crop_y}
