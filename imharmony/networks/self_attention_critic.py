"""The discriminator of report 004, that of SAGAN (Zhang, Goodfellow, Metaxas, Odena 2019, arXiv:1805.08318)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from imharmony.errors import InputError
from imharmony.networks.blocks import KERNEL_PX, halving

MULTIPLES = (1, 2, 4, 8)  # of the width: 64 128 256 512
ATTENTIVE = (2, 3)  # the levels whose maps attend to themselves: 32 x 32 and 16 x 16 for pictures of 256 px
NARROWING = 8  # of the channels, for queries and keys
SMALLEST_PX = 32


class SelfAttention(nn.Module):
    """Each position of a map plus γ times the attention-weighted sum of all positions; γ starts at 0, the identity.

    The three maps of the paper are linear: of a bias in the keys the softmax would be independent anyway.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(1, channels // NARROWING)
        self.query = spectral_norm(nn.Conv2d(channels, narrow, 1, bias=False))
        self.key = spectral_norm(nn.Conv2d(channels, narrow, 1, bias=False))
        self.value = spectral_norm(nn.Conv2d(channels, channels, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, features: Tensor) -> Tensor:
        """A map of the same shape. Memory grows with the square of the number of positions."""
        query, key, value = (layer(features).flatten(2) for layer in (self.query, self.key, self.value))
        attention = (query.transpose(1, 2) @ key).softmax(2)  # (B, positions, positions attended to)
        attended = value @ attention.transpose(1, 2)
        return features + self.gamma * attended.view_as(features)


class SelfAttentionCritic(nn.Module):
    """Four convolutions that halve, all spectrally normalised, self-attention after the last two, and scores.

    ``forward`` takes the picture alone, float (B, ``in_channels``, H, W) in [-1, 1]. Report 004 names the model without
    its layers; the slope of the LeakyReLUs and the head, a convolution as PatchGAN's last, are ours.
    """

    def __init__(self, *, width: int, in_channels: int = 3) -> None:
        super().__init__()
        channels = [in_channels, *(width * multiple for multiple in MULTIPLES)]
        layers = []
        for level, (inputs, outputs) in enumerate(pairwise(channels)):
            layers += [spectral_norm(halving(inputs, outputs)), nn.LeakyReLU(0.2)]
            if level in ATTENTIVE:
                layers.append(SelfAttention(outputs))
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(channels[-1], 1, KERNEL_PX, padding=1)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Raw scores (B, 1, h, w), higher = more real: 15 x 15 for 256 px, 1 x 1 for 32 px."""
        if min(pictures.shape[2:]) < SMALLEST_PX:
            raise InputError(f"this critic needs pictures of {SMALLEST_PX} px or more; got {pictures.shape[3]} x {pictures.shape[2]} px")
        return self.layers(pictures)
