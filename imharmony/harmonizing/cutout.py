"""A cut-out laid on a background: the composite photograph and its mask, before anything is harmonized."""

from typing import NamedTuple

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.photo_files import Photograph, is_opaque, srgb_of
from imharmony.pictures.profiles import from_srgb

LARGEST_SIDE_PX = 32_000  # what the library below takes


class Placement(NamedTuple):
    """Where a cut-out lies: its left upper corner on the background, in pixels, and what its sides are multiplied by. None: centred."""

    at: tuple[int, int] | None = None
    scale: float = 1.0


def composed(cutout: Photograph, background: Photograph, placement: Placement, *, name: str) -> tuple[Photograph, np.ndarray]:
    """The background with the cut-out on it, in the background's own colours, and the mask uint8 (H, W) of what was laid there.

    What hangs over the background's edge is cut off. Raises an ``InputError`` named ``name`` where the cut-out has no transparency, or none
    of it would be seen.
    """
    if cutout.alpha is None or is_opaque(cutout):
        advice = "save it as PNG, WebP or TIFF with transparency, or give a composite and its mask"
        raise InputError(f"{name}: opaque everywhere; expected a cut-out that is transparent around the object; {advice}")
    high, wide = _size(cutout.alpha, placement.scale, name=name)
    height, width = background.colours.shape[:2]
    left, top = placement.at or ((width - wide) // 2, (height - high) // 2)
    there = slice(max(top, 0), min(top + high, height)), slice(max(left, 0), min(left + wide, width))
    mask, colours = np.zeros((height, width), np.uint8), np.zeros((0, 0, 3), np.uint8)
    if all(part.start < part.stop for part in there):
        here = slice(there[0].start - top, there[0].stop - top), slice(there[1].start - left, there[1].stop - left)
        colours, mask[there] = _scaled(srgb_of(cutout, name=name), cutout.alpha, (high, wide), here)
    if not mask.any():
        size = f"{wide}x{high} pixels"
        came = f"at {left},{top} it is {size}, and nothing of it lies on the background's {width}x{height}"
        raise InputError(f"{name}: {came}; expected some of it there; change --at or --scale")
    own = colours if background.is_srgb or background.profile is None else from_srgb(colours, background.profile)
    weight = mask[there][..., None].astype(np.float32) / 255
    made = background._replace(colours=_laid(background.colours, own.astype(np.float32), weight, there))
    if background.deep is not None:
        made = made._replace(deep=_laid(background.deep, own.astype(np.float32) * 257, weight, there))
    return made, mask


def _laid(below: np.ndarray, above: np.ndarray, weight: np.ndarray, there: tuple[slice, slice]) -> np.ndarray:
    """A picture of any depth with another, of its levels, over a part of it."""
    made = below.copy()
    made[there] = np.rint(made[there] + weight * (above - made[there])).astype(below.dtype)
    return made


def _size(alpha: np.ndarray, scale: float, *, name: str) -> tuple[int, int]:
    """Height and width of a cut-out (H, W) that is scaled."""
    height, width = alpha.shape
    size = (round(height * scale), round(width * scale)) if 0 < scale < np.inf else (0, 0)
    if min(size) < 1 or max(size) > LARGEST_SIDE_PX:
        came = f"scale {scale:g}: of {name}, {width}x{height} pixels"
        raise InputError(f"{came}; expected one by which no side is below 1 or above {LARGEST_SIDE_PX} pixels")
    return size


def _scaled(colours: np.ndarray, alpha: np.ndarray, size: tuple[int, int], seen: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """The part of both, scaled to a size (H, W), that is seen; hidden colours do not bleed into it.

    What is enlarged is computed where it is seen alone, so that memory is that of the cut-out and the background, whatever the scale.
    """
    (height, width), (high, wide) = alpha.shape, size
    if size == (height, width):
        return colours[seen], alpha[seen]
    weight = alpha.astype(np.float32)[..., None] / 255
    premultiplied = np.dstack([colours * weight, weight])
    if high <= height and wide <= width:
        both = cv2.resize(premultiplied, (wide, high), interpolation=cv2.INTER_AREA)[seen]
    else:
        rows, columns = seen
        step_x, step_y = width / wide, height / high
        matrix = np.array([[step_x, 0, (columns.start + 0.5) * step_x - 0.5], [0, step_y, (rows.start + 0.5) * step_y - 0.5]])
        shape, way = (columns.stop - columns.start, rows.stop - rows.start), cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        both = cv2.warpAffine(premultiplied, matrix, shape, flags=way, borderMode=cv2.BORDER_REPLICATE)
    opacity = np.clip(both[..., 3:], 0, 1)
    plain = np.divide(both[..., :3], opacity, out=np.zeros_like(both[..., :3]), where=opacity > 0)
    return np.clip(np.rint(plain), 0, 255).astype(np.uint8), np.rint(opacity[..., 0] * 255).astype(np.uint8)
