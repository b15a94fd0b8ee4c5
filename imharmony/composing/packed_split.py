"""The packed pictures of one split: made once per size, memory-mapped ever after, so that no loop decodes a file. They are
compared with their checksums whenever they are opened, and packed again where they differ.

Arrays are uint8: composite and real (N, S, S, 3), mask (N, S, S) with 255 = what is to be harmonized: the foreground or, where the
manifest's ``direction`` says that the background was changed, all but the foreground. Everything is squared to S by S as the
field does, without keeping the aspect: images by an antialiased bicubic filter, masks by an antialiased bilinear one, which
leaves them soft at the edges.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import prod
from os import SEEK_CUR
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.lib.format import read_array_header_1_0, read_magic, write_array_header_1_0

from imharmony.composing.composites import read_change, read_real, to_harmonize
from imharmony.errors import InputError
from imharmony.running.engine import engine
from imharmony.running.progress import bar
from imharmony.storage.files import atomic_folder, sha256_of
from imharmony.storage.locks import alone
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_table

SHAPES = {"composite": (3,), "real": (3,), "mask": ()}  # after (N, S, S)
SEMI_HARMONIZED = "semi_harmonized"
ROWS_PER_PIECE = 128
WORTH_A_PROCESS = 2048  # composites

Pictures = dict[str, np.ndarray]


@dataclass(frozen=True)
class PackedSplit:
    """The rows of the manifest that belong to a split, and their pictures in the same order."""

    rows: pa.Table
    composite: np.ndarray
    real: np.ndarray
    mask: np.ndarray
    semi_harmonized: np.ndarray | None = None  # like composite, after ``intrinsic.preprocessing``; None where nobody asked for it


@dataclass(frozen=True)
class PackedFiles:
    """The pictures of a packed split as a job takes them along: by the names of their files or, where they are in none, themselves."""

    arrays: Mapping[str, Path | np.ndarray]

    @classmethod
    def of(cls, split: PackedSplit) -> Self:
        """Those of a whole split."""
        arrays = {name: getattr(split, name) for name in (*SHAPES, SEMI_HARMONIZED)}
        return cls({name: _file_of(array) for name, array in arrays.items() if array is not None})

    def taken(self, rows: pa.Table, places: slice | np.ndarray) -> PackedSplit:
        """Some rows of the split with the pictures at their places: mapped if that is a slice, else read."""
        opened = {name: np.load(array, mmap_mode="r") if isinstance(array, Path) else array for name, array in self.arrays.items()}
        return PackedSplit(rows, **{name: array[places] for name, array in opened.items()})


def _file_of(array: np.ndarray) -> Path | np.ndarray:
    return Path(array.filename).resolve() if isinstance(array, np.memmap) and array.filename else array


class Piece(NamedTuple):
    """Consecutive rows of the manifest, and the place of the first among all."""

    start: int
    rows: Sequence[Row]


def pack_split(
    composites: Path, cache: Path, *, split: str, size_px: int, workers: int = 1, cluster_address: str | None = None
) -> PackedSplit:
    """The split of a folder of composites at ``size_px``, from ``cache`` or packed into it now, by an engine (``running.engine``)."""
    manifest = read_table(composites / "manifest.parquet")
    rows = manifest.filter(pc.field("split") == split)
    if rows.num_rows == 0:
        found = sorted(set(manifest["split"].to_pylist()))
        raise InputError(f"{composites}: no composites in split {split!r}; expected some, as in {found}; widen the selection or the split")
    folder = cache / f"{split}-{size_px}"
    cache.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_name(f".{folder.name}.lock")):  # others wait while one packs or drops what is damaged
        if not is_sound_folder(folder):
            pieces = pieces_of(rows.select(["shard", "row", "direction"]).to_pylist())
            machines = {"workers": workers, "cluster_address": cluster_address}
            with atomic_folder(folder) as temporary:
                squared = partial(_squared, composites.resolve(), size_px)
                pack_arrays(temporary, pieces, squared, SHAPES, size_px=size_px, what=f"packing at {size_px} px", **machines)
                seal_folder(temporary)
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


def pack_arrays(
    folder: Path,
    pieces: Sequence[Piece],
    squared: Callable[[Piece], Iterator[Pictures]],
    shapes: Mapping[str, tuple[int, ...]],
    *,
    size_px: int,
    what: str,
    workers: int,
    cluster_address: str | None = None,
    pictures_per_row: int = 1,
) -> None:
    """Writes the arrays of ``shapes`` (N, S, S, ...) into a folder, piece by piece, each by whoever takes it, at its own place.

    ``squared`` gives the arrays of one row after the other: a picture of each, or ``pictures_per_row`` one below the other.
    """
    count = sum(len(piece.rows) for piece in pieces) * pictures_per_row
    for name, channels in shapes.items():
        with (folder / f"{name}.npy").open("wb") as file:
            write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (count, size_px, size_px, *channels)})
    job = partial(_write_piece, folder.resolve(), squared, shapes, size_px**2 * pictures_per_row)
    progress = bar(total=count // pictures_per_row, what=what, unit="composites" if pictures_per_row == 1 else "clips")
    with progress, engine(cluster_address, workers=workers, worth=count // WORTH_A_PROCESS) as run:
        for written in run(job, pieces):
            progress.update(written)


def _write_piece(
    folder: Path, squared: Callable[[Piece], Iterator[Pictures]], shapes: Mapping[str, tuple[int, ...]], pixels: int, piece: Piece
) -> int:
    """Writes the pictures one after the other, so that nothing but the current ones is held. Not by a map, which writes whole pages."""
    from imharmony.running.randomness import torch_threads  # as for ``_resized``

    with ExitStack() as stack:
        stack.enter_context(torch_threads(1))  # side by side
        files = {name: stack.enter_context((folder / f"{name}.npy").open("r+b")) for name in shapes}
        for name, file in files.items():
            read_magic(file)
            read_array_header_1_0(file)
            file.seek(piece.start * pixels * prod(shapes[name]), SEEK_CUR)
        for pictures in squared(piece):
            for name, file in files.items():
                file.write(pictures[name].tobytes())
    return len(piece.rows)


def pieces_of(rows: Sequence[Row]) -> list[Piece]:
    """Rows of a manifest in pieces of ``ROWS_PER_PIECE``."""
    return [Piece(start, rows[start : start + ROWS_PER_PIECE]) for start in range(0, len(rows), ROWS_PER_PIECE)]


def _squared(composites: Path, size_px: int, piece: Piece) -> Iterator[Pictures]:
    reader = ShardReader(composites)
    held, real, small_real = None, np.empty(0), np.empty(0)
    for row in piece.rows:
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
    return _resized(image.transpose(2, 0, 1), size_px, mode="bicubic").transpose(1, 2, 0)


def square_mask(mask: np.ndarray, size_px: int) -> np.ndarray:
    """A uint8 (H, W) mask at ``size_px`` squared: antialiased bilinear, soft at the edges."""
    return _resized(mask[None], size_px, mode="bilinear")[0]


def _resized(image: np.ndarray, size_px: int, *, mode: str) -> np.ndarray:
    """A uint8 (C, H, W) image."""
    import torch  # seconds; whoever looks up a folder's name or makes clips packs nothing
    from torch.nn.functional import interpolate

    tensor = torch.from_numpy(image)[None]
    return interpolate(tensor, (size_px, size_px), mode=mode, antialias=True, align_corners=False)[0].numpy()
