"""Deep Image Matting, first stage (Xu, Price, Cohen & Huang 2017, arXiv:1703.03872), as IndexNet's authors built it again.

Inputs are float (B, 4, H, W): RGB by ImageNet's statistics, and the trimap in {0, 128/255, 1}. Alpha mattes are (B, 1, H, W).
The refinement of the paper's second stage is not here. The authors' re-implementation has batch norms in the encoder, the paper none.
"""

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.blocks import full_precision
from imharmony.networks.matting_blocks import MattingNetwork, scaled

IN_CHANNELS = 4
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # of VGG-16: channels and convolutions
KERNEL_PX = 5  # of the decoder
BOTTLENECK = 4096  # channels of conv6, which is VGG-16's first fully connected layer
BOTTLENECK_PX = 7


class DeepMatting(MattingNetwork):
    """VGG-16 with batch norms, and a light decoder that puts features back where the encoder's maxima were.

    Four fifths of its weights are in the bottleneck, a convolution of 7 x 7. ``lite`` has one of 1 x 1 that keeps the channels.
    """

    takes_trimap: ClassVar[bool] = True
    heads: ClassVar[frozenset[str]] = frozenset({"decoder", "prediction"})

    def __init__(self, *, width: float = 1.0, lite: bool = False) -> None:
        super().__init__()
        channels = [scaled(count, width) for count, _ in BLOCKS]
        sizes = zip(pairwise([IN_CHANNELS, *channels]), BLOCKS, strict=True)
        self.encoder = nn.ModuleList(_encoder_block(inputs, outputs, count) for (inputs, outputs), (_, count) in sizes)
        self.pools = nn.ModuleList(nn.MaxPool2d(2, return_indices=True) for _ in BLOCKS)
        deepest, kernel_px = (channels[-1], 1) if lite else (scaled(BOTTLENECK, width), BOTTLENECK_PX)
        self.bottleneck = nn.Conv2d(channels[-1], deepest, kernel_px, padding=kernel_px // 2)
        decoder = [channels[-1], *reversed(channels[:-1]), channels[0]]
        self.unpools = nn.ModuleList(Unpool() for _ in BLOCKS)
        self.decoder = nn.ModuleList([nn.Conv2d(deepest, decoder[0], 1)])
        self.decoder.extend(nn.Conv2d(wide, narrow, KERNEL_PX, padding=KERNEL_PX // 2) for wide, narrow in pairwise(decoder))
        self.prediction = nn.Conv2d(decoder[-1], 1, KERNEL_PX, padding=KERNEL_PX // 2)

    def forward(self, inputs: Tensor) -> Tensor:
        """Alpha mattes (B, 1, H, W), float32 also under autocast; nothing bounds them to [0, 1]."""
        height, width = inputs.shape[2:]
        features, places = self.padded(inputs), []
        for block, pool in zip(self.encoder, self.pools, strict=True):
            features, place = pool(block(features))
            places.append(place)
        first, *levels = self.decoder
        features = first(self.bottleneck(features).relu()).relu()
        for level, unpool, place in zip(levels, self.unpools, reversed(places), strict=True):
            features = level(unpool(features, place)).relu()
        with full_precision(features):
            return self.prediction(features.float())[..., :height, :width]


class Unpool(nn.Module):
    """Each feature goes to the place of its 2 x 2 cell where the maximum was; the other three are 0.

    What torch's own layer computes, but the same on every run of a GPU too.
    """

    def forward(self, features: Tensor, places: Tensor) -> Tensor:
        """A map (B, C, H, W) of (B, C, H / 2, W / 2) features and the places that a pooling gave for the whole map."""
        height, width = 2 * features.shape[2], 2 * features.shape[3]
        wanted = places.repeat_interleave(2, 2).repeat_interleave(2, 3)
        here = torch.arange(height * width, device=places.device).view(height, width)
        return interpolate(features, scale_factor=2.0, mode="nearest") * (wanted == here)


def dim_lite(*, width: float = 1.0) -> DeepMatting:
    """The form with a small bottleneck."""
    return DeepMatting(width=width, lite=True)


def _encoder_block(inputs: int, outputs: int, convolutions: int) -> nn.Sequential:
    block = nn.Sequential()
    for place in range(convolutions):
        block.extend([nn.Conv2d(inputs if place == 0 else outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()])
    return block
