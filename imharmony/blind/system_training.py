"""Training what harmonizes without a mask, on stored composites.

``corrupted``: the harmonizer alone, given masks that are wrong. ``joint``: detector and harmonizer together, the one's mask being the
other's input. ``single``: one network that marks and changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.blind.corruption import corrupted
from imharmony.blind.detector_training import loss_of_logits
from imharmony.blind.labels import Label, labels_of
from imharmony.blind.observer import Thresholds
from imharmony.blind.shifts import MANY
from imharmony.blind.systems import BlindSystem
from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.composing.packed_split import PackedSplit
from imharmony.losses.reconstruction import l2
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.training.augmentation import apply_crops, draw_crops
from imharmony.training.fitting import expect_work, fitted

Way = Literal["corrupted", "joint", "single"]


@dataclass(frozen=True, kw_only=True)
class SystemTeaching:
    """How a system is taught."""

    steps: int
    batch_size: int
    learning_rate: float
    detection_weight: float  # of the detector's loss beside that of pictures
    untouched: float  # share of photographs as they are
    gamma: float
    alpha: float
    seed: int


class Batch(NamedTuple):
    """Pictures (B, 3, S, S) in [-1, 1], masks (B, 1, S, S); ``targets`` (B, 3, S, S) where ``is_labelled`` (B,)."""

    given: Tensor
    real: Tensor
    mask: Tensor
    targets: Tensor
    is_labelled: Tensor


def fit_system(
    system: BlindSystem,
    splits: Sequence[PackedSplit],
    *,
    way: Way,
    teaching: SystemTeaching,
    known: Mapping[str, Thresholds] | None = None,
    device: torch.device,
) -> BlindSystem:
    """The system after its training, on the CPU in its inference mode. The same arguments give the same bits on one machine."""
    expect_work(teaching.steps, teaching.batch_size, of="composites")
    system.to(device)
    pool = _Pool(splits, known)

    def loss_of(step: int) -> Tensor:
        batch = pool.batch(teaching, step, device)
        if way == "corrupted":
            wrong = corrupted(batch.mask.cpu(), numpy_rng(teaching.seed, "corrupted", step)).to(device)
            return l2(system.harmonized(batch.given, wrong), batch.real, batch.mask)
        seen = system(batch.given)
        loss = l2(seen.picture, batch.real, batch.mask)
        if batch.is_labelled.any():
            logits, targets = seen.logits[batch.is_labelled], batch.targets[batch.is_labelled]
            found = loss_of_logits(system.detector, logits, targets, gamma=teaching.gamma, alpha=teaching.alpha)
            loss = loss + teaching.detection_weight * found
        return loss

    system.detector.requires_grad_(way != "corrupted")
    with torch_seed(stable_hash(teaching.seed, "dropout", "blind"), device):
        fitted(system, loss_of, steps=teaching.steps, learning_rate=teaching.learning_rate, what=f"train {way}")
    return system.requires_grad_(True).infer()


class _Pool:
    """The composites of several data sets as one."""

    def __init__(self, splits: Sequence[PackedSplit], known: Mapping[str, Thresholds] | None) -> None:
        self.splits = splits
        self.labels: list[list[Label | None]] = [labels_of(split.rows, known) for split in splits]
        self.places = [(number, index) for number, labels in enumerate(self.labels) for index in range(len(labels))]

    def batch(self, teaching: SystemTeaching, step: int, device: torch.device) -> Batch:
        rng = numpy_rng(teaching.seed, "blind", step)
        chosen = [self.places[place] for place in rng.integers(len(self.places), size=teaching.batch_size)]
        is_untouched = rng.random(len(chosen)) < teaching.untouched
        columns = [(self.splits[number], index) for number, index in chosen]
        real = np.stack([split.real[index] for split, index in columns])
        given = np.stack([split.composite[index] for split, index in columns])
        given[is_untouched] = real[is_untouched]
        masks = np.stack([split.mask[index] for split, index in columns])
        stack = torch.cat(
            [*(network_from_uint8(torch.from_numpy(each)) for each in (given, real)), mask_from_uint8(torch.from_numpy(masks))], 1
        )
        given, real, mask = apply_crops(stack, draw_crops(masks, rng)).split([3, 3, 1], 1)
        labels = [self.labels[number][index] for number, index in chosen]
        classes = [
            (False,) * 3 if label is None or untouched else label.classes for label, untouched in zip(labels, is_untouched, strict=True)
        ]
        flags = torch.tensor(classes, dtype=torch.float32)[:, :, None, None]
        is_labelled = torch.tensor([label is not None for label in labels]) | torch.from_numpy(is_untouched)
        return Batch(*(each.to(device) for each in (given, real, mask, flags * (mask >= MANY).float(), is_labelled)))
