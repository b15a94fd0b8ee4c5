"""A blind system and, from photographs that it has not seen, when it is to be trusted."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch

from imharmony.blind.confidence import Confidence, features_of, fit_confidence
from imharmony.blind.judging import VISIBLE, first_of_each_photograph, levels_of, squares_of, visible_change
from imharmony.blind.observer import Thresholds
from imharmony.blind.system_training import SystemTeaching, fit_system
from imharmony.blind.systems import BlindSystem
from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.composing.packed_split import PackedSplit


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
        for index in range(split.rows.num_rows):
            given, truth, mask = (
                np.array(split.composite[index]),
                np.array(split.real[index]),
                np.array(split.mask[index]) if told else None,
            )
            found, made = _made(system, given, mask, device)
            features.append(found)
            harms.append(squares_of(made, truth) > squares_of(given, truth))
        for index in first_of_each_photograph(split):
            real = np.array(split.real[index])
            found, made = _made(system, real, np.array(split.mask[index]) if told else None, device)
            untouched.append(found)
            visible.append(visible_change(real, made) > VISIBLE)
    numbers, others = (np.array(each, dtype=np.float64) for each in (features, untouched))
    return fit_confidence(numbers, np.array(harms, bool), visible=np.array(visible, bool), untouched=others)


@torch.inference_mode()
def _made(system: BlindSystem, given: np.ndarray, mask: np.ndarray | None, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    tensor = network_from_uint8(torch.from_numpy(given.copy())[None].to(device))
    if mask is None:
        seen = system(tensor)
        picture, used = seen.picture, seen.mask
    else:
        used = mask_from_uint8(torch.from_numpy(mask)[None]).to(device)
        picture = system.harmonized(tensor, used)
    made = levels_of(picture, "blind: validation")
    return features_of(given, made, used[0, 0].cpu().numpy()), made
