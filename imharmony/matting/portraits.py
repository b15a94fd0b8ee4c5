"""The portraits that matting is learned from and judged on, at a network's size: packed once, memory-mapped ever after.

Arrays are uint8: pictures (N, S, S, 3), mattes and trimaps (N, S, S), 255 = person. Everything is squared to S by S without keeping the
aspect, as composites are (``composing.packed_split``); trimaps by the nearest pixel, so that they keep their three values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from imharmony.composing.composites import read_composite
from imharmony.composing.manifest import read_manifest
from imharmony.composing.packed_split import Piece, pack_arrays, pieces_of, square_image, square_mask
from imharmony.composing.rules import Direction
from imharmony.errors import InputError
from imharmony.matting.layers import LayerMaker
from imharmony.matting.stored_trimaps import StoredTrimaps
from imharmony.running.seeds import stable_hash
from imharmony.storage.files import atomic_folder
from imharmony.storage.locks import alone
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.storage.shards import ShardReader

SHAPES = {"picture": (3,), "alpha": (), "plate": (3,), "changed": (3,)}  # after (N, S, S)
WITH_TRIMAP = {**SHAPES, "trimap": ()}


class Native(NamedTuple):
    """A portrait at its own size."""

    picture: np.ndarray  # uint8 (H, W, 3)
    alpha: np.ndarray  # uint8 (H, W)
    trimap: np.ndarray  # uint8 (H, W)


@dataclass(frozen=True)
class Portraits:
    """Composites of a split with all that they are made of, one row of the manifest each."""

    rows: pa.Table
    picture: np.ndarray  # I, the photograph
    alpha: np.ndarray  # A
    plate: np.ndarray  # B, behind the person
    changed: np.ndarray  # what the composite changed: B_f or, of a changed foreground, the photograph with its person recoloured
    direction: Direction
    trimap: np.ndarray | None = None  # the stored ones; None where trimaps are drawn while training

    def __len__(self) -> int:
        return self.rows.num_rows

    @property
    def size_px(self) -> int:
        """S."""
        return self.alpha.shape[1]

    def taken(self, places: Sequence[int]) -> "Portraits":
        """Some of them, in memory."""
        chosen = np.fromiter(places, dtype=np.intp)
        arrays = {name: np.asarray(getattr(self, name)[chosen]) for name in SHAPES}
        trimap = None if self.trimap is None else np.asarray(self.trimap[chosen])
        return replace(self, rows=self.rows.take(pa.array(chosen)), **arrays, trimap=trimap)

    def first_of_each(self) -> list[int]:
        """Position of the first composite of each portrait: mattes are judged once, not once for each composite."""
        first: dict[int, int] = {}
        for index, image in enumerate(self.rows["image_id"].to_pylist()):
            first.setdefault(image, index)
        return list(first.values())


def pack_portraits(
    maker: LayerMaker,
    composites: Path,
    cache: Path,
    *,
    split: str,
    size_px: int,
    trimaps: Path | None = None,
    most: int | None = None,
    seed: int = 0,
    workers: int = 1,
    cluster_address: str | None = None,
) -> Portraits:
    """A split of a folder of composites at ``size_px``, from ``cache`` or packed into it now, with the stored trimaps of a folder.

    Of more than ``most`` portraits those stay whose hash with the seed is the lowest, with all their composites. The cache is of these
    composites and trimaps alone: whoever names its folder lets their tables count in the name. Whoever packs is an engine
    (``running.engine``).
    """
    manifest = read_manifest(composites)
    rows = manifest.filter(pa.array(_chosen(manifest, split, most, seed)))
    if rows.num_rows == 0:
        found = sorted(set(manifest["split"].to_pylist()))
        raise InputError(f"{composites}: no portraits in split {split!r}; expected some, as in {found}; widen the selection or the split")
    shapes = SHAPES if trimaps is None else WITH_TRIMAP
    folder = cache / f"{split}-{size_px}-{most}-{seed}{'' if trimaps is None else '-trimaps'}"
    cache.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_name(f".{folder.name}.lock")):
        if not is_sound_folder(folder):
            squared = partial(_squared, maker, size_px, None if trimaps is None else StoredTrimaps(trimaps))
            machines = {"workers": workers, "cluster_address": cluster_address}
            with atomic_folder(folder) as temporary:
                pieces = pieces_of(rows.to_pylist())
                pack_arrays(temporary, pieces, squared, shapes, size_px=size_px, what=f"packing portraits at {size_px} px", **machines)
                seal_folder(temporary)
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in shapes}
    return Portraits(rows, **arrays, direction=rows["direction"][0].as_py())


def native_portrait(composites: Path, trimaps: StoredTrimaps, row: dict[str, object]) -> Native:
    """The portrait of a row of the manifest at its own size, with its stored trimap."""
    picture, _, alpha = read_composite(ShardReader(composites), row["shard"], row["row"])  # pyright: ignore[reportArgumentType]
    return Native(picture, alpha, trimaps.of(row))


def composed(alpha: Tensor, over: Tensor, under: Tensor) -> Tensor:
    """A F + (1 - A) B of pictures (B, 3, H, W) and a matte (B, 1, H, W) in [0, 1]; the gradient to alpha is F - B."""
    return under + alpha * (over - under)


def recomposed_real(alpha: Tensor, picture: Tensor, plate: Tensor) -> Tensor:
    """I_c: the person cut out by ``alpha`` over the photograph's own background (the seed's section 2.2)."""
    return composed(alpha, picture, plate)


def disharmonious(alpha: Tensor, picture: Tensor, changed: Tensor, direction: Direction) -> Tensor:
    """I_d: the person over the changed background (the same); with a changed foreground, that person over the photograph.

    By the true matte it is the stored composite, up to the rounding of its levels.
    """
    return composed(alpha, picture, changed) if direction == "background" else composed(alpha, changed, picture)


def tensors_of(portraits: Portraits, indices: Sequence[int], *, device: torch.device) -> dict[str, Tensor]:
    """A batch in [0, 1]: picture, plate, changed (B, 3, S, S), alpha (B, 1, S, S), and the stored trimap (B, 1, S, S) if there is one."""
    at = np.asarray(indices)
    arrays = {name: getattr(portraits, name) for name in WITH_TRIMAP if getattr(portraits, name) is not None}
    return {name: unit_tensor(np.asarray(array[at])).to(device) for name, array in arrays.items()}


def unit_tensor(levels: np.ndarray) -> Tensor:
    """float32 (B, C, H, W) in [0, 1] of uint8 (B, H, W, 3) or (B, H, W)."""
    tensor = torch.from_numpy(levels if levels.ndim == 4 else levels[..., None])
    return tensor.permute(0, 3, 1, 2).float().div_(255)


def square_trimap(trimap: np.ndarray, size_px: int) -> np.ndarray:
    """A trimap uint8 (H, W) at ``size_px`` squared, each pixel that of the place it stands for."""
    return cv2.resize(trimap, (size_px, size_px), interpolation=cv2.INTER_NEAREST_EXACT)


def _chosen(manifest: pa.Table, split: str, most: int | None, seed: int) -> list[bool]:
    """Which rows belong to a split and to the portraits that are taken of it."""
    own = manifest.select(["image_id", "split"]).to_pylist()
    images = sorted({row["image_id"] for row in own if row["split"] == split}, key=lambda image: stable_hash(seed, "portraits", image))
    taken = set(images[:most])
    return [row["split"] == split and row["image_id"] in taken for row in own]


def _squared(maker: LayerMaker, size_px: int, trimaps: StoredTrimaps | None, piece: Piece) -> Iterator[dict[str, np.ndarray]]:
    for row in piece.rows:
        made = maker.layers(row)
        pictures = {name: square_image(getattr(made, name), size_px) for name in ("picture", "plate", "changed")}
        trimap = {} if trimaps is None else {"trimap": square_trimap(trimaps.of(row), size_px)}
        yield pictures | {"alpha": square_mask(made.matte, size_px)} | trimap
