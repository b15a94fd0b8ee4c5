"""A small network that tells a real photograph from a composite by how the foreground's look fits the background's.

Pictures are float (B, 3, H, W) in [-1, 1], masks (B, 1, H, W) in [0, 1].
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from imharmony.colour.ranges import network_from_uint8
from imharmony.realism.regions import expect_regions
from imharmony.storage.descriptions import Size, Width, described
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

BLOCKS = 4
LEAST = 1e-4  # of a region's share of the picture


class RealismCritic(nn.Module):
    """The logit of a picture's being real, from means and spreads of features over foreground and background.

    After Zhu, Krähenbühl, Shechtman & Efros 2015 ("Learning a discriminative model for the perception of realism in composite images",
    arXiv:1510.00477). Deviation: they fine-tune VGG-16 on composites of objects cut out of other photographs; this is four
    small blocks learned from nothing. They do not see the mask, so that no seam tells: the mask says only over what features are averaged.
    """

    def __init__(self, *, width: int) -> None:
        super().__init__()
        self.width = width
        channels = [3, *(width * min(2**block, 4) for block in range(BLOCKS))]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
            for inputs, outputs in pairwise(channels)
        )
        seen = 2 * sum(channels)  # of each region: means and spreads, the colours' own among them
        self.head = nn.Sequential(nn.Linear(3 * seen, 8 * width), nn.ReLU(), nn.Linear(8 * width, 1))

    def forward(self, pictures: Tensor, masks: Tensor) -> Tensor:
        """(B,) logits; above 0 is rather real."""
        features, regions = pictures, masks
        own, other = [_moments(features, regions)], [_moments(features, 1 - regions)]
        for block in self.blocks:
            features, regions = (avg_pool2d(each, 2, ceil_mode=True) for each in (features, regions))
            features = block(features)
            own.append(_moments(features, regions))
            other.append(_moments(features, 1 - regions))
        front, back = torch.cat(own, 1), torch.cat(other, 1)
        return self.head(torch.cat([front, back, front - back], 1))[:, 0]


def _moments(features: Tensor, region: Tensor) -> Tensor:
    """Mean and spread over a region, (B, 2 C)."""
    area = region.sum((2, 3)).clamp(min=LEAST)
    mean = (features * region).sum((2, 3)) / area
    square = ((features - mean[..., None, None]) ** 2 * region).sum((2, 3)) / area
    return torch.cat([mean, (square + LEAST).sqrt()], 1)


class _Built(Struct, frozen=True, forbid_unknown_fields=True):
    width: Width
    size_px: Size


class _Said(Struct, frozen=True):
    realism_critic: _Built


def save_critic(path: Path, critic: RealismCritic, *, size_px: int, metadata: Mapping[str, Any]) -> None:
    """Writes ``model.safetensors`` atomically; ``size_px`` is the side of the pictures that it learned from."""
    write_weights(path, critic, {**metadata, "realism_critic": {"width": critic.width, "size_px": size_px}})


def load_critic(path: Path) -> tuple[RealismCritic, int, dict[str, Any]]:
    """The critic on the CPU in its evaluation mode, the side of the pictures that it takes, and the file's metadata."""
    found = described(path, read_metadata(path), _Said, wrong="not a critic of realism", advice=AGAIN).realism_critic
    metadata, tensors = read_weights(path)
    with torch.device("meta"):
        expect_fit(path, RealismCritic(width=found.width), tensors)
    critic = RealismCritic(width=found.width)
    load_weights(path, critic, tensors)
    return critic.eval(), found.size_px, metadata


@torch.inference_mode()
def realness(critic: RealismCritic, picture: np.ndarray, mask: np.ndarray) -> float:
    """The critic's probability that uint8 (S, S, 3) under a mask, float (S, S) in [0, 1], is a real photograph: 0 to 1."""
    expect_regions(picture, mask)
    region = torch.from_numpy(mask.astype(np.float32))[None, None]
    return float(torch.sigmoid(critic(network_from_uint8(torch.from_numpy(picture.copy())[None]), region))[0])
