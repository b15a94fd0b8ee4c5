"""A blind system and, from photographs that it has not seen, when it is to be trusted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import torch

from imharmony.blind.confidence import Confidence, features_of, fit_confidence
from imharmony.blind.judging import VISIBLE, first_of_each_photograph, squares_of, visible_change
from imharmony.blind.observer import Thresholds
from imharmony.blind.system_training import SystemTeaching, fit_system
from imharmony.blind.systems import BlindSystem
from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.composing.packed_split import PackedSplit
from imharmony.evaluation.methods import stacked, whole_levels


def fit_system_and_confidence(
    system: BlindSystem,
    train: Sequence[PackedSplit],
    val: Sequence[PackedSplit],
    *,
    way: Literal["two_step", "corrupted", "joint", "single"],
    teaching: SystemTeaching,
    known: Mapping[str, Thresholds] | None,
    device: torch.device,
) -> tuple[BlindSystem, Confidence]:
    """The system taught in its way, ``two_step`` not at all; and the probability that it does harm, on the composites of ``val``."""
    taught = system.infer() if way == "two_step" else fit_system(system, train, way=way, teaching=teaching, known=known, device=device)
    return taught, confidence_of(taught.to(device), val, device=device)


def confidence_of(system: BlindSystem, splits: Sequence[PackedSplit], *, device: torch.device, told: bool = False) -> Confidence:
    """The probability that a system does harm on its own, or ``told`` the true mask, as methods with a mask are."""
    features, harms, untouched, visible = [], [], [], []
    for split in splits:
        masks = split.mask if told else None
        composites, photographs = range(split.rows.num_rows), first_of_each_photograph(split)
        for index, (found, made) in zip(composites, _made(system, split.composite, masks, composites, device), strict=True):
            features.append(found)
            harms.append(squares_of(made, split.real[index]) > squares_of(split.composite[index], split.real[index]))
        for index, (found, made) in zip(photographs, _made(system, split.real, masks, photographs, device), strict=True):
            untouched.append(found)
            visible.append(visible_change(np.array(split.real[index]), made) > VISIBLE)
    numbers, others = (np.array(each, dtype=np.float64) for each in (features, untouched))
    return fit_confidence(numbers, np.array(harms, bool), visible=np.array(visible, bool), untouched=others)


@torch.inference_mode()
def _made(
    system: BlindSystem, pictures: np.ndarray, masks: np.ndarray | None, chosen: Sequence[int], device: torch.device
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each chosen picture what the risk is told by, and what the system makes of it, uint8 (H, W, 3)."""
    for places, (given, *told) in stacked(chosen, pictures, *([] if masks is None else [masks])):
        tensor = network_from_uint8(torch.from_numpy(given).to(device))
        if told:
            used = mask_from_uint8(torch.from_numpy(told[0]).to(device))
            outputs = system.harmonized(tensor, used)
        else:
            seen = system(tensor)
            outputs, used = seen.picture, seen.mask
        for index in range(len(places)):
            made = whole_levels(outputs[index], "blind: validation")
            yield features_of(given[index], made, used[index, 0].cpu().numpy()), made
