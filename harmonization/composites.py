"""One composite: a real photograph whose foreground took a reference's colours; how it is made, stored and read.

Photographs are uint8 sRGB (H, W, 3); masks uint8 (H, W), 1 = foreground. Outside the mask a composite is its photograph,
bit for bit: it is stored as the photograph's own file, a box of the mask and the pixels in it. A published composite, whose
background is not its photograph's to the last level, is stored as its own file.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, cast

import cv2
import numpy as np

from harmonization.errors import InputError
from harmonization.images import decode_png, decode_trusted, encode_patch
from harmonization.shards import Row, ShardReader

PHOTOGRAPHS_PER_SHARD = 32  # and all their composites


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


@dataclass(frozen=True)
class Foreground:
    """The part of a photograph that a mask selects."""

    photo: np.ndarray
    box: Box
    mask: np.ndarray  # uint8 (box.height, box.width), 1 = foreground
    pixels: np.ndarray  # uint8 (N, 3), row by row

    @staticmethod
    def of(photo: np.ndarray, mask: np.ndarray, *, name: str) -> "Foreground":
        """The foreground of a photograph; ``name`` says whose it is when it cannot be."""
        if photo.shape[:2] != mask.shape:
            came, expected = f"{photo.shape[1]}x{photo.shape[0]}", f"{mask.shape[1]}x{mask.shape[0]}"
            raise InputError(f"{name}: the photograph is {came} pixels; expected {expected}, as annotated; download the images again")
        box = Box(*cv2.boundingRect(mask))
        if box.width == 0:
            raise InputError(f"{name}: the mask is empty; expected foreground pixels; run the stage that filters the masks again")
        inside = np.ascontiguousarray(box.of(mask))
        return Foreground(photo, box, inside, gathered(box.of(photo), inside))

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The pixels (N, 3) at the foreground's places in another image of the photograph's size."""
        return gathered(self.box.of(image), self.mask)

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


def gathered(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The pixels (N, 3) of an image (H, W, 3) where the mask (H, W) is above 0, row by row."""
    # Four bytes are gathered as one number, ten times faster than three by three.
    inside = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0][mask > 0]
    return cv2.cvtColor(inside.view(np.uint8).reshape(1, -1, 4), cv2.COLOR_RGBA2RGB)[0]


def pixels_sha256(image: np.ndarray) -> str:
    """The SHA-256 of an image's bytes, row by row."""
    return sha256(np.ascontiguousarray(image).data).hexdigest()


def stored(foreground: Foreground, patch: np.ndarray) -> Row:
    """The columns of ``tables.COMPOSITE_SHARD`` that hold a composite, but for its photograph."""
    sides = {f"box_{side}": value for side, value in foreground.box._asdict().items()}
    return sides | {"patch": encode_patch(patch), "mask": encode_patch(255 * foreground.mask)}


def read_composite(reader: ShardReader, shard: int, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(real, composite, mask) at full size; the mask is 255 in the foreground, 0 elsewhere; one that was published may be soft."""
    real = read_real(reader, shard, row)
    composite, mask = read_change(reader, shard, row, real=real)
    return real, composite, mask


def read_real(reader: ShardReader, shard: int, row: int) -> np.ndarray:
    """The real photograph of a composite."""
    owner = cast(int, reader.value(shard, row, "real_row"))
    return decode_trusted(cast(bytes, reader.value(shard, owner, "real")), name=f"{reader.folder}, shard {shard}, row {owner}")


def read_change(reader: ShardReader, shard: int, row: int, *, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(composite, mask) of a row whose photograph is already decoded."""
    name = f"{reader.folder}, shard {shard}, row {row}"
    inside = decode_png(cast(bytes, reader.value(shard, row, "mask")), name=name)
    box = Box(*(cast(int, reader.value(shard, row, f"box_{side}")) for side in Box._fields))
    mask = np.zeros(real.shape[:2], np.uint8)
    box.of(mask)[:] = inside
    patch = reader.value(shard, row, "patch")
    if patch is None:
        return decode_trusted(cast(bytes, reader.value(shard, row, "composite")), name=name), mask
    composite = real.copy()
    cv2.copyTo(decode_png(patch, name=name), inside, box.of(composite))
    return composite, mask
