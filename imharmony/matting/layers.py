"""What a composite of a portrait was made of, made again: composites keep their result alone, and a predicted matte needs the layers.

Pictures are uint8 (H, W, 3), mattes uint8 (H, W), 255 = person. A layer is believed only if the composite that it gives is the stored
one. Another machine's logarithms may round a few values to the neighbouring level; nothing else may differ.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from imharmony.composing.backgrounds import plate
from imharmony.composing.composites import Foreground, pixels_sha256, read_composite
from imharmony.composing.regions import Photograph, Region, RegionRules, regrained
from imharmony.composing.rules import ReferenceRules
from imharmony.errors import InputError
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from imharmony.transfer import TRANSFERS
from imharmony.transfer.kinds import ByParameters, ByReference

PLAUSIBLE = ReferenceRules()
KEPT = 64  # photographs that are held decoded
MOST_ROUNDED = 1e-3  # share of values that may be a level off
NOT_PARAMETERS = ("attempt",)  # of the manifest's transfer_params

Record = Mapping[str, Any]  # a row of the manifest


@dataclass(frozen=True)
class Layers:
    """Of one composite."""

    picture: np.ndarray  # I, the photograph
    matte: np.ndarray  # A
    plate: np.ndarray  # B, what is behind the person, made up where nobody saw it
    changed: np.ndarray  # B_f, the plate recoloured; of a changed foreground the photograph with its person recoloured


class LayerMaker:
    """Makes the layers of a folder of composites from its stored photographs, by the rules that the composites were made by."""

    def __init__(self, composites: Path, images: Path, regions: RegionRules, references: ReferenceRules = PLAUSIBLE) -> None:
        if regions.direction == "photograph":
            raise InputError("composites of graded photographs; expected a changed background or foreground; take another data set")
        self._composites, self._images, self._regions, self._references = composites, images, regions, references
        self._reader, self._stored = ShardReader(images), ShardReader(composites)
        self._rows = {row["image_id"]: row for row in read_table(images / "photographs.parquet").to_pylist()}
        self._photograph = lru_cache(KEPT)(self._read)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """A job takes along what it was made from, and opens the files where it is done."""
        return LayerMaker, (self._composites.resolve(), self._images.resolve(), self._regions, self._references)

    def layers(self, row: Record) -> Layers:
        """Those of a row of the manifest."""
        name = f"{self._images}, composite {row['sample_id']}"
        if row["direction"] != self._regions.direction:
            came = f"a changed {row['direction']}"
            raise InputError(
                f"{name}: {came}; expected a changed {self._regions.direction}, as its rules say; give the data set's own rules"
            )
        photograph, region = self._photograph(row["image_id"]), self._region(row)
        pixels = self._recoloured(region, row, name=name)
        self._expect_stored(region.made(pixels).composite, row, name=name)
        if isinstance(region, Foreground):
            rules = self._regions.plate
            alpha = region.full_matte / 255
            behind = plate(photograph.pixels, alpha, radius_px=rules.radius_px, scale=rules.scale, halo_px=rules.halo_px)
            return Layers(photograph.pixels, region.full_matte, behind, region.replaced_by(region.patch(pixels)))
        return Layers(photograph.pixels, region.full_matte, region.whole, region.patch(pixels))

    def _expect_stored(self, composite: np.ndarray, row: Record, *, name: str) -> None:
        if pixels_sha256(composite) == row["sha256_composite"]:
            return
        stored = read_composite(self._stored, row["shard"], row["row"])[1]
        off = np.abs(composite.astype(np.int16) - stored) if composite.shape == stored.shape else np.full(1, 255)
        if off.max() > 1 or np.count_nonzero(off) > MOST_ROUNDED * off.size:
            came = f"its layers give another composite than the stored one, by {off.max()} levels"
            raise InputError(f"{name}: {came}; expected the same but for rounding; run synthesize_composites again")

    def _recoloured(self, region: Region, row: Record, *, name: str) -> np.ndarray:
        """The region's pixels (N, 3) as the row's transfer makes them."""
        transfer = TRANSFERS[row["transfer"]]
        if isinstance(transfer, ByParameters):
            parameters = {key: value for key, value in json.loads(row["transfer_params"]).items() if key not in NOT_PARAMETERS}
            whole = transfer.sees_photograph
            return region.cut(transfer.apply(region.whole, parameters)) if whole else transfer.apply(region.pixels, parameters)
        if not isinstance(transfer, ByReference):
            raise InputError(
                f"{name}: made by {row['transfer']}, which takes a place of another photograph; expected a transfer of colours"
            )
        other = {"image_id": row["reference_image_id"], "annotation_id": row["reference_annotation_id"]}
        own, reference = (transfer.measure(self._telling(each)) for each in (region, self._region(other)))
        pixels = transfer.apply(region.pixels, own, reference)
        return regrained(region, pixels) if transfer.needs_regrain else pixels

    def _telling(self, region: Region) -> np.ndarray:
        """The pixels that a transfer measures, as when the composites were made."""
        return region.whole.reshape(-1, 3) if self._references.whole_picture else region.telling(region.pixels)

    def _region(self, row: Record) -> Region:
        photograph, name = self._photograph(row["image_id"]), f"{self._images}, photograph {row['image_id']}"
        if photograph.matte is None:
            raise InputError(f"{name}: a mask instead of an alpha matte; expected portraits with mattes; take a data set of such a source")
        region = self._regions.region_of(photograph, dict(row))
        if region is None:
            raise InputError(f"{name}: no place without a trace of the person; expected some background; run filter_masks again")
        return region

    def _read(self, image_id: int) -> Photograph:
        if image_id not in self._rows:
            raise InputError(f"{self._images}: no photograph {image_id}; expected those of the composites; run download_images again")
        return Photograph.read(self._reader, self._rows[image_id])
