"""Object-contextual representations: what a region is like, told to each pixel by how near it is (Yuan et al. 2019, arXiv:1909.11065).

Feature maps are float (B, C, H, W); regions are (B, K, H, W) weights of their pixels.
"""

import torch
from torch import Tensor, nn


class ObjectContext(nn.Module):
    """Each pixel's features beside a mean of the regions' descriptions, weighed by its likeness to them.

    A region's description is the mean of the features by a softmax over its weights of all pixels (equations 2 to 4 of the paper).
    """

    def __init__(self, channels: int, *, keys: int) -> None:
        super().__init__()
        self.queries = nn.Sequential(*_projection(channels, keys), *_projection(keys, keys))
        self.keys = nn.Sequential(*_projection(channels, keys), *_projection(keys, keys))
        self.values = _projection(channels, keys)
        self.back = _projection(keys, channels)
        self.joined = nn.Sequential(*_projection(2 * channels, channels), nn.Dropout2d(0.05))

    def forward(self, features: Tensor, regions: Tensor) -> Tensor:
        """The features that know of the regions, of the same shape."""
        weights = regions.flatten(2).softmax(2)
        described = (features.flatten(2) @ weights.transpose(1, 2)).unsqueeze(3)  # (B, C, K, 1)
        queries, keys, values = self.queries(features), self.keys(described).flatten(2), self.values(described).flatten(2)
        likeness = queries.flatten(2).transpose(1, 2) @ keys / keys.shape[1] ** 0.5  # (B, H W, K)
        told = values @ likeness.softmax(2).transpose(1, 2)  # (B, keys, H W)
        return self.joined(torch.cat([self.back(told.unflatten(2, features.shape[2:])), features], 1))


def _projection(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
