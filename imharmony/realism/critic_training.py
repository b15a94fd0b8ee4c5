"""Training the critic of realism on graded photographs, and what it is worth on others."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import Adam

from imharmony.colour.ranges import mask_from_uint8
from imharmony.errors import InputError
from imharmony.realism.auc import auc
from imharmony.realism.critic import RealismCritic
from imharmony.realism.grading import draw_grades, fours, graded
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms, torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.training.augmentation import apply_crops, draw_crops
from imharmony.training.schedules import linear

REPEATS = 4  # grades of each held-out photograph
BATCH = 64
ALIKE = 0.5  # weight of the squared difference between the logits of a real photograph under two grades


@dataclass(frozen=True, kw_only=True)
class CriticWorth:
    """The critic on held-out photographs, as areas under the ROC curve.

    ``auc``: real pictures against composites, as it learned from them (``grading.fours``). ``control``: untouched photographs against
    the same graded as a whole, which are as real; 0.5 if grades alone tell nothing.
    """

    auc: float
    control: float
    photographs: int


def fit_critic(
    photographs: np.ndarray,
    masks: np.ndarray,
    *,
    width: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> RealismCritic:
    """A critic, on the CPU in its evaluation mode, from real photographs uint8 (N, S, S, 3) and masks uint8 (N, S, S).

    Cross entropy and, because two parts under one strong grade are surer to go together than two without one, a term that makes a
    photograph as real under any grade (not in the paper). Adam, a rate that falls to 0 on a line, random crops and flips. The same
    arguments give the same bits on the same machine and device. There is no state to go on from: it takes seconds, and a killed
    training starts anew.
    """
    if len(photographs) < 2:
        raise InputError(f"{len(photographs)} photographs to learn realism from; expected two or more; widen the judge's data sets")
    with torch_seed(stable_hash(seed, "build", "realism"), torch.device("cpu")):
        critic = RealismCritic(width=width).to(device)
    optimizer, falling = Adam(critic.parameters(), lr=learning_rate, fused=True), linear()
    truth = torch.cat([torch.ones(2 * batch_size), torch.zeros(2 * batch_size)]).to(device)
    critic.train()
    with deterministic_algorithms():
        for step in track(range(steps), total=steps, what="train", unit="steps"):
            optimizer.param_groups[0]["lr"] = learning_rate * falling(step / steps)
            rng = numpy_rng(seed, "realism", step)
            index = rng.integers(len(photographs), size=batch_size)
            pictures, regions = _taken(photographs, masks, index)
            crops = draw_crops(masks[index], rng)
            stack = apply_crops(torch.cat([pictures, regions], 1), crops)
            real, composite = fours(stack[:, :3], stack[:, 3:], rng)
            given = torch.cat([real, composite]).mul(2).sub(1).to(device)
            logits = critic(given, stack[:, 3:].repeat(4, 1, 1, 1).to(device))
            untold, told = logits[: 2 * batch_size].chunk(2)
            loss = binary_cross_entropy_with_logits(logits, truth) + ALIKE * (told - untold).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return critic.cpu().eval()


def worth_of(critic: RealismCritic, photographs: np.ndarray, masks: np.ndarray, *, seed: int) -> CriticWorth:
    """The critic judged by photographs, uint8 (N, S, S, 3) with masks (N, S, S), that it has not seen."""
    found: dict[str, list[np.ndarray]] = {"untouched": [], "graded": [], "real": [], "composite": []}
    for repeat in range(REPEATS):
        rng = numpy_rng(seed, "realism", "held out", repeat)
        for index in np.array_split(np.arange(len(photographs)), -(-len(photographs) // BATCH)):
            pictures, regions = _taken(photographs, masks, index)
            real, composite = fours(pictures, regions, rng)
            alike = graded(pictures, draw_grades(len(index), rng))
            for name, given in (("untouched", pictures), ("graded", alike), ("real", real), ("composite", composite)):
                found[name].append(_logits(critic, given, regions.repeat(len(given) // len(regions), 1, 1, 1)))
    untouched, whole, real, composites = (np.concatenate(each) for each in found.values())
    return CriticWorth(auc=auc(real, composites), control=auc(untouched, whole), photographs=len(photographs))


@torch.inference_mode()
def _logits(critic: RealismCritic, pictures: Tensor, regions: Tensor) -> np.ndarray:
    return critic(pictures.mul(2).sub(1), regions).double().numpy()


def _taken(photographs: np.ndarray, masks: np.ndarray, index: np.ndarray) -> tuple[Tensor, Tensor]:
    """Pictures float (B, 3, S, S) in [0, 1] and masks (B, 1, S, S)."""
    pictures = torch.from_numpy(photographs[index]).permute(0, 3, 1, 2).float().div(255)
    return pictures, mask_from_uint8(torch.from_numpy(masks[index]))
