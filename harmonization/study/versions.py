"""The versions of an image that a study shows: composite, real photograph, and each method's picture under the headline protocol."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harmonization.checkpoint import load_harmonizer
from harmonization.composites import read_change, read_real, to_harmonize
from harmonization.data import square_image, square_mask
from harmonization.evaluation.outputs import files_of, squared_pictures
from harmonization.evaluation.scoring import Harmonize, learned, metric_tensor, on_background
from harmonization.evaluation.summary import HEADLINE
from harmonization.ranges import mask_from_uint8, uint8_from_metric
from harmonization.shards import Row, ShardReader
from harmonization.study.definition import COMPOSITE, REAL

MODEL = ".safetensors"

Versions = dict[str, np.ndarray]  # by method, uint8 (S, S, 3)


def method_at(path: Path, rows: list[Row], *, size_px: int) -> Harmonize:
    """A method as a function that is called once for each row in turn: a trained model, or a folder of pictures made elsewhere."""
    if path.suffix == MODEL:
        return learned(load_harmonizer(path)[0], device=torch.device("cpu"))
    pictures = squared_pictures(files_of(path, [row["sample_id"] for row in rows]), rows, size_px)
    return lambda _composite, _mask: next(pictures)


def read_versions(composites: Path, rows: list[Row], methods: Mapping[str, Harmonize], *, size_px: int) -> Iterator[Versions]:
    """The versions of each row of a manifest, in order.

    They are squared as all pictures are (``data``); a method's is pasted over the composite's background and rounded, as it is scored.
    """
    reader = ShardReader(composites)
    for row in rows:
        address = row["shard"], row["row"]
        full = read_real(reader, *address)
        changed, matte = read_change(reader, *address, real=full)
        composite, real = square_image(changed, size_px), square_image(full, size_px)
        mask = mask_from_uint8(torch.from_numpy(square_mask(to_harmonize(matte, row["direction"]), size_px))[None])
        versions = {COMPOSITE: composite, REAL: real}
        for method, harmonize in methods.items():
            output = harmonize(composite.copy(), mask[0, 0].numpy().copy())
            versions[method] = _shown(output, composite=composite, real=real, mask=mask)
        yield versions


def _shown(output: np.ndarray, *, composite: np.ndarray, real: np.ndarray, mask: Tensor) -> np.ndarray:
    pasted = on_background(
        metric_tensor(output),
        composite=metric_tensor(composite),
        real=metric_tensor(real),
        mask=mask,
        background=HEADLINE["background"],
    )
    return uint8_from_metric(pasted)[0].numpy()
