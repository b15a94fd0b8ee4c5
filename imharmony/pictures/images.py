"""Reading and writing images.

Arrays are uint8 sRGB, shape (H, W, 3); masks are uint8, shape (H, W), 0..255. Every error names the file.
"""

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from imharmony.errors import InputError

UNREADABLE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError)
PNG_DEPTH_AT = 24  # the byte of a PNG that says how many bits a channel has
ImageFile.LOAD_TRUNCATED_IMAGES = False  # a half-written file is an error, never a grey band


def decode_rgb(data: bytes, *, name: str) -> np.ndarray:
    """The pixels of an encoded image as uint8 (H, W, 3): EXIF orientation applied, grey and CMYK converted.

    ``name`` is the file's name for the message of the ``InputError`` raised when the data does not decode whole.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data)) as image:
                return rgb_of(ImageOps.exif_transpose(image))
    except UNREADABLE as error:
        raise InputError(f"{name}: not a readable image ({error}); expected a whole JPEG or PNG; replace the file") from error
    except Image.DecompressionBombWarning as error:
        raise InputError(f"{name}: too large to open safely ({error}); expected at most 89 megapixels") from error


def rgb_of(image: Image.Image) -> np.ndarray:
    """The pixels of an opened image as uint8 (H, W, 3), grey and CMYK converted, 16 bits scaled."""
    if not image.mode.startswith("I"):
        return np.asarray(image.convert("RGB"))
    grey = (np.asarray(image).astype(np.int64) * 255 + 32767) // 65535  # 16 bits; Pillow's own conversion clips
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def plain_photograph(data: bytes, *, name: str) -> bytes:
    """The file itself if every decoder shows it alike (JPEG or PNG, 8-bit RGB or grey, upright), else a PNG of ``decode_rgb``."""
    try:
        with Image.open(BytesIO(data)) as image:
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
            is_plain = image.format in {"JPEG", "PNG"} and image.mode in {"RGB", "L"} and orientation not in range(2, 9)
    except UNREADABLE as error:
        raise InputError(f"{name}: not a readable image ({error}); expected a whole JPEG or PNG; replace the file") from error
    return data if is_plain else encode_png(decode_rgb(data, name=name), level=6)


def size_of_whole(data: bytes, *, name: str) -> tuple[int, int]:
    """(width, height) of an encoded image as stored, once all of it has been decoded; raises ``InputError`` like ``decode_rgb``."""
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
            return image.size
    except UNREADABLE as error:
        raise InputError(f"{name}: not a readable image ({error}); expected a whole JPEG or PNG; replace the file") from error


def decode_trusted(data: bytes, *, name: str) -> np.ndarray:
    """``decode_rgb`` at OpenCV's speed, for data that has already been verified (8-bit, no orientation to apply)."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if bgr is None:
        raise InputError(f"{name}: does not decode; expected a verified JPEG or PNG; delete the folder and run the stage again")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr)


def read_rgb(path: Path) -> np.ndarray:
    """``decode_rgb`` of a file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected an image") from error
    return decode_rgb(data, name=str(path))


def has_16_bits(path: Path) -> bool:
    """Whether a file is a PNG of 16 bits a channel, which ``read_rgb`` brings to 8."""
    with path.open("rb") as file:
        head = file.read(PNG_DEPTH_AT + 1)
    return head.startswith(b"\x89PNG") and head[PNG_DEPTH_AT:] == bytes([16])


def read_mask(path: Path) -> np.ndarray:
    """A mask as uint8 (H, W), 255 = foreground, soft values kept: the alpha channel where the file has one that varies, else its grey."""
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            if "A" in upright.getbands():
                alpha = np.asarray(upright.getchannel("A"))
                if alpha.min() != alpha.max():
                    return alpha
            return np.asarray(upright.convert("L"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected a mask (white = foreground)") from error
    except UNREADABLE as error:
        raise InputError(f"{path}: not a readable mask ({error}); expected a grey PNG, white = foreground") from error


def encode_jpeg(rgb: np.ndarray, *, quality: int = 95) -> bytes:
    """JPEG bytes of a uint8 (H, W, 3) image, 4:2:0."""
    return _encode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(image: np.ndarray, *, level: int = 1) -> bytes:
    """PNG bytes of a uint8 (H, W, 3) image or (H, W) mask; zlib ``level`` 0 (fast) to 9 (small)."""
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    return _encode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, level])


def encoder_for(path: Path) -> Callable[[np.ndarray], bytes]:
    """``encode_png`` or ``encode_jpeg``, by the ending of the file that is to be written."""
    encoders: dict[str, Callable[[np.ndarray], bytes]] = {".png": encode_png, ".jpg": encode_jpeg, ".jpeg": encode_jpeg}
    if path.suffix.lower() not in encoders:
        raise InputError(f"{path}: cannot write {path.suffix or 'a file without an ending'!r}; expected one of {sorted(encoders)}")
    return encoders[path.suffix.lower()]


def encode_patch(image: np.ndarray) -> bytes:
    """PNG bytes at two to four times the speed of ``encode_png``, of 8 or 16 bits: run lengths of the difference to the row above."""
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    rows = [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    return _encode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1, *rows])


def decode_png(data: bytes, *, name: str) -> np.ndarray:
    """The pixels of one of our own PNG files: uint8 (H, W, 3) RGB or (H, W)."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InputError(f"{name}: does not decode; expected a PNG; delete the folder and run the stage again")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels


def _encode(extension: str, pixels: np.ndarray, options: list[int]) -> bytes:
    done, buffer = cv2.imencode(extension, pixels, options)
    if not done:
        raise ValueError(f"cannot encode an array of shape {pixels.shape} and type {pixels.dtype} as {extension}")
    return buffer.tobytes()
