"""COCO's instances json as Arrow tables, without building Python objects for what is not needed."""

import gc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from harmonization.errors import InputError
from harmonization.files import atomic_path
from harmonization.tables import INSTANCES, PHOTOGRAPHS

ROWS_AT_ONCE = 50_000

Json = tuple[Callable[[], bytes], str, str]  # how to read it, its name, its split
# It becomes part of a path: a json from a stranger must not be able to say `../../x`.
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][^/\\]*$")]
Side = Annotated[int, msgspec.Meta(ge=1, le=1 << 16)]
Checksums = Callable[[pa.Table, str], pa.Table]  # adds them to a split's photographs


class Licence(msgspec.Struct):
    id: int
    name: str


class Photograph(msgspec.Struct):
    id: int
    file_name: FileName
    width: Side
    height: Side
    license: int
    coco_url: str = ""


class Annotation(msgspec.Struct):
    id: int
    image_id: int
    category_id: int
    iscrowd: int
    area: float
    bbox: tuple[float, float, float, float]
    segmentation: msgspec.Raw


class Category(msgspec.Struct):
    id: int
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
        seen: dict[str, list[int]] = {"photographs": [], "annotations": []}
        for read, name, split in parts:
            content = parsed(read(), name=name)
            seen["photographs"] += [image.id for image in content.images]
            seen["annotations"] += [row.id for row in content.annotations]
            photographs.write_table(checksums(photograph_table(content, name=name, split=split), split))
            for batch in instance_batches(content, name=name):
                instances.write_batch(batch)
        for what, ids in seen.items():
            _expect_unique(ids, name="the splits together", what=what)


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
    licences = {licence.id: licence.name for licence in content.licenses}
    images = content.images
    _expect_unique([image.id for image in images], name=name, what="photographs")
    for image in images:
        if image.license not in licences:
            came = f"photograph {image.id} has licence {image.license}"
            raise InputError(f"{name}: {came}; expected one of the json's own list, {sorted(licences)}; fetch it again")
    columns = {
        "image_id": [image.id for image in images],
        "file_name": [image.file_name for image in images],
        "url": [image.coco_url for image in images],
        "width": [image.width for image in images],
        "height": [image.height for image in images],
        "official_split": [split] * len(images),
        "licence_id": [image.license for image in images],
        "licence": [licences[image.license] for image in images],
        "size_bytes": [None] * len(images),
        "crc32": [None] * len(images),
    }
    return pa.table(columns, schema=PHOTOGRAPHS)


def instance_batches(content: Instances, *, name: str) -> Iterator[pa.RecordBatch]:
    """The rows of ``tables.INSTANCES``, some at a time."""
    sizes = {image.id: (image.width, image.height) for image in content.images}
    categories = {category.id: category.name for category in content.categories}
    _expect_unique([row.id for row in content.annotations], name=name, what="annotations")
    for start in range(0, len(content.annotations), ROWS_AT_ONCE):
        rows = content.annotations[start : start + ROWS_AT_ONCE]
        for row in rows:
            if row.image_id not in sizes or row.category_id not in categories:
                came = f"annotation {row.id} is of photograph {row.image_id} and category {row.category_id}"
                raise InputError(f"{name}: {came}; expected ones that the json lists; fetch it again")
        yield _batch(rows, sizes, categories)


def _batch(rows: list[Annotation], sizes: dict[int, tuple[int, int]], categories: dict[int, str]) -> pa.RecordBatch:
    columns = {
        "annotation_id": [row.id for row in rows],
        "image_id": [row.image_id for row in rows],
        "category_id": [row.category_id for row in rows],
        "category": [categories[row.category_id] for row in rows],
        "iscrowd": [bool(row.iscrowd) for row in rows],
        "area_px": [row.area for row in rows],
        **{f"bbox_{side}": [row.bbox[axis] for row in rows] for axis, side in enumerate(("x", "y", "width", "height"))},
        "width": [sizes[row.image_id][0] for row in rows],
        "height": [sizes[row.image_id][1] for row in rows],
        "segmentation": [bytes(row.segmentation) for row in rows],
    }
    return pa.record_batch(columns, schema=INSTANCES)


def _expect_unique(ids: list[int], *, name: str, what: str) -> None:
    if len(set(ids)) != len(ids):
        raise InputError(f"{name}: an id of {what} occurs twice; expected each once; fetch it again")
