"""Composites whose truth is a graded photograph: all of it takes other colours, and the foreground is left as it was.

Photographs are uint8 sRGB (H, W, 3), alpha mattes uint8 (H, W), 255 = foreground. What the foreground has to become is in the
background alone: nothing was done to the foreground that could be read from it and undone.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from imharmony.composing.composites import Foreground, Made, stored
from imharmony.pictures.images import encode_patch


@dataclass(frozen=True)
class WholePhotograph:
    """A photograph that is changed everywhere, around a foreground that is not."""

    foreground: Foreground

    @property
    def whole(self) -> np.ndarray:
        """The photograph."""
        return self.foreground.photo

    @property
    def frame(self) -> np.ndarray:
        """The picture where ``mask`` and ``patch`` lie: all of it."""
        return self.foreground.photo

    @property
    def mask(self) -> np.ndarray:
        """What is changed, uint8 (H, W) of ones."""
        return np.ones(self.foreground.photo.shape[:2], np.uint8)

    @cached_property
    def full_matte(self) -> np.ndarray:
        """How opaque the foreground is at each place, uint8 (H, W)."""
        return self.foreground.full_matte

    @property
    def pixels(self) -> np.ndarray:
        """The photograph's pixels, uint8 (N, 3), row by row."""
        return self.foreground.photo.reshape(-1, 3)

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The pixels (N, 3) of another image of the photograph's size."""
        return image.reshape(-1, 3)

    def telling(self, pixels: np.ndarray) -> np.ndarray:
        """Those of the pixels (N, 3) that are the foreground's alone: a grade is judged by what it asks of the foreground."""
        return self.foreground.telling(self.foreground.cut(self.patch(pixels)))

    def patch(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (N, 3) as a picture."""
        return pixels.reshape(self.foreground.photo.shape)

    def made(self, pixels: np.ndarray) -> Made:
        """The composite whose truth has these colours (N, 3): the photograph's foreground laid over them by its matte."""
        truth = self.patch(pixels)
        composite, patch, over = left_as_it_was(self.foreground, truth)
        return Made(composite, stored(over, patch) | {"real": encode_patch(truth)}, truth)


def left_as_it_was(foreground: Foreground, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, Foreground]:
    """The composite (H, W, 3) of a truth of the photograph's size with the ungraded foreground, its patch, and the truth's own foreground.

    Where the foreground is transparent the truth shows through: A F + (1 - A) T.
    """
    over = foreground.of_another(truth)
    patch = over.laid(foreground.pixels)
    return over.replaced_by(patch), patch, over
