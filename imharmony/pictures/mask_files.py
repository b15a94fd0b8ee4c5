"""The one reader of masks that others drew: the file of any tool as uint8 (H, W), 255 = foreground, soft values kept.

Tools write masks in many ways: 0 and 255, 0 and 1, 16 bits, floats, a palette of labels, an alpha channel. Each is read as what it
means. Where that cannot be told, an ``InputError`` names the file, what is in it and what to do. A mask of zeros is read as one.
"""

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.opening import MOST_PIXELS, Source, deep_channels, opened, orientation_of, pixels_of, scaled_to_8_bits, upright
from imharmony.pictures.pairs import INSIDE

OPAQUE = 250  # alpha from here on is opaque to every eye: some tools write 253 or 254 here and there
COLOURED = 32  # levels between a pixel's channels; below it is JPEG's noise around grey
GARISH, STRAY = 96, 0.01  # up to there, and in so many pixels, it is what is left of a photograph along a mask's edge
ALIKE = 16  # levels by which an alpha channel may differ from the grey of the same mask
FLAT = 8  # levels within which what is visible of a drawing is one colour
VOID = 255  # the label that VOC's annotators drew around objects, for pixels that belong to nothing
GREY_PALETTE = 8  # levels between the channels of a palette's colours, up to which it is a palette of greys
NEARLY = 16  # levels from black or white, up to which a mask is meant to be that
SOFT_EDGE, SHADED = 0.1, 0.5  # shares: at most so much of a cut-out's alpha is soft; more than so much of a picture is grey
MOST_LABELS = 32  # levels of a picture in grey are more
OVERSHOOT = 0.01  # of floats: what resampling leaves below 0 and above the largest value
WANTED = "expected 0 for the background and 255 (or 1) for the pasted object"


class Layers(NamedTuple):
    """What a file has; each array is (H, W)."""

    grey: np.ndarray | None  # uint8, uint16, int32 or float32, as in the file; None: it has colours, which are no mask
    alpha: np.ndarray | None  # uint8 or uint16; None: opaque
    labels: np.ndarray | None = None  # uint8 0 or 255: what the indices of a palette of colours mean


def read_mask(path: Source, *, name: str | None = None, most_pixels: int = MOST_PIXELS, as_stored: bool = False) -> np.ndarray:
    """A mask's file, or its bytes, as uint8 (H, W), 255 = foreground; ``name`` is the file's for messages.

    It is turned upright as EXIF says, unless ``as_stored``: pictures of published sets are compared as they are stored.
    """
    name = name or (f"{len(path)} bytes" if isinstance(path, bytes) else str(path))
    with opened(path, name=name, what="mask", most_pixels=most_pixels) as image:
        layers = _layers(image, path, name=name)
        orientation = orientation_of(image)
    mask = _meaning(layers, name=name)
    return mask if as_stored else upright(mask, orientation)


def decode_mask(data: bytes, *, name: str) -> np.ndarray:
    """``read_mask`` of a file's bytes."""
    return read_mask(data, name=name)


def mask_of_image(image: Image.Image, *, name: str) -> np.ndarray:
    """The mask that an image in memory means, uint8 (H, W), as it is stored: nobody turns it."""
    return _meaning(_layers(image.copy(), b"", name=name), name=name)


def _layers(image: Image.Image, source: Source, *, name: str) -> Layers:
    deep = deep_channels(image, source)
    if deep is not None:
        return _of_channels(deep)
    if image.mode in {"P", "PA"}:
        return _of_palette(image, name=name)
    if image.mode == "1":
        return Layers(pixels_of(image, "L"), None)
    if image.mode.startswith(("I", "F")):
        image.load()
        return Layers(np.array(image), None)  # a transparent grey level of 16 bits plays no part
    if image.mode in {"L", "LA", "La"}:
        if not image.has_transparency_data:
            return Layers(pixels_of(image, "L"), None)
        both = pixels_of(image, "LA")
        return Layers(both[..., 0].copy(), _unless_opaque(both[..., 1]))
    return _of_channels(pixels_of(image, "RGBA" if image.has_transparency_data else "RGB"))


def _of_channels(pixels: np.ndarray) -> Layers:
    """The layers of colours (H, W, 3 or 4) of 8 or 16 bits: their grey, if it is that."""
    alpha = _unless_opaque(pixels[..., 3]) if pixels.shape[2] == 4 else None
    return Layers(_grey_of(pixels[..., :3]), alpha)


def _grey_of(colours: np.ndarray) -> np.ndarray | None:
    first, second, third = cv2.split(colours)
    low, high = cv2.min(cv2.min(first, second), third), cv2.max(cv2.max(first, second), third)
    if low.max() == high.max() and np.array_equal(low, high):
        return first
    coloured = COLOURED * (257 if colours.dtype == np.uint16 else 1)
    apart = cv2.subtract(high, low)
    if apart.max() > coloured and (apart.max() > GARISH / COLOURED * coloured or np.mean(apart > coloured) > STRAY):
        return None
    if high.max() <= coloured:  # too dark for a picture: numbers of objects, of which grey would make less, or nothing
        return high
    return np.asarray(Image.fromarray(colours).convert("L")) if colours.dtype == np.uint8 else second


def _unless_opaque(alpha: np.ndarray) -> np.ndarray | None:
    """The alpha channel, or None where it tells nothing: (nearly) opaque everywhere, or the same everywhere."""
    opaque = OPAQUE * (257 if alpha.dtype == np.uint16 else 1)
    least = alpha.min()
    return None if least >= opaque or least == alpha.max() else np.ascontiguousarray(alpha)


def _of_palette(image: Image.Image, *, name: str) -> Layers:
    """Indices into a palette are labels, unless its colours are greys: then they are a grey picture."""
    indices = pixels_of(image, "P") if image.mode == "P" else pixels_of(image, "PA")[..., 0]
    alpha = pixels_of(image, "RGBA")[..., 3] if image.has_transparency_data else None
    alpha = None if alpha is None else _unless_opaque(alpha)
    colours = np.zeros((256, 3), np.uint8)
    given = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)[:256]
    colours[: len(given)] = given
    used = np.flatnonzero(_counts(indices))
    shown = colours[used].astype(int)
    is_grey = int((shown.max(axis=1) - shown.min(axis=1)).max()) <= GREY_PALETTE
    if is_grey and (len(used) == 1 or len(np.unique(shown[:, 0])) > 1):
        return Layers(np.ascontiguousarray(colours[:, 0])[indices], alpha)
    if used[0] == 0 and colours[0].max() > GREY_PALETTE:
        if alpha is not None:  # a cut-out in few colours
            return Layers(None, alpha)
        came = f"a palette of colours whose first, which would be the background, is {tuple(colours[0].tolist())}"
        raise InputError(f"{name}: {came}; {WANTED}, or a palette of labels that begins with black; save it as a grey PNG")
    is_object = np.ones(256, bool)
    is_object[0] = False
    is_object[VOID] = set(used.tolist()) <= {0, VOID}  # a mask of 0 and 255 to which a tool has added its palette
    return Layers(None, alpha, np.where(is_object, np.uint8(255), np.uint8(0))[indices])


def _meaning(layers: Layers, *, name: str) -> np.ndarray:
    """The mask, uint8 (H, W), that the layers of a file mean."""
    grey = layers.grey if layers.labels is None else layers.labels
    if layers.alpha is None:
        if grey is None:
            raise InputError(f"{name}: a picture in colours; {WANTED}; save it as a grey PNG, white where the pasted object is")
        return grey if layers.labels is not None else meant_levels(grey, name=name)
    if grey is None or _is_flat_drawing(grey, layers.alpha) or (layers.labels is None and _is_grey_cut_out(grey, layers.alpha)):
        return meant_levels(layers.alpha, name=f"{name}, alpha channel")
    own = grey if layers.labels is not None else meant_levels(grey, name=name)
    alpha = meant_levels(layers.alpha, name=f"{name}, alpha channel")
    if int(cv2.absdiff(own, alpha).max()) > ALIKE:
        came = "its alpha channel is one mask and its grey levels are another"
        raise InputError(f"{name}: {came}; expected one of them; save the one that is meant as a grey PNG without alpha")
    return alpha


def _is_flat_drawing(grey: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether what is visible has one level, which then says nothing, and what is hidden does not say the opposite."""
    deep = 257 if grey.dtype == np.uint16 else 1
    visible = grey[alpha > 0]
    low, high = int(visible.min()), int(visible.max())
    if high - low > (FLAT * deep if high > 1 else 0):
        return False
    return high >= INSIDE * deep or bool(grey.max() < INSIDE * deep)


def _is_grey_cut_out(grey: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether what is visible is shaded as photographs are, and masks and labels are not, and alpha is a mask with a soft edge at most."""
    if not {grey.dtype, alpha.dtype} <= {np.dtype(np.uint8), np.dtype(np.uint16)} or _between(alpha).mean() > SOFT_EDGE:
        return False
    visible = grey[alpha > 0]
    return bool(_between(visible).mean() > SHADED and np.count_nonzero(np.bincount(visible)) > MOST_LABELS)


def _between(levels: np.ndarray) -> np.ndarray:
    """Where levels of 8 or 16 bits are neither nearly 0 nor nearly the largest."""
    least = NEARLY * (257 if levels.dtype == np.uint16 else 1)
    return (levels > least) & (levels < np.iinfo(levels.dtype).max - least)


def meant_levels(numbers: np.ndarray, *, name: str) -> np.ndarray:
    """The numbers of a grey picture as 0..255, by what they are likely to mean."""
    if numbers.dtype.kind == "f":
        return _of_floats(numbers, name=name)
    least, most = int(numbers.min()), int(numbers.max())
    if least < 0:
        raise InputError(f"{name}: its smallest value is {least}; {WANTED}; save it so")
    if most <= 1:
        return numbers.astype(np.uint8) * np.uint8(255)
    if numbers.dtype == np.uint8:
        return _of_8_bits(numbers, name=name)
    if most == 255:  # 8 bits in a file of 16: of 65535 it would be black everywhere
        return _of_8_bits(numbers.astype(np.uint8), name=name)
    if not 32768 <= most <= 65535:
        raise InputError(f"{name}: its largest value is {most}, of 65535 in a file of 16 bits; {WANTED}, or 65535; save it as 8-bit PNG")
    return scaled_to_8_bits(numbers)


def _of_8_bits(grey: np.ndarray, *, name: str) -> np.ndarray:
    """The picture itself, unless its numbers are labels: nothing of it is half-way up, or only the border of what is labelled."""
    counts = _counts(grey)
    most = int(np.flatnonzero(counts)[-1])
    if most < INSIDE:
        advice = "if these are labels or object numbers, save the one that is meant as 255"
        raise InputError(f"{name}: its largest value is {most}, of 255; {WANTED}; {advice}")
    if most == VOID and not counts[INSIDE:VOID].any() and counts[1:INSIDE].sum() > counts[VOID]:
        labels = int(np.flatnonzero(counts[:INSIDE])[-1])
        came = f"its largest value is {VOID}, but most of what is not 0 is {labels} or less, as in labels with a border of {VOID}"
        raise InputError(f"{name}: {came}; {WANTED}; save the label that is meant as 255 and the others as 0")
    return grey


def _counts(pixels: np.ndarray) -> np.ndarray:
    """How many pixels (H, W) of uint8 have each level."""
    return cv2.calcHist([pixels], [0], None, [256], [0, 256]).ravel()


def _of_floats(numbers: np.ndarray, *, name: str) -> np.ndarray:
    least, most = float(numbers.min()), float(numbers.max())
    scale = 255.0 if most <= 1 + OVERSHOOT else 1.0
    if not (least >= -OVERSHOOT * 255 / scale and most <= 255 * (1 + OVERSHOOT)):  # false of NaN too
        came = f"values from {least:g} to {most:g}"
        raise InputError(f"{name}: {came}; expected 0 for the background and 1 (or 255) for the pasted object; save it as 8-bit PNG")
    if 0 < most * scale < INSIDE:
        raise InputError(f"{name}: its largest value is {most:g}; expected 1 (or 255) for the pasted object; save it so")
    return np.clip(np.rint(numbers * scale), 0, 255).astype(np.uint8)
