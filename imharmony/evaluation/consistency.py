"""Do the numbers of a table from elsewhere agree with each other, and with the columns that they are said to be?

PSNR is a function of the squared error and of a peak, so a table that has both tells its peak, whatever its convention is called.
Quantisation and background leave no such trace: those are believed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imharmony.errors import InputError
from imharmony.evaluation.measures import EPSILON, MEASURES, PEAK

DECIBELS = {column: measure.error for column, measure in MEASURES.items() if measure.error}
OF_PEAK_255 = tuple(column for column, measure in MEASURES.items() if measure.peak == "255")  # the others have a peak of 255 at most
SINGLE_PRECISION = 1e-5  # by which SSIM may exceed 1
SLACK_DB = 0.01  # decibels computed in single precision, or from an error summed in another order
DARK = 245.0  # a photograph whose own peak is below has, against 255, a PSNR that is 0.35 dB higher
TELLING_DB = 0.3  # a PSNR that rounding leaves open by more tells no peak


@dataclass(frozen=True)
class Column:
    """One metric of all images, in the order of the samples."""

    theirs: str  # what the table calls it
    values: np.ndarray  # float64 (N,), NaN where it is undefined
    rounding: float  # half a unit of the last digit that any value has


def check_columns(file: Path, samples: Sequence[str], columns: Mapping[str, Column], peaks: Mapping[str, np.ndarray]) -> None:
    """Raises an ``InputError`` that names the first image whose numbers cannot be what their columns say.

    ``columns`` are named as in ``measures.SCORES``; ``peaks`` holds, for ``psnr_target`` and ``psnr_range``, each real photograph's
    maximum and its maximum minus its minimum.
    """
    for name, column in columns.items():
        _check_range(file, samples, name, column)
    for name, error in DECIBELS.items():
        if name in columns and error in columns:
            _check_peak(file, samples, name, columns[name], columns[error])
            if name in peaks:
                _check_peaks_vary(file, name, columns[name], columns[error], peaks[name])


def _check_range(file: Path, samples: Sequence[str], name: str, column: Column) -> None:
    values = column.values
    if name in DECIBELS:
        wrong, expected = values == -np.inf, "decibels"
    elif MEASURES[name].is_similarity:
        wrong, expected = np.abs(values) > 1 + SINGLE_PRECISION, "-1 to 1"
    else:
        wrong, expected = (values < 0) | (values == np.inf), "0 or more, and finite"
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(f"{file}: {samples[first]}: {column.theirs} is {values[first]:g}; expected {expected}, as {name} is")


def _check_peak(file: Path, samples: Sequence[str], name: str, decibels: Column, error: Column) -> None:
    low, high = _at_peak_255(decibels, error)
    above, below = decibels.values > high, decibels.values < low
    wrong = above | below if name in OF_PEAK_255 else above
    if not wrong.any():
        return
    first = int(np.argmax(wrong))
    value, squared = decibels.values[first], error.values[first]
    came = f"{file}: {samples[first]}: {decibels.theirs} is {value:g} dB where {error.theirs} is {squared:g}"
    if np.isfinite(value) and squared > 0:
        came += f", a peak of {10 ** (value / 20) * squared**0.5:.4g}"
    expected = f"a peak of 255, as {name} has" if name in OF_PEAK_255 else f"one of 255 at most, as {name} has"
    raise InputError(f"{came}; expected {expected}; so in {wrong.sum()} of {len(wrong)} images: the convention is probably another")


def _check_peaks_vary(file: Path, name: str, decibels: Column, error: Column, peaks: np.ndarray) -> None:
    """A table whose PSNR has a peak of 255 where the photographs' own are lower is not of the convention that it claims."""
    low, high = _at_peak_255(decibels, error)
    with np.errstate(invalid="ignore"):
        telling = (peaks < DARK) & (high - low < TELLING_DB)
    if not telling.any():
        return
    of_255 = telling & (decibels.values >= low) & (decibels.values <= high)
    if of_255.sum() > telling.sum() / 2:
        of_all = f"{of_255.sum()} of the {telling.sum()} images whose photograph's is below {DARK:g}"
        expected = f"expected lower ones, as {name} has; it is psnr_255, and the convention is probably another"
        raise InputError(f"{file}: {decibels.theirs} has a peak of 255 in {of_all}; {expected}")


def _at_peak_255(decibels: Column, error: Column) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest PSNR against 255 that the errors allow as they are rounded, with or without an addend."""
    slack = decibels.rounding + SLACK_DB
    most, least = error.values + error.rounding + EPSILON, np.maximum(error.values - error.rounding, 0)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(PEAK**2 / most) - slack, 10 * np.log10(PEAK**2 / least) + slack
