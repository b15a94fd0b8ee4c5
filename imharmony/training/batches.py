"""Batches of a packed split: gathered by index, converted on the device, no files and no worker processes."""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.running.seeds import numpy_rng, rendezvous_order
from imharmony.training.augmentation import CHANGES, Change, apply_crops, draw_crops

LARGEST_SHARE = 0.6  # of an accelerator's free memory that the data may take
ROWS_AT_ONCE = 256
ALL_ROWS = slice(None)


class FreshPictures(NamedTuple):
    """A composite, uint8 (S, S, 3), that takes the place of a stored one, and its truth; None: the stored one."""

    composite: np.ndarray
    real: np.ndarray | None = None


Fresh = Callable[[np.ndarray], dict[int, FreshPictures]]  # positions of composites -> other pictures, by their place among these


class Batch(NamedTuple):
    """Images are float32 (B, 3, H, W) in [-1, 1], masks (B, 1, H, W) in [0, 1]."""

    composite: Tensor
    real: Tensor
    mask: Tensor


class Batches:
    """A packed split near its device: in the accelerator's memory if it fits there, else memory-mapped."""

    def __init__(self, split: PackedSplit, *, device: torch.device) -> None:
        if len(split.composite) == 0:
            raise InputError("the split has no composites; expected one or more; widen the selection in params.yaml")
        self.split = split
        self.device = device
        arrays = {"composite": split.composite, "real": split.real, "mask": split.mask}
        is_near = device.type == "cuda" and _fits(sum(array.nbytes for array in arrays.values()), device)
        self._near = {name: _copied(array, device) for name, array in arrays.items()} if is_near else {}
        self._far = arrays

    def __len__(self) -> int:
        """The number of composites."""
        return len(self.split.composite)

    def take(
        self,
        index: np.ndarray,
        rng: np.random.Generator | None = None,
        *,
        changes: Collection[Change] = CHANGES,
        rows: slice = ALL_ROWS,
        fresh: Fresh | None = None,
    ) -> Batch:
        """The composites at these positions; cropped and flipped at random, as ``changes`` say, if there is a generator.

        ``rows`` are those of the batch that are wanted; what is drawn for them does not depend on it. ``fresh`` gives composites
        that take the place of stored ones, some with another truth.
        """
        wanted = index[rows]
        composite, real, mask = (self._rows(name, wanted) for name in self._far)
        for place, pictures in fresh(wanted).items() if fresh else ():
            for stored, picture in zip((composite, real), pictures, strict=True):
                if picture is not None:
                    stored[place] = torch.from_numpy(picture).to(self.device)
        batch = Batch(network_from_uint8(composite).contiguous(), network_from_uint8(real).contiguous(), mask_from_uint8(mask))
        if rng is None or not changes:
            return batch
        stack = apply_crops(torch.cat(batch, 1), draw_crops(self.split.mask[index], rng, changes)[rows])
        return Batch(*(part.contiguous() for part in stack.split([3, 3, 1], 1)))

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """Every composite once, in the order of the table."""
        for index in _parts(np.arange(len(self)), batch_size):
            yield self.take(index)

    def sample_ids(self, index: np.ndarray) -> list[str]:
        """The names of the composites at these positions."""
        return self.split.rows.column("sample_id").take(index).to_pylist()

    def _rows(self, name: str, index: np.ndarray) -> Tensor:
        if self._near:
            return self._near[name][torch.from_numpy(index).to(self.device)]
        return torch.from_numpy(self._far[name][index]).to(self.device)


def shuffled(count: int, *, batch_size: int, seed: int, epoch: int | str) -> list[np.ndarray]:
    """Positions of an epoch's batches: all composites once, in an order that depends on the seed and the epoch alone.

    Batches are of nearly equal size, so none of them is too small for batch statistics.
    """
    return _parts(rendezvous_order(np.arange(count), seed, "order", epoch), batch_size)


def augmentation_rng(seed: int, *, epoch: int, step: int) -> np.random.Generator:
    """The random numbers of one batch's crops and flips."""
    return numpy_rng(seed, "augment", epoch, step)


def _parts(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    return np.array_split(order, -(-len(order) // batch_size))


def _fits(size_bytes: int, device: torch.device) -> bool:
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return size_bytes < LARGEST_SHARE * free_bytes


def _copied(array: np.ndarray, device: torch.device) -> Tensor:
    near = torch.empty(array.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(array), ROWS_AT_ONCE):
        near[start : start + ROWS_AT_ONCE] = torch.from_numpy(array[start : start + ROWS_AT_ONCE].copy())
    return near
