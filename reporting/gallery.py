"""The test images that a method helped and harmed most, with what every method made of them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.evaluation.conventions import rows_of
from imharmony.evaluation.outputs import squared_picture
from imharmony.evaluation.scoring import as_saved, pictures_of
from imharmony.evaluation.summary import REFERENCE
from imharmony.pictures.images import encode_jpeg, encode_png
from reporting.methods import Method

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

MOST_ZOOM = 6.0


@dataclass(frozen=True)
class Picture:
    """One picture of a case as a data URI; ``fmse`` is None for the mask and the real photograph."""

    title: str
    uri: str
    fmse: float | None = None
    psnr: float | None = None
    is_method: bool = False


@dataclass(frozen=True)
class Focus:
    """Where the foreground is: its middle in percent of the picture, and how often it fits into it."""

    x: float
    y: float
    scale: float


@dataclass(frozen=True)
class Case:
    """One test image: composite, mask, each method's output, real."""

    sample_id: str
    foreground_ratio: float
    gain: float  # fMSE of the composite minus fMSE of the judged method's output
    pictures: list[Picture]
    focus: Focus


def cases(
    scores: pa.Table,
    split: "PackedSplit",
    methods: dict[str, Method],
    *,
    imported: Mapping[str, list[Path]],
    seeds: dict[str, int],
    judged: str,
    count: int,
) -> tuple[list[Case], list[Case]]:
    """The best and the worst cases of ``judged``, ``count`` in all, by the gain in foreground error.

    ``scores`` are those of the split's data set; ``imported`` has the pictures of methods from elsewhere in the split's order;
    ``seeds`` says which seed of each method is shown.
    """
    frame = rows_of(scores).to_pandas()
    frame = frame[frame["seed"] == frame["method"].map(seeds)]
    fmse, psnr = (frame.pivot_table(index="sample_id", columns="method", values=metric) for metric in ("fmse", "psnr_255"))
    gain = (fmse[REFERENCE] - fmse[judged]).dropna().sort_values(ascending=False, kind="stable")
    worst_count = min(count, len(gain)) // 2
    best_count = min(count, len(gain)) - worst_count
    positions = {sample: index for index, sample in enumerate(split.rows["sample_id"].to_pylist())}

    def case(sample_id: str) -> Case:
        index = positions[sample_id]
        files = {name: paths[index] for name, paths in imported.items()}
        pictures = _pictures(split, index, methods, files, fmse.loc[sample_id], psnr.loc[sample_id])
        ratio = split.rows["foreground_ratio"][index].as_py()
        return Case(sample_id, ratio, float(gain[sample_id]), pictures, _focus(split.mask[index]))

    return [case(name) for name in gain.index[:best_count]], [case(name) for name in gain.index[::-1][:worst_count]]


def _pictures(
    split: "PackedSplit", index: int, methods: dict[str, Method], files: Mapping[str, Path], fmse: pd.Series, psnr: pd.Series
) -> list[Picture]:
    composite, real, mask = pictures_of(split, index)
    pictures = [Picture("composite", _jpeg_uri(composite), fmse[REFERENCE], psnr[REFERENCE]), Picture("mask", _png_uri(split.mask[index]))]
    own = {name: method.output(split, index) for name, method in methods.items()}
    size = {name: split.rows[name][index].as_py() for name in ("width", "height")}
    theirs = {name: squared_picture(path, size, split.mask.shape[1]) for name, path in files.items()}
    for name, picture in (own | theirs).items():
        output = as_saved(picture, composite, mask)
        pictures.append(Picture(name, _jpeg_uri(output), fmse[name], psnr[name], is_method=True))
    return [*pictures, Picture("real", _jpeg_uri(real))]


def _focus(mask: np.ndarray) -> Focus:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    (top, bottom), (left, right) = ((int(found[0]), int(found[-1]) + 1) if len(found) else (0, len(mask)) for found in (rows, columns))
    size = len(mask)
    scale = min(MOST_ZOOM, size / max(bottom - top, right - left))
    return Focus(x=round(50 * (left + right) / size, 1), y=round(50 * (top + bottom) / size, 1), scale=round(scale, 2))


def _jpeg_uri(picture: np.ndarray) -> str:
    return data_uri("jpeg", encode_jpeg(picture, quality=92))


def _png_uri(mask: np.ndarray) -> str:
    return data_uri("png", encode_png(np.array(mask), level=9))


def data_uri(kind: str, data: bytes) -> str:
    """A picture's file as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
