"""Photographs of discs and bars that a small classifier can tell apart, whatever their colours."""

import numpy as np
import pyarrow as pa

from imharmony.composing.packed_split import PackedSplit

KINDS = ("bar", "disc")


def things(count: int, size_px: int = 32, *, seed: int = 0, kinds: tuple[str, ...] = KINDS, composites: int = 1) -> PackedSplit:
    """``count`` foregrounds, the kinds in turn, each with as many composites, which are black, on noise."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:size_px, :size_px]
    real, mask, rows = [], [], []
    for position in range(count):
        kind, (y, x) = kinds[position % len(kinds)], rng.integers(12, size_px - 12, 2)
        is_inside = np.hypot(down - y, across - x) < 5 if kind == "disc" else (abs(down - y) < 2) & (abs(across - x) < 8)
        picture = rng.integers(0, 256, (size_px, size_px, 3))
        picture[is_inside] = rng.choice([20, 230], 3)
        for k in range(composites):
            real.append(picture)
            mask.append(255 * is_inside)
            row = {"sample_id": f"{position}_7_{k}", "image_id": position, "annotation_id": 7, "category": kind}
            rows.append(row | {"direction": "foreground"})
    reals, masks = np.stack(real).astype(np.uint8), np.stack(mask).astype(np.uint8)
    return PackedSplit(pa.Table.from_pylist(rows), np.zeros_like(reals), reals, masks)
