"""Pictures and masks as programs have them: NumPy arrays, PIL images, paths, torch tensors; what came in decides what goes out.

Inside, pictures are uint8 (H, W, 3) sRGB and masks uint8 (H, W), 255 = foreground.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.mask_files import mask_of_image, meant_levels, read_mask
from imharmony.pictures.opening import UPRIGHT
from imharmony.pictures.photo_files import Photograph, read_photograph, srgb_of
from imharmony.pictures.profiles import BrokenProfileError, means_srgb, space_of
from imharmony.pictures.visible import in_own_colours

if TYPE_CHECKING:
    from torch import Tensor

Picture: TypeAlias = "np.ndarray | Image.Image | str | os.PathLike[str] | Tensor"
MODES = ("RGB", "RGBA", "L", "LA", "P", "PA", "RGBX", "1")
DEPTHS = {"uint8": 255, "uint16": 65535}
WANTED = "expected uint8, uint16 or floats in [0, 1], (H, W, 3) or a tensor (3, H, W)"


class Known(NamedTuple):
    """A picture for the methods, and the way back."""

    rgb: np.ndarray  # uint8 (H, W, 3)
    back: Callable[[np.ndarray, np.ndarray], Any]  # of levels (H, W, 3), and where they are new, bool (H, W)
    alpha: np.ndarray | None = None  # uint8 (H, W); where it is 0, colours are hidden
    fine: np.ndarray | None = None  # the levels as they are, float32 (H, W, 3), of numbers of more than 8 bits


def picture_of(image: Picture, *, name: str = "image") -> Known:
    """A picture of any kind; an ``InputError`` says what came where it is none."""
    if isinstance(image, str | os.PathLike):
        photograph = read_photograph(_path(image, name=name))
        rgb, alpha = srgb_of(photograph, name=str(image)), photograph.alpha
        return Known(rgb, lambda levels, _new: _pil(levels, alpha), alpha)
    if isinstance(image, Image.Image):
        return _of_pil(image, name=name)
    if isinstance(image, np.ndarray):
        return _of_array(image, name=name)
    if _is_tensor(image):
        return _of_tensor(image, name=name)
    raise InputError(f"{name}: {type(image).__name__}; expected an array, a PIL image, a path or a tensor")


def mask_of(mask: Picture, *, name: str = "mask") -> np.ndarray:
    """A mask of any kind as uint8 (H, W), read as that of a file is: bool, 0 and 1, floats in [0, 1] and 0 to 255 mean what they say."""
    if isinstance(mask, str | os.PathLike):
        return read_mask(_path(mask, name=name))
    if isinstance(mask, Image.Image):
        return mask_of_image(mask, name=name)
    numbers = _numbers(mask, name=name)
    shape = numbers.shape
    if numbers.ndim == 3 and 1 in (shape[0], shape[2]):
        numbers = numbers[..., 0] if shape[2] == 1 else numbers[0]
    numbers = _one_channel(numbers, name=name)
    if numbers.ndim != 2 or numbers.size == 0:
        raise InputError(f"{name}: shape {shape}; expected (H, W); pass one channel")
    if numbers.dtype == np.bool_:
        return numbers.astype(np.uint8) * 255
    if numbers.dtype.kind not in "uif":
        raise InputError(f"{name}: numbers of type {numbers.dtype}; expected bool, integers or floats")
    least, most = float(numbers.min()), float(numbers.max())
    if not (least >= 0 or numbers.dtype.kind == "f") or most > 65535:
        raise InputError(f"{name}: numbers from {least:g} to {most:g}; expected 0 to 1 or 0 to 255")
    if numbers.dtype.kind == "f":
        return meant_levels(numbers.astype(np.float32), name=name)
    return meant_levels(numbers.astype(np.uint8 if most <= 255 else np.uint16), name=name)


def batch_of(image: Any) -> list[Any] | None:
    """The pictures of a batch: a list or tuple, an array (B, H, W, C), a tensor (B, C, H, W). None: one picture."""
    if isinstance(image, list | tuple):
        return list(image)
    if isinstance(image, np.ndarray) or _is_tensor(image):
        return list(image) if image.ndim == 4 else None
    return None


def joined(outputs: list[Any], like: Any) -> Any:
    """Pictures as the batch that they came in."""
    if not outputs:
        return like
    if isinstance(like, np.ndarray):
        return np.stack(outputs)
    if _is_tensor(like):
        import torch

        return torch.stack(outputs)
    return like._make(outputs) if hasattr(like, "_make") else type(like)(outputs)


def _of_pil(image: Image.Image, *, name: str) -> Known:
    """A PIL image as it is stored: whoever opened it turns it by EXIF's orientation, or not. Its colour profile counts."""
    if image.mode not in MODES:
        raise InputError(f"{name}: a PIL image of mode {image.mode}; expected one of {', '.join(MODES)}; convert it")
    alpha = np.array(image.convert("RGBA").getchannel("A")) if image.has_transparency_data else None
    photograph = Photograph(np.array(image.convert("RGB")), alpha, *_profile_of(image, name=name), UPRIGHT, image.size)
    info, mode = dict(image.info), "L" if image.mode in {"L", "LA"} else "RGB"
    rgb = srgb_of(photograph, name=name)

    def back(levels: np.ndarray, _new: np.ndarray) -> Image.Image:
        made = Image.fromarray(in_own_colours(photograph, rgb, _rounded(levels))).convert(mode)
        if alpha is not None:
            made.putalpha(Image.fromarray(alpha))
        made.info.update(info)
        return made

    return Known(rgb, back, alpha)


def _profile_of(image: Image.Image, *, name: str) -> tuple[bytes | None, bool]:
    """The profile of its colours, and whether they are sRGB; one that cannot be used is an ``InputError``."""
    profile = image.info.get("icc_profile") or None
    try:
        is_other = profile is not None and image.mode not in {"L", "LA"} and space_of(profile) == "RGB" and not means_srgb(profile)
    except BrokenProfileError as error:
        raise InputError(f"{name}: its colour profile is damaged ({error}); expected a whole one; delete info['icc_profile']") from error
    return (profile, False) if is_other else (None, True)


def _of_array(array: np.ndarray, *, name: str) -> Known:
    given = array
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.shape[2] not in {1, 3, 4} or array.size == 0:
        raise InputError(f"{name}: an array of shape {array.shape}; {WANTED}")
    full = _full_scale(array, name=name)
    colours = array[..., :3] if array.shape[2] >= 3 else np.repeat(array, 3, axis=2)
    rgb = np.ascontiguousarray(colours if full == 255 else np.rint(colours.astype(np.float32) * (255 / full)).astype(np.uint8))

    def back(levels: np.ndarray, new: np.ndarray) -> np.ndarray:
        values = levels
        if full != 255:
            values = levels * np.float32(full / 255)
            values = values if array.dtype.kind == "f" else np.rint(values)
        if array.shape[2] == 1:
            values = values.mean(axis=2, keepdims=True)
            values = values if array.dtype.kind == "f" else np.rint(values)
        made = array.copy()
        made[..., : values.shape[2]][new] = np.clip(values[new], 0, full).astype(array.dtype)
        return made.reshape(given.shape)

    alpha = None
    if array.shape[2] == 4:
        alpha = np.where(array[..., 3] > 0, np.maximum(np.rint(array[..., 3].astype(np.float32) * (255 / full)), 1), 0).astype(np.uint8)
    fine = None if full == 255 else colours.astype(np.float32) * np.float32(255 / full)
    return Known(rgb, back, alpha, fine)


def _of_tensor(tensor: Any, *, name: str) -> Known:
    if tensor.ndim != 3 or tensor.shape[0] not in {1, 3, 4}:
        raise InputError(f"{name}: a tensor of shape {tuple(tensor.shape)}; expected (3, H, W) or (B, 3, H, W)")
    known = _of_array(tensor.detach().cpu().numpy().transpose(1, 2, 0), name=name)

    def back(levels: np.ndarray, new: np.ndarray) -> Any:
        import torch

        made = np.ascontiguousarray(known.back(levels, new).transpose(2, 0, 1))
        return torch.from_numpy(made).to(tensor.device)

    return Known(known.rgb, back, known.alpha, known.fine)


def _full_scale(array: np.ndarray, *, name: str) -> float:
    if str(array.dtype) in DEPTHS:
        return DEPTHS[str(array.dtype)]
    if array.dtype.kind != "f":
        raise InputError(f"{name}: numbers of type {array.dtype}; {WANTED}")
    least, most = float(array.min()), float(array.max())
    if not (least >= 0 and most <= 1):  # false of NaN too
        raise InputError(f"{name}: floats from {least:g} to {most:g}; expected 0 to 1; divide by the largest value that there can be")
    return 1.0


def _path(given: str | os.PathLike[str], *, name: str) -> Path:
    if "\0" in os.fspath(given) or not os.fspath(given):
        raise InputError(f"{name}: {os.fspath(given)!r} is no name of a file; expected one")
    return Path(given)


def _one_channel(numbers: np.ndarray, *, name: str) -> np.ndarray:
    """A mask that was saved in colour has its grey three times."""
    if numbers.ndim != 3 or numbers.shape[2] != 3:
        return numbers
    if (numbers != numbers[..., :1]).any():
        raise InputError(f"{name}: shape {numbers.shape} of channels that differ; expected (H, W); pass one channel")
    return numbers[..., 0]


def _numbers(mask: Any, *, name: str) -> np.ndarray:
    if _is_tensor(mask):
        return mask.detach().cpu().numpy()
    if not isinstance(mask, np.ndarray):
        raise InputError(f"{name}: {type(mask).__name__}; expected an array, a PIL image, a path or a tensor")
    return mask


def _is_tensor(image: Any) -> bool:
    return type(image).__module__.partition(".")[0] == "torch"  # without importing it


def _pil(levels: np.ndarray, alpha: np.ndarray | None) -> Image.Image:
    rgb = _rounded(levels)
    return Image.fromarray(rgb if alpha is None else np.dstack([rgb, alpha]))


def _rounded(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
