"""IndexNet Matting (Lu, Dai, Shen & Xu 2019, arXiv:1908.00672): MobileNetV2 whose poolings learn where to put what they take.

Inputs are float (B, 4, H, W): RGB by ImageNet's statistics, and the trimap in {0, 128/255, 1}. Alpha mattes are (B, 1, H, W).
The released form is the default: output stride 32, ASPP, decoder kernels of 5 px, ``m2o``, nonlinear, with context.

Where ours differs: sides that are no multiples of 32 are padded, the authors' test program scales them up; widths below 1 are ours.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from imharmony.networks.blocks import full_precision
from imharmony.networks.index_blocks import Index, IndexBlock, indexed_pool, indexed_unpool
from imharmony.networks.matting_blocks import MattingNetwork, scaled
from imharmony.networks.mobilenet_v2 import FIRST_CHANNELS, STAGES, convolution, stage_blocks

IN_CHANNELS = 4
KERNEL_PX = 5  # of the decoder
CONTEXT_CHANNELS = 256
DILATIONS = (2, 4, 8)  # of the depthwise convolutions of ASPP; its first branch is of 1 x 1
POOLED = (0, 2, 3, 4, 6)  # the levels after which the map is halved: where MobileNetV2 has its strides


class IndexNet(MattingNetwork):
    """An encoder that halves by its index maps, a decoder that doubles by theirs. In training a batch has two pictures or more."""

    takes_trimap: ClassVar[bool] = True
    heads: ClassVar[frozenset[str]] = frozenset({"index", "context", "decoder", "prediction"})

    def __init__(self, *, width: float = 1.0, index: Index = "m2o", nonlinear: bool = True, context: bool = True) -> None:
        super().__init__()
        channels = [scaled(count, width) for count in (FIRST_CHANNELS, *(stage.channels for stage in STAGES))]
        self.encoder = nn.ModuleList([nn.Sequential(*convolution(IN_CHANNELS, channels[0], 3))])
        for level, stage in enumerate(STAGES):
            # Strides are 1: what they took is taken by the poolings.
            self.encoder.append(nn.Sequential(*stage_blocks(stage, channels[level], channels[level + 1], stride=1, pads_first=True)))
        self.index = nn.ModuleDict(
            {str(level): IndexBlock(channels[level], index=index, nonlinear=nonlinear, context=context) for level in POOLED}
        )
        self.context = _SpatialPyramid(channels[7], scaled(CONTEXT_CHANNELS, width), channels[6])
        entering = channels[:7]
        leaving = [channels[0], *channels[:6]]
        self.decoder = nn.ModuleDict(
            {str(level): _DecoderLevel(2 * entering[level], leaving[level]) for level in reversed(range(len(entering)))}
        )
        size = {"kernel_size": KERNEL_PX, "padding": KERNEL_PX // 2, "bias": False}
        self.prediction = nn.Sequential(nn.Sequential(*convolution(channels[0], 1, KERNEL_PX)), nn.Conv2d(1, 1, **size))

    def forward(self, inputs: Tensor) -> Tensor:
        """Alpha mattes (B, 1, H, W), float32 also under autocast; nothing bounds them to [0, 1]."""
        height, width = inputs.shape[2:]
        features, skips, indices = self.padded(inputs), {}, {}
        for level, stage in enumerate(self.encoder):
            features = stage(features)
            if (name := str(level)) in self.index:
                taken, indices[name] = self.index[name](features)
                features = features * taken
                skips[name], features = features, indexed_pool(features)
            else:
                skips[name] = features
        features = self.context(features)
        for name, level in self.decoder.items():
            features = level(features, skips[name], indices.get(name))
        with full_precision(features):
            return self.prediction(features.float())[..., :height, :width]


class _DecoderLevel(nn.Module):
    """A map from below, doubled where the encoder halved, joined with the encoder's own and convolved."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Sequential(*convolution(inputs, outputs, KERNEL_PX))

    def forward(self, features: Tensor, skip: Tensor, index: Tensor | None) -> Tensor:
        if index is not None:
            features = indexed_unpool(features, index)
        return self.convolution(torch.cat([features, skip], 1))


class _SpatialPyramid(nn.Module):
    """ASPP (Chen et al. 2018, arXiv:1802.02611): a map seen at four dilations and as a whole, joined by a convolution of 1 x 1."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList([nn.Sequential(*convolution(inputs, hidden, 1))])
        for dilation in DILATIONS:
            depthwise = nn.Conv2d(inputs, inputs, 3, padding=dilation, dilation=dilation, groups=inputs, bias=False)
            self.branches.append(nn.Sequential(depthwise, nn.BatchNorm2d(inputs), nn.ReLU6(), *convolution(inputs, hidden, 1)))
        self.whole = nn.Sequential(*convolution(inputs, hidden, 1))
        self.join = nn.Sequential(*convolution((len(DILATIONS) + 2) * hidden, outputs, 1), nn.Dropout(0.5))

    def forward(self, features: Tensor) -> Tensor:
        whole = self.whole(features.mean((2, 3), keepdim=True))
        return self.join(torch.cat([*(branch(features) for branch in self.branches), whole.expand(-1, -1, *features.shape[2:])], 1))
