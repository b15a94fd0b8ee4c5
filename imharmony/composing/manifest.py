"""The tables of a folder of composites: its manifest, the shards of its pictures and what could not be made."""

from pathlib import Path

import pyarrow as pa

from imharmony.errors import InputError
from imharmony.storage.tables import read_typed

# One row per composite.
MANIFEST = pa.schema(
    [
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("annotation_id", pa.int64()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("category", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("foreground_ratio", pa.float64()),
        ("direction", pa.string()),
        ("transfer", pa.string()),
        ("transfer_params", pa.string()),  # json; its keys differ from transfer to transfer
        ("reference_image_id", pa.int64()),
        ("reference_annotation_id", pa.int64()),
        ("seed", pa.int64()),
        ("delta_e", pa.float64()),
        ("clipped_fraction", pa.float64()),
        ("licence", pa.string()),
        ("sha256_real", pa.string()),  # of the uint8 pixels of the truth, row by row
        ("sha256_mask", pa.string()),
        ("sha256_composite", pa.string()),
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)

# A composite is its real photograph with the mask's pixels replaced: `mask` is a box of the mask, `patch` the composite's pixels
# in it, black outside the mask.
COMPOSITE_SHARD = pa.schema(
    [
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("box_x", pa.int32()),
        ("box_y", pa.int32()),
        ("box_width", pa.int32()),
        ("box_height", pa.int32()),
        ("real", pa.binary()),  # the truth: the photograph's own file, JPEG or PNG, or a PNG; null where an earlier row of the shard has it
        ("real_row", pa.int32()),  # the row of this shard that has it
        ("patch", pa.binary()),  # PNG
        ("mask", pa.binary()),  # PNG
    ]
)

# A composite that has a background of its own, as JPEG or a change of the background gives it one: it is its own file, and its patch
# is null.
OWN_FILE_SHARD = pa.schema([*COMPOSITE_SHARD, ("composite", pa.binary())])

# What the synthesis could not make, and why.
DROPPED_COMPOSITES = pa.schema([("sample_id", pa.string()), ("split", pa.string()), ("category", pa.string()), ("reason", pa.string())])

# Columns of the manifest that every composite has.
FILLED = (
    *("sample_id", "image_id", "annotation_id", "dataset", "split", "width", "height", "direction", "transfer"),
    *("sha256_real", "sha256_mask", "sha256_composite", "shard", "row"),
)


def read_manifest(composites: Path) -> pa.Table:
    """The manifest of a folder of composites, its columns as ``MANIFEST`` has them; anything else is an ``InputError``."""
    path = composites / "manifest.parquet"
    manifest = read_typed(path, MANIFEST, filled=FILLED)
    for name, least in (("shard", 0), ("row", 0), ("image_id", 0), ("width", 1), ("height", 1)):
        wrong = [value for value in manifest[name].to_pylist() if value < least]
        if wrong:
            raise InputError(f"{path}: column {name} has {wrong[0]}; expected {least} or more; make the data set again")
    return manifest
