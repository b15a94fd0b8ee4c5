"""The frames of a film beside their masks, as photographs and masks are given to a harmonizer."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.film_masks import Masks, masks, masks_of
from imharmony.harmonizing.films import Film, Skipped, photographs, read_film, tolerance
from imharmony.harmonizing.photo_file import Given
from imharmony.pictures.photo_files import Photograph


class Pairs(NamedTuple):
    """A film and its masks."""

    film: Film
    masks: Masks
    most_pixels: int  # of a frame

    def read(self, *, skipped: Skipped = lambda _: False) -> Iterator[Given | None]:
        """Each frame with its mask, None of those that are ``skipped``; raises an ``InputError`` where one has no other."""
        frames = photographs(self.film, skipped=skipped, most_pixels=self.most_pixels)
        mattes = masks(self.masks, skipped=skipped, most_pixels=self.most_pixels)
        index = 0
        for photograph in frames:
            try:
                matte = next(mattes)
            except StopIteration:
                raise self._apart(index + 1 + sum(1 for _ in frames), index) from None
            yield None if photograph is None or matte is None else self._given(index, photograph, matte)
            index += 1
        if (self.masks.film is not None or self.masks.files) and next(mattes, self) is not self:
            raise self._apart(index, index + 1 + sum(1 for _ in mattes))

    def _given(self, index: int, photograph: Photograph, matte: np.ndarray) -> Given:
        frame, mask = self.film.name_of(index), self.masks.name_of(index)
        (height, width), (high, wide) = photograph.colours.shape[:2], matte.shape
        if (height, width) != (high, wide):
            raise InputError(f"{mask}: {wide}x{high} pixels; expected {width}x{height}, as {frame}; save masks at the frames' size")
        return Given(photograph, matte, Path(frame), Path(mask))

    def _apart(self, frames: int, mattes: int) -> InputError:
        came = f"{self.masks.path}: {mattes} masks, and {self.film.path} has {frames} frames"
        return InputError(f"{came}; expected a mask for each frame, or one picture for all; make both equally long")

    def expect_alike(self) -> None:
        """Raises an ``InputError`` where it can be said before anything is read that there are more frames than masks, or fewer."""
        frames, mattes = self.film.length, self.masks.length
        if frames and mattes and abs(frames - mattes) > max(tolerance(frames), tolerance(mattes)):
            raise self._apart(frames, mattes)


def read_pairs(film: Path, mask: Path, *, frame_rate: float | None, max_megapixels: int) -> Pairs:
    """Looks for a film and its masks; raises an ``InputError`` that says what is not there."""
    found = read_film(film, frame_rate=frame_rate)
    pairs = Pairs(found, masks_of(mask, found), max_megapixels * 1_000_000)
    pairs.expect_alike()
    return pairs
