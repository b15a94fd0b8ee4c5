"""Pictures of single things, cut out of a packed split: what a classifier learns from.

Pictures are uint8 (N, S, S, 3), masks uint8 (N, S, S), 255 = the thing.
"""

from dataclasses import dataclass

import numpy as np

from imharmony.composing.composites import to_harmonize
from imharmony.composing.packed_split import PackedSplit, first_of_each_foreground, square_image, square_mask
from imharmony.errors import InputError

MARGIN = 0.1  # of the longer side of the thing, on each side: outlines tell as much as insides
NEUTRAL = 128  # the middle of the networks' range, to within half a level


@dataclass(frozen=True)
class ForegroundCrops:
    """The real foregrounds of a split, on neutral grey, and the category of each."""

    pictures: np.ndarray
    masks: np.ndarray
    categories: list[str]


def foreground_crops(split: PackedSplit, *, size_px: int) -> ForegroundCrops:
    """One crop for each foreground, whose composites may be many: the colours are the photograph's, not a composite's.

    What surrounds a thing is left out. Photographs are crowded, and of a few hundred crops a network does not learn that the one in
    the middle is meant: on the studio's it then does no better than always naming a person.
    """
    pictures, masks, categories = [], [], []
    for index, row in first_of_each_foreground(split):
        mask = to_harmonize(split.mask[index], row["direction"])
        top, left, side = _square_around(mask, name=row["sample_id"])
        inside = slice(top, top + side), slice(left, left + side)
        masks.append(square_mask(mask[inside].copy(), size_px))
        pictures.append(_on_grey(square_image(split.real[index][inside].copy(), size_px), masks[-1]))
        categories.append(row["category"])
    return ForegroundCrops(np.stack(pictures), np.stack(masks), categories)


def _on_grey(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    share = mask[..., None] / 255
    return np.rint(NEUTRAL + share * (picture - float(NEUTRAL))).astype(np.uint8)


def _square_around(mask: np.ndarray, *, name: str) -> tuple[int, int, int]:
    """Top, left and side of the square around a thing, moved into the picture where it reaches beyond."""
    down, across = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    if len(down) == 0:
        raise InputError(
            f"{name}: its foreground vanishes at {len(mask)} px; expected a pixel of it; raise training.size_px or min_side_px"
        )
    longest = max(down[-1] - down[0], across[-1] - across[0]) + 1
    side = min(len(mask), round(longest * (1 + 2 * MARGIN)))
    top, left = (int(np.clip((ends[0] + ends[-1] + 1 - side) // 2, 0, len(mask) - side)) for ends in (down, across))
    return top, left, side
