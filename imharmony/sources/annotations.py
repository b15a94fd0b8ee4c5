"""COCO's instances json as Arrow tables, without building Python objects for what is not needed."""

import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.pictures.masks import MOST_PIXELS
from imharmony.sources.annotation_columns import AnnotationColumns, columns_of, decoded_columns
from imharmony.sources.coco_entries import NO_LICENCE, Category, Licence, Photograph
from imharmony.sources.left_out import LeftOut, keep_left_out
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.sources.tool_annotations import read_tool_annotations
from imharmony.storage.files import atomic_path

ROWS_AT_ONCE = 50_000
SHORTEST_SEGMENTATION = 13  # letters of three points: [0,0,1,1,2,2]
UNKNOWN_LICENCE = "unknown"

Json = tuple[Callable[[], bytes | bytearray], str, str]  # how to read it, its name, its split
Checksums = Callable[[pa.Table, str], pa.Table]  # adds them to a split's photographs

log = logging.getLogger(__name__)


class _Json(msgspec.Struct):
    images: list[Photograph]
    annotations: list[msgspec.Raw]
    categories: list[Category]
    licenses: list[Licence]


class Content(NamedTuple):
    """What a json lists."""

    images: list[Photograph]
    annotations: AnnotationColumns
    categories: list[Category]
    licenses: list[Licence]


def write_instances(
    parts: Iterable[Json], *, out: Path, checksums: Checksums = lambda table, _: table, images: frozenset[int] | None = None
) -> None:
    """Writes ``photographs.parquet`` and ``instances.parquet`` of all parts; memory holds one json at a time, and no table of it.

    With ``images`` only these photographs' instances are written; one that no part has is an ``InputError``. What could not be read is
    in ``rejected.parquet``, which is not there where nothing was left out.
    """
    left_out: list[LeftOut] = []
    chosen = pa.array(sorted(images or ()), pa.int64())
    with (
        atomic_path(out / "photographs.parquet") as photographs_path,
        atomic_path(out / "instances.parquet") as instances_path,
        pq.ParquetWriter(photographs_path, PHOTOGRAPHS, compression="zstd") as photographs,
        pq.ParquetWriter(instances_path, INSTANCES, compression="zstd") as instances,
    ):
        seen: dict[str, list[pa.Array]] = {"photographs": [], "annotations": []}
        for read, name, split in parts:
            content, refused = parsed(read(), name=name)
            left_out += [each._replace(name=f"{split}, {each.name}") for each in refused]
            listed = photograph_table(content, name=name, split=split)
            seen["photographs"] += listed["image_id"].chunks
            photographs.write_table(checksums(listed, split))
            for batch in instance_batches(content):
                seen["annotations"].append(batch["annotation_id"])
                instances.write_batch(batch if images is None else batch.filter(_positions(batch["image_id"], chosen).is_valid()))
            del content  # before the next is read
        for what, ids in seen.items():
            _expect_unique(pa.chunked_array(ids, pa.int64()), what=what)
        _expect_listed(chosen, pa.chunked_array(seen["photographs"], pa.int64()))
    keep_left_out(left_out, out, what="annotations")


def parsed(data: bytes | bytearray, *, name: str) -> tuple[Content, list[LeftOut]]:
    """The json's content with every segmentation left as text, and what of it cannot be read. COCO's own files are read at once."""
    gc.disable()  # the cyclic collector would walk a million new objects again and again
    try:
        content = _strictly(data)
        if content is not None and _is_consistent(content):
            return content, []
        del content
        loose, left_out = read_tool_annotations(data, name=name)
        return Content(loose.images, columns_of(loose.annotations), loose.categories, loose.licenses), left_out
    finally:
        gc.enable()


def _strictly(data: bytes | bytearray) -> Content | None:
    """What a json as COCO writes it has; None where something is written in another way."""
    try:
        content = msgspec.json.decode(data, type=_Json)
        return Content(content.images, decoded_columns(content.annotations, data), content.categories, content.licenses)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def photograph_table(content: Content, *, name: str, split: str) -> pa.Table:
    """The rows of ``tables.PHOTOGRAPHS``, without checksums."""
    images = content.images
    licence_ids, listed = _integers(image.license for image in images), _ids(content.licenses)
    licence = _positions(licence_ids, listed)
    if licence.null_count:
        log.warning("%s: %d photographs name no licence that it lists; theirs is called %r", name, licence.null_count, UNKNOWN_LICENCE)
    columns = {
        "image_id": _ids(images),
        "file_name": [image.file_name for image in images],
        "url": [image.coco_url for image in images],
        "flickr_url": [image.flickr_url or None for image in images],
        "width": _integers(image.width for image in images),
        "height": _integers(image.height for image in images),
        "official_split": pa.repeat(split, len(images)),
        "licence_id": pa.array(licence_ids.to_numpy(), mask=licence_ids.to_numpy() == NO_LICENCE),
        "licence": pa.array([each.name for each in content.licenses], pa.string()).take(licence).fill_null(UNKNOWN_LICENCE),
        "size_bytes": pa.nulls(len(images)),
        "crc32": pa.nulls(len(images)),
    }
    return pa.table(columns).cast(PHOTOGRAPHS)


def instance_batches(content: Content) -> Iterator[pa.RecordBatch]:
    """The rows of ``instances.INSTANCES``, some at a time."""
    rows = content.annotations
    numbers = {name: pa.array(column) for name, column in rows.numbers.items()}
    image, category = _positions(numbers["image_id"], _ids(content.images)), _positions(numbers["category_id"], _ids(content.categories))
    categories = pa.array([each.name for each in content.categories], pa.string())
    widths, heights = _integers(each.width for each in content.images), _integers(each.height for each in content.images)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        columns = {name: column[some] for name, column in numbers.items()} | {
            "category": categories.take(category[some]),
            "width": widths.take(image[some]),
            "height": heights.take(image[some]),
            "segmentation": rows.segmentations(some),
        }
        yield pa.record_batch([columns[field.name].cast(field.type) for field in INSTANCES], schema=INSTANCES)


def _ids(entries: Sequence[Photograph | Category | Licence]) -> pa.Int64Array:
    return _integers(entry.id for entry in entries)


def _integers(values: Iterable[int]) -> pa.Int64Array:
    return pa.array(np.fromiter(values, np.int64))


def _positions(ids: pa.Array, listed: pa.Array) -> pa.Array:
    """Where each id stands in the list, null where it does not."""
    return pc.call_function("index_in", [ids], pc.SetLookupOptions(value_set=listed))


def _is_consistent(content: Content) -> bool:
    """Whether ids and file names are unique, what entries refer to is listed, and sizes, areas and outlines are there and sane."""
    images, rows = content.images, content.annotations
    area, box_width = rows.numbers["area_px"], rows.numbers["bbox_width"]
    if (area < 0).any() or (rows.lengths < SHORTEST_SEGMENTATION).any():
        return False
    if len(rows) and not ((area > 0) & (box_width > 0)).any():  # zeros in place of what a tool did not measure
        return False
    image_ids, licence_ids, category_ids = _ids(images), _ids(content.licenses), _ids(content.categories)
    if not all(map(_is_unique, (image_ids, licence_ids, category_ids, pa.array(rows.numbers["annotation_id"])))):
        return False
    if len({each.file_name for each in images}) < len(images):
        return False
    references = (
        (_integers(each.license for each in images), licence_ids),
        (pa.array(rows.numbers["image_id"]), image_ids),
        (pa.array(rows.numbers["category_id"]), category_ids),
    )
    if any(_positions(ids, listed).null_count for ids, listed in references):
        return False
    return not images or max(each.width * each.height for each in images) <= MOST_PIXELS


def _is_unique(ids: pa.Array | pa.ChunkedArray) -> bool:
    """Of whole numbers; sorted, as a hash table would take several times their memory."""
    ordered = np.sort(ids.to_numpy())
    return not (ordered[1:] == ordered[:-1]).any()


def _expect_unique(ids: pa.ChunkedArray, *, what: str) -> None:
    if not _is_unique(ids):
        raise InputError(f"the splits together: an id of {what} occurs twice; expected each once; number them through over all splits")


def _expect_listed(chosen: pa.Array, ids: pa.ChunkedArray) -> None:
    missing = chosen.filter(_positions(chosen, ids.combine_chunks()).is_null())
    if len(missing):
        came = f"{len(missing)} of {len(chosen)} listed images are in no split, the first is image_id {missing[0]}"
        raise InputError(f"{came}; expected photographs of the source; shorten the list or name a source that has them")
