"""BargainNet's generator: a U-Net that is told the domain code of the background (Cong et al. 2021, arXiv:2009.09169).

Report 002 takes it over and tries codes of hue, saturation and value, and UNet 3+ in the place of the U-Net. Pictures are float
(B, 3, H, W) in [-1, 1]; the mask channel is in [0, 1], 1 = foreground.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from imharmony.colour.hsv import hsv_as_saved, hsv_from_network
from imharmony.errors import InputError
from imharmony.networks.attention_unet import attention_unet
from imharmony.networks.blocks import Generator, Norm
from imharmony.networks.domain_code import CODE, DomainCodeExtractor
from imharmony.networks.unet3plus import unet3plus, unet3plus_code
from imharmony.storage.descriptions import Start

PICTURE_AND_MASK = 4
FIRST_SCALE, SMALLEST_SCALE = 0.1, 0.001


class Colours(NamedTuple):
    """What an extractor of codes sees of a picture."""

    of: Callable[[Tensor], Tensor]
    channels: int


RGB = Colours(lambda pictures: pictures, 3)
HSV = Colours(hsv_from_network, 4)
SAVED_HSV = Colours(hsv_as_saved, 3)


class Bargain(Generator):
    """A U-Net on the composite, its mask and a map of the background's code, scaled by a learned factor.

    The published programme describes the background of the *photograph*, in testing too; here it is always that of the
    composite, so that the ground truth has no way in. A mask that covers the whole picture leaves no background; the code
    is then the extractor's constant for an empty region. The extractor sees the ``colours`` of pictures and has norms of its own.
    Without ``scaled`` the code goes in as it is.
    """

    def __init__(
        self,
        unet: Callable[..., Generator],
        *,
        in_channels: int,
        width: int,
        size_px: int,
        colours: Colours = RGB,
        norm: Norm = "batch",
        scaled: bool = True,
        start: Start = "published",
    ) -> None:
        super().__init__()
        if in_channels != PICTURE_AND_MASK:
            expected = "expected 4, the composite and its mask; set mask_input: true"
            raise InputError(f"a generator with domain codes got {in_channels} input channels; {expected}")
        self.colours = colours
        self.extractor = DomainCodeExtractor(width=width, size_px=size_px, in_channels=colours.channels, norm=norm)
        self.unet = unet(in_channels=PICTURE_AND_MASK + CODE, width=width, size_px=size_px, start=start)
        self.depth = self.unet.depth
        self.begins_at_composite = self.unet.begins_at_composite
        self.scale = nn.Parameter(torch.tensor([FIRST_SCALE])) if scaled else None

    def codes(self, pictures: Tensor, mask: Tensor) -> Tensor:
        """The codes (B, 16) of the regions of any pictures where the mask is 1."""
        return self.extractor(self.colours.of(pictures), mask)

    def forward(self, inputs: Tensor) -> Tensor:
        """The generated picture."""
        return self.unet(self._told(inputs))

    def outputs(self, inputs: Tensor) -> list[Tensor]:
        """The side outputs of its U-Net, the main one first."""
        return self.unet.outputs(self._told(inputs))

    def _told(self, inputs: Tensor) -> Tensor:
        composite, mask = inputs.split([3, 1], 1)
        code = self.codes(composite, 1 - mask)
        if self.scale is not None:
            code = code * self.scale.clamp(min=SMALLEST_SCALE)
        return torch.cat([inputs, code[:, :, None, None].expand(-1, -1, *inputs.shape[2:])], 1)


def bargain(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> Bargain:
    """BargainNet's generator: DoveNet's attention U-Net with 20 input channels."""
    return Bargain(attention_unet, in_channels=in_channels, width=width, size_px=size_px, start=start)


def bargain_hsv(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> Bargain:
    """The same with codes of hue, saturation and value (report 002)."""
    return Bargain(attention_unet, in_channels=in_channels, width=width, size_px=size_px, start=start, colours=HSV)


def bargain_code(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> Bargain:
    """The same as report 002's code has it: no dropout in the U-Net, instance norms in the extractor."""
    unet = partial(attention_unet, dropout=False)
    return Bargain(unet, in_channels=in_channels, width=width, size_px=size_px, start=start, norm="instance")


def bargain_hsv_code(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> Bargain:
    """That with codes of hue, saturation and value of whole levels, which hold back every gradient from the pictures."""
    unet = partial(attention_unet, dropout=False)
    return Bargain(unet, in_channels=in_channels, width=width, size_px=size_px, start=start, colours=SAVED_HSV, norm="instance")


def bargain_unet3plus(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> Bargain:
    """The same with UNet 3+ as published (report 002, mended)."""
    return Bargain(unet3plus, in_channels=in_channels, width=width, size_px=size_px, start=start)


def bargain_unet3plus_code(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> Bargain:
    """The same with report 002's own UNet 3+, to which its code gives the codes unscaled."""
    return Bargain(unet3plus_code, in_channels=in_channels, width=width, size_px=size_px, start=start, scaled=False)
