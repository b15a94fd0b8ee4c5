"""COCO's instances json as Arrow tables, without building Python objects for what is not needed."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.files import atomic_path

ROWS_AT_ONCE = 50_000

Json = tuple[Callable[[], bytes], str, str]  # how to read it, its name, its split
# It becomes part of a path: a json from a stranger must not be able to say `../../x`.
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][^/\\]*$")]
Side = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]
Identifier = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)]
Checksums = Callable[[pa.Table, str], pa.Table]  # adds them to a split's photographs


class Licence(msgspec.Struct):
    id: Number
    name: str


class Photograph(msgspec.Struct, gc=False):
    id: Identifier
    file_name: FileName
    width: Side
    height: Side
    license: Number
    coco_url: str = ""


class Annotation(msgspec.Struct, gc=False):
    id: Identifier
    image_id: Identifier
    category_id: Number
    iscrowd: Number
    area: float
    bbox: tuple[float, float, float, float]
    segmentation: msgspec.Raw


class Category(msgspec.Struct):
    id: Number
    name: str


class Instances(msgspec.Struct):
    images: list[Photograph]
    annotations: list[Annotation]
    categories: list[Category]
    licenses: list[Licence]


def write_instances(parts: Iterable[Json], *, out: Path, checksums: Checksums = lambda table, _: table) -> None:
    """Writes ``photographs.parquet`` and ``instances.parquet`` of all parts; memory holds one json at a time, and no table of it."""
    with (
        atomic_path(out / "photographs.parquet") as photographs_path,
        atomic_path(out / "instances.parquet") as instances_path,
        pq.ParquetWriter(photographs_path, PHOTOGRAPHS, compression="zstd") as photographs,
        pq.ParquetWriter(instances_path, INSTANCES, compression="zstd") as instances,
    ):
        seen: dict[str, list[pa.Array]] = {"photographs": [], "annotations": []}
        for read, name, split in parts:
            content = parsed(read(), name=name)
            listed = photograph_table(content, name=name, split=split)
            seen["photographs"] += listed["image_id"].chunks
            photographs.write_table(checksums(listed, split))
            for batch in instance_batches(content, name=name):
                seen["annotations"].append(batch["annotation_id"])
                instances.write_batch(batch)
        for what, ids in seen.items():
            _expect_unique(pa.chunked_array(ids, pa.int64()), name="the splits together", what=what)


def parsed(data: bytes, *, name: str) -> Instances:
    """The json's content with every segmentation left as text; structural damage is an ``InputError``."""
    gc.disable()  # the cyclic collector would walk a million new objects again and again
    try:
        content = msgspec.json.decode(data, type=Instances)
    except msgspec.MsgspecError as error:
        raise InputError(f"{name}: not COCO's instances json ({error}); fetch it again") from error
    finally:
        gc.enable()
    return content


def photograph_table(content: Instances, *, name: str, split: str) -> pa.Table:
    """The rows of ``tables.PHOTOGRAPHS``, without checksums."""
    images = content.images
    ids = _ids(images)
    _expect_unique(ids, name=name, what="photographs")
    licence_ids, listed = _integers(image.license for image in images), _ids(content.licenses)
    licence = _positions(licence_ids, listed)
    if licence.null_count:
        image = images[licence.is_null().index(True).as_py()]
        came = f"photograph {image.id} has licence {image.license}"
        raise InputError(f"{name}: {came}; expected one of the json's own list, {sorted(listed.to_pylist())}; fetch it again")
    columns = {
        "image_id": ids,
        "file_name": [image.file_name for image in images],
        "url": [image.coco_url for image in images],
        "width": _integers(image.width for image in images),
        "height": _integers(image.height for image in images),
        "official_split": pa.repeat(split, len(images)),
        "licence_id": licence_ids,
        "licence": pa.array([each.name for each in content.licenses], pa.string()).take(licence),
        "size_bytes": pa.nulls(len(images)),
        "crc32": pa.nulls(len(images)),
    }
    return pa.table(columns).cast(PHOTOGRAPHS)


def instance_batches(content: Instances, *, name: str) -> Iterator[pa.RecordBatch]:
    """The rows of ``instances.INSTANCES``, some at a time."""
    rows = content.annotations
    ids, image_ids, category_ids = _ids(rows), _integers(row.image_id for row in rows), _integers(row.category_id for row in rows)
    _expect_unique(ids, name=name, what="annotations")
    image, category = _positions(image_ids, _ids(content.images)), _positions(category_ids, _ids(content.categories))
    if image.null_count or category.null_count:
        row = rows[min(column.is_null().index(True).as_py() for column in (image, category) if column.null_count)]
        came = f"annotation {row.id} is of photograph {row.image_id} and category {row.category_id}"
        raise InputError(f"{name}: {came}; expected ones that the json lists; fetch it again")
    boxes = np.fromiter(chain.from_iterable(row.bbox for row in rows), np.float64, 4 * len(rows)).reshape(-1, 4)
    columns = {
        "annotation_id": ids,
        "image_id": image_ids,
        "category_id": category_ids,
        "category": pa.array([each.name for each in content.categories], pa.string()).take(category),
        "iscrowd": _integers(row.iscrowd for row in rows).cast(pa.bool_()),
        "area_px": pa.array(np.fromiter((row.area for row in rows), np.float64, len(rows))),
        **{f"bbox_{side}": pa.array(boxes[:, axis]) for axis, side in enumerate(("x", "y", "width", "height"))},
        "width": _integers(each.width for each in content.images).take(image),
        "height": _integers(each.height for each in content.images).take(image),
    }
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = {key: column.slice(start, ROWS_AT_ONCE).cast(INSTANCES.field(key).type) for key, column in columns.items()}
        part["segmentation"] = pa.array([bytes(row.segmentation) for row in rows[start : start + ROWS_AT_ONCE]], pa.binary())
        yield pa.record_batch(part, schema=INSTANCES)


def _ids(entries: Sequence[Photograph | Annotation | Category | Licence]) -> pa.Int64Array:
    return _integers(entry.id for entry in entries)


def _integers(values: Iterable[int]) -> pa.Int64Array:
    return pa.array(np.fromiter(values, np.int64))


def _positions(ids: pa.Array, listed: pa.Array) -> pa.Array:
    """Where each id stands in the list, null where it does not."""
    return pc.call_function("index_in", [ids], pc.SetLookupOptions(value_set=listed))


def _expect_unique(ids: pa.Array | pa.ChunkedArray, *, name: str, what: str) -> None:
    if len(ids.unique()) != len(ids):
        raise InputError(f"{name}: an id of {what} occurs twice; expected each once; fetch it again")
