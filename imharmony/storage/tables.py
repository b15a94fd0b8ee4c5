"""The Parquet tables that the stages hand to each other: their columns, and how they are read and written."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from imharmony.errors import InputError
from imharmony.storage.files import atomic_path

# One row per photograph of a source, annotated or not.
PHOTOGRAPHS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("url", pa.string()),  # as the source's own json names it
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("official_split", pa.string()),  # the source's own part, e.g. train2017
        ("licence_id", pa.int32()),
        ("licence", pa.string()),
        ("size_bytes", pa.int64()),  # null where the source publishes no checksum
        ("crc32", pa.int64()),
    ]
)

# One row per annotated instance of a source.
INSTANCES = pa.schema(
    [
        ("annotation_id", pa.int64()),
        ("image_id", pa.int64()),
        ("category_id", pa.int32()),
        ("category", pa.string()),
        ("iscrowd", pa.bool_()),
        ("area_px", pa.float64()),
        ("bbox_x", pa.float64()),
        ("bbox_y", pa.float64()),
        ("bbox_width", pa.float64()),
        ("bbox_height", pa.float64()),
        ("width", pa.int32()),  # of the photograph
        ("height", pa.int32()),
        ("segmentation", pa.binary()),  # the json text of COCO's polygons or RLE, untouched
    ]
)

# What filter_masks adds to a kept instance; a dropped one has `reason` instead.
SELECTED = pa.schema([*INSTANCES, ("foreground_ratio", pa.float64()), ("split", pa.string())])
DROPPED = pa.schema([("annotation_id", pa.int64()), ("image_id", pa.int64()), ("category", pa.string()), ("reason", pa.string())])

# What the synthesis could not make, and why.
DROPPED_COMPOSITES = pa.schema([("sample_id", pa.string()), ("split", pa.string()), ("category", pa.string()), ("reason", pa.string())])

# Where a downloaded photograph lies, in a shard of PHOTOGRAPH_SHARD.
STORED_PHOTOGRAPHS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("licence", pa.string()),
        ("sha256", pa.string()),  # of the file's bytes
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
PHOTOGRAPH_SHARD = pa.schema(
    [
        ("image_id", pa.int64()),
        ("jpeg", pa.binary()),  # the photograph's own file, JPEG or PNG
        ("matte", pa.binary()),  # grey PNG, 255 = foreground; null where foregrounds are masks of instances
    ]
)

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
        ("sha256_real", pa.string()),  # of the uint8 pixels, row by row
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
        ("real", pa.binary()),  # the photograph's own file, JPEG or PNG; null where an earlier row of the shard has it
        ("real_row", pa.int32()),  # the row of this shard that has it
        ("patch", pa.binary()),  # PNG
        ("mask", pa.binary()),  # PNG
    ]
)

# A composite that has a background of its own, as JPEG or a change of the background gives it one: it is its own file, and its patch
# is null.
OWN_FILE_SHARD = pa.schema([*COMPOSITE_SHARD, ("composite", pa.binary())])

# One row per composite that was semi-harmonized: the lights that were fitted to its object (foreground) and around it (background).
# Vectors point towards the light (x right, y up, z towards the camera) and are as long as it is strong; 0 where no fit is trusted. Null
# where none was fitted: outside the test split nobody looks, unless the back end relights.
LIGHTS = pa.schema(
    [
        ("sample_id", pa.string()),
        ("split", pa.string()),
        *(
            (f"{region}_{column}", kind)
            for region in ("foreground", "background")
            for column, kind in (
                ("light", pa.list_(pa.float64())),
                ("ambient", pa.float64()),
                ("r2", pa.float64()),
                ("is_trusted", pa.bool_()),
            )
        ),
        ("is_relit", pa.bool_()),  # both lights were trusted, and the foreground's was exchanged
        ("unchanged", pa.string()),  # why the composite stayed as it is; null: it was semi-harmonized
    ]
)

# One row per way to take photographs apart and scene of the studio that no network has learned from: errors against the renderer's layers
# (null: a way that has none), and by how much the light that is fitted to the largest foreground comes from another side.
DECOMPOSITIONS = pa.schema(
    [
        ("way", pa.string()),
        ("image_id", pa.int64()),
        ("albedo_si_rmse", pa.float64()),
        ("albedo_lmse", pa.float64()),
        ("shading_si_rmse", pa.float64()),
        ("shading_lmse", pa.float64()),
        ("light_azimuth_deg", pa.float64()),  # null: no foreground large enough, or hardly any light from the lamp
        ("light_is_trusted", pa.bool_()),
    ]
)


def write_table(path: Path, table: pa.Table) -> None:
    """Writes a Parquet file (zstd) atomically."""
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_csv(path: Path, table: pa.Table) -> None:
    """Writes a CSV file with a header atomically; floats keep all their digits."""
    with atomic_path(path) as temporary:
        pacsv.write_csv(table, temporary)


WRITERS: dict[str, Callable[[Path, pa.Table], None]] = {".parquet": write_table, ".csv": write_csv}


def writer_for(path: Path) -> Callable[[Path, pa.Table], None]:
    """What writes a table under this name, by its ending; another ending is an ``InputError``."""
    if path.suffix not in WRITERS:
        raise InputError(f"{path}: expected a name that ends in {' or '.join(WRITERS)}")
    return WRITERS[path.suffix]


def write_rows(path: Path, rows: Sequence[dict[str, object]], schema: pa.Schema) -> None:
    """Writes rows as a Parquet file; a missing key becomes null, a key outside the schema is an error."""
    unknown = {key for row in rows for key in row} - set(schema.names)
    if unknown:
        raise ValueError(f"{path}: unknown columns {sorted(unknown)}; expected {schema.names}")
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema))


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Reads a Parquet file; an absent or broken one raises an ``InputError`` that names it."""
    try:
        return pq.read_table(path, columns=columns)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; run the stage that writes it (dvc repro)") from error
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a whole Parquet file ({error}); delete it and run its stage again") from error


def read_parts(paths: Iterable[Path]) -> pa.Table:
    """Parquet files of one schema as one table, in their order."""
    return pa.concat_tables([pq.read_table(path) for path in paths]).combine_chunks()
