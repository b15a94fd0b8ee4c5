"""Distances between what a frozen network sees in two pictures.

Images are float (B, 3, H, W) in [-1, 1]; features are (B, C, h, w), or (B, D) for a whole picture. Every loss is a scalar: the mean
over features and batch.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.losses.reconstruction import ReconstructionLoss


class FeatureExtractor(nn.Module):
    """The activations of a sequence of layers at some of its named places.

    ``mean`` and ``std`` are the network's own, of red, green and blue in 0..255. Weights are frozen and the mode is that of
    evaluation for good, but gradients reach the pictures.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, layers: nn.Sequential, places: Mapping[str, int], *, names: Sequence[str], mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        if unknown := set(names) - set(places):
            raise InputError(f"feature layers are {sorted(unknown)}; expected some of {list(places)}")
        self.wanted = {places[name]: name for name in names}
        self.layers = layers[: max(self.wanted) + 1].requires_grad_(False)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1) / 127.5 - 1)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1) / 127.5)
        self.train(False)

    def train(self, mode: bool = True) -> "FeatureExtractor":  # noqa: ARG002
        """Evaluation, whatever is asked: dropout and statistics of a frozen network stay off."""
        return super().train(False)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Features by name."""
        features, found = (images - self.mean) / self.std, {}
        for place, layer in enumerate(self.layers):
            features = layer(features)
            if place in self.wanted:
                found[self.wanted[place]] = features
        return found


def feature_loss(
    extractor: FeatureExtractor, *, weights: Mapping[str, float], distance: Callable[[Tensor, Tensor], Tensor]
) -> ReconstructionLoss:
    """A loss: the weighted sum of a distance between the output's and the real photograph's features, whole pictures.

    The distance is L1 (Wang et al. 2018, arXiv:1711.11585), L2 (Johnson, Alahi, Fei-Fei 2016, arXiv:1603.08155; report 001,
    equation 8) or that of styles. Report 001's code compares the class scores (``logits``) and calls them feature maps.
    """

    def loss(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
        with torch.no_grad():
            wanted = extractor(real)
        found = extractor(output)
        return torch.stack([weight * distance(found[name], wanted[name]) for name, weight in weights.items()]).sum()

    return loss
