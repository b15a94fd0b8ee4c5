"""Methods as functions of a picture, and what they make of several."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import levels_from_network, network_from_uint8
from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.randomness import repeatable

PIXELS_AT_ONCE = 2**17
MOST_AT_ONCE = 8  # a network takes little longer for so many small pictures than for one, whose calls cost most

# A composite, uint8 (H, W, 3), and its mask, float32 (H, W) in [0, 1], to the method's own picture, float32 (H, W, 3) in [0, 255].
# The real photograph is not among the arguments, so no method can look at it. One may be ``TakesSeveral`` as well.
Harmonize = Callable[[np.ndarray, np.ndarray], np.ndarray]


@runtime_checkable
class TakesSeveral(Protocol):
    """A method that several pictures at once take little longer than one."""

    def __call__(self, composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """As ``Harmonize``."""
        ...

    def several(self, composites: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Of uint8 (N, H, W, 3) and float32 (N, H, W) the method's own pictures, float32 (N, H, W, 3), whatever is beside each."""
        ...


class Given(NamedTuple):
    """What a method is given: a picture, uint8 (H, W, 3), and a mask, float32 (H, W) in [0, 1]; ``where`` says which it is."""

    picture: np.ndarray
    mask: np.ndarray
    where: str


class NetworkMethod:
    """A trained harmonizer as a function of one picture, and of several of one size."""

    def __init__(self, harmonizer: Harmonizer, *, device: torch.device) -> None:
        harmonizer.to(device)
        self._harmonizer, self._device = harmonizer, device

    def __call__(self, composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """As ``Harmonize``."""
        return self._computed(composite[None], mask[None])[0]

    def several(self, composites: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """As ``TakesSeveral`` says."""
        groups = stacked(range(len(composites)), composites, masks)
        return np.concatenate([self._computed(*stacks)[: len(places)] for places, stacks in groups])

    @torch.inference_mode()
    def _computed(self, composites: np.ndarray, masks: np.ndarray) -> np.ndarray:
        pictures = network_from_uint8(torch.from_numpy(composites).to(self._device))
        with repeatable(self._device):
            outputs = self._harmonizer.raw(pictures, torch.from_numpy(masks)[:, None].to(self._device))
        return levels_from_network(outputs)


def pictures_at_once(size: Sequence[int]) -> int:
    """How many pictures of so many rows and columns are computed at once."""
    return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // (size[0] * size[1])))


def stacked(chosen: Sequence[int], *arrays: np.ndarray) -> Iterator[tuple[list[int], list[np.ndarray]]]:
    """The chosen of arrays (N, H, W, ...), some at once: their places, and of each array the stack of them.

    A stack has always as many, the last ones beside copies of the very last, of which there is no place: a sum's last bit depends on
    how many there are, and no score may depend on what else is scored.
    """
    at_once = pictures_at_once(arrays[0].shape[1:3])
    for start in range(0, len(chosen), at_once):
        places = list(chosen[start : start + at_once])
        filled = places + places[-1:] * (at_once - len(places))
        yield places, [np.stack([array[place] for place in filled]) for array in arrays]


def each_output(harmonize: Harmonize, given: Iterable[Given]) -> Iterator[np.ndarray]:
    """What a method makes of each of some pictures of one size, float32 (H, W, 3) in [0, 255]; it gets copies.

    A few are looked at before they are asked for, where the method computes several at once. An output that is not finite is an
    ``InputError`` that says where.
    """
    several, left = harmonize.several if isinstance(harmonize, TakesSeveral) else None, iter(given)
    for each in left:
        group = [each, *islice(left, pictures_at_once(each.mask.shape) - 1 if several else 0)]
        if several:
            outputs = several(np.stack([one.picture for one in group]), np.stack([one.mask for one in group]))
        else:
            outputs = [harmonize(each.picture.copy(), each.mask.copy())]
        for output, one in zip(outputs, group, strict=True):
            yield expect_finite(output, one.where)


def expect_finite(output: np.ndarray, where: str) -> np.ndarray:
    """The output itself; an ``InputError`` that says ``where`` if any of its levels is NaN or infinite."""
    if not np.isfinite(output).all():
        wrong = int(output.size - np.isfinite(output).sum())
        advice = "a mean without this image would hide it; mend the method or train it again"
        raise InputError(f"{where}: {wrong} of {output.size} values of the output are NaN or infinite; expected levels 0 to 255; {advice}")
    return output


def whole_levels(picture: Tensor, where: str) -> np.ndarray:
    """A network's picture (3, H, W) in [-1, 1] as a file would have it, uint8 (H, W, 3); an ``InputError`` if it is not finite."""
    return np.rint(expect_finite(levels_from_network(picture[None])[0], where)).astype(np.uint8)
