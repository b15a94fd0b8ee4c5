"""BargainNet's domain code: 16 numbers for the light and colour of a region (Cong et al. 2021, arXiv:2009.09169).

Pictures are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = the region that the code describes.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks.blocks import NORMS, Norm
from imharmony.networks.partial_conv import PartialConv, PartialStack, strided_fits

CODE = 16
WIDEST = 8
DEEPEST = 5
DECAY = 0.04212  # of the harmony score, as published for pictures of 256 px: half the score at a distance of 16.46


class DomainCodeExtractor(nn.Module):
    """Five partial convolutions that halve, the mean of the last map, and a linear head.

    Without padding, 256 px become 127, 63, 31, 15, 7. A picture below 63 px leaves no room for the fifth: the extractor
    for a smaller ``size_px`` has as many as fit (62 -> 4, 30 -> 3). As published, the mean is over the whole map: a window
    without a pixel of the region counts as 0, so that the code of a small region lies nearer to the code of an empty
    one, which is the head's bias. Content outside the region has no influence at all. Before instance norms, which report 002's code
    has here, convolutions keep their biases.
    """

    def __init__(self, *, width: int, size_px: int, in_channels: int = 3, norm: Norm = "batch") -> None:
        super().__init__()
        depth = min(DEEPEST, strided_fits(size_px))
        if depth < 2:
            raise InputError(f"size_px is {size_px}; a domain code needs pictures of 7 px or more")
        bias, layer = norm == "instance", NORMS[norm]
        channels = [width * min(2**level, WIDEST) for level in range(depth)]  # 64 128 256 512 512
        layers = [PartialConv(in_channels, width, stride=2), nn.ReLU()]
        for inputs, outputs in pairwise(channels[:-1]):
            layers += [PartialConv(inputs, outputs, stride=2, bias=bias), layer(outputs), nn.ReLU()]
        self.stack = PartialStack([*layers, PartialConv(channels[-2], channels[-1], stride=2, bias=bias)])
        self.head = nn.Conv2d(channels[-1], CODE, 1)

    def forward(self, pictures: Tensor, mask: Tensor) -> Tensor:
        """Codes (B, 16), unbounded."""
        features, _ = self.stack(pictures, mask)
        return self.head(features.mean((2, 3), keepdim=True)).flatten(1)


def harmony_score(foreground_code: Tensor, background_code: Tensor) -> Tensor:
    """How well a foreground fits its background, (B,) in (0, 1]: exp(-0.04212 d) of the distance d of their codes."""
    distance = torch.linalg.vector_norm(foreground_code - background_code, dim=1)
    return (-DECAY * distance).exp()
