"""The masks of a film's frames: one picture for all, a folder of them, or a video's file. Each is uint8 (H, W), 255 = the pasted object.

A video's file, or a JPEG, holds a mask only nearly: levels near 0 and 255 become 0 and 255, or the background would be changed a little.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.films import PICTURES, Film, Skipped, frames_in, pixels_of_video, read_film
from imharmony.harmonizing.mask_numbers import without_noise
from imharmony.harmonizing.pairing import MASK_NAME
from imharmony.pictures.mask_files import COLOURED, read_mask
from imharmony.pictures.opening import opened, pixels_of
from imharmony.pictures.pairs import INSIDE
from imharmony.storage.places import expect_there

LOSSY = {".jpg", ".jpeg"}
STRAY = 0.01  # of a frame's pixels: more that are coloured make it no mask
SHOWN = 3  # names in a message
EXPECTED = "a picture, a folder or a video of masks"


class Masks(NamedTuple):
    """Where the masks are."""

    path: Path
    files: tuple[Path, ...] = ()  # of a folder, one for each frame
    film: Film | None = None  # of a video's file; None and no files: one picture for all frames

    @property
    def length(self) -> int:
        """How many there are, as far as that is known; 0 of what is the same for all frames, or of a file that does not know."""
        return len(self.files) if self.film is None else self.film.length

    def name_of(self, index: int) -> str:
        """The name of a frame's mask for messages."""
        if self.film is not None:
            return self.film.name_of(index)
        return str(self.files[index] if self.files else self.path)


def masks_of(path: Path, film: Film) -> Masks:
    """The masks of a film, looked for and not yet read; raises an ``InputError`` where some are not there."""
    if path.is_dir():
        files = frames_in(path)
        return Masks(path, _named(path, files, film) if film.is_folder else files)
    expect_there(path, EXPECTED)
    if path.suffix.lower() in PICTURES:
        if any(path.samefile(frame) for frame in film.frames):
            raise InputError(f"{path}: the mask of all frames is also a frame of {film.path}; expected it elsewhere; move it out of there")
        return Masks(path)
    found = read_film(path, frame_rate=film.frame_rate, what=EXPECTED)
    return Masks(path, film=found)


def masks(given: Masks, *, skipped: Skipped, most_pixels: int) -> Iterator[np.ndarray | None]:
    """The masks, None of those that are ``skipped``; of one picture without an end."""
    if given.film is not None:
        for index, pixels in enumerate(pixels_of_video(given.film, skipped=skipped, most_pixels=most_pixels)):
            yield None if pixels is None else without_noise(_grey(pixels, name=given.name_of(index)))
        return
    read = partial(_read, most_pixels=most_pixels)
    if given.files:
        for index, path in enumerate(given.files):
            yield None if skipped(index) else read(path)
        return
    mask = read(given.path)
    while True:
        yield mask


def _named(folder: Path, files: tuple[Path, ...], film: Film) -> tuple[Path, ...]:
    """The mask of each frame of a folder, by its name: that of the frame, or that with ``_mask``."""
    by_stem: dict[str, Path] = {}
    for path in files:
        for stem in {path.stem, *([found["stem"]] if (found := MASK_NAME.fullmatch(path.stem)) else [])}:
            if by_stem.setdefault(stem, path) != path:
                raise InputError(f"{path}: a second mask of {stem}, beside {by_stem[stem].name}; expected one; move one of them away")
    missing = [path.name for path in film.frames if path.stem not in by_stem]
    if missing:
        names = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        came = f"{folder}: no mask of {len(missing)} of {len(film.frames)} frames ({names})"
        raise InputError(f"{came}; expected a mask of each frame, by the frame's name; a black one leaves a frame as it is")
    chosen = tuple(by_stem[path.stem] for path in film.frames)
    surplus = [path.name for path in files if path not in set(chosen)]
    if surplus:
        names = ", ".join(surplus[:SHOWN]) + (", ..." if len(surplus) > SHOWN else "")
        came = f"{folder}: {len(surplus)} masks of no frame ({names})"
        raise InputError(f"{came}; expected a mask for each of {len(film.frames)} frames, by the frame's name; move the others away")
    return chosen


def _read(path: Path, *, most_pixels: int) -> np.ndarray:
    try:
        mask = read_mask(path, most_pixels=most_pixels)
    except InputError:
        faint = _faint(path, most_pixels=most_pixels)
        if faint is None:
            raise
        mask = faint
    return without_noise(mask) if path.suffix.lower() in LOSSY else mask


def _faint(path: Path, *, most_pixels: int) -> np.ndarray | None:
    """A grey picture that is nowhere half-way up: a single mask is not, but a frame may show no more of what enters it than a soft edge."""
    with opened(path, name=str(path), what="mask", most_pixels=most_pixels) as image:
        grey = pixels_of(image, "L") if image.mode == "L" else None
    return grey if grey is not None and grey.max() < INSIDE else None


def _grey(pixels: np.ndarray, *, name: str) -> np.ndarray:
    """The grey of a frame whose colours are little more than noise."""
    first, second, third = cv2.split(pixels)
    apart = cv2.subtract(cv2.max(cv2.max(first, second), third), cv2.min(cv2.min(first, second), third))
    if np.mean(apart > COLOURED) > STRAY:
        raise InputError(f"{name}: in colours; expected a mask: white where the pasted object is, black elsewhere; name the video of masks")
    return second
