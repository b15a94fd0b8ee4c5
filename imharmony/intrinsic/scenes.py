"""The studio's scenes with what its renderer knows: what a decomposition is trained on and judged by."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from imharmony.composing.packed_split import square_image
from imharmony.errors import InputError
from imharmony.pictures.images import decode_trusted
from imharmony.sources.studio import LAYERS, SPLITS
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from imharmony.studio.layers import unpack_albedo, unpack_alpha, unpack_normals, unpack_shading


@dataclass(frozen=True)
class KnownScene:
    """A photograph, its layers and its light; all arrays are (H, W, ...)."""

    image_id: int
    image: np.ndarray  # uint8 (H, W, 3) sRGB, as a JPEG keeps it
    albedo: np.ndarray  # float32 (H, W, 3) linear
    shading: np.ndarray  # float32 (H, W): the mean over the channels of the coloured shading
    normals: np.ndarray  # float32 (H, W, 3), x right, y up, z towards the camera
    alphas: list[np.ndarray]  # float32 (H, W), far to near
    mood: str
    light_direction: np.ndarray  # (3,) unit vector towards the light
    direct_share: float  # of the light that a surface which faces the lamp gets, 0..1


@dataclass(frozen=True)
class ShadingPairs:
    """What a shading network learns from: uint8 (N, S, S, 3) photographs and the float32 (N, S, S) logarithm of their shading."""

    images: np.ndarray
    log_shading: np.ndarray


DARKEST_SHADING = 1e-3  # below it a photograph of 8 bits is black


def read_scenes(folder: Path, *, split: str) -> Iterator[KnownScene]:
    """The scenes of one of the studio's own splits in a folder that ``sources.studio.write_studio`` wrote, by their number."""
    if split not in SPLITS:
        raise InputError(f"split {split!r}: expected one of {list(SPLITS)}")
    rows = read_table(folder / "layers.parquet").to_pylist()
    if rows and (missing := set(LAYERS.names) - set(rows[0])):
        raise InputError(f"{folder}/layers.parquet: missing columns {sorted(missing)}; draw the scenes again with the studio")
    reader = ShardReader(folder / "layers")
    with zipfile.ZipFile(folder / "zips" / f"{split}.zip") as archive:
        stored = set(archive.namelist())  # what is in the archive of a split belongs to it
        named = [(f"{split}/{row['image_id']:012d}.jpg", row) for row in rows]
        chosen = [(name, row) for name, row in named if name in stored]
        if not chosen:
            raise InputError(f"{folder}: no scenes in split {split!r}; expected some; draw more scenes with the studio")
        for name, row in chosen:
            yield _scene(row, decode_trusted(archive.read(name), name=name), reader.row(row["shard"], row["row"]))


def shading_pairs(scenes: Iterable[KnownScene], *, size_px: int) -> ShadingPairs:
    """The scenes squared to ``size_px``, as the field does, without keeping the aspect."""
    images, shadings = [], []
    for scene in scenes:
        images.append(scene.image if scene.image.shape[:2] == (size_px, size_px) else square_image(scene.image, size_px))
        shading = np.log(np.maximum(scene.shading, DARKEST_SHADING))
        shadings.append(cv2.resize(shading, (size_px, size_px), interpolation=cv2.INTER_AREA))
    if not images:
        raise InputError("no scenes to learn shading from; expected one or more; draw scenes with the studio")
    return ShadingPairs(np.stack(images), np.stack(shadings))


def _scene(row: dict, image: np.ndarray, layers: dict) -> KnownScene:
    direct = float(np.mean(row["light_colour"]))
    ambient = float(np.mean(row["ambient_above"]) + np.mean(row["ambient_below"])) / 2
    return KnownScene(
        image_id=row["image_id"],
        image=image,
        albedo=unpack_albedo(layers["albedo"]),
        shading=unpack_shading(layers["shading"]).mean(axis=2),
        normals=unpack_normals(layers["normals"]),
        alphas=[unpack_alpha(alpha) for alpha in layers["alphas"]],
        mood=row["mood"],
        light_direction=np.array(row["light_direction"]),
        direct_share=direct / max(direct + ambient, 1e-9),
    )
