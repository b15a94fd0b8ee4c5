"""A mask mended as far as that is safe: nothing here guesses where the object is."""

from typing import NamedTuple

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.diagnosis import Case
from imharmony.harmonizing.mask_checks import inverted, jpeg_noise, labels, same_file, swapped, zeros_and_ones
from imharmony.harmonizing.mask_numbers import fits_scaled, fits_turned, grey_of, stray_colour_share, without_noise
from imharmony.pictures.opening import upright
from imharmony.pictures.pairs import check_pair


class Mended(NamedTuple):
    """A mask as it should have come, and what was done to it."""

    mask: np.ndarray  # uint8 (H, W), the photograph's size
    done: list[str]


def mended(case: Case) -> Mended:
    """The mask with all that is safe done to it; raises an ``InputError`` that says why where nothing is."""
    name = case.mask_name
    if case.mask is None or case.photograph is None or same_file(case) or swapped(case):
        raise InputError(f"{name}: no mask that could be mended; expected a photograph and its mask; name both")
    done: list[str] = []
    mask = case.matte
    if mask is None:
        if stray_colour_share(case.mask) is None:
            raise InputError(f"{name}: nobody can tell where the object is; expected white there; draw it")
        mask = grey_of(case.mask)
        done.append("made grey")
    if zeros_and_ones(case) or labels(case):
        done.append("written as 0 and 255")
    if jpeg_noise(case):
        mask = without_noise(mask)
        done.append("cleaned of JPEG's noise")
    mask = _fitted(mask, case, done)
    if inverted(case):
        mask = 255 - mask
        done.append("inverted")
    check_pair(case.photograph.colours, mask)
    if not done:
        raise InputError(f"{name}: there is nothing to mend that could be mended safely")
    return Mended(mask, done)


def _fitted(mask: np.ndarray, case: Case, done: list[str]) -> np.ndarray:
    """The mask turned and resized to the photograph; raises an ``InputError`` where it is of another form."""
    if fits_turned(case):
        mask = upright(mask, case.photo.orientation)
        done.append("turned as the photograph is")
    (height, width), wanted = mask.shape, case.photo.shown
    if (width, height) == wanted:
        return mask
    if not fits_scaled((width, height), wanted):
        came = f"{case.mask_name}: {width}x{height} pixels, of another form than the photograph's {wanted[0]}x{wanted[1]}"
        raise InputError(f"{came}; expected the mask of this photograph; it is not stretched, because it would not fit")
    done.append(f"resized from {width}x{height}")
    return cv2.resize(mask, wanted, interpolation=cv2.INTER_AREA if wanted[0] < width else cv2.INTER_LINEAR)
