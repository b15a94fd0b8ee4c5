"""Arrays by name, in memory or on disk."""

from collections.abc import Hashable
from pathlib import Path

import numpy as np


class Arrays:
    """Arrays by name. With a folder they lie there, and of one that is asked for only what is looked at is read."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: dict[Hashable, np.ndarray | Path] = {}

    def __contains__(self, name: Hashable) -> bool:
        return name in self._kept

    def put(self, name: Hashable, array: np.ndarray) -> None:
        """Keeps an array, which is not to be changed afterwards."""
        if self._folder is None:
            self._kept[name] = array
        else:
            path = self._folder / f"{len(self._kept)}.npy"
            np.save(path, array)
            self._kept[name] = path

    def get(self, name: Hashable) -> np.ndarray:
        """The array of this name, to be read alone."""
        kept = self._kept[name]
        return np.load(kept, mmap_mode="r") if isinstance(kept, Path) else kept

    @property
    def bytes_in_memory(self) -> int:
        """How much of them is held in memory."""
        return sum(kept.nbytes for kept in self._kept.values() if isinstance(kept, np.ndarray))
