"""Photographs with annotated foregrounds for the benchmarks: a folder in COCO's layout, or a dozen made up here."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO

from imharmony.pictures.images import encode_jpeg

RATIO = (0.01, 0.8)
WIDTH, HEIGHT = 640, 480


@dataclass(frozen=True)
class Shot:
    """One foreground of one photograph."""

    path: Path
    annotation: dict
    mask: np.ndarray  # uint8 (H, W), 1 = foreground


def arguments(description: str | None) -> argparse.Namespace:
    """The options that all benchmarks of photographs share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--images", type=Path, help="folder of photographs; default: twelve made-up ones")
    parser.add_argument("--annotations", type=Path, help="their COCO instances json")
    parser.add_argument("--category", default="person")
    parser.add_argument("--count", type=int, default=40, help="foregrounds to use")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def load_shots(options: argparse.Namespace, scratch: Path) -> tuple[COCO, list[Shot]]:
    """The foregrounds of 1 % to 80 % of their photograph, spread over the whole list."""
    images, annotations = (options.images, options.annotations) if options.images else write_made_up(scratch)
    coco = COCO(str(annotations))
    category = coco.getCatIds(catNms=[options.category])
    shots = []
    for annotation in coco.loadAnns(coco.getAnnIds(catIds=category, iscrowd=False)):
        path = images / coco.imgs[annotation["image_id"]]["file_name"]
        mask = coco.annToMask(annotation)
        if path.exists() and RATIO[0] <= mask.mean() <= RATIO[1]:
            shots.append(Shot(path, annotation, mask))
    chosen = np.linspace(0, len(shots) - 1, min(options.count, len(shots))).astype(int)
    return coco, [shots[index] for index in chosen]


def write_made_up(folder: Path) -> tuple[Path, Path]:
    """Twelve photographs of gradients, texture and noise, each with a star-shaped person of about an eighth of the frame."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for image_id in range(1, 13):
        down, across = np.mgrid[:HEIGHT, :WIDTH] / WIDTH
        waves = sum(20 * np.sin(rng.uniform(10, 90) * (across * np.cos(t) + down * np.sin(t)))[..., None] for t in rng.uniform(0, 3, 4))
        colour = rng.uniform(60, 190, 3) + across[..., None] * rng.uniform(-80, 80, 3) + waves + rng.normal(0, 6, (HEIGHT, WIDTH, 3))
        name = f"{image_id:012d}.jpg"
        (folder / name).write_bytes(encode_jpeg(np.clip(colour, 0, 255).astype(np.uint8), quality=95))
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        radius = rng.uniform(90, 140, 24)
        x, y = rng.uniform(200, 440) + radius * np.cos(angle), 240 + 1.3 * radius * np.sin(angle)
        polygon = np.round(np.column_stack([x, y]), 2).ravel().tolist()
        box = [x.min(), y.min(), np.ptp(x), np.ptp(y)]
        images.append({"id": image_id, "file_name": name, "width": WIDTH, "height": HEIGHT})
        base = {"id": image_id, "image_id": image_id, "category_id": 1, "iscrowd": 0, "area": float(np.prod(box[2:]))}
        annotations.append(base | {"segmentation": [polygon], "bbox": box})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}
    (folder / "instances.json").write_text(json.dumps(document))
    return folder, folder / "instances.json"
