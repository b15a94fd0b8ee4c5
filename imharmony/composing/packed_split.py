"""The packed pictures of one split: made once per size, memory-mapped ever after, so that no loop decodes a file. They are
compared with their checksums whenever they are opened, and packed again where they differ.

Arrays are uint8: composite and real (N, S, S, 3), mask (N, S, S) with 255 = what is to be harmonized: the foreground or, where the
manifest's ``direction`` says that the background was changed, all but the foreground. Everything is squared to S by S as the
field does, without keeping the aspect: images by an antialiased bicubic filter, masks by an antialiased bilinear one, which
leaves them soft at the edges.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.lib.format import write_array_header_1_0
from torch import Tensor
from torch.nn.functional import interpolate

from imharmony.composing.composites import read_change, read_real, to_harmonize
from imharmony.errors import InputError
from imharmony.running.progress import track
from imharmony.storage.files import atomic_folder, sha256_of
from imharmony.storage.locks import alone
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table

SHAPES = {"composite": (3,), "real": (3,), "mask": ()}  # after (N, S, S)

Pictures = dict[str, np.ndarray]


@dataclass(frozen=True)
class PackedSplit:
    """The rows of the manifest that belong to a split, and their pictures in the same order."""

    rows: pa.Table
    composite: np.ndarray
    real: np.ndarray
    mask: np.ndarray
    semi_harmonized: np.ndarray | None = None  # like composite, after ``intrinsic.preprocessing``; None where nobody asked for it


def pack_split(composites: Path, cache: Path, *, split: str, size_px: int) -> PackedSplit:
    """The split of a folder of composites at ``size_px``, from ``cache`` or packed into it now."""
    manifest = read_table(composites / "manifest.parquet")
    rows = manifest.filter(pc.field("split") == split)
    if rows.num_rows == 0:
        found = sorted(set(manifest["split"].to_pylist()))
        raise InputError(f"{composites}: no composites in split {split!r}; expected some, as in {found}; widen the selection or the split")
    folder = cache / f"{split}-{size_px}"
    cache.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_name(f".{folder.name}.lock")):  # others wait while one packs or drops what is damaged
        if not is_sound_folder(folder):
            _pack(composites, folder, rows, size_px=size_px)
        return PackedSplit(rows, **{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in SHAPES})


def first_of_each_foreground(split: PackedSplit) -> list[tuple[int, dict[str, str]]]:
    """Position and columns of the first composite of each foreground; its mask is that of the others too, and its real photograph
    unless photographs were graded: then each composite has a truth of its own.
    """
    rows = split.rows.select(["sample_id", "image_id", "annotation_id", "category", "direction"]).to_pylist()
    first: dict[tuple[int, int], tuple[int, dict[str, str]]] = {}
    for index, row in enumerate(rows):
        first.setdefault((row["image_id"], row["annotation_id"]), (index, row))
    return list(first.values())


def expect_composites(folder: Path) -> None:
    """Raises an ``InputError`` unless this is a folder of composites."""
    if not (folder / "manifest.parquet").is_file():
        advice = "`harmonize dataset import` makes one of a set in another layout"
        raise InputError(f"{folder}: no manifest.parquet; expected a folder of composites; {advice}")


def data_hash(composites: Path) -> str:
    """What names a folder of composites: the first 16 hexadecimal digits of its manifest's SHA-256, which covers every picture's."""
    manifest = composites / "manifest.parquet"
    try:
        return sha256_of(manifest)[:16]
    except FileNotFoundError as error:
        raise InputError(f"{manifest}: no such table; run the stage that writes it (dvc repro)") from error


def _pack(composites: Path, folder: Path, rows: pa.Table, *, size_px: int) -> None:
    """Makes the folder of arrays, which count from when they are sealed."""
    with atomic_folder(folder) as temporary:
        _write_arrays(composites, temporary, rows, size_px=size_px)
        seal_folder(temporary)


def _write_arrays(composites: Path, folder: Path, rows: pa.Table, *, size_px: int) -> None:
    """Appends the pictures row by row, so that nothing but the current ones is held."""
    pictures = track(_squared(composites, rows, size_px), total=rows.num_rows, what=f"packing at {size_px} px", unit="composites")
    with ExitStack() as stack:
        files = {name: stack.enter_context((folder / f"{name}.npy").open("wb")) for name in SHAPES}
        for name, channels in SHAPES.items():
            shape = (rows.num_rows, size_px, size_px, *channels)
            write_array_header_1_0(files[name], {"descr": "|u1", "fortran_order": False, "shape": shape})
        for squared in pictures:
            for name, picture in squared.items():
                files[name].write(picture.tobytes())


def _squared(composites: Path, rows: pa.Table, size_px: int) -> Iterator[Pictures]:
    reader = ShardReader(composites)
    held, real, small_real = None, np.empty(0), np.empty(0)
    for row in rows.select(["shard", "row", "direction"]).to_pylist():
        address = row["shard"], row["row"]
        owner = row["shard"], reader.value(*address, "real_row")
        if held != owner:  # the composites of a photograph follow each other
            held, real = owner, read_real(reader, *address)
            small_real = square_image(real, size_px)
        composite, mask = read_change(reader, *address, real=real)
        mask = square_mask(to_harmonize(mask, row["direction"]), size_px)
        yield {"composite": square_image(composite, size_px), "real": small_real, "mask": mask}


def square_image(image: np.ndarray, size_px: int) -> np.ndarray:
    """A uint8 (H, W, 3) image at ``size_px`` squared: antialiased bicubic, as Pillow does it."""
    return _resized(torch.from_numpy(image).permute(2, 0, 1), size_px, mode="bicubic").permute(1, 2, 0).numpy()


def square_mask(mask: np.ndarray, size_px: int) -> np.ndarray:
    """A uint8 (H, W) mask at ``size_px`` squared: antialiased bilinear, soft at the edges."""
    return _resized(torch.from_numpy(mask)[None], size_px, mode="bilinear")[0].numpy()


def _resized(image: Tensor, size_px: int, *, mode: str) -> Tensor:
    return interpolate(image[None], (size_px, size_px), mode=mode, antialias=True, align_corners=False)[0]
