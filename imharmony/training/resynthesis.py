"""Fresh composites while a network trains: the foregrounds of real photographs take other colours in each epoch, or the photographs do.

They are made at the network's size of what is packed (``data.PackedSplit``): uint8 pictures (S, S, 3) and masks (S, S), 255 = what
is to be harmonized. Where the mask is 0 a fresh composite is its truth, bit for bit: the photograph, or a graded one, in which the
foreground may be left as it was (``composing.graded``). Transfers must see pixels alone; their
references are foregrounds of other photographs of the split and of the same category, as plausible as those of stored composites
(``composing.pairing``). What is drawn depends on the seed, the epoch and the sample's name alone.
"""

from collections.abc import Callable, Sequence
from typing import TypeGuard

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import Foreground
from imharmony.composing.graded import left_as_it_was
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.running.progress import track
from imharmony.running.ranks import ranks
from imharmony.running.seeds import numpy_rng
from imharmony.training.batches import FreshPictures
from imharmony.training.rules import GRADE_STRENGTH, Resynthesis
from imharmony.transfer import TRANSFERS
from imharmony.transfer.kinds import ByParameters, ByPlace, OfPixels, Transfer
from imharmony.transfer.moments import Channels, look, strangeness

CANDIDATES = 64  # references that are looked at; of random pairs one in three is plausible, so hardly ever none of them is
NEEDED = ("sample_id", "image_id", "annotation_id", "category")

Change = Callable[[np.ndarray], np.ndarray]  # of pixels (N, 3)


def sees_pixels_alone(transfer: Transfer) -> TypeGuard[OfPixels]:
    """Whether a transfer asks for nothing but a region's pixels, which makes it cheap enough for a training step."""
    if isinstance(transfer, ByPlace):
        return False
    return not (transfer.sees_photograph if isinstance(transfer, ByParameters) else transfer.needs_regrain)


CHEAP_TRANSFERS: dict[str, OfPixels] = {name: transfer for name, transfer in TRANSFERS.items() if sees_pixels_alone(transfer)}


class FreshComposites:
    """Composites that are drawn of a split's foregrounds; the look of each is measured once, here."""

    def __init__(self, split: PackedSplit, rules: Resynthesis, *, seed: int) -> None:
        for key, names in (("transfers", rules.transfers), ("grades", rules.grades)):
            if names is not None and (not names or set(names) - set(CHEAP_TRANSFERS)):
                raise InputError(f"resynthesis.{key} is {list(names)}; expected some of {sorted(CHEAP_TRANSFERS)}")
        missing = [name for name in NEEDED if name not in split.rows.column_names]
        if missing:
            raise InputError(f"resynthesis: the manifest lacks the columns {missing}; run the stage that makes the composites again")
        self._split, self._rules, self._seed = split, rules, seed
        self._names: list[str] = split.rows["sample_id"].to_pylist()
        self._rows, self._foreground_of, self._categories, self._photographs = _foregrounds(split)
        rows = self._rows.tolist()
        shown = track(rows, total=len(rows), what="colours of the foregrounds", unit="foregrounds") if ranks().is_first else rows
        looks = [look(_telling(self._foreground(row))) for row in shown]
        self._looks = np.array(looks).reshape(-1, 6)

    def drawn(self, index: Sequence[int] | np.ndarray, *, epoch: int) -> dict[int, FreshPictures]:
        """Fresh composites of those samples at these positions that get one, by their place in ``index``.

        A sample without a reference, or whose foreground vanishes at this size, never gets one.
        """
        fresh: dict[int, FreshPictures] = {}
        for place, row in enumerate(int(position) for position in index):
            rng = numpy_rng(self._seed, "resynthesis", epoch, self._names[row])
            if self._foreground_of[row] < 0 or rng.random() >= self._rules.share:
                continue
            pictures = self._pictures(row, rng)
            if pictures is not None:
                fresh[place] = pictures
        return fresh

    def _pictures(self, row: int, rng: np.random.Generator) -> FreshPictures | None:
        rules, photograph = self._rules, self._foreground(row)
        truth = None
        if rules.grades and rng.random() < rules.graded:
            is_left, grade = rng.random() < rules.left_as_it_was, _one_of(rules.grades, rng)
            truth = self._graded(row, grade, photograph, rng)
            if truth is None:
                return None
            if is_left:
                return FreshPictures(left_as_it_was(photograph, truth)[0], truth)
        foreground = photograph if truth is None else photograph.of_another(truth)
        change = self._change(row, _one_of(rules.transfers, rng), foreground, rng, is_graded=truth is not None)
        return None if change is None else FreshPictures(foreground.replaced_by(foreground.laid(change(foreground.pixels))), truth)

    def _graded(self, row: int, grade: OfPixels, photograph: Foreground, rng: np.random.Generator) -> np.ndarray | None:
        """The whole photograph (S, S, 3) in other colours, by what is done to its foreground."""
        change, pixels = self._change(row, grade, photograph, rng), photograph.photo.reshape(-1, 3)
        if change is None:
            return None
        colours = change(pixels)
        if not isinstance(grade, ByParameters):
            strength = rng.uniform(*GRADE_STRENGTH)
            colours = np.rint(pixels + strength * (colours.astype(np.float64) - pixels)).astype(np.uint8)
        return colours.reshape(photograph.photo.shape)

    def _change(
        self, row: int, transfer: OfPixels, foreground: Foreground, rng: np.random.Generator, *, is_graded: bool = False
    ) -> Change | None:
        """What a transfer does to pixels (N, 3), drawn for this foreground; None without a reference."""
        if isinstance(transfer, ByParameters):
            parameters = transfer.draw(rng)
            return lambda pixels: transfer.apply(pixels, parameters)
        place, is_known = int(self._foreground_of[row]), transfer.measure is look
        reference = self._reference(place, transfer.channels, rng)
        if reference is None:
            return None
        own = self._looks[place] if is_known and not is_graded else transfer.measure(_telling(foreground))
        other = self._looks[reference] if is_known else transfer.measure(_telling(self._foreground(int(self._rows[reference]))))
        return lambda pixels: transfer.apply(pixels, own, other)

    def _reference(self, own: int, channels: Channels, rng: np.random.Generator) -> int | None:
        """A plausible foreground of another photograph, each equally likely; if none is found, the one that comes nearest."""
        (first, end), (own_first, own_end) = self._categories[own], self._photographs[own]
        others = (end - first) - (own_end - own_first)
        if others == 0:
            return None
        drawn = first + rng.choice(others, size=min(others, CANDIDATES), replace=False)
        drawn += np.where(drawn >= own_first, own_end - own_first, 0)  # beyond those of the same photograph
        strange = strangeness(self._looks[own], self._looks[drawn], channels=channels)
        return int(drawn[np.argmax(strange <= 1)] if (strange <= 1).any() else drawn[np.argmin(strange)])

    def _foreground(self, row: int) -> Foreground:
        return Foreground.soft(self._split.real[row], self._split.mask[row], name=self._names[row])


def _foregrounds(split: PackedSplit) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A row of each foreground, by category and photograph; which one each row has, or -1; the spans (F, 2) of both groups."""
    seen = np.array([mask.any() for mask in split.mask])
    labels = [_codes(split.rows[name]) for name in ("category", "image_id", "annotation_id")]
    order = np.lexsort(labels[::-1])
    order = order[seen[order]]
    category, photograph, each = (_runs([label[order] for label in labels[:count]]) for count in (1, 2, 3))
    foreground_of = np.full(len(seen), -1)
    foreground_of[order] = each
    _, first = np.unique(each, return_index=True)
    return order[first], foreground_of, _spans(category[first]), _spans(photograph[first])


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """A number for each value; equal ones have equal numbers, whatever the type."""
    return np.unique(column.to_numpy(), return_inverse=True)[1]


def _runs(labels: list[np.ndarray]) -> np.ndarray:
    """0 for the first run of rows that agree in all labels, 1 for the second, ..."""
    changed = np.any([label[1:] != label[:-1] for label in labels], axis=0)
    return np.concatenate([[0], np.cumsum(changed)]) if len(labels[0]) else np.zeros(0, np.int64)


def _spans(runs: np.ndarray) -> np.ndarray:
    """Where each entry's run begins and ends, (N, 2)."""
    return np.stack([np.searchsorted(runs, runs), np.searchsorted(runs, runs, side="right")], axis=1)


def _one_of(names: Sequence[str], rng: np.random.Generator) -> OfPixels:
    return CHEAP_TRANSFERS[names[int(rng.integers(len(names)))]]


def _telling(foreground: Foreground) -> np.ndarray:
    return foreground.telling(foreground.pixels)
