"""COCO's instances json as Arrow tables, without building Python objects for what is not needed."""

import gc

import msgspec
import pyarrow as pa

from harmonization.errors import InputError
from harmonization.tables import INSTANCES, PHOTOGRAPHS


class Licence(msgspec.Struct):
    id: int
    name: str


class Photograph(msgspec.Struct):
    id: int
    file_name: str
    width: int
    height: int
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


def read_instances(data: bytes, *, name: str, split: str) -> tuple[pa.Table, pa.Table]:
    """The tables ``PHOTOGRAPHS`` and ``INSTANCES`` of one json; structural damage is an ``InputError``."""
    gc.disable()  # the cyclic collector would walk a million new objects again and again
    try:
        content = msgspec.json.decode(data, type=Instances)
    except msgspec.MsgspecError as error:
        raise InputError(f"{name}: not COCO's instances json ({error}); fetch it again") from error
    finally:
        gc.enable()
    photographs = _photographs(content, name=name, split=split)
    return photographs, _instances(content, name=name)


def _photographs(content: Instances, *, name: str, split: str) -> pa.Table:
    licences = {licence.id: licence.name for licence in content.licenses}
    images = content.images
    _unique([image.id for image in images], name=name, what="photograph")
    columns = {
        "image_id": [image.id for image in images],
        "file_name": [image.file_name for image in images],
        "url": [image.coco_url for image in images],
        "width": [image.width for image in images],
        "height": [image.height for image in images],
        "official_split": [split] * len(images),
        "licence_id": [image.license for image in images],
        "licence": [licences.get(image.license, "unknown") for image in images],
        "size_bytes": [None] * len(images),
        "crc32": [None] * len(images),
    }
    return pa.table(columns, schema=PHOTOGRAPHS)


def _instances(content: Instances, *, name: str) -> pa.Table:
    sizes = {image.id: (image.width, image.height) for image in content.images}
    categories = {category.id: category.name for category in content.categories}
    rows = content.annotations
    _unique([row.id for row in rows], name=name, what="annotation")
    for row in rows:
        if row.image_id not in sizes or row.category_id not in categories:
            raise InputError(
                f"{name}: annotation {row.id} is of photograph {row.image_id} and category {row.category_id}; "
                "expected ones that the json lists; fetch it again"
            )
    boxes = list(zip(*(row.bbox for row in rows), strict=True)) or [(), (), (), ()]
    columns = {
        "annotation_id": [row.id for row in rows],
        "image_id": [row.image_id for row in rows],
        "category_id": [row.category_id for row in rows],
        "category": [categories[row.category_id] for row in rows],
        "iscrowd": [bool(row.iscrowd) for row in rows],
        "area_px": [row.area for row in rows],
        **dict(zip(("bbox_x", "bbox_y", "bbox_width", "bbox_height"), boxes, strict=True)),
        "width": [sizes[row.image_id][0] for row in rows],
        "height": [sizes[row.image_id][1] for row in rows],
        "segmentation": [bytes(row.segmentation) for row in rows],
    }
    return pa.table(columns, schema=INSTANCES)


def _unique(ids: list[int], *, name: str, what: str) -> None:
    if len(set(ids)) != len(ids):
        raise InputError(f"{name}: an id of {what}s occurs twice; expected each once; fetch it again")
