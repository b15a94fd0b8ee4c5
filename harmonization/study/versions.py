"""The versions of an image that a study shows: composite, real photograph, and each method's picture under the headline protocol."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from harmonization.composites import read_change, read_real, to_harmonize
from harmonization.data import square_image, square_mask
from harmonization.evaluation.scoring import metric_tensor, on_background
from harmonization.evaluation.summary import HEADLINE
from harmonization.ranges import mask_from_uint8, uint8_from_metric
from harmonization.shards import Row, ShardReader
from harmonization.study.definition import COMPOSITE, REAL

Versions = dict[str, np.ndarray]  # by method, uint8 (S, S, 3)


def read_versions(composites: Path, rows: list[Row], outputs: Mapping[str, Iterator[np.ndarray]], *, size_px: int) -> Iterator[Versions]:
    """The versions of each row of a manifest. ``outputs`` are the methods' own pictures in the order of the rows, (S, S, 3) in [0, 255].

    They are squared as all pictures are (``data``); a method's is pasted over the composite's background and rounded, as it is scored.
    """
    reader = ShardReader(composites)
    for row in rows:
        address = row["shard"], row["row"]
        real = read_real(reader, *address)
        composite, mask = read_change(reader, *address, real=real)
        mask = square_mask(to_harmonize(mask, row["direction"]), size_px)
        versions = {COMPOSITE: square_image(composite, size_px), REAL: square_image(real, size_px)}
        for method, pictures in outputs.items():
            versions[method] = _shown(next(pictures), versions[COMPOSITE], versions[REAL], mask)
        yield versions


def _shown(output: np.ndarray, composite: np.ndarray, real: np.ndarray, mask: np.ndarray) -> np.ndarray:
    pasted = on_background(
        metric_tensor(output),
        composite=metric_tensor(composite),
        real=metric_tensor(real),
        mask=mask_from_uint8(torch.from_numpy(mask)[None]),
        background=HEADLINE["background"],
    )
    return uint8_from_metric(pasted)[0].numpy()
