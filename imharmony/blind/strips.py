"""Report 003's figures of pictures: how a composite is made (3), where the true mask's picture is the worse one (6), and alike ones (7)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from imharmony.blind.judging import BLIND, TRUE_MASK
from imharmony.blind.systems import BlindSystem
from imharmony.colour.ranges import network_from_uint8
from imharmony.composing.packed_split import PackedSplit
from imharmony.evaluation.methods import whole_levels
from imharmony.evaluation.scoring import pictures_of
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from imharmony.storage.shards import Row

EACH = 2  # strips of a kind and data set
COLUMNS = ("truth", "composite", "blind", "true mask's", "raw masks", "true mask")
GAP = 2


def write_strips(
    folder: Path,
    split: PackedSplit,
    system: BlindSystem,
    judged: Sequence[Row],
    *,
    dataset: str,
    device: torch.device,
) -> None:
    """``worse_masked_<dataset>_<k>.png``, ``alike_<dataset>_<k>.png`` and ``made_<dataset>.png`` where a test photograph is a reference."""
    errors = {name: _errors(judged, dataset, name) for name in (BLIND, TRUE_MASK)}
    places = {sample: index for index, sample in enumerate(split.rows["sample_id"].to_pylist())}
    gains = sorted(((errors[TRUE_MASK][sample] - error, sample) for sample, error in errors[BLIND].items()), reverse=True)
    image_of = dict(zip(split.rows["sample_id"].to_pylist(), split.rows["image_id"].to_pylist(), strict=True))
    worse = _of_others([sample for gain, sample in gains if gain > 0], image_of)[:EACH]
    alike = [sample for _, sample in sorted((abs(gain), sample) for gain, sample in gains if sample not in worse)]
    # Of those that are alike the ones with the largest errors to begin with: two pictures in which nothing is done are alike too.
    before = _errors(judged, dataset, "untouched")
    alike = _of_others(sorted(alike[: max(len(alike) // 2, EACH)], key=lambda sample: -before[sample]), image_of)[:EACH]
    for kind, samples in (("worse_masked", worse), ("alike", alike)):
        for number, sample in enumerate(samples):
            strip = _strip(split, places[sample], system, device)
            write_bytes(folder / f"{kind}_{dataset}_{number}.png", encode_png(strip, level=9))
    made = _making(split)
    if made is not None:
        write_bytes(folder / f"made_{dataset}.png", encode_png(made, level=9))


def _of_others(samples: Sequence[str], image_of: Mapping[str, int]) -> list[str]:
    """The first of each photograph, in their order."""
    first: dict[int, str] = {}
    for sample in samples:
        first.setdefault(image_of[sample], sample)
    return list(first.values())


def _errors(judged: Sequence[Row], dataset: str, system: str) -> dict[str, float]:
    return {row["sample_id"]: row["mse"] for row in judged if (row["dataset"], row["system"], row["is_real"]) == (dataset, system, False)}


def _strip(split: PackedSplit, index: int, system: BlindSystem, device: torch.device) -> np.ndarray:
    composite, real, mask = pictures_of(split, index)
    tensor = network_from_uint8(torch.from_numpy(composite.copy())[None].to(device))
    with torch.inference_mode():
        seen = system(tensor)
        own, masked = (whole_levels(made[0], "blind: strips") for made in (seen.picture, system.harmonized(tensor, mask.to(device))))
    raw = seen.probabilities[0].permute(1, 2, 0).cpu().numpy()
    shown = np.rint(255 * mask[0, 0].numpy()).astype(np.uint8)[..., None].repeat(3, 2)
    return _beside([real, composite, own, masked, np.rint(255 * raw).astype(np.uint8), shown])


def _making(split: PackedSplit) -> np.ndarray | None:
    """Photograph, its object, the other photograph, its object, composite; None where no reference is among these pictures."""
    rows = split.rows.select(["image_id", "annotation_id", "reference_image_id", "reference_annotation_id"]).to_pylist()
    places = {(row["image_id"], row["annotation_id"]): index for index, row in enumerate(rows)}
    for index, row in enumerate(rows):
        other = places.get((row["reference_image_id"], row["reference_annotation_id"]))
        if other is not None:
            parts = [np.array(split.real[index]), _object(split, index), np.array(split.real[other]), _object(split, other)]
            return _beside([*parts, np.array(split.composite[index])])
    return None


def _object(split: PackedSplit, index: int) -> np.ndarray:
    return np.rint(split.real[index] * (split.mask[index] / 255)[..., None]).astype(np.uint8)


def _beside(pictures: Sequence[np.ndarray]) -> np.ndarray:
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)]
    return np.concatenate(parts[:-1], 1)
