"""Composites that a small network can learn to mend: smooth pictures with a disc whose colours are shifted."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pyarrow as pa

from imharmony.composing.packed_split import PackedSplit


def packed(count: int, size_px: int, *, seed: int = 0) -> PackedSplit:
    """``count`` composites; outside the disc they equal their real photograph."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:size_px, :size_px] / size_px
    real, mask = [], []
    for _ in range(count):
        slopes = rng.uniform(-60, 60, (2, 3))
        picture = rng.uniform(60, 200, 3) + across[..., None] * slopes[0] + down[..., None] * slopes[1]
        real.append(np.clip(picture, 0, 255))
        centre, radius = rng.uniform(0.3, 0.7, 2), rng.uniform(0.15, 0.3)
        distance = np.hypot(across - centre[0], down - centre[1])
        mask.append(np.clip((radius - distance) * size_px + 0.5, 0, 1))
    reals, masks = np.rint(real), np.array(mask)[..., None]
    composite = reals * (1 - masks) + np.clip(reals * 1.2 + [20, -10, -25], 0, 255) * masks
    names = [f"{position}_{position}_0" for position in range(count)]
    ids = np.arange(count)
    rows = pa.table({"sample_id": names, "image_id": ids, "annotation_id": ids, "category": ["disc"] * count})
    levels = (np.rint(array).astype(np.uint8) for array in (composite, reals, masks[..., 0] * 255))
    return with_sums(PackedSplit(rows, *levels))


def with_sums(split: PackedSplit) -> PackedSplit:
    """The split whose rows have the sums of its photographs and masks as they are now."""
    kept = split.rows.select([name for name in split.rows.schema.names if not name.startswith("sha256_")])
    sums = {name: [sha256(picture.tobytes()).hexdigest() for picture in getattr(split, name)] for name in ("real", "mask")}
    for name, values in sums.items():
        kept = kept.append_column(f"sha256_{name}", pa.array(values))
    return replace(split, rows=kept)
