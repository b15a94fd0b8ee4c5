"""Composites of the kind of HMH, the Human Matting and Harmonization data set (Ren, Liu & Song 2021): the background is changed.

Photographs are uint8 sRGB (H, W, 3), alpha mattes float (H, W) in [0, 1], 1 = person. The person is painted out of the photograph;
the rest, its plate, takes other colours and the person is put back over it.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from harmonization.errors import InputError

FAINTEST = 5 / 255  # alpha above it is painted out; a higher threshold would leave the person's outline in the plate


class BackgroundComposite(NamedTuple):
    """A composite, and what it was put together from; its real photograph is the one it was made of."""

    composite: np.ndarray
    plate: np.ndarray
    background: np.ndarray  # the plate after the change


def plate(photo: np.ndarray, alpha: np.ndarray, *, radius_px: float = 15.0, scale: float = 0.25, halo_px: int = 3) -> np.ndarray:
    """The photograph without the person: filled in by the method of Telea 2004 on the photograph made smaller by ``scale``.

    The radius of the neighbourhood is in pixels of the photograph. Mattes are seldom accurate to a hair: nothing is learnt from
    the ``halo_px`` around the person, over which what is filled fades into the photograph; farther out it is the photograph, bit
    for bit. A quarter of the size takes a fiftieth of the time and is as close to the truth. Ren, Liu & Song: ``scale=1, halo_px=0``.
    """
    distance = _distance_to(alpha > FAINTEST)
    hole = distance <= halo_px
    if hole.all():
        raise InputError("the alpha matte covers the whole photograph; expected some background; leave this photograph out")
    if not hole.any():
        return photo.copy()
    share = np.where(hole, 1 - distance / (halo_px + 1), 0)
    return recompose(_filled(photo, hole, radius_px=radius_px, scale=scale), share, photo)


def recompose(foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """A F + (1 - A) B, eq. 1, rounded to the nearest level; where both are the same it is that, whatever alpha."""
    difference = foreground.astype(np.float64) - background
    return np.rint(background + alpha[..., None] * difference).astype(np.uint8)


def background_composite(
    photo: np.ndarray,
    alpha: np.ndarray,
    change: Callable[[np.ndarray], np.ndarray],
    *,
    foreground: np.ndarray | None = None,
    radius_px: float = 15.0,
    scale: float = 0.25,
    halo_px: int = 3,
) -> BackgroundComposite:
    """The person of a photograph over its own plate after a change.

    The paper's foreground is the photograph itself, so that its background shows through where the person is transparent;
    ``estimated_foreground`` does not show it.
    """
    empty = plate(photo, alpha, radius_px=radius_px, scale=scale, halo_px=halo_px)
    background = change(empty)
    return BackgroundComposite(recompose(photo if foreground is None else foreground, alpha, background), empty, background)


def estimated_foreground(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The person's own colours, also where it is transparent, uint8 (H, W, 3) (Germer, Uelwer, Conrad & Harmeling 2020)."""
    try:
        # Here, because it loads a compiler; the first time on a machine that compiles for a minute or more.
        from pymatting import estimate_foreground_ml  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError(
            "pymatting is not installed; expected it for estimated foregrounds; install it with `pip install 'harmonization[matting]'` "
            "or take the foreground from the photograph"
        ) from error
    colours = estimate_foreground_ml(photo / 255, alpha.astype(np.float64))
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def _filled(photo: np.ndarray, hole: np.ndarray, *, radius_px: float, scale: float) -> np.ndarray:
    """The photograph (H, W, 3), filled in where the hole (H, W) is and as blurred as ``scale`` makes it elsewhere."""
    height, width = hole.shape
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    if size == (width, height):
        return cv2.inpaint(photo, hole.astype(np.uint8), radius_px * scale, cv2.INPAINT_TELEA)
    # A small pixel is the mean of the background in it, so that nothing of the person leaks out; one without any is filled in.
    known = cv2.resize((~hole).astype(np.float64), size, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(photo * (~hole)[..., None].astype(np.float64), size, interpolation=cv2.INTER_AREA)
    small = np.rint(sums / np.maximum(known, 1e-9)[..., None]).clip(0, 255).astype(np.uint8)
    filled = cv2.inpaint(small, (known < 1e-9).astype(np.uint8), radius_px * scale, cv2.INPAINT_TELEA)
    return cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)


def _distance_to(region: np.ndarray) -> np.ndarray:
    """The distance of each pixel to a region (H, W), in pixels; infinite without one."""
    if not region.any():
        return np.full(region.shape, np.inf)
    return cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float64)
