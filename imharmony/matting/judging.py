"""Predicted mattes scored: each error by its region and its size, since errors of other regions and sizes do not compare.

Regions are ``unknown``, the trimap's unknown pixels as matting papers count, and ``whole``, all pixels as portrait papers do. Sizes are
``native``, the portrait's own, to which a prediction is resized back, and ``squared``, the network's S by S. Mattes are float (H, W) in
[0, 1]. A network that is given a trimap is scored with what the trimap knows put in its matte's place (Ren, Liu & Song 2021, section 2.2);
one without a trimap by its own matte, whatever the region.
"""

import cv2
import numpy as np
import pyarrow as pa

from imharmony.composing.packed_split import square_image, square_mask
from imharmony.errors import InputError
from imharmony.matting.portraits import Native, square_trimap
from imharmony.metrics.matting import MATTING_METRICS, errors_by_region
from imharmony.pictures.trimaps import UNKNOWN
from imharmony.storage.shards import Row

REGIONS = ("unknown", "whole")
SIZES = ("native", "squared")
HARD = 0.5  # from here on a hard mask takes a pixel for the person's
BANDS = ("soft", "hard", "true_hard")


def column_of(metric: str, region: str, size: str) -> str:
    """The column of ``JUDGED`` that holds an error."""
    return f"{metric}_{region}_{size}"


# What is measured: every column's name says of what.
MEASURED = [column_of(metric, region, size) for size in SIZES for region in REGIONS for metric in MATTING_METRICS]
BAND_COLUMNS = [f"band_mse_{kind}" for kind in BANDS]

# One row for each portrait and method.
JUDGED = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),  # of the portrait's first composite
        ("image_id", pa.int64()),
        ("method", pa.string()),
        ("width", pa.int32()),  # of the native size
        ("height", pa.int32()),
        ("size_px", pa.int32()),  # of the squared one
        ("has_trimap", pa.bool_()),  # the method was given one, and what it knows was put in place
        *((f"unknown_{size}", pa.float64()) for size in SIZES),  # share of pixels
        *((name, pa.float64()) for name in MEASURED),
        *(
            (name, pa.float64()) for name in BAND_COLUMNS
        ),  # of composites over the changed background, in the squared unknown region, levels²
    ]
)


def judged(squared: np.ndarray, native: Native, *, changed: np.ndarray, has_trimap: bool, at_native: np.ndarray | None = None) -> Row:
    """The measured columns of ``JUDGED`` of a prediction (S, S) for a portrait, whose composite has the background ``changed`` (S, S, 3).

    ``at_native`` is the prediction of a method that works at the portrait's size; else the squared one is resized, by cubic splines.
    """
    size_px = squared.shape[0]
    height, width = native.alpha.shape
    if squared.shape != changed.shape[:2] or squared.shape != (size_px, size_px):
        raise InputError(f"a matte of {squared.shape} beside a background of {changed.shape}; expected one squared size; resize the matte")
    small = square_trimap(native.trimap, size_px)
    truths = {"native": native.alpha / 255, "squared": square_mask(native.alpha, size_px) / 255}
    trimaps = {"native": native.trimap, "squared": small}
    large = cv2.resize(squared.astype(np.float64), (width, height), interpolation=cv2.INTER_CUBIC) if at_native is None else at_native
    found = {"native": large, "squared": squared}
    row: Row = {"width": width, "height": height, "size_px": size_px, "has_trimap": has_trimap}
    for size in SIZES:
        unknown = trimaps[size] == UNKNOWN
        alpha = finished(found[size], trimaps[size] if has_trimap else None)
        row[f"unknown_{size}"] = float(unknown.mean())
        row |= errors_of(alpha, truths[size], unknown, size=size)
        if size == "squared":
            row |= band_errors(alpha, truths[size], square_image(native.picture, size_px), changed, unknown)
    return row


def finished(predicted: np.ndarray, trimap: np.ndarray | None) -> np.ndarray:
    """A prediction clipped to [0, 1], what a trimap knows put in its place: A_r = M A + (1 - M) T, of the seed."""
    alpha = np.clip(predicted.astype(np.float64), 0, 1)
    return alpha if trimap is None else np.where(trimap == UNKNOWN, alpha, trimap / 255)


def errors_of(alpha: np.ndarray, truth: np.ndarray, unknown: np.ndarray, *, size: str) -> dict[str, float]:
    """All errors of both regions at one size, by their columns."""
    found = errors_by_region(alpha, truth, {"unknown": unknown, "whole": None})
    return {column_of(name, region, size): found[name][region] for region in REGIONS for name in found}


def band_errors(alpha: np.ndarray, truth: np.ndarray, picture: np.ndarray, changed: np.ndarray, unknown: np.ndarray) -> dict[str, float]:
    """How far composites by a soft and by a hard matte are from that of the true one, in the band around the edge (the seed's figure 2).

    Mean squared errors in levels² of uint8 pictures (S, S, 3) over the unknown pixels: by the prediction, by the prediction made hard,
    and by the true matte made hard, which is the best that a hard mask could do.
    """
    difference = (picture.astype(np.float64) - changed)[unknown]
    mattes = {"soft": alpha, "hard": alpha >= HARD, "true_hard": truth >= HARD}
    off = {kind: (matte.astype(np.float64) - truth)[unknown, None] * difference for kind, matte in mattes.items()}
    return {f"band_mse_{kind}": float(np.square(off[kind]).mean()) for kind in BANDS}
