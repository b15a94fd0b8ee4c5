"""Forms of a network of regions, and of what it learns from, that were tried and are not in the library.

- ``Curved``: a curve for each channel of CIELAB in the place of a gain and a shift.
- ``Quartered``: a trained network asked about each quarter of a large foreground, with the answers blended between the quarters.
- ``learning_from``: a network that learns from another's answers as much as from the truth.
- ``half_compressed``: photographs to learn from, half of which were compressed as JPEG once more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.tensor_lab import lab_from_srgb, srgb_from_lab
from imharmony.composing.packed_split import PackedSplit
from imharmony.networks.blocks import ZeroLinear, full_precision
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.networks.region_features import SCALE
from imharmony.networks.regions import LARGEST_GAIN, NUMBERS, PICTURE_AND_MASK, Measured, Regions
from imharmony.pictures.images import decode_trusted, encode_jpeg
from imharmony.points.positions import EMPTY, SOLID, spread
from imharmony.points.sets import Points, points_of
from imharmony.running.seeds import numpy_rng
from imharmony.training.point_batches import PointBatch, as_pictures
from imharmony.training.point_composites import PointComposites

BENDS = 6  # of each channel the square's and the cube's weight
FARTHEST = 3.0  # of a colour from the foreground's mean, in SCALE
LARGE = 0.15  # of the picture
FEWEST = 64  # pixels of a quarter
QUALITIES = (50, 95)


class CurvedRegions(Regions):
    """One that says 12 numbers: beside the gain and the shift a square's and a cube's weight, around the foreground's mean."""

    def __init__(self, like: Regions) -> None:
        width = like.last.in_features // 4
        super().__init__(in_channels=PICTURE_AND_MASK, width=width, counts=like.counts, sees_background=like.sees_background)
        self.last = ZeroLinear(4 * width, NUMBERS + BENDS)

    def answer(self, seen: Measured) -> Tensor:
        """(B, 15): the six numbers, the bends in units of CIELAB, and the mean that they are around."""
        numbers = self.last(self._read(seen))
        more = numbers[:, 3:6].clamp(-LARGEST_GAIN, LARGEST_GAIN).expm1()
        scale = numbers.new_tensor(SCALE)
        shift = numbers[:, :3] * scale
        found = torch.cat([more, shift - more * seen.mean, numbers[:, 6:9] * scale, numbers[:, 9:] * scale], 1)
        return torch.cat([found * self._is_answerable(seen.known), seen.mean], 1)


class Curved(RegionEnsemble):
    """A single ``CurvedRegions``. It is not restrained: compare it with a network whose two numbers are 0."""

    def __init__(self, like: RegionEnsemble) -> None:
        super().__init__([CurvedRegions(like.each[0])])

    def said(self, points: Points) -> Tensor:
        """The six numbers alone, for the fit that has no say here."""
        return super().said(points)[..., :NUMBERS]

    def recoloured(self, points: Points, turns: Tensor | None = None) -> Tensor:  # noqa: ARG002 - one member
        """The foreground's points with their colours bent."""
        return _bent(points.foreground, self.each[0].changes(points)[:, None])

    def forward(self, inputs: Tensor) -> Tensor:
        """The pictures with their colours bent."""
        with full_precision(inputs):
            numbers = self.each[0].changes(points_of(inputs[:, :3], inputs[:, 3:], self.counts))
            srgb = (inputs[:, :3].float() + 1).div(2).movedim(1, -1)
            return inputs[:, :3] + 2 * (_bent(srgb, numbers[:, None, None]) - srgb).movedim(-1, 1)


def _bent(srgb: Tensor, numbers: Tensor) -> Tensor:
    """sRGB (..., 3) in [0, 1] with what a ``CurvedRegions`` says of it, (..., 15)."""
    lab = lab_from_srgb(srgb)
    more, offset, square, cube, mean = numbers.split(3, -1)
    far = ((lab - mean) / lab.new_tensor(SCALE)).clamp(-FARTHEST, FARTHEST)
    changed = lab + more * lab + offset + square * far.square() + cube * far.pow(3)
    return srgb + (srgb_from_lab(changed) - srgb_from_lab(lab))


class Quartered(RegionEnsemble):
    """A trained network that sees each quarter of a large foreground by itself; the background is that of the whole.

    The quarters are those of the foreground's box. Between their middles the answers go over into one another.
    """

    def __init__(self, trained: RegionEnsemble) -> None:
        super().__init__(trained.each)
        self.doubt, self.floor = trained.doubt, trained.floor

    def maps(self, inputs: Tensor) -> Tensor:
        """(B, 6, H, W), another at each pixel of a large foreground."""
        return torch.cat([self._map(one) for one in inputs.split(1)])

    def _map(self, inputs: Tensor) -> Tensor:
        whole = points_of(inputs[:, :3], inputs[:, 3:], self.counts)
        same = self.changes(whole)[:, :, None, None].expand(-1, -1, *inputs.shape[2:])
        mask = inputs[0, 3].mul(255).round().to(torch.uint8).cpu().numpy()
        solid = mask >= SOLID
        if solid.mean() < LARGE or not (mask <= EMPTY).any():
            return same
        halves = [_halves(solid.any(1)), _halves(solid.any(0))]
        colours, total = inputs[0, :3].add(1).div(2).flatten(1).T, torch.zeros_like(same)
        for (here, vertical), (there, horizontal) in product(*halves):
            own = np.flatnonzero(np.outer(here, there) & solid)
            said = same if len(own) < FEWEST else self._asked(whole, colours, own)
            total = total + said * torch.from_numpy(np.outer(vertical, horizontal)).to(same)
        return total

    def _asked(self, whole: Points, colours: Tensor, own: np.ndarray) -> Tensor:
        places = torch.from_numpy(spread(own, self.counts.foreground)).to(colours.device)
        return self.changes(whole._replace(foreground=colours[places][None].float()))[:, :, None, None]


def _halves(held: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Which lines (S,) are in the first and in the second half of those from the first held to the last, and how much each half counts.

    The second counts nothing at the first quarter of that range and before it, and alone at the third and behind it.
    """
    start, stop = (lines := np.flatnonzero(held))[0], lines[-1] + 1
    at, middle = np.arange(len(held)), (start + stop) // 2
    second = np.clip((at + 0.5 - start) / (stop - start) * 2 - 0.5, 0, 1).astype(np.float32)
    return [((at >= start) & (at < middle), 1 - second), ((at >= middle) & (at < stop), second)]


@contextmanager
def learning_from(teacher: RegionEnsemble, *, share: float) -> Iterator[None]:
    """In the block a training on points has targets of which ``share`` is what the teacher makes of the composite."""

    class Taught(PointComposites):
        def drawn(self, index: np.ndarray, *, visit: int, turns: np.ndarray | None = None) -> PointBatch:
            batch = super().drawn(index, visit=visit, turns=turns)
            with torch.no_grad():
                answer = as_pictures(teacher.recoloured(batch.points()).clamp(0, 1))
            return batch._replace(real=batch.real.lerp(answer, share))

    teacher.eval()
    with patch("imharmony.training.ways.PointComposites", Taught):
        yield


def half_compressed(split: PackedSplit) -> PackedSplit:
    """The split with every second of its photographs compressed as JPEG, each at a quality of its own. Composites stay."""
    real = np.array(split.real)
    for place, image_id in enumerate(split.rows["image_id"].to_pylist()):
        rng = numpy_rng("regions", "compressed", image_id)
        if rng.random() < 0.5:
            real[place] = compressed(real[place], int(rng.integers(*QUALITIES)))
    return replace(split, real=real)


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
    """Written as JPEG and read again."""
    return decode_trusted(encode_jpeg(picture, quality=quality), name="compressed")
