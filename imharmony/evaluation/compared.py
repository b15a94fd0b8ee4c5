"""What the measures of one picture look at, and what they share."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from imharmony.metrics.detail import Brightness
from imharmony.metrics.error import SquaredErrors
from imharmony.metrics.ssim import Reference
from imharmony.metrics.weights import Part, Weights

EPSILON = 1e-6  # squared levels that Samsung's codes and PCT-Net's add to an error before they take its logarithm
FLAT_RANGE = 1.0  # level; the range of a picture of one colour, whose logarithm would be infinite and in no mean


@dataclass(frozen=True)
class Truth:
    """The levels (H, W, 3) that several pictures are compared with, and what they share of it, computed once."""

    levels: np.ndarray
    same: "Truth | None" = None  # the same levels in another type

    @cached_property
    def windows(self) -> Reference:
        """What SSIM needs of it."""
        return Reference(self.levels) if self.same is None else self.same.windows

    @cached_property
    def peak(self) -> float:
        """Its maximum."""
        return float(self.levels.max())


@dataclass(frozen=True)
class Pictures:
    """What a measure looks at, and what several measures share of it, computed once.

    Images are uint8 or float (H, W, 3) in [0, 255], all of one type.
    """

    output: np.ndarray
    truth: Truth
    composite: np.ndarray
    weights: Weights  # of the mask
    distance: float | None = None  # LPIPS, where the weights of its network are present
    is_weighed: bool = False  # the picture's error is weighed by the mask, as PCT-Net's code has it
    part: Part | None = None  # outside of it the pictures are equal

    @property
    def mse(self) -> float:
        """Squared error of the picture."""
        return self.errors.weighed_mean if self.is_weighed else self.errors.mean

    @property
    def psnr_error(self) -> float:
        """What the decibels against 255 are of."""
        return self.mse + EPSILON if self.is_weighed else self.mse

    @cached_property
    def errors(self) -> SquaredErrors:
        """Squared errors against the truth."""
        return SquaredErrors(self.output, self.truth.levels, self.weights, self.part)

    @property
    def changes_outside(self) -> SquaredErrors:
        """Squared errors against the composite where it is no foreground."""
        return SquaredErrors(self.output, self.composite, self.weights.outside, self.part)

    @cached_property
    def similarity(self) -> tuple[float, float]:
        """SSIM of the picture and of the foreground."""
        found = self.truth.windows.compare(self.output, self.part)
        return found.mean_of_whole_windows(), found.mean_over(self.weights)

    @cached_property
    def details(self) -> tuple[Brightness, Brightness]:
        """The brightness of the output's foreground and of the truth's."""
        return Brightness(self.output, self.weights), Brightness(self.truth.levels, self.weights)

    @property
    def output_range(self) -> float:
        """The output's maximum minus its minimum, above 0."""
        least, most, *_ = cv2.minMaxLoc(self.output.reshape(len(self.output), -1))
        return most - least or FLAT_RANGE
