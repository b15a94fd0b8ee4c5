"""What a method does where only one answer is right: does it look at the background, and does it leave a photograph as it is?

``swapped``: a composite's foreground on another photograph's background. The truth is the foreground of its own photograph, as before,
so a method that reads the composite's background to harmonize loses, and one that reads its foreground alone keeps its score.

``untouched``: a photograph and its mask as if it were a composite. The truth is what was given.

Of the composites of one foreground, which fail together, one is looked at, so that the controls cost less than the scores.

What is called the foreground here is what the mask says is to be changed. Of a data set whose backgrounds were changed that is the
background, and what another photograph gives is all but that. The real photograph is the split's own: of a graded data set the graded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import recomposed
from imharmony.evaluation.methods import Given, Harmonize, each_output
from imharmony.evaluation.protocols import saved
from imharmony.evaluation.scoring import pictures_of
from imharmony.metrics.colour_difference import mean_ciede2000
from imharmony.metrics.error import SquaredErrors
from imharmony.metrics.weights import Weights
from imharmony.running.seeds import rendezvous_weights
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
    full = Weights.of((split.mask[index] == 255).astype(np.float32))
    error = SquaredErrors(saved(raw, split.composite[index], full), np.array(split.real[index]), full).foreground
    return None if np.isnan(error) else error


@dataclass(frozen=True)
class Plan:
    """Which foregrounds of a split are looked at, and the photographs whose backgrounds there are: by the manifest alone."""

    looked_at: np.ndarray  # places in the split: one for each photograph and mask, the first by the sample's name, in the names' order
    photographs: np.ndarray  # ids, ascending
    first: np.ndarray  # the place of the first composite by name of each

    def background_of(self, *, sample_id: str, image_id: int) -> tuple[int, int | None]:
        """The photograph whose background a composite gets when it is swapped, and where it lies; with one photograph its own and None.

        It is chosen by the composite's name: other samples and their order change nothing but who is there to be chosen.
        """
        start, stop = np.searchsorted(self.photographs, [image_id, image_id + 1])
        others = np.delete(rendezvous_weights(self.photographs, SWAPPED, sample_id), slice(start, stop))
        if not len(others):
            return image_id, None
        chosen = np.argmin(others)
        chosen += stop - start if chosen >= start else 0
        return int(self.photographs[chosen]), int(self.first[chosen])

    def save(self, folder: Path) -> None:
        """Leaves it in a folder, for ``load`` in any process."""
        for each in fields(self):
            np.save(folder / f"{each.name}.npy", getattr(self, each.name))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Maps what ``save`` left."""
        return cls(**{each.name: np.load(folder / f"{each.name}.npy", mmap_mode="r") for each in fields(cls)})


def plan_of(split: "PackedSplit") -> Plan:
    """That of a split: one of each foreground is looked at, of which the manifest has the sums; of one photograph may be several grades."""
    columns = ["sample_id", "image_id", "sha256_real", "sha256_mask"]
    rows = split.rows.select(columns).append_column("place", pa.array(np.arange(split.rows.num_rows))).sort_by("sample_id")
    of_photographs = rows.group_by("image_id", use_threads=False).aggregate([("place", "first")]).sort_by("image_id")
    looked_at = (
        rows.group_by(columns[1:], use_threads=False).aggregate([("place", "first"), ("sample_id", "first")]).sort_by("sample_id_first")
    )
    return Plan(*(column.to_numpy() for column in (looked_at["place_first"], of_photographs["image_id"], of_photographs["place_first"])))


class Background(NamedTuple):
    """Another photograph, uint8 (H, W, 3)."""

    image_id: int
    picture: np.ndarray


def score_controls(
    split: "PackedSplit",
    harmonize: Harmonize,
    *,
    names: Row,
    own: Sequence[float | None],
    backgrounds: Sequence[Background | None],
    done: Callable[[int], object] = int,
) -> dict[str, list[Row]]:
    """The rows of ``CONTROLS`` of one method on foregrounds that are looked at, by control; an empty mask has none.

    ``names`` as for ``scoring.score_split``; of each foreground, ``own`` is ``inner_error`` of what the method made of it as it is, and
    ``backgrounds`` are those that it gets, None where there is no other photograph. ``done`` hears of each. An output that is not finite
    is an ``InputError`` that names the method and the image.
    """
    rows: dict[str, list[Row]] = {SWAPPED: [], UNTOUCHED: []}
    samples = split.rows.select(["sample_id", "image_id"]).to_pylist()
    shared = [{**names, **sample} for sample in samples]
    looked_at = [index for index in range(len(samples)) if split.mask[index].any()]
    # Of an error over pixels that are all foreground there is none without such pixels.
    before = {index: inner_error(split, index, np.array(split.composite[index])) for index in looked_at if backgrounds[index] is not None}
    others = {index: other for index, other in enumerate(backgrounds) if other is not None and before.get(index) is not None}
    on_others = each_output(harmonize, (_swapped(split, index, other, shared[index]) for index, other in others.items()))
    as_they_are = each_output(harmonize, (_untouched(split, index, shared[index]) for index in looked_at))
    for index, row in enumerate(shared):
        done(1)
        if index in others:
            found = {"fmse": inner_error(split, index, next(on_others)), "composite_fmse": before[index], "own_fmse": own[index]}
            rows[SWAPPED].append({**row, "control": SWAPPED, "other_image_id": others[index].image_id, **found})
        if index in looked_at:
            rows[UNTOUCHED].append({**row, "control": UNTOUCHED, **_change_of(split, index, next(as_they_are))})
    return rows


def swapped(split: "PackedSplit", index: int, other: np.ndarray) -> np.ndarray:
    """A composite's foreground on another photograph, uint8 (H, W, 3)."""
    return recomposed(np.array(split.composite[index]), np.array(split.mask[index]) / 255, other)


def _swapped(split: "PackedSplit", index: int, other: Background, row: Row) -> Given:
    return Given(swapped(split, index, other.picture), _mask(split, index), _where(row, SWAPPED))


def _untouched(split: "PackedSplit", index: int, row: Row) -> Given:
    return Given(np.array(split.real[index]), _mask(split, index), _where(row, UNTOUCHED))


def _change_of(split: "PackedSplit", index: int, raw: np.ndarray) -> Row:
    """What a method did to a photograph, of which nothing was to be changed."""
    real, weights = np.array(split.real[index]), Weights.of(_mask(split, index))
    shown = saved(raw, real, weights)
    fmse = SquaredErrors(shown, real, weights).foreground
    return {"fmse": fmse, "composite_fmse": 0.0, "ciede2000": mean_ciede2000(shown, real, weights)}


def _mask(split: "PackedSplit", index: int) -> np.ndarray:
    return pictures_of(split, index)[2][0, 0].numpy()


def _where(row: Row, control: str) -> str:
    return f"{row['method']}: {row['dataset']}, {control}, image {row['sample_id']}"
