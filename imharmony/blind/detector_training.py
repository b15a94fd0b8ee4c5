"""Training a detector on real photographs whose foregrounds are moved anew at every step.

Pictures are uint8 (N, S, S, 3), masks uint8 (N, S, S), 255 = foreground.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from imharmony.blind.detector import Detector, NetworkName
from imharmony.blind.shifts import Examples, draw_examples
from imharmony.colour.ranges import mask_from_uint8
from imharmony.errors import InputError
from imharmony.losses.focal import categorical_focal, focal
from imharmony.networks.observing import ObservingNetwork
from imharmony.realism.photographs import Photographs
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.training.augmentation import apply_crops, draw_crops
from imharmony.training.fitting import expect_work, fitted

NONE = 2  # the seed's third class
WARM_UP = 50  # steps


@dataclass(frozen=True, kw_only=True)
class Teaching:
    """How a detector is taught."""

    steps: int
    regression_steps: int  # before, of the applied offset (arXiv:1912.06433's first stage); 0: none
    batch_size: int  # photographs; each is shown three times
    learning_rate: float
    gamma: float  # of the focal loss
    alpha: float
    largest_stops: float
    coloured: float  # share of foregrounds whose colour is moved
    seed: int


def fit_detector(
    photographs: Photographs, *, name: NetworkName, width: int, teaching: Teaching, device: torch.device, vgg: Path | None = None
) -> Detector:
    """A detector, on the CPU in its evaluation mode; ``vgg`` is a file of weights for the first layers of the seed's network.

    The same arguments give the same bits on the same machine and device.
    There is no state to go on from: a killed training starts anew.
    """
    expect_work(teaching.steps, teaching.batch_size, of="photographs")
    if len(photographs.pictures) < 2:
        raise InputError(f"{len(photographs.pictures)} photographs to detect in; expected two or more; widen the detector's data sets")
    with torch_seed(stable_hash(teaching.seed, "build", "detector"), torch.device("cpu")):
        detector = Detector(name=name, width=width).to(device).to(memory_format=torch.channels_last)  # a third faster on a processor
        if vgg is not None and isinstance(detector.network, ObservingNetwork):
            detector.network.load_vgg(vgg)
        regression = Regression(detector).to(device) if teaching.regression_steps else None
    if regression is not None:
        told = regression

        def offsets_of(step: int) -> Tensor:
            return told.loss(_examples(photographs, teaching, "offsets", step, device))

        with torch_seed(stable_hash(teaching.seed, "dropout", "offsets"), device):
            fitted(told, offsets_of, steps=teaching.regression_steps, learning_rate=teaching.learning_rate, what="offsets")
        detector.to(device)
        freeze_encoder(detector)

    def loss_of(step: int) -> Tensor:
        examples = _examples(photographs, teaching, "classes", step, device)
        return detection_loss(detector, examples.pictures, examples.targets, gamma=teaching.gamma, alpha=teaching.alpha)

    with torch_seed(stable_hash(teaching.seed, "dropout", "classes"), device):
        fitted(detector, loss_of, steps=teaching.steps, learning_rate=teaching.learning_rate, what="train", warm_up=WARM_UP)
    return detector.requires_grad_(True)


def detection_loss(detector: Detector, pictures: Tensor, targets: Tensor, *, gamma: float, alpha: float) -> Tensor:
    """The focal loss of pictures in [0, 1] against (B, 3, S, S) of ``labels.CLASSES``."""
    logits = detector(pictures * 2 - 1)
    return loss_of_logits(detector, logits, targets, gamma=gamma, alpha=alpha)


def loss_of_logits(detector: Detector, logits: Tensor, targets: Tensor, *, gamma: float, alpha: float) -> Tensor:
    """The same of logits that are known: by class for the small network, of one class in three for the seed's."""
    if detector.name == "small":
        return focal(logits, targets, gamma=gamma, alpha=alpha)
    labels = torch.where(targets[:, 0] > 0, 0, torch.where(targets[:, 1] > 0, 1, NONE))
    return categorical_focal(logits, labels, gamma=gamma, alpha=alpha)


class Regression(nn.Module):
    """A detector that tells what was done: its features of a picture and of the original, to a map of stops.

    Deviation: the small network's own maps stand for the features; the seed's network has its decoder's.
    """

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector
        self.head = nn.LazyConv2d(1, 1)
        with torch.no_grad():
            self.head(torch.cat([self.features(torch.zeros(1, 3, 64, 64))] * 2, 1))

    def features(self, pictures: Tensor) -> Tensor:
        """What the head reads of pictures in [-1, 1]."""
        network = self.detector.network
        return network.features(pictures) if isinstance(network, ObservingNetwork) else network(pictures)

    def loss(self, examples: Examples) -> Tensor:
        """Squared error of the map of stops, 0 outside the foreground."""
        seen = torch.cat([self.features(each * 2 - 1) for each in (examples.originals, examples.pictures)], 1)
        return mse_loss(self.head(seen), examples.stops[:, None, None, None] * examples.regions)


def freeze_encoder(detector: Detector) -> None:
    """What was learned of offsets stays: all that comes before the seed's concatenation, or before the small network's decoder."""
    network = detector.network
    parts = (network.encoder,) if isinstance(network, ObservingNetwork) else (network.first, network.encoder)
    for part in parts:
        part.requires_grad_(False)


def _examples(photographs: Photographs, teaching: Teaching, purpose: str, step: int, device: torch.device) -> Examples:
    rng = numpy_rng(teaching.seed, "detector", purpose, step)
    index = rng.integers(len(photographs.pictures), size=teaching.batch_size)
    pictures = torch.from_numpy(photographs.pictures[index]).permute(0, 3, 1, 2).float() / 255
    masks = photographs.masks[index]
    stack = apply_crops(torch.cat([pictures, mask_from_uint8(torch.from_numpy(masks))], 1), draw_crops(masks, rng))
    names = [f"{teaching.seed}_{purpose}_{step}_{place}" for place in range(len(index))]
    examples = draw_examples(stack[:, :3], stack[:, 3:], names, rng, largest=teaching.largest_stops, coloured=teaching.coloured)
    return Examples(*(each.to(device) for each in examples))
