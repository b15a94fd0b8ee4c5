"""The test phase of report 004: portraits cut out, laid over new backgrounds and harmonized, by each method.

Pictures are uint8 (S, S, 3), masks float32 (S, S) in [0, 1], 1 = what is harmonized.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from imharmony.evaluation.methods import Harmonize, expect_finite
from imharmony.matting.evaluation import beside
from imharmony.matting.harmonized import LOOKS, measured, pictures_of
from imharmony.matting.joint import JointSystem
from imharmony.matting.places import NewPlace
from imharmony.matting.portraits import Portraits
from imharmony.pictures.images import encode_png
from imharmony.running.progress import track
from imharmony.storage.files import write_bytes
from imharmony.storage.shards import Row

NEW, OWN, STRIPS = "new", "own", "strips"
COMPOSITE, MASK = "composite", "mask"

# One row for each portrait before a new background, and method. There is no truth: how the background looks is all that is measured.
COMPOSED = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("background", pa.string()),
        ("method", pa.string()),
        *((name, pa.float64()) for name in LOOKS),
    ]
)


def compose_portraits(
    folder: Path,
    portraits: Portraits,
    systems: Mapping[str, JointSystem],
    others: Mapping[str, Harmonize],
    places: Sequence[NewPlace],
    *,
    dataset: str,
    device: torch.device,
) -> list[Row]:
    """Writes ``new/<method>/<sample_id>.png`` and ``own/<system>/<sample_id>.png``; returns rows of ``COMPOSED``.

    As many portraits as there are places, the first ones. ``others`` harmonize by the first system's matte what it composes; ``own`` is
    each system's picture over its composite's own background, which has a truth.
    """
    for system in systems.values():
        system.to(device).infer()
    rows: list[Row] = []
    manifest = portraits.rows.select(["sample_id", "image_id"]).to_pylist()
    chosen = list(zip(portraits.first_of_each(), places, strict=False))
    for index, place in track(chosen, total=len(chosen), what=f"new backgrounds: {dataset}", unit="portraits"):
        sample = manifest[index]["sample_id"]
        for name, system in systems.items():
            own = pictures_of(portraits, index, system, device=device, where=f"{name}: {sample}")[1]
            write_bytes(folder / OWN / name / f"{sample}.png", encode_png(own))
        pictures, mask = _over(portraits, index, place, systems, others, device=device, where=sample)
        shown = {MASK: np.repeat(np.rint(255 * mask).astype(np.uint8)[..., None], 3, 2), **pictures}
        for name, picture in shown.items():
            write_bytes(folder / NEW / name / f"{sample}.png", encode_png(picture))
        strip = [np.asarray(portraits.picture[index]), place.picture, *pictures.values()]
        write_bytes(folder / STRIPS / f"{sample}.png", encode_png(beside(strip), level=9))
        named = {"dataset": dataset, **manifest[index], "background": place.name}
        true = np.asarray(portraits.alpha[index]) / 255
        for name, picture in pictures.items():
            looks = measured(pictures[COMPOSITE], picture, np.asarray(portraits.picture[index]), true)
            rows.append(named | {"method": name} | {key: looks.get(key) for key in LOOKS})
    return rows


def order_of(systems: Sequence[str], others: Sequence[str]) -> list[str]:
    """What a strip shows from left to right, behind the photograph and the new background."""
    return [COMPOSITE, *others, *systems]


def _over(
    portraits: Portraits,
    index: int,
    place: NewPlace,
    systems: Mapping[str, JointSystem],
    others: Mapping[str, Harmonize],
    *,
    device: torch.device,
    where: str,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Each method's picture before a place, in their order, and the mask that the others are given."""
    made = {
        name: pictures_of(portraits, index, system, device=device, where=f"{name}: {where}", behind=place.picture)
        for name, system in systems.items()
    }
    given, _, alpha = next(iter(made.values()))
    mask = (1 - alpha if portraits.direction == "background" else alpha).clip(0, 1).astype(np.float32)
    found = {COMPOSITE: given}
    for name, harmonize in others.items():
        raw = expect_finite(harmonize(given.copy(), mask.copy()), f"{name}: {where}")
        found[name] = np.rint(np.clip(raw * mask[..., None] + given * (1 - mask[..., None]), 0, 255)).astype(np.uint8)
    return found | {name: harmonized for name, (_, harmonized, _) in made.items()}, mask
