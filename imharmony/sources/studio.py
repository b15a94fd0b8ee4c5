"""The studio's photographs as a small mirror of COCO: the same archives, names and json, and the renderer's layers beside them."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from imharmony.errors import InputError
from imharmony.pictures.images import encode_jpeg
from imharmony.running.engine import engine
from imharmony.running.progress import track
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row, write_shard
from imharmony.storage.tables import write_rows
from imharmony.studio.annotation import Outline, outline
from imharmony.studio.categories import CATEGORIES
from imharmony.studio.layers import pack_albedo, pack_alpha, pack_normals, pack_shading
from imharmony.studio.scene import LARGEST_PX, SMALLEST_PX, Instance, Scene, render_scene
from imharmony.studio.worlds import Purpose

SCENES_PER_SHARD = 32
VAL_EVERY = 6  # each sixth scene belongs to val2017
SPLITS = ("train2017", "val2017")
LICENCE = {"id": 9, "name": "Public domain (generated)", "url": ""}  # COCO's own licences have the ids 1..8
DATE = "2017-11-14 00:00:00"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

# One row per scene: the layers, packed as `imharmony.studio.layers` says; alphas in the order of their annotations.
LAYER_SHARD = pa.schema(
    [
        ("image_id", pa.int64()),
        ("albedo", pa.binary()),
        ("shading", pa.binary()),
        ("normals", pa.binary()),
        ("annotation_ids", pa.list_(pa.int64())),
        ("alphas", pa.list_(pa.binary())),
    ]
)
# Where a scene's layers lie, and its light (directions: x right, y up, z towards the camera; colours: linear RGB, exposed).
LAYERS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("shard", pa.int32()),
        ("row", pa.int32()),
        ("mood", pa.string()),
        ("light_direction", pa.list_(pa.float64())),
        ("light_position", pa.list_(pa.float64())),  # metres; null for a light far away
        ("light_colour", pa.list_(pa.float64())),
        ("ambient_above", pa.list_(pa.float64())),
        ("ambient_below", pa.list_(pa.float64())),
        ("vignetting", pa.float64()),
        ("blur_px", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Batch:
    """Some consecutive scenes to render into one shard of layers."""

    layers: Path
    shard: int
    indices: range
    purpose: Purpose
    seed: int
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Photograph:
    """One rendered scene as COCO would publish it."""

    image_id: int
    split: str
    jpeg: bytes
    image: Row
    annotations: list[Row]
    layers: Row


def write_studio(
    folder: Path,
    *,
    purpose: Purpose,
    scenes: int,
    width_px: int,
    height_px: int,
    seed: int,
    workers: int,
    cluster_address: str | None = None,
) -> None:
    """Writes ``annotations/annotations_trainval2017.zip``, ``zips/{train,val}2017.zip``, ``layers/`` and ``layers.parquet``.

    The bytes depend on the scenes' number and size and on the world's purpose and seed alone; a longer world begins with the same
    photographs.
    """
    expect_in_range(scenes=scenes, width_px=width_px, height_px=height_px, workers=workers)
    with atomic_folder(folder) as temporary:
        starts = range(0, scenes, SCENES_PER_SHARD)
        batches = [
            Batch(
                temporary.resolve() / "layers",
                shard,
                range(start, min(start + SCENES_PER_SHARD, scenes)),
                purpose,
                seed,
                width_px,
                height_px,
            )
            for shard, start in enumerate(starts)
        ]
        photographs = track(_photographs(batches, workers, cluster_address), total=scenes, what="studio", unit="scenes")
        _write_mirror(temporary, photographs, seed=seed)


def expect_in_range(*, width_px: int, height_px: int, workers: int, **count: int) -> None:
    """Whether the studio can draw this; ``count`` is how many of what."""
    limits = {"width_px": (SMALLEST_PX, LARGEST_PX), "height_px": (SMALLEST_PX, LARGEST_PX), "workers": (1, 1024)}
    for name, value in {**count, "width_px": width_px, "height_px": height_px, "workers": workers}.items():
        least, most = limits.get(name, (1, 10**6))
        if not least <= value <= most:
            raise InputError(f"{name} {value}: outside {least}..{most}; set it to a whole number in that range")


def _photographs(batches: list[Batch], workers: int, cluster_address: str | None) -> Iterator[Photograph]:
    with engine(cluster_address, workers=min(workers, len(batches))) as run:
        for photographs in run(render_batch, batches):
            yield from photographs


def render_batch(batch: Batch) -> list[Photograph]:
    """Renders the scenes of a batch and writes their shard of layers."""
    photographs, rows = [], []
    for row, index in enumerate(batch.indices):
        scene = render_scene(purpose=batch.purpose, seed=batch.seed, index=index, width_px=batch.width_px, height_px=batch.height_px)
        photograph, layers = publish(scene, index=index, shard=batch.shard, row=row)
        photographs.append(photograph)
        rows.append(layers)
    write_shard(batch.layers, batch.shard, rows, LAYER_SHARD)
    return photographs


def publish(scene: Scene, *, index: int, shard: int, row: int) -> tuple[Photograph, Row]:
    """The scene's photograph with its annotations, and its row of the shard of layers."""
    image_id = index + 1
    split = SPLITS[index % VAL_EVERY == VAL_EVERY - 1]
    outlines = [(instance, outline(instance.alpha, iscrowd=instance.iscrowd)) for instance in scene.instances]
    annotated = [(image_id * 100 + k, instance, shape) for k, (instance, shape) in enumerate(outlines) if shape is not None]
    height, width, _ = scene.image.shape
    photograph = Photograph(
        image_id=image_id,
        split=split,
        jpeg=encode_jpeg(scene.image, quality=scene.sensor.jpeg_quality),
        image=_image_entry(image_id, split, width=width, height=height),
        annotations=[_annotation_entry(number, image_id, instance, shape) for number, instance, shape in annotated],
        layers=_light_entry(scene) | {"image_id": image_id, "shard": shard, "row": row},
    )
    layers: Row = {
        "image_id": image_id,
        "albedo": pack_albedo(scene.albedo),
        "shading": pack_shading(scene.shading),
        "normals": pack_normals(scene.normals),
        "annotation_ids": [number for number, _, _ in annotated],
        "alphas": [pack_alpha(instance.alpha) for _, instance, _ in annotated],
    }
    return photograph, layers


def _image_entry(image_id: int, split: str, *, width: int, height: int) -> Row:
    name = f"{image_id:012d}.jpg"
    return {
        "license": LICENCE["id"],
        "file_name": name,
        # .invalid never resolves (RFC 2606): these photographs are in this folder, not on COCO's server.
        "coco_url": f"http://studio.invalid/{split}/{name}",
        "height": height,
        "width": width,
        "date_captured": DATE,
        "flickr_url": "",
        "id": image_id,
    }


def _annotation_entry(number: int, image_id: int, instance: Instance, shape: Outline) -> Row:
    return {
        "segmentation": shape.segmentation,
        "area": shape.area,
        "iscrowd": int(instance.iscrowd),
        "image_id": image_id,
        "bbox": list(shape.bbox),
        "category_id": instance.category_id,
        "id": number,
    }


def _light_entry(scene: Scene) -> Row:
    light = scene.light
    return {
        "mood": light.mood,
        "light_direction": light.direction.tolist(),
        "light_position": None if light.position is None else light.position.tolist(),
        "light_colour": light.colour.tolist(),
        "ambient_above": light.above.tolist(),
        "ambient_below": light.below.tolist(),
        "vignetting": scene.sensor.vignetting,
        "blur_px": scene.sensor.blur_px,
    }


def _write_mirror(folder: Path, photographs: Iterator[Photograph], *, seed: int) -> None:
    for name in ("annotations", "zips"):
        (folder / name).mkdir()
    entries: dict[str, tuple[list[Row], list[Row]]] = {split: ([], []) for split in SPLITS}
    layers = []
    with ExitStack() as stack:  # on a full disk closing one fails, and the other is closed all the same
        archives = {split: stack.enter_context(zipfile.ZipFile(folder / "zips" / f"{split}.zip", "w")) for split in SPLITS}
        for photograph in photographs:
            _store(archives[photograph.split], f"{photograph.split}/{photograph.image['file_name']}", photograph.jpeg)
            images, annotations = entries[photograph.split]
            images.append(photograph.image)
            annotations.extend(photograph.annotations)
            layers.append(photograph.layers)
    with zipfile.ZipFile(folder / "annotations" / "annotations_trainval2017.zip", "w") as archive:
        for split, (images, annotations) in entries.items():
            _store(archive, f"annotations/instances_{split}.json", _instances_json(images, annotations, seed=seed))
    write_rows(folder / "layers.parquet", layers, LAYERS)


def _instances_json(images: list[Row], annotations: list[Row], *, seed: int) -> bytes:
    info = {
        "description": f"Studio, seed {seed}",
        "url": "",
        "version": "1.0",
        "year": 2017,
        "contributor": "",
        "date_created": "2017/11/14",
    }
    categories = [{"supercategory": group, "id": number, "name": name} for name, (number, group) in CATEGORIES.items()]
    document = {"info": info, "licenses": [LICENCE], "images": images, "annotations": annotations, "categories": categories}
    return json.dumps(document, separators=(",", ":")).encode()


def _store(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Adds a member whose header names neither this moment nor this machine."""
    member = zipfile.ZipInfo(name, _ZIP_TIME)
    member.create_system = 3
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)
