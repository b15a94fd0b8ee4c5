"""Per-image scores that others published of iHarmony4, averaged as their papers' tables are; no photograph is needed.

A subset is the letter before an image's name (Cong et al. 2020, arXiv:1911.13239): c HCOCO, a HAdobe5k, f HFlickr, d Hday2night. ``all``
is the mean over all images, not over subsets. Which background and rounding the numbers are of is not in them.
"""

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.buckets import ALL, EDGES
from imharmony.evaluation.consistency import SLACK_DB
from imharmony.evaluation.imported import NAME, Cells, read_cells, read_table_of_scores
from imharmony.evaluation.measures import PEAK
from imharmony.evaluation.outputs import stem_of
from imharmony.storage.shards import Row

SUBSETS = {"c": "HCOCO", "a": "HAdobe5k", "f": "HFlickr", "d": "Hday2night"}
IMAGE = re.compile(r"(?P<letter>[acfd])[\d-]+_\d+_\d+")
METRICS = ("mse", "psnr", "fmse", "ssim")
RATIO, AREA = "foreground_ratio", ("mask_area", "height", "width")  # the share itself, or what it is computed from; in pixels
KNOWN = (NAME, *METRICS, RATIO, *AREA)
AVERAGES = pa.schema(
    [
        ("group", pa.string()),  # a subset, ``all``, or a bucket of the foreground's share
        ("n_images", pa.int64()),
        *((metric, pa.float64()) for metric in METRICS),  # over finite values; null where there is none
        ("n_infinite", pa.int64()),  # PSNR of images without any error, which is not averaged
        ("n_other_peak", pa.int64()),  # images whose PSNR and MSE are not of peak 255
    ]
)


def published_averages(file: Path, *, columns: Mapping[str, str] | None = None) -> pa.Table:
    """Rows of ``AVERAGES``: the four subsets, ``all`` and, where the table has the foreground's share, three buckets of it.

    ``columns`` maps ``name``, ``mse``, ``psnr``, ``fmse``, ``ssim``, ``foreground_ratio`` (or ``mask_area``, ``height`` and ``width``) to
    the table's own; others are found by these names in any case. A row that is no image of iHarmony4, is there twice or lacks a number is
    an ``InputError`` that names it.
    """
    cells = read_cells(file, _columns(file, columns or {}))
    names = [stem_of(str(cell)) for cell in cells[NAME]]
    subsets = _subsets(file, names)
    values = {metric: _numbers(file, names, metric, cells) for metric in METRICS if metric in cells}
    groups = {subset: subsets == subset for subset in SUBSETS.values()} | {ALL: np.ones(len(names), bool)}
    ratio = _ratio(file, names, cells)
    if ratio is not None:
        groups |= {f"{100 * low:.0f}-{100 * high:.0f} %": (ratio > low) & (ratio <= high) for low, high in pairwise(EDGES)}
    return pa.Table.from_pylist([_averages(group, inside, values) for group, inside in groups.items()], schema=AVERAGES)


def described_averages(table: pa.Table) -> str:
    """The averages as lines, a dash where nothing is known."""
    lines = [f"{'':12}{'images':>8}{'MSE':>10}{'PSNR':>8}{'fMSE':>10}{'SSIM':>8}"]
    for row in table.to_pylist():
        numbers = [
            f"{'-' if row[metric] is None else format(row[metric], f'.{digits}f'):>{width}}"
            for metric, digits, width in (("mse", 2, 10), ("psnr", 2, 8), ("fmse", 2, 10), ("ssim", 4, 8))
        ]
        lines.append(f"{row['group']:12}{row['n_images']:8}{''.join(numbers)}")
    whole = next(row for row in table.to_pylist() if row["group"] == ALL)
    if whole["n_infinite"]:
        lines.append(f"{whole['n_infinite']} images without any error: their infinite PSNR is not averaged")
    if whole["n_other_peak"]:
        lines.append(f"{whole['n_other_peak']} images have a PSNR that is not of their MSE and peak {PEAK:g}")
    return "\n".join(lines)


def _columns(file: Path, given: Mapping[str, str]) -> dict[str, str]:
    if unknown := sorted(set(given) - set(KNOWN)):
        raise InputError(f"{file}: columns has {unknown}; expected some of {list(KNOWN)}")
    header, _ = read_table_of_scores(file)
    found = dict(given)
    for name in [known for known in KNOWN if known not in given]:
        alike = [theirs for theirs in header if theirs.lower() == name]
        if len(alike) > 1:
            raise InputError(f"{file}: columns {alike} are all {name}; expected one; say which by --column {name}={alike[0]}")
        if alike and alike[0] not in given.values():
            found[name] = alike[0]
    if double := [theirs for theirs in found.values() if list(found.values()).count(theirs) > 1]:
        raise InputError(f"{file}: column {double[0]!r} is named twice; expected a column for each of {list(found)}; correct --column")
    if NAME not in found or not set(METRICS) & set(found):
        raise InputError(f"{file}: columns {header}; expected {NAME}, the image's name, and some of {list(METRICS)}; say them by --column")
    return found


def _subsets(file: Path, names: list[str]) -> np.ndarray:
    matches = [IMAGE.fullmatch(name) for name in names]
    if not names:
        raise InputError(f"{file}: no rows; expected one for each image")
    found, seen = [], set()
    for name, match in zip(names, matches, strict=True):
        if match is None:
            raise InputError(
                f"{file}: {name!r} is no image of iHarmony4; expected a name like c1_2_1, with one of {', '.join(SUBSETS)} first"
            )
        if name in seen:
            raise InputError(f"{file}: {name!r} is there twice; expected each image once")
        seen.add(name)
        found.append(SUBSETS[match["letter"]])
    return np.array(found)


def _numbers(file: Path, names: list[str], column: str, cells: Cells) -> np.ndarray:
    """A column's numbers, all of them possible."""
    values = np.empty(len(names))
    low, high = (-1.0, 1.00001) if column == "ssim" else (-math.inf, math.inf) if column == "psnr" else (0.0, math.inf)
    for index, (name, cell) in enumerate(zip(names, cells[column], strict=True)):
        text = str(cell).strip()
        try:
            values[index] = math.nan if "_" in text else float(text)  # Python would read 1_0 as 10
        except ValueError:
            values[index] = math.nan
        is_endless = math.isinf(values[index]) and not (column == "psnr" and values[index] > 0)
        if math.isnan(values[index]) or is_endless or not low <= values[index] <= high:
            expected = "-1 to 1" if column == "ssim" else "decibels" if column == "psnr" else "a number, 0 or more"
            raise InputError(f"{file}: {name}: {column} is {cell!r}; expected {expected}, in every row")
    return values


def _ratio(file: Path, names: list[str], cells: Cells) -> np.ndarray | None:
    if RATIO in cells:
        ratio = _numbers(file, names, RATIO, cells)
    elif all(column in cells for column in AREA):
        area, height, width = (_numbers(file, names, column, cells) for column in AREA)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = area / (height * width)
    else:
        return None
    wrong = ~((ratio > 0) & (ratio <= 1))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise InputError(f"{file}: {names[first]}: the foreground is {ratio[first]:g} of the picture; expected above 0, at most 1")
    return ratio


def _averages(group: str, inside: np.ndarray, values: Mapping[str, np.ndarray]) -> Row:
    row: Row = {"group": group, "n_images": int(inside.sum()), "n_infinite": 0, "n_other_peak": 0}
    for metric, column in values.items():
        finite = column[inside & np.isfinite(column)]
        row[metric] = float(finite.mean()) if len(finite) else None
    if "psnr" in values:
        row["n_infinite"] = int(np.isinf(values["psnr"][inside]).sum())
    if {"psnr", "mse"} <= values.keys():
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(values["psnr"] - 10 * np.log10(PEAK**2 / values["mse"])) > SLACK_DB  # both infinite: NaN, which is not off
        row["n_other_peak"] = int(off[inside].sum())
    return row
