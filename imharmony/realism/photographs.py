"""The real photographs that judges of realism learn from: of several data sets, none of them a test's."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import to_harmonize
from imharmony.composing.packed_split import PackedSplit, first_of_each_foreground
from imharmony.errors import InputError
from imharmony.running.seeds import stable_hash

MOSTLY = 128  # of 255: a pixel is more foreground than background


@dataclass(frozen=True)
class Photographs:
    """Real photographs, uint8 (N, S, S, 3), and the annotated foreground of each, uint8 (N, S, S), 255 = foreground."""

    pictures: np.ndarray
    masks: np.ndarray


def photographs_of(splits: Iterable[tuple[str, PackedSplit | None, pa.Table]], *, split: str, most: int, seed: int) -> Photographs:
    """Each foreground once, of packed splits of this name with their sources and the splits of all their photographs.

    Data sets may share photographs and split them otherwise: one that is in another split of any of them is left out, also of those
    that are not packed (None) because nothing is learned from them. So is a foreground that fills or leaves no pixel at this size. Of
    more than ``most`` those stay whose hash with the seed is the lowest.
    """
    known = list(splits)
    elsewhere = {(source, image) for source, _, rows in known for image in _others(rows, split)}
    found: dict[tuple[str, int, int], tuple[PackedSplit, int, np.ndarray]] = {}
    for source, packed, _ in known:
        if packed is None:
            continue
        identities = packed.rows.select(["image_id", "annotation_id"]).to_pylist()
        for index, row in first_of_each_foreground(packed):
            image, annotation = identities[index].values()
            mask = to_harmonize(packed.mask[index], row["direction"])
            if (source, image) not in elsewhere and mask.max() >= MOSTLY > mask.min():
                found.setdefault((source, image, annotation), (packed, index, mask))
    if not found:
        names = sorted({source for source, _, _ in known})
        raise InputError(f"no photograph of {names} is in the split {split!r} of every data set; expected some; change the splits")
    chosen = sorted(sorted(found, key=lambda name: stable_hash(seed, "judges", *name))[:most])
    pictures = [found[name][0].real[found[name][1]] for name in chosen]
    return Photographs(np.stack(pictures), np.stack([found[name][2] for name in chosen]))


def _others(rows: pa.Table, split: str) -> set[int]:
    return {image for image, own in zip(rows["image_id"].to_pylist(), rows["split"].to_pylist(), strict=True) if own != split}
