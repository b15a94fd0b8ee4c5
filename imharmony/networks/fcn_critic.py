"""The discriminator of report 001: one score for a picture of any size."""

from itertools import pairwise

from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks.blocks import halving

MULTIPLES = (1, 2, 4, 8)  # of the width: 64 128 256 512
SMALLEST_PX = 32  # leaves 2 x 2 for the last batch norm, which cannot train on a single value


class FCNCritic(nn.Module):
    """Four convolutions that halve, the mean of the last map, and one linear score.

    ``forward`` takes the picture alone, float (B, ``in_channels``, H, W) in [-1, 1]; the report's critic sees neither the
    composite nor the mask. Convolutions before a batch norm keep the bias that the norm takes away, as in the report's
    code; its sigmoid belongs to the loss here.
    """

    def __init__(self, *, width: int, in_channels: int = 3) -> None:
        super().__init__()
        channels = [width * multiple for multiple in MULTIPLES]
        layers = [halving(in_channels, width), nn.LeakyReLU(0.2)]
        for inputs, outputs in pairwise(channels):
            layers += [halving(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels[-1], 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Raw scores (B, 1), higher = more real."""
        if min(pictures.shape[2:]) < SMALLEST_PX:
            raise InputError(f"this critic needs pictures of {SMALLEST_PX} px or more; got {pictures.shape[3]} x {pictures.shape[2]} px")
        return self.head(self.layers(pictures).mean((2, 3), keepdim=True)).flatten(1)
