"""Deep image harmonization (Tsai et al. 2017, arXiv:1703.00069), in the re-implementation for 256 px that came with iHarmony4.

Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1].

Ours differs from the re-implementation in that batch norms use the batch's statistics in training (there they are never
more than a scale and a shift), that the mask is in [0, 1] also beside a parsing decoder, and that nothing clips the
output, which would take away the gradient where it is needed. The paper's network is one level deeper, for 512 px.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks.blocks import KERNEL_PX, Generator, doubling, exact_halvings, full_precision, halving
from imharmony.storage.descriptions import Start

DEEPEST = 6
SMALLEST_MAP_PX = 4  # the bottleneck's kernel
EPSILON = 1e-5  # of batch norms; the re-implementation has TensorFlow's .001
PARSING_CLASSES = 92  # the re-implementation's, of COCO-Stuff


class DIH(Generator):
    """An ELU encoder, a fully connected bottleneck and a mirrored decoder whose skips are sums.

    The sides of the input must be multiples of 2 ** ``depth`` and give the bottleneck maps of 4 x 4 px or more: it is a
    4 x 4 convolution without padding, linear, and so the fully connected layer of a square of 4 * 2 ** ``depth`` px.

    With ``parsing_classes`` a second decoder labels the scene, and its map stands beside the harmonizing decoder's at
    every level but the finest. ``epsilon`` is added to the variances of batch norms.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int,
        depth: int,
        parsing_classes: int | None = None,
        start: Start = "published",
        epsilon: float = EPSILON,
    ) -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        channels = [width * 2 ** (level // 2) for level in range(depth)]  # 64 64 128 128 256 256
        code = 2 * channels[-1]
        self.encoder = nn.ModuleList(
            _normalised(halving(inputs, outputs, bias=False), outputs, epsilon) for inputs, outputs in pairwise([in_channels, *channels])
        )
        self.bottleneck = nn.Conv2d(channels[-1], code, KERNEL_PX)
        self.decoder = _decoder(code, channels, beside=1 if parsing_classes is None else 2, epsilon=epsilon)
        self.last = doubling(width, 3, bias=False, zero=self.begins_at_composite)
        self.parser = None if parsing_classes is None else _decoder(code, channels, beside=1, epsilon=epsilon)
        self.labels = None if parsing_classes is None else _label_head(width, parsing_classes, epsilon)

    def forward(self, inputs: Tensor) -> Tensor:
        """The harmonized picture, float32 also under autocast; nothing bounds it to [-1, 1]."""
        return self._picture(inputs, self._finest(inputs)[0])

    def harmonize_and_parse(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The harmonized picture, and one logit per class and pixel, (B, ``parsing_classes``, H, W); both float32."""
        harmonized, parsed = self._finest(inputs)
        if self.labels is None or parsed is None:
            raise ValueError("this network was built without parsing_classes")
        return self._picture(inputs, harmonized), self.labels(parsed).float()

    def _finest(self, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """The last maps of the harmonizing decoder and, if there is one, of the parsing decoder."""
        maps = [inputs]
        for block in self.encoder:
            maps.append(block(maps[-1]))
        if min(maps[-1].shape[2:]) < SMALLEST_MAP_PX:
            came, smallest = f"{inputs.shape[3]} x {inputs.shape[2]} px", SMALLEST_MAP_PX * 2**self.depth
            raise InputError(f"this network needs pictures of {smallest} px or more; got {came}; resize them first")
        skips, code = maps[:0:-1], self.bottleneck(maps[-1])
        if self.parser is None:
            return _decoded(self.decoder, code, skips)[-1], None
        parsed = _decoded(self.parser, code, skips)
        return _decoded(self.decoder, code, skips, beside=parsed)[-1], parsed[-1]

    def _picture(self, inputs: Tensor, features: Tensor) -> Tensor:
        with full_precision(features):
            return self.painted(inputs, self.last(features.float()))


def dih(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> DIH:
    """A DIH without scene parsing, as deep as a bottleneck of 4 x 4 px or more allows, at most 6: 256 -> 6, 128 -> 5, 96 -> 4."""
    return DIH(in_channels=in_channels, width=width, depth=depth_of(size_px), start=start)


def dih_parsing(*, in_channels: int, width: int, size_px: int, classes: int = PARSING_CLASSES) -> DIH:
    """A DIH with scene parsing, of the same depth."""
    return DIH(in_channels=in_channels, width=width, depth=depth_of(size_px), parsing_classes=classes)


def depth_of(size_px: int) -> int:
    """As deep as a bottleneck of 4 x 4 px or more allows, at most 6."""
    fits = max(level for level in range(DEEPEST + 1) if size_px >= SMALLEST_MAP_PX * 2**level)
    return exact_halvings(size_px, at_most=fits)


def _normalised(convolution: nn.Module, channels: int, epsilon: float) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(channels, eps=epsilon), nn.ELU())


def _decoder(code: int, channels: list[int], *, beside: int, epsilon: float) -> nn.ModuleList:
    """Blocks from the bottleneck to the finest map; ``beside`` decoders feed each but the first."""
    upwards = list(reversed(channels))
    blocks = [_normalised(nn.ConvTranspose2d(code, upwards[0], KERNEL_PX, bias=False), upwards[0], epsilon)]
    for inputs, outputs in pairwise(upwards):
        blocks.append(_normalised(doubling(beside * inputs, outputs, bias=False), outputs, epsilon))
    return nn.ModuleList(blocks)


def _label_head(width: int, classes: int, epsilon: float) -> nn.Sequential:
    return nn.Sequential(_normalised(doubling(width, width, bias=False), width, epsilon), nn.Conv2d(width, classes, 1, bias=False))


def _decoded(blocks: Iterable[nn.Module], code: Tensor, skips: Sequence[Tensor], beside: Sequence[Tensor] = ()) -> list[Tensor]:
    """A decoder's map at each level, deepest first; a block sees the map ``beside`` that of its own decoder."""
    maps, features = [], code
    for level, (block, skip) in enumerate(zip(blocks, skips, strict=True)):
        maps.append(block(features) + skip)
        features = torch.cat([maps[-1], beside[level]], 1) if beside else maps[-1]
    return maps
