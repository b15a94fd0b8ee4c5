"""The pictures that matting is pretrained on: the studio's things (``imharmony.studio.things``), each laid over any of its places.

They stand for Adobe's data set, 431 objects over 43,100 backgrounds (Xu et al. 2017, arXiv:1703.03872), which needs a licence. As there,
few things over many places are many pictures, and colours of both layers are known exactly. Arrays are uint8, packed once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from imharmony.matting.portraits import composed, unit_tensor
from imharmony.running.engine import engine
from imharmony.running.progress import track
from imharmony.storage.files import atomic_folder
from imharmony.storage.locks import alone
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.studio.things import Thing, render_place, render_thing

NAMES = ("foreground", "alpha", "place")


@dataclass(frozen=True)
class Things:
    """Cut-out things (N, S, S, 3) with their alpha (N, S, S), and places (M, S, S, 3)."""

    foreground: np.ndarray
    alpha: np.ndarray
    place: np.ndarray

    def draw(self, count: int, rng: np.random.Generator, *, device: torch.device) -> dict[str, Tensor]:
        """A batch in [0, 1]: foreground, plate and picture (B, 3, S, S), alpha (B, 1, S, S); any thing over any place, perhaps mirrored."""
        things, places = rng.integers(len(self.alpha), size=count), rng.integers(len(self.place), size=count)
        flips = rng.random((2, count)) < 0.5

        def taken(array: np.ndarray, at: np.ndarray, flipped: np.ndarray) -> Tensor:
            return unit_tensor(np.stack([array[k][:, ::-1] if flip else array[k] for k, flip in zip(at, flipped, strict=True)])).to(device)

        foreground, alpha = (taken(array, things, flips[0]) for array in (self.foreground, self.alpha))
        plate = taken(self.place, places, flips[1])
        picture = composed(alpha, foreground, plate).mul(255).round().div(255)  # as a file would have it
        return {"picture": picture, "foreground": foreground, "plate": plate, "alpha": alpha}


def pack_things(
    cache: Path, *, things: int, places: int, size_px: int, seed: int, workers: int, cluster_address: str | None = None
) -> Things:
    """So many things and places at ``size_px``, from ``cache`` or rendered into it now; more of either begin with the same ones."""
    folder = cache / f"things-{things}-{places}-{size_px}-{seed}"
    cache.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_name(f".{folder.name}.lock")):
        if not is_sound_folder(folder):
            machines = {"workers": workers, "cluster_address": cluster_address}
            with atomic_folder(folder) as temporary:
                cut_out: list[Thing] = list(_rendered(partial(_thing, seed, size_px), things, what="things", **machines))
                np.save(temporary / "foreground.npy", np.stack([each.foreground for each in cut_out]))
                np.save(temporary / "alpha.npy", np.stack([each.alpha for each in cut_out]))
                np.save(
                    temporary / "place.npy",
                    np.stack(list(_rendered(partial(_place, seed, size_px), places, what="places", **machines))),
                )
                seal_folder(temporary)
        return Things(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in NAMES))


def _rendered(render: Callable[[int], object], count: int, *, what: str, workers: int, cluster_address: str | None) -> Iterator:
    with engine(cluster_address, workers=min(workers, count)) as run:
        yield from track(run(render, range(count)), total=count, what=f"studio: {what}", unit=what)


def _thing(seed: int, size_px: int, index: int) -> Thing:
    return render_thing(seed=seed, index=index, size_px=size_px)


def _place(seed: int, size_px: int, index: int) -> np.ndarray:
    return render_place(seed=seed, index=index, size_px=size_px)
