"""What only a renderer knows, packed into bytes and back.

Alpha: 8 bits, 255 = 1. Albedo: 8-bit sRGB. Shading: 16 bits, linear, 8192 = 1 (so up to 8). Normals: 16 bits, 0..65535 for -1..1.
"""

import cv2
import numpy as np

from imharmony.pictures.images import encode_patch
from imharmony.studio.colours import decode, encode

SHADING_UNIT = 8192
_F = np.float32


def pack_alpha(alpha: np.ndarray) -> bytes:
    """PNG of an alpha (H, W) in [0, 1]."""
    return encode_patch(np.round(alpha * 255).astype(np.uint8))


def pack_albedo(albedo: np.ndarray) -> bytes:
    """PNG of a linear albedo (H, W, 3) in [0, 1]."""
    return encode_patch(encode(albedo))


def pack_shading(shading: np.ndarray) -> bytes:
    """PNG of a linear shading (H, W, 3); above 8 it is clipped."""
    return encode_patch(np.minimum(shading * _F(SHADING_UNIT) + _F(0.5), 65535).astype(np.uint16))


def pack_normals(normals: np.ndarray) -> bytes:
    """PNG of unit normals (H, W, 3)."""
    return encode_patch(np.round((normals + 1) * _F(32767.5)).astype(np.uint16))


def unpack_alpha(data: bytes) -> np.ndarray:
    """float32 (H, W) in [0, 1]."""
    return _pixels(data).astype(_F) / 255


def unpack_albedo(data: bytes) -> np.ndarray:
    """float32 linear (H, W, 3) in [0, 1]."""
    return decode(_pixels(data))


def unpack_shading(data: bytes) -> np.ndarray:
    """float32 linear (H, W, 3)."""
    return _pixels(data).astype(_F) / SHADING_UNIT


def unpack_normals(data: bytes) -> np.ndarray:
    """float32 (H, W, 3), of unit length but for rounding."""
    return _pixels(data).astype(_F) / _F(32767.5) - 1


def _pixels(data: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{len(data)} bytes are no PNG; expected a layer packed by this module")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels
