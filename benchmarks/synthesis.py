"""Annotated photographs to composites, end to end on one core, in files.

- common: Pillow decodes foreground and reference, pycocotools makes the masks, scikit-image transfers the whole frame in float64,
  Pillow resizes to 256 (bicubic) and saves composite.jpg, real.jpg (quality 95) and mask.png.
- ours, the same files: the same two decodes and the same three files, no statistics kept.
- ours, native: ``synthesize``: each photograph is decoded twice however many composites it has; full size and lossless in shards
  (the photograph's own file once, PNG of the changed pixels and of the mask), with the manifest: SHA-256 of the pixels of real,
  mask and composite, mean CIEDE2000, clipped fraction, lineage. ``x4``: four composites of every foreground.

    python -m benchmarks.synthesis [--images DIR --annotations JSON]
"""

import json
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from pycocotools.coco import COCO

from benchmarks.photographs import Shot, arguments, load_shots
from benchmarks.timing import compare
from benchmarks.transfer import describe, scikit_image, scikit_image_measure
from imharmony.composing.composites import Foreground
from imharmony.composing.instances import SELECTED
from imharmony.composing.packed_split import square_image, square_mask
from imharmony.composing.synthesis import synthesize
from imharmony.pictures.images import decode_trusted, encode_jpeg, encode_patch
from imharmony.pictures.masks import decode_segmentation
from imharmony.sources.tables import PHOTOGRAPH_SHARD, STORED_PHOTOGRAPHS
from imharmony.storage.shards import Row, write_shard
from imharmony.storage.tables import write_rows
from imharmony.transfer import TRANSFERS

SIZE_PX = 256
REINHARD = TRANSFERS["reinhard_lab"]


def common(coco: COCO, pairs: list[tuple[Shot, Shot]], out: Path) -> int:
    for index, (shot, other) in enumerate(pairs):
        photo, reference = (np.asarray(Image.open(each.path).convert("RGB")) for each in (shot, other))
        mask = coco.annToMask(shot.annotation)
        stats = scikit_image_measure((reference, coco.annToMask(other.annotation)))
        pictures = (scikit_image((photo, mask), stats), photo)
        for name, picture in zip(("composite", "real"), pictures, strict=True):
            small = Image.fromarray(picture).resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC)
            small.save(out / f"{index}_{name}.jpg", quality=95)
        Image.fromarray(255 * mask).resize((SIZE_PX, SIZE_PX), Image.Resampling.BILINEAR).save(out / f"{index}_mask.png")
    return len(pairs)


def same_files(pairs: list[tuple[Shot, Shot]], out: Path) -> int:
    for index, (shot, other) in enumerate(pairs):
        foreground, reference = (_foreground(each) for each in (shot, other))
        own, target = (REINHARD.measure(each.pixels) for each in (foreground, reference))
        composite = foreground.replaced_by(foreground.patch(REINHARD.apply(foreground.pixels, own, target)))
        for name, picture in (("composite", composite), ("real", foreground.photo)):
            (out / f"{index}_{name}.jpg").write_bytes(encode_jpeg(square_image(picture, SIZE_PX), quality=95))
        mask = np.zeros(composite.shape[:2], np.uint8)
        foreground.box.of(mask)[:] = 255 * foreground.mask
        (out / f"{index}_mask.png").write_bytes(encode_patch(square_mask(mask, SIZE_PX)))
    return len(pairs)


def _foreground(shot: Shot) -> Foreground:
    photo = decode_trusted(shot.path.read_bytes(), name=str(shot.path))
    height, width = photo.shape[:2]
    mask = decode_segmentation(json.dumps(shot.annotation["segmentation"]).encode(), width=width, height=height)
    return Foreground.of(photo, mask, name=str(shot.path))


def native(world: Path, out: Path, *, composites_per_foreground: int) -> int:
    synthesize(
        selected=world / "selected",
        images=world / "images",
        out=out / "composites",
        work=out / "work",
        dataset="benchmark",
        transfers=["reinhard_lab"],
        composites_per_foreground={"train": composites_per_foreground},
        seed=0,
        workers=1,
    )
    shutil.rmtree(out / "composites")
    return composites_per_foreground * len(json.loads((world / "ids.json").read_text()))


def write_world(shots: list[Shot], folder: Path) -> None:
    """What the stages before the synthesis would have left."""
    paths = {shot.annotation["image_id"]: shot.path for shot in shots}
    instances: list[Row] = []
    for shot in shots:
        height, width = shot.mask.shape
        names = {"annotation_id": shot.annotation["id"], "image_id": shot.annotation["image_id"], "category_id": 1, "category": "person"}
        sizes = {"width": width, "height": height, "foreground_ratio": float(shot.mask.mean())}
        instances.append(names | sizes | {"split": "train", "segmentation": json.dumps(shot.annotation["segmentation"]).encode()})
    write_rows(folder / "selected" / "instances.parquet", instances, SELECTED)
    photographs: list[Row] = [{"image_id": image_id, "shard": 0, "row": row} for row, image_id in enumerate(paths)]
    write_rows(folder / "images" / "photographs.parquet", photographs, STORED_PHOTOGRAPHS)
    write_shard(
        folder / "images", 0, [{"image_id": image_id, "jpeg": path.read_bytes()} for image_id, path in paths.items()], PHOTOGRAPH_SHARD
    )
    (folder / "ids.json").write_text(json.dumps([shot.annotation["id"] for shot in shots]))


def main() -> None:
    options = arguments(__doc__)
    warnings.simplefilter("ignore")
    logging.disable()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    os.environ["TQDM_DISABLE"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        coco, shots = load_shots(options, folder)
        pairs = list(zip(shots, shots[1:] + shots[:1], strict=True))
        describe(shots)
        write_world(shots, folder)
        compare(
            {
                "common: Pillow, annToMask, scikit-image, 256 px files": lambda: common(coco, pairs, folder),
                "ours, the same files": lambda: same_files(pairs, folder),
                "ours, native": lambda: native(folder, folder, composites_per_foreground=1),
                "ours, native x4": lambda: native(folder, folder, composites_per_foreground=4),
            },
            rounds=options.rounds,
        )


if __name__ == "__main__":
    main()
