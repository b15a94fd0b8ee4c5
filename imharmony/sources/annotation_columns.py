"""Annotations as columns: a json has a million, and as objects they take nearly as much memory as its text."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa

from imharmony.sources.coco_entries import Annotation

AT_ONCE = 20_000  # annotations that are objects
INTEGERS = {"annotation_id": "id", "image_id": "image_id", "category_id": "category_id", "iscrowd": "iscrowd"}  # column -> key
BOX = ("bbox_x", "bbox_y", "bbox_width", "bbox_height")


@dataclass(frozen=True)
class AnnotationColumns:
    """A row for each of N annotations, and where in a text its segmentation stands."""

    numbers: dict[str, np.ndarray]  # those of INTEGERS int64 (N,), area_px and those of BOX float64 (N,)
    text: memoryview
    starts: np.ndarray  # int64 (N,)
    lengths: np.ndarray  # in bytes, int64 (N,)

    def __len__(self) -> int:
        return len(self.starts)

    def segmentations(self, rows: slice) -> pa.BinaryArray:
        """The texts of some rows' segmentations."""
        starts, lengths = self.starts[rows], self.lengths[rows]
        texts = BytesIO()  # a list of as many views would be walked by the cyclic collector
        texts.writelines(map(self.text.__getitem__, map(slice, starts.tolist(), (starts + lengths).tolist())))
        ends = np.zeros(len(lengths) + 1, np.int32)
        np.cumsum(lengths, out=ends[1:])
        return pa.Array.from_buffers(pa.binary(), len(lengths), [None, pa.py_buffer(ends), pa.py_buffer(texts.getbuffer())])


def decoded_columns(texts: list[msgspec.Raw], data: bytes | bytearray) -> AnnotationColumns:
    """The columns of annotations' texts, views of ``data``, which are taken out of the list.

    Whatever msgspec raises where one is not as COCO writes it.
    """
    count, first = len(texts), pa.py_buffer(data).address
    numbers, starts, lengths = _room(count), np.empty(count, np.int64), np.empty(count, np.int64)
    at = 0
    for batch in _decoded(texts):
        rows = slice(at, at := at + len(batch))
        _fill(numbers, rows, batch)
        outlines = [pa.py_buffer(row.segmentation) for row in batch]
        starts[rows] = np.fromiter(map(attrgetter("address"), outlines), np.int64, len(batch))  # a Raw would keep its annotation's text
        lengths[rows] = np.fromiter(map(len, outlines), np.int64, len(batch))
    return AnnotationColumns(numbers, memoryview(data), starts - first, lengths)


def columns_of(annotations: list[Annotation]) -> AnnotationColumns:
    """The columns of annotations that are objects."""
    numbers = _room(len(annotations))
    _fill(numbers, slice(None), annotations)
    lengths = np.array([len(memoryview(row.segmentation)) for row in annotations], np.int64)
    text = b"".join([row.segmentation for row in annotations])
    return AnnotationColumns(numbers, memoryview(text), np.cumsum(lengths) - lengths, lengths)


def _room(count: int) -> dict[str, np.ndarray]:
    return {name: np.empty(count, np.int64) for name in INTEGERS} | {name: np.empty(count) for name in ("area_px", *BOX)}


def _fill(numbers: dict[str, np.ndarray], rows: slice, batch: list[Annotation]) -> None:
    for name, key in INTEGERS.items():
        numbers[name][rows] = np.fromiter(map(attrgetter(key), batch), np.int64, len(batch))
    numbers["area_px"][rows] = np.fromiter((row.area for row in batch), np.float64, len(batch))
    boxes = np.fromiter(chain.from_iterable(row.bbox for row in batch), np.float64, 4 * len(batch))
    for axis, name in enumerate(BOX):
        numbers[name][rows] = boxes[axis::4]


def _decoded(texts: list[msgspec.Raw]) -> Iterator[list[Annotation]]:
    decoder = msgspec.json.Decoder(Annotation)
    while texts:
        batch = [decoder.decode(text) for text in texts[:AT_ONCE]]
        del texts[:AT_ONCE]
        yield batch
