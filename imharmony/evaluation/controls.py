"""What a method does where only one answer is right: does it look at the background, and does it leave a photograph as it is?

``swapped``: a composite's foreground on another photograph's background. The truth is the foreground of its own photograph, as before,
so a method that reads the composite's background to harmonize loses, and one that reads its foreground alone keeps its score.

``untouched``: a photograph and its mask as if it were a composite. The truth is what was given.

Of the composites of one foreground, which fail together, one is looked at, so that the controls cost less than the scores.

What is called the foreground here is what the mask says is to be changed. Of a data set whose backgrounds were changed that is the
background, and what another photograph gives is all but that. The real photograph is the split's own: of a graded data set the graded.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from torch import Tensor

from imharmony.composing.composites import recomposed
from imharmony.evaluation.scoring import Harmonize, as_saved, expect_finite, metric_tensor, pictures_of
from imharmony.metrics.colour_difference import foreground_ciede2000
from imharmony.metrics.error import foreground_mse
from imharmony.running.progress import track
from imharmony.running.seeds import rendezvous_choice
from imharmony.storage.shards import Row

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

SWAPPED, UNTOUCHED = "swapped", "untouched"

# One row for each picture that a method was given.
CONTROLS = pa.schema(
    [
        ("method", pa.string()),
        ("seed", pa.int64()),
        ("dataset", pa.string()),
        ("control", pa.string()),  # swapped | untouched
        ("sample_id", pa.string()),  # the first by name of those with this photograph and mask
        ("image_id", pa.int64()),
        ("other_image_id", pa.int64()),  # the photograph whose background it is; null where it is its own
        ("fmse", pa.float64()),  # swapped: over pixels that are all foreground; null without any. untouched: weighed by the mask
        ("composite_fmse", pa.float64()),  # the same of what the method was given; 0 where that is the photograph
        ("own_fmse", pa.float64()),  # swapped: the same of the method's output on the composite as it is; null for untouched
        ("ciede2000", pa.float64()),  # untouched: mean over the foreground; null for swapped
        ("code", pa.string()),
        ("data_hash", pa.string()),
        ("trained_on", pa.string()),
        ("stands_in_for", pa.string()),
    ]
)


def inner_error(split: "PackedSplit", index: int, raw: np.ndarray) -> float | None:
    """Squared error of a method's own picture (H, W, 3) of one composite, rounded, over the pixels that are all foreground.

    None without such pixels. Elsewhere the background shines through, and another one would be another truth.
    """
    composite, real, mask = pictures_of(split, index)
    error = foreground_mse(metric_tensor(as_saved(raw, composite, mask)), metric_tensor(real), (mask == 1).float()).item()
    return None if np.isnan(error) else error


def score_controls(split: "PackedSplit", harmonize: Harmonize, *, names: Row, own: Sequence[float | None]) -> list[Row]:
    """The rows of ``CONTROLS`` of one method on one split; of a single photograph there is nothing to swap.

    ``names`` as for ``scoring.score_split``; ``own`` is ``inner_error`` of what the method made of each composite as it is. An output
    that is not finite is an ``InputError`` that names the method and the image.
    """
    places = one_of_each_foreground(split)
    return [*_swapped_rows(split, harmonize, names, own, places), *_untouched_rows(split, harmonize, names, places)]


def background_of(split: "PackedSplit") -> list[int | None]:
    """For each composite the position of the one whose photograph is its background when it is swapped; None with one photograph.

    A photograph is chosen by the composite's name, and of its composites the first by name: other samples and their order change
    nothing but who is there to be chosen.
    """
    samples, images = split.rows["sample_id"].to_pylist(), split.rows["image_id"].to_numpy()
    first: dict[int, int] = {}
    for index in sorted(range(len(samples)), key=samples.__getitem__):
        first.setdefault(int(images[index]), index)
    photographs = np.unique(images)
    if len(photographs) == 1:
        return [None] * len(samples)
    others = (photographs[photographs != image] for image in images)
    return [first[int(other[rendezvous_choice(other, "swapped", sample)])] for sample, other in zip(samples, others, strict=True)]


def swapped(split: "PackedSplit", index: int, other: int) -> np.ndarray:
    """A composite's foreground on another composite's photograph, uint8 (H, W, 3)."""
    return recomposed(np.array(split.composite[index]), np.array(split.mask[index]) / 255, np.array(split.real[other]))


def one_of_each_foreground(split: "PackedSplit") -> list[int]:
    """One position for each photograph and mask that is not empty, the first by the sample's name, in the order of the names."""
    samples, images = split.rows["sample_id"].to_pylist(), split.rows["image_id"].to_pylist()
    first: dict[tuple[int, bytes], int] = {}
    for index in sorted(range(len(samples)), key=samples.__getitem__):
        if split.mask[index].any():
            pixels = blake2b(split.real[index].tobytes())  # of one photograph there may be several grades
            pixels.update(split.mask[index].tobytes())
            first.setdefault((images[index], pixels.digest()), index)
    return list(first.values())


def _swapped_rows(split: "PackedSplit", harmonize: Harmonize, names: Row, own: Sequence[float | None], places: Sequence[int]) -> list[Row]:
    rows: list[Row] = []
    samples, others = split.rows.select(["sample_id", "image_id"]).to_pylist(), background_of(split)
    for index in track(places, total=len(places), what=_what(names, SWAPPED), unit="images"):
        other, before = others[index], inner_error(split, index, np.array(split.composite[index]))
        if other is None or before is None:
            continue
        where = f"{_what(names, SWAPPED)}, image {samples[index]['sample_id']}"
        raw = _output(harmonize, swapped(split, index, other), pictures_of(split, index)[2], where)
        errors = {"fmse": inner_error(split, index, raw), "composite_fmse": before, "own_fmse": own[index]}
        rows.append({**names, **samples[index], "control": SWAPPED, "other_image_id": samples[other]["image_id"], **errors})
    return rows


def _untouched_rows(split: "PackedSplit", harmonize: Harmonize, names: Row, places: Sequence[int]) -> list[Row]:
    rows: list[Row] = []
    samples = split.rows.select(["sample_id", "image_id"]).to_pylist()
    for index in track(places, total=len(places), what=_what(names, UNTOUCHED), unit="images"):
        _, real, mask = pictures_of(split, index)
        raw = _output(harmonize, real, mask, f"{_what(names, UNTOUCHED)}, image {samples[index]['sample_id']}")
        seen = metric_tensor(as_saved(raw, real, mask)), metric_tensor(real), mask
        found = {"fmse": foreground_mse(*seen).item(), "composite_fmse": 0.0, "ciede2000": foreground_ciede2000(*seen).item()}
        rows.append({**names, **samples[index], "control": UNTOUCHED, **found})
    return rows


def _output(harmonize: Harmonize, given: np.ndarray, mask: Tensor, where: str) -> np.ndarray:
    return expect_finite(harmonize(given.copy(), mask[0, 0].numpy().copy()), where)


def _what(names: Row, control: str) -> str:
    return f"{names['method']}: {names['dataset']}, {control}"
