"""HDNet: RainNet's norms, a local step that takes over the likest pixel, and kernels of each region (Chen et al. 2023, arXiv:2211.08639).

Pictures are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.blocks import Generator, full_precision
from imharmony.networks.published.region_norm import PublishedRegionNorm
from imharmony.networks.published.units import expect_as_published
from imharmony.storage.descriptions import Start

REGIONS = 2


class LocalDynamics(nn.Module):
    """Each foreground pixel beside the background's that its features' product is largest with; background pixels stay.

    As published, what is taken over is weighed by a softmax of the largest products over all pixels, so that most of it is 0.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.joined = nn.Conv1d(2 * channels, channels, 1)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The map with its foreground changed, of the same shape."""
        inside = interpolate(mask, features.shape[2:], mode="nearest")
        foreground, background = (features * inside).flatten(2), (features * (1 - inside)).flatten(2)
        likeness, places = (foreground.transpose(1, 2) @ background).max(2)  # (B, N)
        taken = torch.gather(background, 2, places[:, None].expand_as(background)) * likeness.softmax(1)[:, None]
        changed = self.joined(torch.cat([taken, foreground], 1)).unflatten(2, features.shape[2:])
        return changed * inside + features * (1 - inside)


class RegionKernels(nn.Module):
    """A convolution of 1 x 1 for each region, made from the means of the map: mask-aware global dynamics."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = REGIONS * REGIONS
        self.kernels = nn.Sequential(nn.Conv2d(channels, few, 1), nn.Sigmoid(), nn.Conv2d(few, REGIONS * channels**2, 1, groups=REGIONS))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The convolved map, of the same shape."""
        channels, pixels = features.shape[1], features.flatten(2)
        kernels = self.kernels(features.mean((2, 3), keepdim=True)).view(-1, REGIONS * channels, channels)
        foreground, background = (kernels @ pixels).unflatten(2, features.shape[2:]).chunk(REGIONS, 1)
        inside = interpolate(mask, features.shape[2:], mode="nearest")
        return foreground * inside + background * (1 - inside)


class Down(nn.Module):
    """A LeakyReLU, a convolution that halves or keeps the size, an instance norm."""

    def __init__(self, inputs: int, outputs: int, *, halves: bool) -> None:
        super().__init__()
        kernel, stride = (4, 2) if halves else (3, 1)
        self.convolution = nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=1, bias=False))
        self.norm = nn.InstanceNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """The normalised map."""
        return self.norm(self.convolution(features))


class Up(nn.Module):
    """A ReLU, a transposed convolution that doubles or keeps the size, a region-aware norm."""

    def __init__(self, inputs: int, outputs: int, *, doubles: bool) -> None:
        super().__init__()
        kernel, stride = (4, 2) if doubles else (3, 1)
        self.convolution = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, kernel, stride=stride, padding=1, bias=False))
        self.norm = PublishedRegionNorm(outputs)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The normalised map."""
        return self.norm(self.convolution(features), mask)


class HDNet(Generator):
    """Three halvings, each followed by a level that keeps the size; the three outermost joins pass the kernels of the regions.

    The convolutions see the colours only. As in pix2pix, what follows a map begins with its activation, which changes in place: a skip
    carries the map *after* its LeakyReLU. The published tests put the ground truth's background into the input; here it is the composite's.
    """

    depth = 3

    def __init__(self, *, width: int) -> None:
        super().__init__()
        counts = [width * factor for factor in (1, 2, 4, 8, 8, 8, 8)]
        self.first = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.encoder = nn.ModuleList(
            Down(counts[level], counts[level + 1], halves=level % 2 == 0)
            for level in range(6)  # halves at 0, 2 and 4
        )
        inner = counts[-1]
        self.innermost = nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(inner, inner, 3, padding=1, bias=False))
        self.local = LocalDynamics(inner)
        self.decoder = nn.ModuleList([Up(inner, inner, doubles=False)])
        self.decoder.extend(Up(2 * counts[level + 1], counts[level], doubles=level % 2 == 0) for level in reversed(range(6)))
        self.dynamics = nn.ModuleList(RegionKernels(2 * counts[level]) for level in (2, 1, 0))
        self.last = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * width, 3, 3, padding=1))

    def forward(self, inputs: Tensor) -> Tensor:
        """The generated picture in [-1, 1], float32 also under autocast."""
        composite, mask = inputs.split([3, 1], 1)
        with full_precision(inputs):
            return self.before_tanh(composite.float(), mask.float()).tanh()

    def before_tanh(self, composite: Tensor, mask: Tensor) -> Tensor:
        """What the last tanh takes."""
        maps = [self.first(composite)]
        for block in self.encoder:
            maps.append(block(maps[-1]))
        features = self.local(self.innermost(maps[-1]), mask)
        for level, block in enumerate(self.decoder):
            features = torch.cat([nn.functional.leaky_relu(maps.pop(), 0.2), block(features, mask)], 1)
            if level >= len(self.decoder) - len(self.dynamics):
                features = self.dynamics[level - len(self.decoder)](features, mask)
        return self.last(features)


def hdnet(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> HDNet:  # noqa: ARG001
    """HDNet for any size; 32 channels wide as published, for 256 px."""
    expect_as_published("hdnet", in_channels=in_channels, start=start)
    return HDNet(width=width)
