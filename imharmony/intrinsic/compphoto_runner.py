"""What runs in the environment of the released models, never in ours: a folder's composite -> its layers and harmonized picture.

    PYTHON compphoto_runner.py FOLDER

FOLDER holds ``request.json`` (seed, size_px), ``composite.png``, ``mask.png`` and perhaps ``background.png``; this writes
``layers.npz`` (shading (H, W), normals (H, W, 3)) and ``harmonized.png`` there. It calls github.com/compphoto/IntrinsicCompositing
in the order of that repository's inference script, and imports nothing of this package, which its environment does not have.
"""
# The packages below exist in the other environment alone.
# pyright: reportMissingImports=false

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

GAMMA = 2.2  # the released models' own
LIGHT_PX = 512
STEP_PX = 32
FAINTEST = 1e-3  # of an inverse shading


def main(folder: Path) -> None:
    """Reads the request and writes the answer."""
    request = json.loads((folder / "request.json").read_text())
    composite, mask = _read(folder / "composite.png", "RGB"), _read(folder / "mask.png", "L")
    clean = folder / "background.png"
    background = _read(clean, "RGB") if clean.exists() else None
    _fix_chance(request["seed"])
    shading, normals, harmonized = harmonize(composite, mask, background, size_px=request["size_px"])
    np.savez(folder / "layers.npz", shading=shading.astype(np.float32), normals=normals.astype(np.float32))
    Image.fromarray(np.rint(255 * np.clip(harmonized, 0, 1)).astype(np.uint8)).save(folder / "harmonized.png")


def harmonize(
    composite: np.ndarray, mask: np.ndarray, background: np.ndarray | None, *, size_px: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shading, normals and the harmonized sRGB picture in [0, 1], all at the composite's size."""
    from boosted_depth.depth_util import create_depth_models, get_depth
    from chrislib.normal_util import get_omni_normals
    from intrinsic.model_util import load_models
    from intrinsic.pipeline import run_pipeline
    from intrinsic_compositing.albedo.pipeline import harmonize_albedo, load_albedo_harmonizer
    from intrinsic_compositing.shading.pipeline import compute_reshading, get_light_coeffs, load_reshading_model
    from omnidata_tools.model_util import load_omni_model

    normals_of, shading_of = load_omni_model(), load_models("paper_weights")

    def inverse_shading(picture: np.ndarray) -> np.ndarray:
        return run_pipeline(shading_of, picture**GAMMA, resize_conf=0.0, maintain_size=True, linear=True)["inv_shading"]

    scene, covered = (composite, mask) if background is None else (background, None)
    scene = _resized(scene, LIGHT_PX / max(scene.shape[:2]), step=1)
    hidden = None if covered is None else (_like(covered, scene) > 0).astype(np.float64)
    light, _ = get_light_coeffs(inverse_shading(scene), get_omni_normals(normals_of, scene), scene, mask=hidden)

    picture = _resized(composite, min(1.0, size_px / max(composite.shape[:2])), step=STEP_PX)
    inside = _like(mask, picture)
    normals = _normals_with_detail(composite, mask, picture, inside, lambda seen: get_omni_normals(normals_of, seen))
    inverse = inverse_shading(picture)
    albedo = harmonize_albedo(picture, inside, inverse, load_albedo_harmonizer()) ** GAMMA
    shading = 1 / np.maximum(inverse, FAINTEST) - 1
    before = albedo * shading[..., None]
    depth = get_depth(picture, create_depth_models())
    after = compute_reshading(before, inside, inverse, depth, normals, albedo, light, load_reshading_model("further_trained"))
    vectors = 2 * _like(normals, composite) - 1
    vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return _like(shading, composite), vectors, _like(after["composite"], composite)


def _normals_with_detail(
    composite: np.ndarray, mask: np.ndarray, picture: np.ndarray, inside: np.ndarray, normals_of: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Normals of the picture in [0, 1], with those of the foreground's box seen at 1024 px laid over it, as the paper does."""
    rows, columns = _box(mask > 0)
    crop = composite[rows, columns]
    detail = normals_of(_resized(crop, 1024 / max(crop.shape[:2]), step=1))
    normals = normals_of(picture)
    rows, columns = _box(inside > 0)
    laid = normals.copy()
    laid[rows, columns] = _like(detail, normals[rows, columns])
    return laid * inside[..., None] + normals * (1 - inside[..., None])


def _box(inside: np.ndarray) -> tuple[slice, slice]:
    down, across = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    return slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)


def _read(path: Path, mode: str) -> np.ndarray:
    return np.asarray(Image.open(path, formats=["PNG"]).convert(mode)).astype(np.float32) / 255


def _resized(picture: np.ndarray, scale: float, *, step: int) -> np.ndarray:
    """The picture at a scale, its sides multiples of ``step``."""
    from skimage.transform import resize

    height, width = (max(round(side * scale / step), 1) * step for side in picture.shape[:2])
    return np.asarray(resize(picture, (height, width), anti_aliasing=scale < 1), np.float32)


def _like(layer: np.ndarray, other: np.ndarray) -> np.ndarray:
    from skimage.transform import resize

    shrinks = layer.shape[0] > other.shape[0]
    return np.asarray(resize(layer, other.shape[:2], anti_aliasing=shrinks), np.float32)


def _fix_chance(seed: int) -> None:
    """The released albedo edits draw their order anew for each picture."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # what the released code draws from
    torch.manual_seed(seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
