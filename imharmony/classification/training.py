"""Training a classifier of things, and what it is worth."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import Adam

from imharmony.classification.crops import ForegroundCrops
from imharmony.classification.network import Classifier
from imharmony.colour.ranges import network_from_uint8
from imharmony.errors import InputError
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms, torch_seed
from imharmony.running.seeds import stable_hash
from imharmony.training.augmentation import apply_crops, draw_crops
from imharmony.training.batches import augmentation_rng, shuffled
from imharmony.training.schedules import linear

UNSEEN = -1  # the label of a category that training does not have: every guess is wrong
BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How often a classifier names the category of an unseen thing, beside what needs no looking.

    ``majority`` is the accuracy of always naming training's most frequent category; ``balanced`` is the mean over the
    categories of the share of each that is named, for which that guess would get one over their number.
    """

    accuracy: float
    majority: float
    balanced: float
    things: int
    categories: int


def fit_classifier(
    train: ForegroundCrops, *, width: int, epochs: int, batch_size: int, learning_rate: float, seed: int, device: torch.device
) -> tuple[Classifier, list[str]]:
    """A classifier, on the CPU in its evaluation mode, and the categories of its scores in their order.

    Cross entropy, Adam, a rate that falls to 0 on a line, random crops and flips; colours stay as they are, because features that
    do not see them could not compare them. The same arguments give the same bits on the same machine and device. There is no
    state to go on from: some hundred crops take seconds, and a killed training starts anew.
    """
    categories = sorted(set(train.categories))
    if len(categories) < 2:
        raise InputError(f"all foregrounds are of the category {categories}; expected two or more; name another data set or backbone")
    with torch_seed(stable_hash(seed, "build", "classifier"), torch.device("cpu")):
        network = Classifier(categories=len(categories), width=width).to(device)
    optimizer, falling = Adam(network.parameters(), lr=learning_rate, fused=True), linear()
    labels = labels_of(train, categories).to(device)
    network.train()
    with deterministic_algorithms():
        for epoch in track(range(1, epochs + 1), total=epochs, what="train", unit="epochs"):
            optimizer.param_groups[0]["lr"] = learning_rate * falling((epoch - 1) / epochs)
            for step, index in enumerate(shuffled(len(labels), batch_size=batch_size, seed=seed, epoch=epoch)):
                crops = draw_crops(train.masks[index], augmentation_rng(seed, epoch=epoch, step=step))
                pictures = apply_crops(_pictures(train, index, device), crops)
                loss = cross_entropy(network(pictures), labels[torch.from_numpy(index).to(device)])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return network.cpu().eval(), categories


@torch.no_grad()
def accuracy_of(network: Classifier, categories: list[str], train: ForegroundCrops, val: ForegroundCrops) -> Accuracy:
    """The classifier judged by things that it has not seen."""
    labels = labels_of(val, categories)
    parts = np.array_split(np.arange(len(labels)), -(-len(labels) // BATCH))
    guesses = torch.cat([network(_pictures(val, index, torch.device("cpu"))).argmax(1) for index in parts])
    is_right = (guesses == labels).double()
    shares = [is_right[labels == label].mean() for label in labels.unique()]
    usual = Counter(train.categories).most_common(1)[0][0]
    return Accuracy(
        accuracy=is_right.mean().item(),
        majority=val.categories.count(usual) / len(val.categories),
        balanced=torch.stack(shares).mean().item(),
        things=len(val.categories),
        categories=len(shares),
    )


def labels_of(crops: ForegroundCrops, categories: list[str]) -> Tensor:
    """Places of the crops' categories in the list, int64 (N,)."""
    places = {name: place for place, name in enumerate(categories)}
    return torch.tensor([places.get(name, UNSEEN) for name in crops.categories])


def _pictures(crops: ForegroundCrops, index: np.ndarray, device: torch.device) -> Tensor:
    return network_from_uint8(torch.from_numpy(crops.pictures[index]).to(device)).contiguous()
