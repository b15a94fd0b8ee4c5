"""How far the mean foreground MSE of pictures changes that a network was not trained on, with an interval, for the benchmarks here.

Tables of the pipeline have the same numbers under nine protocols; this is the one that a trial of many settings needs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8, uint8_from_metric
from imharmony.composing.packed_split import PackedSplit
from imharmony.evaluation.scoring import metric_tensor
from imharmony.metrics.colour_difference import foreground_ciede2000
from imharmony.metrics.error import foreground_mse
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.seeds import numpy_rng

RESAMPLES = 2000


class Images(NamedTuple):
    """uint8 pictures, masks, and the photograph of each."""

    composite: np.ndarray
    real: np.ndarray
    mask: np.ndarray
    photographs: np.ndarray


class Mean(NamedTuple):
    """A mean with the 95 % interval over photographs."""

    value: float
    low: float
    high: float

    def text(self, digits: int = 0) -> str:
        """The value and its interval."""
        return f"{self.value:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


class Change(NamedTuple):
    """Of the mean error; ``harm`` is the share of images whose error grew, in percent."""

    mean: Mean
    harm: float
    composite: float  # the composites' own mean


def images_of(split: PackedSplit, places: Sequence[int] | None = None) -> Images:
    """What is packed, or its images at some places, but for those whose foreground vanished at this size."""
    at = np.arange(len(split.composite)) if places is None else np.asarray(places)
    at = at[[bool(split.mask[place].any()) for place in at]]
    return Images(split.composite[at], split.real[at], split.mask[at], split.rows["image_id"].to_numpy()[at])


def change_of(harmonizer: Harmonizer, images: Images) -> Change:
    """Of the mean foreground MSE, in percent of the composites' own."""
    error, before = (_measured(foreground_mse, pictures, images) for pictures in (_outputs(harmonizer, images), images.composite.copy()))
    changes = [100 * (after / own - 1) for after, own in _resampled(np.column_stack([error, before]), images.photographs)]
    value = 100 * (error.mean() / before.mean() - 1)
    return Change(_with_interval(value, changes), float(100 * np.mean(error > before)), float(before.mean()))


def difference_to(harmonizer: Harmonizer, images: Images) -> Mean:
    """The mean CIEDE2000 that is done to the foreground of composites that are their own truth."""
    far = _measured(foreground_ciede2000, _outputs(harmonizer, images), images)
    means = [total / count for total, count in _resampled(np.column_stack([far, np.ones(len(far))]), images.photographs)]
    return _with_interval(far.mean(), means)


def _outputs(harmonizer: Harmonizer, images: Images) -> Iterator[np.ndarray]:
    with torch.inference_mode():
        for composite, mask in zip(images.composite, images.mask, strict=True):
            output = harmonizer(network_from_uint8(torch.from_numpy(composite.copy())[None]), _opacity(mask))
            yield uint8_from_metric(metric_from_network(output))[0].numpy()


def _measured(metric: Callable[..., Tensor], pictures: Iterable[np.ndarray], images: Images) -> np.ndarray:
    """A metric of the foreground for each picture."""
    each = zip(pictures, images.real, images.mask, strict=True)
    return np.array([metric(metric_tensor(picture), metric_tensor(real.copy()), _opacity(mask)).item() for picture, real, mask in each])


def _opacity(mask: np.ndarray) -> Tensor:
    return mask_from_uint8(torch.from_numpy(mask.copy())[None])


def _with_interval(value: float, resampled: Sequence[float]) -> Mean:
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Mean(float(value), float(low), float(high))


def _resampled(values: np.ndarray, photographs: np.ndarray) -> Iterator[np.ndarray]:
    """Sums of the columns over photographs drawn with replacement."""
    sums = np.stack([values[photographs == each].sum(0) for each in np.unique(photographs)])
    rng = numpy_rng("held out", "bootstrap")
    for _ in range(RESAMPLES):
        yield sums[rng.integers(0, len(sums), len(sums))].sum(0)
