"""The studio's portraits in the layout of AISegment's data set, with exact alpha instead of drawn mattes.

``clip_img/<batch>/clip_00000000/<batch>-<number>.jpg`` and ``matting/<batch>/matting_00000000/<batch>-<number>.png``; the matte has
the photograph's colours wherever alpha is above 0.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from imharmony.pictures.images import encode_jpeg
from imharmony.running.engine import engine
from imharmony.running.progress import bar
from imharmony.sources.studio import expect_in_range
from imharmony.storage.files import atomic_folder
from imharmony.studio.portrait import render_portrait

PORTRAITS_PER_BATCH = 4  # few, so that a small world has groups enough for three splits
LICENCE = "Public domain (generated)"
PNG_LEVEL = 4


class Batch(NamedTuple):
    """Some consecutive portraits, in folders of their own."""

    folder: Path
    number: int
    indices: range
    seed: int
    width_px: int
    height_px: int


def write_studio_portraits(
    folder: Path, *, portraits: int, width_px: int, height_px: int, seed: int, workers: int, cluster_address: str | None = None
) -> None:
    """Writes portraits into a new ``folder``; a portrait's bytes depend on its index, its size and the seed alone."""
    expect_in_range(portraits=portraits, width_px=width_px, height_px=height_px, workers=workers)
    with atomic_folder(folder) as temporary:
        starts = range(0, portraits, PORTRAITS_PER_BATCH)
        batches = [
            Batch(temporary.resolve(), number, range(start, min(start + PORTRAITS_PER_BATCH, portraits)), seed, width_px, height_px)
            for number, start in enumerate(starts)
        ]
        progress = bar(total=portraits, what="studio", unit="portraits")
        with progress, engine(cluster_address, workers=min(workers, len(batches))) as run:
            for count in run(render_batch, batches):
                progress.update(count)


def render_batch(batch: Batch) -> int:
    """Renders and writes the portraits of a batch; returns how many."""
    name = f"{batch.number:010d}"
    photographs, mattes = batch.folder / "clip_img" / name / "clip_00000000", batch.folder / "matting" / name / "matting_00000000"
    for folder in (photographs, mattes):
        folder.mkdir(parents=True)
    for number, (jpeg, png) in enumerate(_pictures(batch)):
        stem = f"{name}-{number:08d}"
        (photographs / f"{stem}.jpg").write_bytes(jpeg)
        (mattes / f"{stem}.png").write_bytes(png)
    return len(batch.indices)


def _pictures(batch: Batch) -> Iterator[tuple[bytes, bytes]]:
    for index in batch.indices:
        scene = render_portrait(seed=batch.seed, index=index, width_px=batch.width_px, height_px=batch.height_px)
        yield encode_jpeg(scene.image, quality=scene.sensor.jpeg_quality), encode_matte(scene.image, scene.instances[0].alpha)


def encode_matte(image: np.ndarray, alpha: np.ndarray) -> bytes:
    """RGBA PNG bytes of a uint8 image (H, W, 3) and an alpha (H, W) in [0, 1]; black where alpha is 0."""
    level = np.round(alpha * 255).astype(np.uint8)[..., None]
    buffer = BytesIO()
    Image.fromarray(np.concatenate([image * (level > 0), level], axis=2)).save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()
