"""The files of a portrait that is cut out and laid on another photograph."""

from pathlib import Path

import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.cutout import Placement, composed
from imharmony.harmonizing.cutting import as_photograph, cutout_of, matte_of, network_of
from imharmony.harmonizing.offers import MEGAPIXELS
from imharmony.harmonizing.photo_file import Given
from imharmony.harmonizing.portraits import PortraitNetwork
from imharmony.matting.trimaps import checked_trimap
from imharmony.pictures.opening import opened, orientation_of, pixels_of, upright
from imharmony.pictures.photo_files import Photograph, is_opaque, read_photograph, srgb_of
from imharmony.pictures.saving import encode_photograph, expect_room
from imharmony.storage.files import write_bytes

GREYS = ("1", "L")


def read_portrait(
    photo: Path,
    *,
    network: Path | PortraitNetwork | None = None,
    trimap: Path | None = None,
    matte: Path | None = None,
    refine: bool = False,
    max_megapixels: int = MEGAPIXELS,
) -> Photograph:
    """The person of a photograph's file, cut out: in its own colours (sRGB), with alpha, and all else that the file has.

    By ``network`` (None: the one in the package), which decides on what a ``trimap`` does not know; or by the alpha of the file ``matte``.
    """
    pixels = max_megapixels * 1_000_000
    photograph = read_photograph(photo, most_pixels=pixels)
    rgb, size = srgb_of(photograph, name=str(photo)), (photograph.colours.shape[1], photograph.colours.shape[0])
    if matte is not None:
        alpha = _alpha_of(matte, size=size, most_pixels=pixels)
    else:
        known = None if trimap is None else _read_trimap(trimap, size=size, most_pixels=pixels)
        found = network_of(network, known)
        alpha = matte_of(rgb, photograph.alpha, name=str(photo), network=found, trimap=known, refine=refine)
    return as_photograph(cutout_of(rgb, alpha), photograph)


def write_cutout(cutout: Photograph, out: Path, *, name: str) -> None:
    """Writes a cut-out as a picture that is transparent around the person; ``name`` is the photograph's."""
    expect_room(cutout, out, name=name)
    write_bytes(out, encode_photograph(cutout, cutout.colours, cutout.colours, out))


def laid_on(
    cutout: Photograph, photo: Path, background: Path, placement: Placement | None, *, scale: float | None, max_megapixels: int = MEGAPIXELS
) -> Given:
    """A cut-out laid on a photograph, to be harmonized. Without a placement it stands in the middle of the lower edge.

    Without a scale the portrait's frame is as large as fits.
    """
    below = read_photograph(background, most_pixels=max_megapixels * 1_000_000)
    placed = placement or standing(cutout.colours.shape[:2], below.colours.shape[:2], scale=scale)
    photograph, mask = composed(cutout, below, placed, name=str(photo))
    return Given(photograph, mask, background, photo)


def standing(size: tuple[int, int], below: tuple[int, int], *, scale: float | None = None) -> Placement:
    """Where a frame (H, W) stands on a photograph (H, W): in the middle of its lower edge, by default as large as fits."""
    (height, width), (high, wide) = size, below
    scale = min(high / height, wide / width) if scale is None else scale
    return Placement((round((wide - width * scale) / 2), high - round(height * scale)), scale)


def _alpha_of(path: Path, *, size: tuple[int, int], most_pixels: int) -> np.ndarray:
    """The alpha of a cut-out's file."""
    found = read_photograph(path, most_pixels=most_pixels)
    if found.alpha is None or is_opaque(found):
        came = "no alpha channel" if found.alpha is None else "opaque everywhere"
        advice = "save the cut-out as PNG with transparency (--matte-only makes one)"
        raise InputError(f"{path}: {came}; expected a cut-out that is transparent around the person; {advice}")
    if found.alpha.shape[::-1] != size:
        came, expected = (f"{width}x{height}" for width, height in (found.alpha.shape[::-1], size))
        raise InputError(f"{path}: {came} pixels; expected {expected}, the photograph's; make it of this photograph")
    if found.alpha.max() == 0:
        raise InputError(f"{path}: transparent everywhere; expected a person in it; check the file")
    return found.alpha


def _read_trimap(path: Path, *, size: tuple[int, int], most_pixels: int) -> np.ndarray:
    """The trimap of a file, uint8 (H, W) of 0, 128 and 255."""
    with opened(path, name=str(path), what="trimap", most_pixels=most_pixels) as image:
        mode, orientation = image.mode, orientation_of(image)
        levels = pixels_of(image, "L" if mode in GREYS else "RGB")
    if levels.ndim == 3:
        if (levels != levels[..., :1]).any():
            raise InputError(f"{path}: has colours; expected a grey trimap of 0, 128 (unknown) and 255; save it in grey")
        levels = levels[..., 0].copy()
    return checked_trimap(upright(levels, orientation), size=size, name=str(path))
