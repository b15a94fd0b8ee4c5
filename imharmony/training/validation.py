"""How good a harmonizer is while it trains, on the validation photographs alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from imharmony.colour.ranges import metric_from_network, uint8_from_metric
from imharmony.metrics.error import foreground_mse, psnr
from imharmony.networks.harmonizer import Harmonizer, pasted
from imharmony.training.batches import Batches

HIGHEST_PSNR_DB = 100.0  # an image without an error would make every mean infinite


class Validation(NamedTuple):
    """Means over the images whose foreground is not empty, with the composite's background, not quantised."""

    fmse: float
    psnr_db: float


def validate(harmonizer: Harmonizer, batches: Batches, *, batch_size: int) -> Validation:
    """Scores the harmonizer as it is used: in its inference mode, in float32."""
    errors, decibels, has_foreground = [], [], []
    for batch in batches.in_order(batch_size):
        with _in_use(harmonizer):
            output = metric_from_network(pasted(harmonizer.raw(batch.composite, batch.mask), batch.composite, batch.mask))
        real = metric_from_network(batch.real)
        errors.append(foreground_mse(output, real, batch.mask))
        decibels.append(psnr(output, real, peak=255).clamp(max=HIGHEST_PSNR_DB))
        has_foreground.append(batch.mask.sum((1, 2, 3)) > 0)
    fmse, psnr_db, scored = torch.cat(errors), torch.cat(decibels), torch.cat(has_foreground)
    return Validation(fmse[scored].mean().item(), psnr_db[scored].mean().item())


def validate_each(harmonizer: Harmonizer, datasets: Mapping[str, Batches], *, batch_size: int) -> tuple[Validation, dict[str, Validation]]:
    """The mean over the data sets, each of which counts the same whatever its size, and what it is the mean of."""
    each = {name: validate(harmonizer, batches, batch_size=batch_size) for name, batches in datasets.items()}
    return Validation(*(sum(scores) / len(each) for scores in zip(*each.values(), strict=True))), each


def sample_grid(harmonizer: Harmonizer, batches: Batches, *, count: int) -> np.ndarray:
    """uint8 (rows * S, 4 * S, 3): composite, mask, output and real of ``count`` composites from the whole split."""
    index = np.unique(np.linspace(0, len(batches) - 1, min(count, len(batches))).round().astype(np.int64))
    batch = batches.take(index)
    with _in_use(harmonizer):
        output = harmonizer(batch.composite, batch.mask)
    return _tiled([batch.composite, batch.mask.expand(-1, 3, -1, -1) * 2 - 1, output, batch.real])


@contextmanager
def _in_use(harmonizer: Harmonizer) -> Iterator[None]:
    """The harmonizer as whoever loads it will have it: in its inference mode, without gradients, not compiled."""
    harmonizer.infer()
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        yield


def _tiled(columns: list[torch.Tensor]) -> np.ndarray:
    pictures = uint8_from_metric(metric_from_network(torch.cat(columns, 3))).cpu().numpy()
    return np.concatenate(list(pictures))
