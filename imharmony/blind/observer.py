"""The least change of an object that people see, as thresholds of lightness in stops and of colour in CIEDE2000.

An offset of o stops multiplies an object's Lab lightness by 2^o. A threshold is the offset at which half of the answers detect it. Dolhasz,
Harvey & Williams (2020, arXiv:1912.06433) measured one of either sign for 300 pictures with one object each: -.248 stops (standard
deviation .122) and .227 (.117) in the mean, linear gains of .845 and 1.174; the median gains are .862 and 1.153. Bright objects show a
change sooner: the law below is our fit to those 300, not theirs. It explains a part of the spread; the rest is drawn or left out.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from imharmony.errors import InputError
from imharmony.running.seeds import numpy_rng


class Thresholds(NamedTuple):
    """Offsets in stops at which a change is seen by half: an object made darker, and one made brighter."""

    negative: float  # < 0
    positive: float  # > 0


class Law(NamedTuple):
    """ln |threshold| = ``at_black`` + ``slope`` * lightness, with a normal residual of deviation ``spread``."""

    at_black: float
    slope: float
    spread: float


DARKER = Law(at_black=-1.010, slope=-1.152, spread=0.413)
BRIGHTER = Law(at_black=-0.857, slope=-1.769, spread=0.421)
POPULATION = Thresholds(math.log2(0.862), math.log2(1.153))  # the medians, whatever the object: what a detector has to beat

# A width of the step from unseen to seen, in ln stops: how far thresholds spread over pictures of one lightness, between both laws'.
# How wide the step is for one picture was not published.
WIDTH = 0.42

# The least visible shift of colour, in CIEDE2000. It is the mean perceptibility that Stokes, Fairchild & Berns (1992, "Precision
# requirements for digital color reproduction", ACM Transactions on Graphics 11(4)) are cited with for photographs, 2.15 units of *CIELAB's*
# distance; Song & Luo (2001, doi:10.2352/CIC.2001.9.1.art00041) find 2.5 for prints. Taken here as CIEDE2000, a deviation: that formula
# calls differences of saturated colours smaller, so ours is the laxer threshold there. Both are of whole pictures, not of one object.
COLOUR_THRESHOLD = 2.15

COLUMNS = ("name", "negative", "positive")
ADVICE = f"expected a CSV file with columns {', '.join(COLUMNS)}, the last two linear gains with 0 < negative < 1 < positive; mend it"


def thresholds_of(lightness: float, *, name: str | None = None) -> Thresholds:
    """The thresholds of an object whose mean Lab lightness is L* / 100, in [0, 1].

    Without a name the medians of the law; with one its residuals are drawn, by that name alone. Both are drawn apart: whether they go
    together beyond lightness is not known. An object's area has no say (its correlation with the thresholds was -.06).
    """
    if not 0 <= lightness <= 1:
        raise InputError(f"an object's lightness is {lightness}; expected L* / 100, from 0 to 1; divide L* by 100")
    darker, brighter = (0.0, 0.0) if name is None else numpy_rng("observer", name).standard_normal(2).tolist()
    return Thresholds(-_size(DARKER, lightness, darker), _size(BRIGHTER, lightness, brighter))


def detection_probability(stops: np.ndarray | float, thresholds: Thresholds) -> np.ndarray:
    """How likely an offset is seen, float64 in [0, 1] of the offsets' shape: 0 at no offset, .5 at the threshold of its sign.

    A cumulative normal of ln |stops|, for soft labels; its width is ``WIDTH``. NaN stays NaN.
    """
    offsets = np.asarray(stops, dtype=np.float64)
    at_half = np.where(offsets < 0, -thresholds.negative, thresholds.positive)
    with np.errstate(divide="ignore"):  # ln 0 is -inf, and ndtr of that an exact 0
        return ndtr(np.log(np.abs(offsets) / at_half) / WIDTH)


def read_thresholds(path: Path) -> dict[str, Thresholds]:
    """The thresholds that somebody measured, by the picture's name, from a CSV of ``COLUMNS``; other columns say nothing here.

    The file has linear gains, as .862 and 1.153; the result has stops. A file that is no such table is an ``InputError``.
    """
    found: dict[str, Thresholds] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line, name, thresholds in _rows(path, csv.DictReader(file, strict=True)):
                if name in found:
                    raise InputError(f"{path}, line {line}: name {name!r} occurs again; expected each once; remove one")
                found[name] = thresholds
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; {ADVICE}") from error
    except (IsADirectoryError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not readable as a table ({error}); {ADVICE}") from error
    if not found:
        raise InputError(f"{path}: no rows; {ADVICE}")
    return found


def _size(law: Law, lightness: float, residual: float) -> float:
    return math.exp(law.at_black + law.slope * lightness + law.spread * residual)


def _rows(path: Path, reader: csv.DictReader) -> Iterator[tuple[int, str, Thresholds]]:
    """Each row's line in the file, its name and its thresholds."""
    header: list[str] = list(reader.fieldnames or ())
    if any(header.count(column) != 1 for column in COLUMNS):
        raise InputError(f"{path}, line 1: its columns are {', '.join(header) or 'none'}; {ADVICE}")
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        if None in row:  # as decimal commas make them
            raise InputError(f"{where}: {row[None]} beyond the {len(header)} columns; {ADVICE}")
        if not row["name"]:
            raise InputError(f"{where}: name is {row['name']!r}; {ADVICE}")
        negative, positive = (_gain(where, column, row[column]) for column in COLUMNS[1:])
        if not 0 < negative < 1:
            raise InputError(f"{where}: negative is {row['negative']!r}; {ADVICE}")
        if not 1 < positive < math.inf:
            raise InputError(f"{where}: positive is {row['positive']!r}; {ADVICE}")
        yield reader.line_num, row["name"], Thresholds(math.log2(negative), math.log2(positive))


def _gain(where: str, column: str, text: str | None) -> float:
    try:
        if text is None or "_" in text:  # which Python would read as a number
            raise ValueError
        return float(text)
    except ValueError as error:
        raise InputError(f"{where}: {column} is {text!r}, which is no number; {ADVICE}") from error
