"""Pictures that any method made, whoever ran it, scored as the pipeline scores its own.

A folder holds one 8-bit picture for each composite of a split, named by its sample: ``<sample_id>.png`` or, as iHarmony4 names files,
``<letters><sample_id>.jpg``; a published composite also goes by its own file's name. A picture has the size that is scored, S x S, or
that of its photograph; it is then squared as all pictures are (``data``).
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from torch import nn

from imharmony.composing.packed_split import PackedSplit, data_hash, expect_composites, pack_split, square_image
from imharmony.errors import InputError
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.scoring import score_split
from imharmony.pictures.images import read_scored
from imharmony.running.progress import track
from imharmony.storage.shards import Row

KINDS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
LETTERS = re.compile(r"^[A-Za-z]*")


def score_outputs(
    outputs: Path, composites: Path, *, method: str, size_px: int, split: str = "test", perceptual: nn.Module | None = None
) -> pa.Table:
    """The rows of ``measures.SCORES`` of the pictures in ``outputs`` for a folder of composites; the seed is 0, the code null."""
    with packed_once(composites, split=split, size_px=size_px) as packed:
        rows = score_pictures(outputs, packed, names=names_of(method, composites, packed), perceptual=perceptual)
    return pa.Table.from_pylist(rows, schema=SCORES)


def score_pictures(outputs: Path, packed: PackedSplit, *, names: Row, perceptual: nn.Module | None) -> list[Row]:
    """The same for a split that is packed already; ``names`` are the columns that all rows share, as in ``score_split``."""
    files, rows = files_of(outputs, packed.rows), packed.rows.select(["width", "height"]).to_pylist()
    pictures = (squared_picture(path, row, packed.mask.shape[1]) for path, row in zip(files, rows, strict=True))
    pictures = track(pictures, total=len(files), what=f"{names['method']}: {names['dataset']}", unit="images")
    return score_split(packed, lambda _composite, _mask: next(pictures), names=names, perceptual=perceptual, repeats=False)


@contextmanager
def packed_once(composites: Path, *, split: str, size_px: int) -> Iterator[PackedSplit]:
    """A split of a folder of composites, packed for the moment."""
    expect_composites(composites)
    with TemporaryDirectory() as cache:
        yield pack_split(composites, Path(cache), split=split, size_px=size_px)


def names_of(method: str, composites: Path, packed: PackedSplit) -> Row:
    """What all rows of a method from elsewhere share."""
    return {"method": method, "seed": 0, "dataset": packed.rows["dataset"][0].as_py(), "code": None, "data_hash": data_hash(composites)}


def stem_of(name: str) -> str:
    """A picture's name without its folder and ending, whichever way the slashes lean."""
    return PurePosixPath(name.replace("\\", "/")).stem


def samples_by_name(rows: pa.Table) -> dict[str, str]:
    """Each name, without letters before it, that a sample of a manifest goes by: its id and, if it was published, its file's.

    The two differ in iHarmony4 where the id's numbers stand for ``0935`` or for ``1048-20120628-200951``.
    """
    published = rows.filter(pc.field("transfer") == "published").select(["sample_id", "transfer_params"]).to_pylist()
    files = {without_letters(stem_of(json.loads(row["transfer_params"])["file"])): row["sample_id"] for row in published}
    return files | {sample: sample for sample in rows["sample_id"].to_pylist()}


def without_letters(stem: str) -> str:
    """``123_456_1`` of ``c123_456_1``."""
    return LETTERS.sub("", stem)


def files_of(folder: Path, rows: pa.Table) -> list[Path]:
    """The picture of each sample of a manifest, in its order; none may be missing or there twice."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one with a picture for each composite")
    known = samples_by_name(rows)
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        name = without_letters(path.stem)
        if path.suffix.lower() in KINDS and name in known:
            found.setdefault(known[name], []).append(path)
    samples = rows["sample_id"].to_pylist()
    if missing := [sample for sample in samples if sample not in found]:
        came = f"no picture for {len(missing)} of {len(samples)} composites, first {missing[0]}"
        raise InputError(f"{folder}: {came}; expected {missing[0]}.png or .jpg; a score over part of a test set would be of another set")
    if double := [sample for sample in samples if len(found[sample]) > 1]:
        first, second = found[double[0]][:2]
        raise InputError(f"{folder}: {len(double)} composites have two pictures, first {first} and {second}; remove one of them")
    return [found[sample][0] for sample in samples]


def squared_picture(path: Path, row: Row, size_px: int) -> np.ndarray:
    """The picture of a row of a manifest, float32 (S, S, 3) in [0, 255]; it has that size or its photograph's."""
    picture = read_scored(path)
    height, width = picture.shape[:2]
    photograph = row["width"], row["height"]
    if (width, height) == (size_px, size_px):
        return picture.astype(np.float32)
    if (width, height) == photograph:
        return square_image(picture.copy(), size_px).astype(np.float32)
    wanted = f"{size_px} x {size_px} or its photograph's {photograph[0]} x {photograph[1]}"
    raise InputError(f"{path}: {width} x {height} px; expected {wanted}; save it at one of these sizes")


def without_foreground(packed: PackedSplit) -> list[str]:
    """The samples whose mask is empty at the size of the split: their fMSE, fPSNR and fSSIM are undefined, and not averaged."""
    return [sample for sample, mask in zip(packed.rows["sample_id"].to_pylist(), packed.mask, strict=True) if not mask.any()]
