"""One composite: a real photograph whose foreground took other colours; how it is made, stored and read.

Photographs are uint8 sRGB (H, W, 3); masks uint8 (H, W), 1 = foreground; alpha mattes uint8 (H, W), 255 = foreground. Outside the
mask a composite is its photograph, bit for bit: it is stored as the photograph's own file, a box of the mask and the pixels in it.
Where the truth is a graded photograph (``composing.graded``) that stands in the photograph's place, as a PNG for each composite.
A composite whose background is not its photograph's (published as JPEG, or changed on purpose: ``composing.backgrounds``) is stored
as its own file.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple, cast

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.gathering import gathered
from imharmony.pictures.images import decode_png, decode_trusted, encode_patch
from imharmony.pictures.trimaps import OPAQUE
from imharmony.storage.shards import Row, ShardReader

PHOTOGRAPHS_PER_SHARD = 32  # and all their composites
AGAIN = "delete the folder and make the data set again"


def sample_id_of(image_id: int, annotation_id: int, k: int) -> str:
    """The name of the ``k``-th composite of a foreground."""
    return f"{image_id}_{annotation_id}_{k}"


class Box(NamedTuple):
    """The smallest rectangle around a foreground, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def of(self, image: np.ndarray) -> np.ndarray:
        """That part of an image, as a view."""
        return image[self.y : self.y + self.height, self.x : self.x + self.width]


class Made(NamedTuple):
    """A composite (H, W, 3), the columns of its shard that hold it, and its truth where that is not the photograph.

    The columns have a ``real`` only if there is such a truth; else the photograph is added to them.
    """

    composite: np.ndarray
    columns: Row
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Foreground:
    """The part of a photograph that a mask or an alpha matte selects."""

    photo: np.ndarray
    box: Box
    mask: np.ndarray  # uint8 (box.height, box.width), 1 = foreground, were it only a trace
    pixels: np.ndarray  # uint8 (N, 3), row by row
    alpha: np.ndarray | None = None  # uint8 (N,), how opaque each of them is; None: all are 255

    @staticmethod
    def of(photo: np.ndarray, mask: np.ndarray, *, name: str) -> "Foreground":
        """The foreground of a photograph; ``name`` says whose it is when it cannot be."""
        expect_size_of(photo, mask, name=name)
        box = Box(*cv2.boundingRect(mask))
        if box.width == 0:
            raise InputError(f"{name}: the mask is empty; expected foreground pixels; run the stage that filters the masks again")
        inside = np.ascontiguousarray(box.of(mask))
        return Foreground(photo, box, inside, gathered(box.of(photo), inside))

    @staticmethod
    def soft(photo: np.ndarray, alpha: np.ndarray, *, name: str) -> "Foreground":
        """The foreground that an alpha matte selects."""
        foreground = Foreground.of(photo, (alpha > 0).astype(np.uint8), name=name)
        return replace(foreground, alpha=foreground.box.of(alpha)[foreground.mask > 0])

    def of_another(self, photo: np.ndarray) -> "Foreground":
        """The same part of another picture of the photograph's size."""
        return replace(self, photo=photo, pixels=self.cut(photo))

    @property
    def whole(self) -> np.ndarray:
        """The picture that the pixels are a part of, for what has to see all of it."""
        return self.photo

    @property
    def frame(self) -> np.ndarray:
        """The part of it where ``mask`` and ``patch`` lie."""
        return self.box.of(self.photo)

    @property
    def full_matte(self) -> np.ndarray:
        """How opaque each place of the photograph is, uint8 (H, W)."""
        full = np.zeros(self.photo.shape[:2], np.uint8)
        self.box.of(full)[:] = self.matte
        return full

    @property
    def matte(self) -> np.ndarray:
        """How opaque each place in the box is, uint8 (box.height, box.width)."""
        if self.alpha is None:
            return 255 * self.mask
        matte = np.zeros(self.mask.shape, np.uint8)
        matte[self.mask > 0] = self.alpha
        return matte

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The pixels (N, 3) at the foreground's places in another image of the photograph's size."""
        return gathered(self.box.of(image), self.mask)

    def telling(self, pixels: np.ndarray) -> np.ndarray:
        """Those of the pixels (N, 3) that are the foreground's alone; what is measured of a foreground is measured on them."""
        return pixels if self.alpha is None else pixels[purest(self.alpha)]

    def patch(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (N, 3) back at their places in the box, black outside the mask."""
        canvas = np.zeros(self.mask.shape, np.uint32)
        canvas[self.mask > 0] = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2RGBA).view(np.uint32).ravel()
        return cv2.cvtColor(canvas.view(np.uint8).reshape(*self.mask.shape, 4), cv2.COLOR_RGBA2RGB)

    def replaced_by(self, patch: np.ndarray) -> np.ndarray:
        """The photograph with a patch's foreground."""
        composite = self.photo.copy()
        cv2.copyTo(patch, self.mask, self.box.of(composite))
        return composite

    def laid(self, pixels: np.ndarray) -> np.ndarray:
        """The patch of these colours (N, 3) over the photograph, which shows through where the foreground is transparent."""
        return self.patch(pixels if self.alpha is None else recomposed(pixels, self.alpha / 255, self.pixels))

    def made(self, pixels: np.ndarray) -> Made:
        """The composite in which the foreground has these colours (N, 3)."""
        patch = self.laid(pixels)
        return Made(self.replaced_by(patch), stored(self, patch))


def expect_size_of(photo: np.ndarray, mask: np.ndarray, *, name: str) -> None:
    """Raises an ``InputError`` unless a mask (H, W) has the photograph's size."""
    if photo.shape[:2] != mask.shape:
        came, expected = f"{photo.shape[1]}x{photo.shape[0]}", f"{mask.shape[1]}x{mask.shape[0]}"
        raise InputError(f"{name}: the photograph is {came} pixels; expected {expected}, as annotated; download the images again")


def purest(share: np.ndarray) -> np.ndarray:
    """Which pixels are a region's alone, by its share in each, uint8: those nearly all its own or, without any, those most its own."""
    return share >= min(OPAQUE * 255, share.max())


def recomposed(foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """A F + (1 - A) B of uint8 colours (..., 3) and alpha in [0, 1] (...), rounded to the nearest level.

    Where both colours are the same it is that, whatever alpha.
    """
    difference = foreground.astype(np.float64) - background
    return np.rint(background + alpha[..., None] * difference).astype(np.uint8)


def to_harmonize(matte: np.ndarray, direction: str) -> np.ndarray:
    """What a harmonizer is to change, uint8 (H, W), of a composite that was changed in this direction: 255 = all of it.

    It is its own inverse.
    """
    return 255 - matte if direction == "background" else matte


def pixels_sha256(image: np.ndarray) -> str:
    """The SHA-256 of an image's bytes, row by row."""
    return sha256(np.ascontiguousarray(image).data).hexdigest()


def stored(foreground: Foreground, patch: np.ndarray) -> Row:
    """The columns of ``manifest.COMPOSITE_SHARD`` that hold a composite, but for its photograph."""
    return mask_columns(foreground.box, foreground.matte) | {"patch": encode_patch(patch)}


def stored_whole(box: Box, matte: np.ndarray, file: bytes) -> Row:
    """The columns of ``manifest.OWN_FILE_SHARD`` that hold a composite of its own file, and the matte in its box."""
    return mask_columns(box, matte) | {"patch": None, "composite": file}


def mask_columns(box: Box, matte: np.ndarray) -> Row:
    """The columns of both kinds of shard that hold a mask."""
    return {f"box_{side}": value for side, value in box._asdict().items()} | {"mask": encode_patch(matte)}


def read_composite(reader: ShardReader, shard: int, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(real, composite, mask) at full size; the mask is 255 in the foreground, 0 elsewhere, and may be soft."""
    real = read_real(reader, shard, row)
    composite, mask = read_change(reader, shard, row, real=real)
    return real, composite, mask


def read_real(reader: ShardReader, shard: int, row: int) -> np.ndarray:
    """The truth of a composite: the real photograph, or a graded one."""
    owner = cast(int, reader.value(shard, row, "real_row"))
    return _decoded(decode_trusted, reader, shard, owner, "real")


def read_change(reader: ShardReader, shard: int, row: int, *, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(composite, mask) of a row whose photograph is already decoded."""
    inside = _decoded(decode_png, reader, shard, row, "mask")
    corner = [reader.value(shard, row, f"box_{side}") for side in Box._fields]
    mask = np.zeros(real.shape[:2], np.uint8)
    if None in corner or min(corner) < 0 or Box(*corner).of(mask).shape != inside.shape:
        raise InputError(f"{_place(reader, shard, row)}: a mask of shape {inside.shape} for the box {corner}; {AGAIN}")
    box = Box(*cast(list[int], corner))
    box.of(mask)[:] = inside
    if reader.value(shard, row, "patch") is None:
        return _expected_shape(_decoded(decode_trusted, reader, shard, row, "composite"), real, reader, shard, row), mask
    composite = real.copy()
    patch = _expected_shape(_decoded(decode_png, reader, shard, row, "patch"), box.of(composite), reader, shard, row)
    cv2.copyTo(patch, inside, box.of(composite))
    return composite, mask


def _decoded(decode: Callable[..., np.ndarray], reader: ShardReader, shard: int, row: int, column: str) -> np.ndarray:
    """The pixels of a cell."""
    name, data = _place(reader, shard, row), reader.value(shard, row, column)
    if not data:
        raise InputError(f"{name}: an empty cell in column {column}; expected a picture; {AGAIN}")
    try:
        pixels = decode(data, name=name)
    except cv2.error as error:
        raise InputError(f"{name}: does not decode ({' '.join(str(error).split())}); {AGAIN}") from error
    if pixels.dtype != np.uint8:
        raise InputError(f"{name}: {pixels.dtype} pixels; expected uint8; {AGAIN}")
    return pixels


def _expected_shape(pixels: np.ndarray, like: np.ndarray, reader: ShardReader, shard: int, row: int) -> np.ndarray:
    if pixels.shape != like.shape:
        raise InputError(f"{_place(reader, shard, row)}: pixels of shape {pixels.shape}; expected {like.shape}; {AGAIN}")
    return pixels


def _place(reader: ShardReader, shard: int, row: int) -> str:
    return f"{reader.folder}, shard {shard}, row {row}"
