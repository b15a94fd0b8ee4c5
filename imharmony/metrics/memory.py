"""Memory that is used again: the system's own, fresh for each large array, costs as much as what is computed in it."""

import math
import sys
import threading

import numpy as np
from numpy.typing import DTypeLike

MOST_KEPT = 48  # pieces of memory for each thread
SMALL_BYTES = 2**16  # of which the system's allocator keeps enough itself
_KEPT = threading.local()


def unset(shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> np.ndarray:
    """An array whose values are anything, in memory of this thread that no other array lies in any more."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < SMALL_BYTES:
        return np.empty(shape, dtype)
    kept: list[np.ndarray] | None = getattr(_KEPT, "pieces", None)
    if kept is None:
        kept = _KEPT.pieces = []
    for place in range(len(kept)):
        if size <= len(kept[place]) <= 2 * size and _holders(kept, place) == _NOBODY:
            return kept[place][:size].view(dtype).reshape(shape)
    if len(kept) == MOST_KEPT:
        kept.clear()  # what is still held lives on with its holders
    kept.append(np.empty(size, np.uint8))
    return kept[-1].view(dtype).reshape(shape)


def _holders(kept: list[np.ndarray], place: int) -> int:
    """A piece's references: an array that lies in it, or in a part of it, has one."""
    return sys.getrefcount(kept[place])


_NOBODY = _holders([np.empty(0)], 0)


def copied(picture: np.ndarray, dtype: DTypeLike | None = None) -> np.ndarray:
    """A copy in such memory."""
    made = unset(picture.shape, picture.dtype if dtype is None else dtype)
    np.copyto(made, picture, casting="unsafe")
    return made
