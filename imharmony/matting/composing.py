"""The test phase of report 004: portraits cut out, laid over new backgrounds and harmonized, by each method.

Pictures are uint8 (S, S, 3), masks float32 (S, S) in [0, 1], 1 = what is harmonized.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from imharmony.running.processes import Run
from imharmony.running.progress import bar
from imharmony.running.randomness import torch_threads
from imharmony.storage.files import link_or_copy, write_bytes
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_table, write_rows

NEW, OWN, STRIPS = "new", "own", "strips"
COMPOSITE, MASK = "composite", "mask"
ROWS = "composed.parquet"  # of a part
PORTRAITS_PER_PART = 8

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


@dataclass(frozen=True)
class _Part:
    """Some portraits, one composite of each, and as many places."""

    folder: Path
    portraits: Portraits
    places: Sequence[NewPlace]
    systems: Mapping[str, JointSystem]
    others: Mapping[str, Harmonize]
    dataset: str
    device: torch.device
    threads: int


def compose_portraits(
    folder: Path,
    portraits: Portraits,
    systems: Mapping[str, JointSystem],
    others: Mapping[str, Harmonize],
    places: Sequence[NewPlace],
    *,
    work: Path,
    dataset: str,
    device: torch.device,
    run: Run | None = None,
) -> list[Row]:
    """Writes ``new/<method>/<sample_id>.png`` and ``own/<system>/<sample_id>.png``; returns rows of ``COMPOSED``.

    As many portraits as there are places, the first ones. ``others`` harmonize by the first system's matte what it composes; ``own`` is
    each system's picture over its composite's own background, which has a truth. ``run`` is where they are made, some at a time; None:
    here. Finished parts stay in ``work``, which is removed at the end.
    """
    for system in systems.values():
        system.to(device).infer()
    told = {"systems": systems, "others": others, "dataset": dataset, "device": device, "threads": torch.get_num_threads()}
    chosen = portraits.first_of_each()[: len(places)]
    parts = [slice(start, start + PORTRAITS_PER_PART) for start in range(0, len(chosen), PORTRAITS_PER_PART)]
    made = {work.resolve() / f"part-{number:05d}": part for number, part in enumerate(parts)}
    todo = {own: part for own, part in made.items() if not is_sound_folder(own)}
    jobs = (_Part(own, portraits.taken(chosen[part]), places[part][: len(chosen[part])], **told) for own, part in todo.items())
    left = sum(len(chosen[part]) for part in todo.values())
    with bar(total=len(chosen), initial=len(chosen) - left, what=f"new backgrounds: {dataset}", unit="portraits") as progress:
        for count in (run or Run(1))(_compose_part, jobs):
            progress.update(count)
    for file in (file for own in made for file in sorted(own.rglob("*.png"))):
        target = folder.joinpath(*file.relative_to(work.resolve()).parts[1:])
        target.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(file, target)
    rows = [row for own in made for row in read_table(own / ROWS).to_pylist()]
    shutil.rmtree(work, ignore_errors=True)
    return rows


def _compose_part(part: _Part) -> int:
    """Writes the pictures of some portraits, and their rows beside them; returns how many portraits there are."""
    rows: list[Row] = []
    folder, portraits, systems, device = part.folder, part.portraits, part.systems, part.device
    manifest = portraits.rows.select(["sample_id", "image_id"]).to_pylist()
    with torch_threads(part.threads):
        for index, (sampled, place) in enumerate(zip(manifest, part.places, strict=True)):
            sample = sampled["sample_id"]
            for name, system in systems.items():
                own = pictures_of(portraits, index, system, device=device, where=f"{name}: {sample}")[1]
                write_bytes(folder / OWN / name / f"{sample}.png", encode_png(own))
            pictures, mask = _over(portraits, index, place, systems, part.others, device=device, where=sample)
            shown = {MASK: np.repeat(np.rint(255 * mask).astype(np.uint8)[..., None], 3, 2), **pictures}
            for name, picture in shown.items():
                write_bytes(folder / NEW / name / f"{sample}.png", encode_png(picture))
            strip = [np.asarray(portraits.picture[index]), place.picture, *pictures.values()]
            write_bytes(folder / STRIPS / f"{sample}.png", encode_png(beside(strip), level=9))
            rows += _looks(part, index, pictures, {"dataset": part.dataset, **sampled, "background": place.name})
    write_rows(folder / ROWS, rows, COMPOSED)
    seal_folder(folder)
    return len(manifest)


def _looks(part: _Part, index: int, pictures: Mapping[str, np.ndarray], named: Row) -> Iterator[Row]:
    """How the background looks in each picture of a portrait."""
    photograph, true = np.asarray(part.portraits.picture[index]), np.asarray(part.portraits.alpha[index]) / 255
    for name, picture in pictures.items():
        looks = measured(pictures[COMPOSITE], picture, photograph, true)
        yield named | {"method": name} | {key: looks.get(key) for key in LOOKS}


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
