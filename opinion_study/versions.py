"""The versions of an image that a study shows: composite, real photograph, and each method's picture under the headline protocol."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from imharmony.checkpoint import load_harmonizer
from imharmony.colour.ranges import mask_from_uint8
from imharmony.composing.composites import read_change, read_real, to_harmonize
from imharmony.composing.manifest import MANIFEST, OWN_FILE_SHARD
from imharmony.composing.packed_split import square_image, square_mask
from imharmony.errors import InputError
from imharmony.evaluation.methods import Harmonize, NetworkMethod
from imharmony.evaluation.outputs import files_of, squared_picture
from imharmony.evaluation.scoring import as_saved
from imharmony.storage.shards import Row, ShardReader
from opinion_study.definition import COMPOSITE, REAL

MODEL = ".safetensors"

Versions = dict[str, np.ndarray]  # by method, uint8 (S, S, 3)


def method_at(path: Path, rows: list[Row], *, size_px: int) -> Harmonize:
    """A method as a function that is called once for each row in turn: a trained model, or a folder of pictures made elsewhere."""
    if path.suffix == MODEL:
        harmonizer, metadata = load_harmonizer(path)
        if "preprocessing" in metadata:
            raise InputError(f"{path}: was trained on semi-harmonized pictures, which a study does not make; give a folder of its pictures")
        return NetworkMethod(harmonizer, device=torch.device("cpu"))
    files = files_of(path, pa.Table.from_pylist(rows, schema=MANIFEST))
    pictures = (squared_picture(file, row, size_px) for file, row in zip(files, rows, strict=True))
    return lambda _composite, _mask: next(pictures)


def read_versions(composites: Path, rows: list[Row], methods: Mapping[str, Harmonize], *, size_px: int) -> Iterator[Versions]:
    """The versions of each row of a manifest, in order.

    They are squared as all pictures are (``data``); a method's is pasted over the composite's background and rounded, as it is scored.
    """
    reader = ShardReader(composites, OWN_FILE_SHARD)
    for row in rows:
        address = row["shard"], row["row"]
        full = read_real(reader, *address)
        changed, matte = read_change(reader, *address, real=full)
        composite, real = square_image(changed, size_px), square_image(full, size_px)
        mask = mask_from_uint8(torch.from_numpy(square_mask(to_harmonize(matte, row["direction"]), size_px))[None])
        versions = {COMPOSITE: composite, REAL: real}
        for method, harmonize in methods.items():
            output = harmonize(composite.copy(), mask[0, 0].numpy().copy())
            versions[method] = as_saved(output, composite, mask)
        yield versions
