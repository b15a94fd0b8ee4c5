"""One photograph of any size through a harmonizer that was trained at one size.

Photographs are uint8 (H, W, 3); masks uint8 (H, W), 255 = foreground, soft values kept.
"""

import cv2
import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer


def harmonize(photo: np.ndarray, mask: np.ndarray, *, harmonizer: Harmonizer, size_px: int) -> np.ndarray:
    """The photograph with its foreground harmonized, uint8 (H, W, 3); pixels where the mask is 0 are untouched.

    The network sees the picture at ``size_px`` squared, as in training. Its *change* is enlarged and added to the
    photograph, so that detail finer than the network's grid stays; a change with sharp edges of its own is blurred by that.
    A network of colour maps has its maps enlarged instead, which recolours the detail too.
    """
    check_pair(photo, mask)
    composite = network_from_uint8(torch.from_numpy(_resized(photo, size_px))[None])
    weight = mask_from_uint8(torch.from_numpy(_resized(mask, size_px))[None])
    full = network_from_uint8(torch.from_numpy(photo.copy())[None])  # a decoded photograph may be read-only
    with torch.inference_mode():
        change = _as_image(harmonizer.at_full_resolution(composite, weight, full) - full)
    alpha = mask.astype(np.float32)[..., None] / 255
    return np.clip(np.rint(photo + alpha * change), 0, 255).astype(np.uint8)


def _resized(image: np.ndarray, size_px: int) -> np.ndarray:
    shrinks = min(image.shape[:2]) >= size_px
    return cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _as_image(change: Tensor) -> np.ndarray:
    return change[0].permute(1, 2, 0).float().numpy() * 127.5


def check_pair(photo: np.ndarray, mask: np.ndarray) -> None:
    """Raises an ``InputError`` unless a mask (H, W) is the photograph's and leaves something to harmonize, and something to go by."""
    if photo.shape[:2] != mask.shape:
        came, expected = f"{mask.shape[1]}x{mask.shape[0]}", f"{photo.shape[1]}x{photo.shape[0]}"
        raise InputError(f"the mask is {came} pixels; expected {expected}, the photograph's size; save the mask at that size")
    if mask.max() == 0:
        raise InputError("the mask is black everywhere; expected white where the pasted object is; invert or redraw it")
    if mask.min() == 255:
        raise InputError("the mask is white everywhere; expected black where the background is: there is nothing to harmonize with")
