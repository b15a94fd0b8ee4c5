"""The part of a photograph that a composite changes: a foreground, the background around one, or all of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from imharmony.composing.backgrounds import Background
from imharmony.composing.composites import Foreground
from imharmony.composing.graded import WholePhotograph
from imharmony.composing.regrain import regrain
from imharmony.composing.rules import Direction, PlateRules
from imharmony.pictures.gathering import gathered
from imharmony.pictures.images import decode_png, decode_trusted
from imharmony.pictures.masks import decode_segmentation
from imharmony.storage.shards import Row, ShardReader
from imharmony.transfer import GRADES, TRANSFERS
from imharmony.transfer.kinds import ByPlace, Transfer

OUR_PLATES = PlateRules()
Region = Foreground | Background | WholePhotograph

# What may change each part; a background has no place in another photograph.
TRANSFERS_OF: dict[Direction, Mapping[str, Transfer]] = {
    "foreground": TRANSFERS,
    "background": {name: transfer for name, transfer in TRANSFERS.items() if not isinstance(transfer, ByPlace)},
    "photograph": GRADES,
}


@dataclass(frozen=True)
class Photograph:
    """A stored photograph, decoded."""

    file: bytes
    pixels: np.ndarray  # uint8 (H, W, 3)
    matte: np.ndarray | None  # uint8 (H, W), 255 = foreground; None where foregrounds are masks of instances

    @staticmethod
    def read(reader: ShardReader, row: Row) -> "Photograph":
        """The photograph of a row of ``sources.tables.STORED_PHOTOGRAPHS``."""
        name = f"{reader.folder}, photograph {row['image_id']}"
        file, matte = (reader.value(row["shard"], row["row"], column) for column in ("jpeg", "matte"))
        if not isinstance(file, bytes):
            raise TypeError(f"{name}: its cell is {type(file).__name__}; expected a file's bytes")
        return Photograph(file, decode_trusted(file, name=name), None if matte is None else decode_png(matte, name=name))


@dataclass(frozen=True)
class RegionRules:
    """Which part of a photograph is changed, and for a background what lies behind its foreground.

    A ``photograph`` is changed as a whole, which is then the truth, and its foreground left as it was.
    """

    direction: Direction = "foreground"
    plate: PlateRules = OUR_PLATES

    def region_of(self, photograph: Photograph, instance: Row) -> Region | None:
        """The region around an instance of ``instances.SELECTED``; None where its foreground leaves no background."""
        name = f"instance {instance['annotation_id']} of photograph {instance['image_id']}"
        if self.direction == "background":
            matte = 255 * _mask(instance) if photograph.matte is None else photograph.matte
            return Background.of(photograph.pixels, matte, self.plate, name=name)
        if photograph.matte is None:
            foreground = Foreground.of(photograph.pixels, _mask(instance), name=name)
        else:
            foreground = Foreground.soft(photograph.pixels, photograph.matte, name=name)
        return WholePhotograph(foreground) if self.direction == "photograph" else foreground


def regrained(region: Region, pixels: np.ndarray) -> np.ndarray:
    """Recoloured pixels (N, 3) of a region with the texture that it had."""
    return gathered(regrain(region.frame, region.patch(pixels), region.mask), region.mask)


def _mask(instance: Row) -> np.ndarray:
    return decode_segmentation(instance["segmentation"], width=instance["width"], height=instance["height"])
