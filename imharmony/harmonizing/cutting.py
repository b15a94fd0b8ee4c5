"""``imharmony.cut_out``: the person of a photograph as an alpha matte, without a trimap, and the cut-out in its own colours.

Photographs are uint8 sRGB (H, W, 3), mattes uint8 (H, W), 255 = person.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple, cast

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.arrays import picture_of
from imharmony.harmonizing.portraits import PortraitNetwork, has_packaged_network, is_fine, load_portrait_network
from imharmony.matting.trimaps import checked_trimap
from imharmony.pictures.colour_cut import colour_cut
from imharmony.pictures.estimators import estimated_alpha
from imharmony.pictures.foregrounds import own_colours
from imharmony.pictures.guided import guided_alpha
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.trimaps import UNKNOWN, trimap

CONFIDENT = 0.4  # of the network's alpha: from here on it takes a pixel for a person's; chosen on photographs of validation
LEAST_SHARE = 0.02  # of the picture of which it must do so
BAND = 0.02  # of the shorter side: so far around the outline alpha is made of the photograph's colours
RADIUS = 1 / 64  # of the cut's longer side, of the guided filter's box
SMOOTHNESS = 1e-4
SOFT = (0.02, 0.98)  # between these an alpha that is enlarged is made of the photograph's colours
CONTRAST = (0.1, 0.9)  # of the filter's alpha: what is beyond is 0 or 1, since a filter seldom reaches either
REFINED_PX = 1200  # the longer side at which ``refined`` works: its memory grows with the pixels


class Cutout(NamedTuple):
    """A person cut out."""

    colours: np.ndarray  # uint8 (H, W, 3), the person's own also where it is transparent
    alpha: np.ndarray  # uint8 (H, W)


def cut_out(
    image: Any, *, trimap: np.ndarray | None = None, network: str | Path | PortraitNetwork | None = None, refine: bool = False
) -> np.ndarray:
    """The alpha matte of the person in a photograph, uint8 (H, W), 255 = person.

    ``image`` is an array (H, W, 3), a PIL image, a path or a tensor, as ``harmonize`` takes one. ``trimap``, uint8 (H, W) of 0, 128 and
    255, says what is known: the network decides on 128 alone. ``network`` is a file, ``.onnx`` or ``.safetensors``, or anything with a
    method ``alpha``; None: the one in the package, and where there is none, with a trimap, the closed form. With an attribute ``is_fine``
    that is true, what ``alpha`` says is taken for alpha, else for a rough guess that is made to fit the photograph's colours. ``refine``
    makes alpha near the outline anew in closed form, which needs the extra `matting`. Raises
    ``imharmony.InputError`` with one line, also where nobody is seen.

    >>> import numpy as np
    >>> class BrightParts:
    ...     def alpha(self, photo):
    ...         return (photo.min(axis=2) > 200).astype(np.float32)
    >>> photo = np.full((60, 80, 3), 90, np.uint8)
    >>> photo[20:60, 30:50] = 230
    >>> alpha = cut_out(photo, network=BrightParts())
    >>> alpha.shape, int(alpha[40, 40]), int(alpha[5, 5])
    ((60, 80), 255, 0)
    """
    known = picture_of(image, name="photo")
    found = network_of(network, trimap)
    return matte_of(known.rgb, known.alpha, name="photo", network=found, trimap=trimap, refine=refine)


def network_of(network: str | Path | PortraitNetwork | None, trimap: object | None) -> PortraitNetwork | None:
    """The network that is asked for; None where a trimap is to do without one."""
    if network is None and trimap is not None and not has_packaged_network():
        return None
    return load_portrait_network(network) if network is None or isinstance(network, str | os.PathLike) else network


def matte_of(
    rgb: np.ndarray,
    alpha: np.ndarray | None,
    *,
    name: str,
    network: PortraitNetwork | None,
    trimap: np.ndarray | None = None,
    refine: bool = False,
) -> np.ndarray:
    """The same of a photograph and its transparency; ``name`` is for messages. Without a network, the trimap is followed."""
    if alpha is not None and alpha.min() < 255:
        advice = "lay it on a photograph as it is (harmonize CUTOUT --background PHOTO)"
        raise InputError(f"{name}: transparent in parts, a cut-out already; expected an opaque photograph; {advice}")
    if trimap is not None:
        checked_trimap(trimap, size=(rgb.shape[1], rgb.shape[0]), name="trimap")
    if network is None:
        return np.rint(followed(rgb, cast("np.ndarray", trimap)) * 255).astype(np.uint8)
    said = network.alpha(rgb)
    if trimap is None:
        _expect_somebody(said, name=name)
    matte = enlarged(said, rgb) if is_fine(network) else outlined(colour_cut(said, rgb, trimap, level=CONFIDENT), rgb)
    if trimap is not None:
        matte = np.where(trimap == UNKNOWN, matte, trimap / np.float32(255))
    if refine:
        matte = refined(rgb, matte, trimap)
    return np.rint(matte * 255).astype(np.uint8)


def outlined(mask: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """A mask (h, w) as an alpha of the photograph's size, float32 (H, W): soft near its outline, where the photograph is."""
    height, width = rgb.shape[:2]
    plain = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    inside = (plain >= 0.5).astype(np.uint8)
    if inside.all() or not inside.any():
        return inside.astype(np.float32)
    band = max(BAND * min(height, width), 2.0)
    near = np.maximum(*(cv2.distanceTransform(each, cv2.DIST_L2, 3) for each in (inside, 1 - inside))) <= band
    fine = guided_alpha(mask, rgb, radius_px=max(round(RADIUS * max(mask.shape)), 1), smoothness=SMOOTHNESS)
    low, high = CONTRAST
    return np.where(near, np.clip((fine - low) / (high - low), 0, 1), inside.astype(np.float32))


def enlarged(alpha: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """An alpha (h, w) at the photograph's size, float32 (H, W); where it is neither 0 nor 1, as fine as the photograph is."""
    height, width = rgb.shape[:2]
    shrinks = height <= alpha.shape[0] and width <= alpha.shape[1]
    plain = cv2.resize(alpha.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    if shrinks:
        return plain
    fine = guided_alpha(alpha, rgb, radius_px=2, smoothness=SMOOTHNESS)
    low, high = SOFT
    return np.where((plain > low) & (plain < high), fine, plain)


def followed(rgb: np.ndarray, given: np.ndarray) -> np.ndarray:
    """A matte float32 (H, W) by a trimap alone: closed form where that knows nothing."""
    lacking = [f"{level} ({what})" for level, what in ((0, "background"), (255, "person")) if not (given == level).any()]
    if lacking:
        advice = "mark what is certain on both sides, or name a network (--network FILE)"
        raise InputError(f"trimap: no pixel of {' and none of '.join(lacking)}; expected both where no network is asked; {advice}")
    purpose, otherwise = "following a trimap without a network", "name a network (--network FILE)"
    return refined(rgb, given / np.float32(255), given, purpose=purpose, otherwise=otherwise)


def refined(
    rgb: np.ndarray,
    matte: np.ndarray,
    given: np.ndarray | None = None,
    *,
    purpose: str = "refining",
    otherwise: str = "leave --refine out",
) -> np.ndarray:
    """A matte float32 (H, W) made anew in the unknown part of a trimap, its own if none is given: closed form (Levin et al. 2008).

    ``purpose`` and ``otherwise`` are of the message where the extra `matting` is not installed.
    """
    height, width = matte.shape
    scale = min(1.0, REFINED_PX / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small, photo = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) if scale < 1 else each for each in (matte, rgb))
    margin = BAND * min(small.shape) / 2
    tri = trimap(small, erode_px=margin, dilate_px=margin) if given is None else _shrunk(given, size)
    if not (tri == 0).any() or not (tri == 255).any() or not (tri == UNKNOWN).any():
        return matte  # nothing to go by, or nothing to do
    alpha = estimated_alpha(photo, tri, purpose=purpose, otherwise=otherwise).astype(np.float32)
    made = guided_alpha(alpha, rgb, radius_px=1, smoothness=SMOOTHNESS) if scale < 1 else alpha
    unknown = (cv2.resize(tri, (width, height), interpolation=cv2.INTER_NEAREST) if given is None else given) == UNKNOWN
    return np.where(unknown, made.clip(0, 1), matte)


def _shrunk(given: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A trimap at a (width, height) that is no larger: known where all that becomes a pixel is, or nothing would be left, most of it."""
    nearest = cv2.resize(given, size, interpolation=cv2.INTER_NEAREST)
    unknown = cv2.resize((given == UNKNOWN).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    careful = np.where(unknown, np.uint8(UNKNOWN), nearest)
    return careful if (careful == 0).any() and (careful == 255).any() else nearest


def cutout_of(rgb: np.ndarray, alpha: np.ndarray) -> Cutout:
    """The cut-out by a matte, in the person's own colours."""
    return Cutout(own_colours(rgb, alpha.astype(np.float32) / 255), alpha)


def as_photograph(cutout: Cutout, like: Photograph) -> Photograph:
    """A cut-out as the photograph that it is of: in sRGB, of 8 bits."""
    return like._replace(colours=cutout.colours, alpha=cutout.alpha, profile=None, is_srgb=True, deep=None)


def _expect_somebody(coarse: np.ndarray, *, name: str) -> None:
    share = float((coarse >= CONFIDENT).mean())
    if share < LEAST_SHARE:
        came = f"{name}: no person found (the network sees one in {share:.1%} of the picture)"
        raise InputError(
            f"{came}; expected a portrait; say where the person is with a trimap (--trimap), or cut out what you mean yourself"
        )
