"""Composites whose background is changed, as in HMH, the Human Matting and Harmonization data set (Ren, Liu & Song 2021).

Photographs are uint8 sRGB (H, W, 3), alpha mattes uint8 (H, W), 255 = foreground. The foreground is painted out of the photograph;
what is left, its plate, takes other colours, and the foreground is put back over it.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from imharmony.composing.composites import Box, Made, expect_size_of, purest, recomposed, stored_whole
from imharmony.composing.rules import PlateRules
from imharmony.errors import InputError
from imharmony.pictures.estimators import estimator
from imharmony.pictures.images import encode_patch

FAINTEST = 5 / 255  # alpha above it is painted out; a higher threshold would leave the person's outline in the plate


@dataclass(frozen=True)
class Background:
    """The rest of a photograph around a foreground."""

    photo: np.ndarray
    full_matte: np.ndarray  # uint8 (H, W), 255 = foreground
    whole: np.ndarray  # the plate, or the photograph if nothing is painted out
    estimates: bool = False  # whether the foreground's colours are its own or the photograph's

    @staticmethod
    def of(photo: np.ndarray, matte: np.ndarray, rules: PlateRules, *, name: str) -> "Background | None":
        """The background of a photograph, None if there is no place without a trace of the foreground.

        Behind a hard edge nothing shows: the photograph then is its own plate. An ``unpainted`` one always is, and has a background
        where its foreground is not opaque everywhere.
        """
        expect_size_of(photo, matte, name=name)
        if rules.unpainted:
            return None if (matte == 255).all() else Background(photo, matte, photo)
        alpha = matte / 255
        if np.isin(matte, (0, 255)).all():
            return None if matte.all() else Background(photo, matte, photo)
        if _hole(alpha, rules.halo_px).all():
            return None
        empty = plate(photo, alpha, radius_px=rules.radius_px, scale=rules.scale, halo_px=rules.halo_px)
        return Background(photo, matte, empty, estimates=rules.foreground == "estimated")

    @cached_property
    def subject(self) -> np.ndarray:
        """The foreground's colours (H, W, 3), at least where the matte is above 0; measuring a background does not need them."""
        return estimated_foreground(self.photo, self.full_matte / 255) if self.estimates else self.photo

    @property
    def pixels(self) -> np.ndarray:
        """The plate's pixels, uint8 (N, 3), row by row."""
        return self.whole.reshape(-1, 3)

    @property
    def frame(self) -> np.ndarray:
        """The picture where ``mask`` and ``patch`` lie."""
        return self.whole

    @property
    def mask(self) -> np.ndarray:
        """All of the picture, uint8 (H, W) of ones."""
        return np.ones(self.full_matte.shape, np.uint8)

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The pixels (N, 3) of another image of the photograph's size."""
        return image.reshape(-1, 3)

    def telling(self, pixels: np.ndarray) -> np.ndarray:
        """Those of the pixels (N, 3) that are the background's alone; what is measured of a background is measured on them."""
        return pixels[purest(255 - self.full_matte.ravel())]

    def patch(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (N, 3) as a picture."""
        return pixels.reshape(self.whole.shape)

    def made(self, pixels: np.ndarray) -> Made:
        """The composite whose background has these colours (N, 3): A F + (1 - A) B, the paper's equation 1."""
        composite = recomposed(self.subject, self.full_matte / 255, self.patch(pixels))
        box = Box(*cv2.boundingRect(self.full_matte))
        return Made(composite, stored_whole(box, box.of(self.full_matte), encode_patch(composite)))


def plate(photo: np.ndarray, alpha: np.ndarray, *, radius_px: float = 15.0, scale: float = 0.25, halo_px: int = 3) -> np.ndarray:
    """The photograph without the person, whose alpha is in [0, 1]: filled in as Telea 2004 does, on it made smaller by ``scale``.

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
    return recomposed(_filled(photo, hole, radius_px=radius_px, scale=scale), share, photo)


def estimated_foreground(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The person's own colours, also where its alpha, in [0, 1], is low, uint8 (H, W, 3) (Germer, Uelwer, Conrad & Harmeling 2020)."""
    otherwise = "take the foreground from the photograph"
    estimate_foreground = estimator("estimate_foreground_ml", purpose="estimated foregrounds", otherwise=otherwise)
    colours = estimate_foreground(photo / 255, alpha.astype(np.float64))
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def _hole(alpha: np.ndarray, halo_px: int) -> np.ndarray:
    """Where a plate is made up: what shows the person at all, and what is no farther from it than ``halo_px``."""
    return _distance_to(alpha > FAINTEST) <= halo_px


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
