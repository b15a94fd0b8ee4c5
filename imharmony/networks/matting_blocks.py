"""What matting networks share: any picture size, widths that a CPU can train, and the two groups of their parameters."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import pad

MULTIPLE = 4  # of channels; MobileNetV2's own 8 would make a quarter of its 16 a half


class MattingNetwork(nn.Module):
    """A network from pictures to alpha mattes. Sides of any length: it pads the picture to its stride and crops what comes out.

    Its children in ``heads`` are trained from nothing; the rest, the backbone, is what ImageNet teaches first. Papers and programs
    give the two groups rates of their own.
    """

    takes_trimap: ClassVar[bool]
    heads: ClassVar[frozenset[str]]
    stride_px: ClassVar[int] = 32

    def backbone_parameters(self) -> list[nn.Parameter]:
        """The parameters of the backbone, in the network's order."""
        return [parameter for name, parameter in self.named_parameters() if name.partition(".")[0] not in self.heads]

    def head_parameters(self) -> list[nn.Parameter]:
        """All other parameters, in the network's order."""
        return [parameter for name, parameter in self.named_parameters() if name.partition(".")[0] in self.heads]

    def padded(self, inputs: Tensor) -> Tensor:
        """The inputs (B, C, H, W) with their last row and column repeated up to the next multiples of the stride."""
        height, width = inputs.shape[2:]
        right, below = -width % self.stride_px, -height % self.stride_px
        return pad(inputs, (0, right, 0, below), mode="replicate") if right or below else inputs


def scaled(channels: int, width: float) -> int:
    """``width`` times the published channels, to the nearest multiple of 4 and at least 4; the published ones at 1."""
    return channels if width == 1 else max(MULTIPLE, round(channels * width / MULTIPLE) * MULTIPLE)
