"""The patch discriminator of pix2pix (Isola, Zhu, Zhou, Efros 2017, arXiv:1611.07004), in four sizes of patch."""

from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks.blocks import KERNEL_PX, halving

# Halving convolutions before the two of stride 1. With kernel 4 the field grows as r <- r + 3 j, j <- j * stride.
HALVINGS = {16: 1, 34: 2, 70: 3, 142: 4}
WIDEST = 8
SHORTEST_SIDE = 3  # of the last map before the two convolutions of stride 1, each of which takes one pixel


class PatchGAN(nn.Module):
    """One raw score for each patch of ``field_px`` squared pixels, from a condition and a picture: (B, 6, H, W).

    Report 000 names a field of 70 px while its code, whose C512 block halves too, has 142. Its Keras layers pad 'same'
    (256 px give 32 x 32 scores at 70 px) and keep biases before batch norms (``conv_bias``); ours pad 1, as pix2pix
    does (30 x 30).
    """

    def __init__(self, *, width: int, field_px: int, in_channels: int = 6, conv_bias: bool = False) -> None:
        super().__init__()
        if field_px not in HALVINGS:
            raise InputError(f"field_px is {field_px}; expected one of {sorted(HALVINGS)}")
        self.field_px = field_px
        halvings = HALVINGS[field_px]
        channels = [width * min(2**level, WIDEST) for level in range(halvings + 1)]
        layers = [halving(in_channels, width), nn.LeakyReLU(0.2)]
        for level in range(1, halvings + 1):
            stride = 2 if level < halvings else 1
            convolution = nn.Conv2d(channels[level - 1], channels[level], KERNEL_PX, stride=stride, padding=1, bias=conv_bias)
            layers += [convolution, nn.BatchNorm2d(channels[level]), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, KERNEL_PX, stride=1, padding=1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Raw scores (B, 1, h, w), higher = more real in the usual convention."""
        smallest = SHORTEST_SIDE * 2 ** HALVINGS[self.field_px]
        if min(pictures.shape[2:]) < smallest:
            came = f"{pictures.shape[3]} x {pictures.shape[2]} px"
            raise InputError(
                f"a critic of {self.field_px} px needs pictures of {smallest} px or more; got {came}; choose a smaller field_px"
            )
        return self.layers(pictures)
