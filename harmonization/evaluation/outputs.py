"""Pictures that any method made, whoever ran it, scored as the pipeline scores its own.

A folder holds one 8-bit picture for each composite of a split, named by its sample: ``<sample_id>.png`` or, as iHarmony4 names files,
``<letters><sample_id>.jpg``. A picture has the size that is scored, S x S, or that of its photograph; it is then squared as all
pictures are (``data``).
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from torch import nn

from harmonization.data import PackedSplit, data_hash, pack_split, square_image
from harmonization.errors import InputError
from harmonization.evaluation.scoring import score_split
from harmonization.images import has_16_bits, read_rgb
from harmonization.tables import SCORES

KINDS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
LETTERS = re.compile(r"^[A-Za-z]*")


def score_outputs(
    outputs: Path, composites: Path, *, method: str, size_px: int, split: str = "test", perceptual: nn.Module | None = None
) -> pa.Table:
    """The rows of ``tables.SCORES`` of the pictures in ``outputs`` for a folder of composites; the seed is 0, the commit null."""
    if not (composites / "manifest.parquet").is_file():
        advice = "`harmonize dataset import` makes one of a set in another layout"
        raise InputError(f"{composites}: no manifest.parquet; expected a folder of composites; {advice}")
    with TemporaryDirectory() as cache:
        packed = pack_split(composites, Path(cache), split=split, size_px=size_px)
        files = files_of(outputs, packed.rows["sample_id"].to_pylist())
        pictures = _squared(files, packed, size_px)
        dataset = packed.rows["dataset"][0].as_py()
        names = {"method": method, "seed": 0, "dataset": dataset, "commit": None, "data_hash": data_hash(composites)}
        rows = score_split(packed, lambda _composite, _mask: next(pictures), names=names, perceptual=perceptual, repeats=False)
    return pa.Table.from_pylist(rows, schema=SCORES)


def files_of(folder: Path, samples: Iterable[str]) -> list[Path]:
    """The picture of each sample; none may be missing or there twice."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one with a picture for each composite")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in KINDS:
            found.setdefault(LETTERS.sub("", path.stem), []).append(path)
    samples = list(samples)
    if missing := [sample for sample in samples if sample not in found]:
        came = f"no picture for {len(missing)} of {len(samples)} composites, first {missing[0]}"
        raise InputError(f"{folder}: {came}; expected {missing[0]}.png or .jpg; a score over part of a test set would be of another set")
    if double := [sample for sample in samples if len(found[sample]) > 1]:
        first, second = found[double[0]][:2]
        raise InputError(f"{folder}: {len(double)} composites have two pictures, first {first} and {second}; remove one of them")
    return [found[sample][0] for sample in samples]


def _squared(files: list[Path], packed: PackedSplit, size_px: int) -> Iterator[np.ndarray]:
    sizes = packed.rows.select(["width", "height"]).to_pylist()
    for path, size in zip(files, sizes, strict=True):
        if has_16_bits(path):
            raise InputError(f"{path}: 16 bits a channel; expected 8, as the protocols are defined; save it as 8-bit PNG, rounded")
        picture = read_rgb(path)
        height, width = picture.shape[:2]
        if (width, height) == (size_px, size_px):
            yield picture.astype(np.float32)
        elif (width, height) == (size["width"], size["height"]):
            yield square_image(picture.copy(), size_px).astype(np.float32)
        else:
            wanted = f"{size_px} x {size_px} or its photograph's {size['width']} x {size['height']}"
            raise InputError(f"{path}: {width} x {height} px; expected {wanted}; save it at one of these sizes")
