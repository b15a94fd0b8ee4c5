"""How far the mean foreground MSE of pictures changes that a network was not trained on, with an interval, for the benchmarks here.

Tables of the pipeline have the same numbers under nine protocols; this is the one that a trial of many settings needs.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8, uint8_from_metric
from imharmony.colour.spaces import ciede2000, lab_from_srgb
from imharmony.composing.packed_split import PackedSplit
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.seeds import numpy_rng

RESAMPLES = 2000


class Images(NamedTuple):
    """uint8 pictures, masks, and the photograph of each."""

    composite: np.ndarray
    real: np.ndarray
    mask: np.ndarray
    photographs: np.ndarray


class Change(NamedTuple):
    """A mean with the 95 % interval over photographs; ``harm`` is the share of images whose error grew, in percent."""

    value: float
    low: float
    high: float
    harm: float
    composite: float  # the composites' own mean

    def text(self, digits: int = 0) -> str:
        """The value and its interval."""
        return f"{self.value:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def images_of(split: PackedSplit, places: Sequence[int] | None = None) -> Images:
    """What is packed, or its images at some places, but for those whose foreground vanished at this size."""
    at = np.arange(len(split.composite)) if places is None else np.asarray(places)
    at = at[[bool(split.mask[place].any()) for place in at]]
    return Images(split.composite[at], split.real[at], split.mask[at], split.rows["image_id"].to_numpy()[at])


def change_of(harmonizer: Harmonizer, images: Images) -> Change:
    """Of the mean foreground MSE, in percent of the composites' own."""
    error, before = (
        np.array([_mse(*parts) for parts in zip(pictures, images.real, images.mask, strict=True)])
        for pictures in (list(_outputs(harmonizer, images)), images.composite)
    )
    changes = [100 * (after / own - 1) for after, own in _resampled(np.column_stack([error, before]), images.photographs)]
    low, high = np.percentile(changes, (2.5, 97.5))
    value = 100 * (error.mean() / before.mean() - 1)
    return Change(float(value), float(low), float(high), float(100 * np.mean(error > before)), float(before.mean()))


def difference_to(harmonizer: Harmonizer, images: Images) -> Change:
    """The mean CIEDE2000 that is done to the foreground of composites that are their own truth."""
    made = zip(_outputs(harmonizer, images), images.real, images.mask, strict=True)
    far = np.array([_difference(*parts) for parts in made])
    means = [total / count for total, count in _resampled(np.column_stack([far, np.ones(len(far))]), images.photographs)]
    low, high = np.percentile(means, (2.5, 97.5))
    return Change(float(far.mean()), float(low), float(high), 100.0, 0.0)


def write_csv(path: Path, rows: Sequence[dict[str, object]]) -> None:
    """The rows under the first one's columns."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _outputs(harmonizer: Harmonizer, images: Images) -> Iterator[np.ndarray]:
    with torch.inference_mode():
        for composite, mask in zip(images.composite, images.mask, strict=True):
            given = network_from_uint8(torch.from_numpy(composite.copy())[None]), mask_from_uint8(torch.from_numpy(mask.copy())[None])
            yield uint8_from_metric(metric_from_network(harmonizer(*given)))[0].numpy()


def _mse(output: np.ndarray, real: np.ndarray, mask: np.ndarray) -> float:
    return float((np.square(output.astype(np.float64) - real).mean(2) * mask).sum() / mask.sum())


def _difference(output: np.ndarray, real: np.ndarray, mask: np.ndarray) -> float:
    difference = ciede2000(lab_from_srgb(output / 255), lab_from_srgb(real / 255))
    return float((difference * mask).sum() / mask.sum())


def _resampled(values: np.ndarray, photographs: np.ndarray) -> Iterator[np.ndarray]:
    """Sums of the columns over photographs drawn with replacement."""
    sums = np.stack([values[photographs == each].sum(0) for each in np.unique(photographs)])
    rng = numpy_rng("held out", "bootstrap")
    for _ in range(RESAMPLES):
        yield sums[rng.integers(0, len(sums), len(sums))].sum(0)
