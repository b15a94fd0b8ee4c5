"""PCT-Net as published: a colour map for each pixel, found at 256 px and applied at any size (Guerreiro, Nakazawa & Stenger 2023, CVPR).

Pictures are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground. The paper's ``affine`` of this library is
another network, whose maps are changes of the identity and which clamps nothing.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, pixel_unshuffle, scaled_dot_product_attention

from imharmony.networks.affine import MATRIX, PARAMETERS
from imharmony.networks.blocks import Generator, full_precision
from imharmony.networks.published.encoder_decoder import SHARPNESS
from imharmony.networks.published.separated_unet import DEPTH, SeparatedUNet
from imharmony.networks.published.units import IMAGENET_MEAN, IMAGENET_STD, expect_as_published, imagenet_from_network
from imharmony.storage.descriptions import Start

PATCH_PX = 4
HEADS, LAYERS, DROPOUT = 2, 9, 0.1
UNIT_MEAN, UNIT_STD = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


class PCTNet(Generator):
    """Maps (B, 13, H, W): a matrix, row by row, and an offset for colours in [0, 1], and how much the result counts.

    The mapped colour is clamped to [0, 1] and blended with the composite's by the last map. The network's own matrices are for the
    normalised picture, while their result is taken for colours in [0, 1], as published; here they are put into the same units, which
    changes nothing. At full size the maps are enlarged bicubically, each by itself.
    """

    mean: tuple[float, ...] = UNIT_MEAN
    std: tuple[float, ...] = UNIT_STD

    def parameters_and_attention(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The authors' 12 parameters of each pixel (B, 12, H, W), and how much the result counts (B, 1, H, W)."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Tensor:
        """The composite with its colours mapped, float32 also under autocast; in [-1, 1] where the composite is."""
        return self.mapped(inputs[:, :3], self.maps(inputs))

    def maps(self, inputs: Tensor) -> Tensor:
        """The maps, in float32."""
        parameters, kept = self.parameters_and_attention(inputs)
        matrices, offsets = parameters.split([MATRIX, 3], 1)
        mean, std = parameters.new_tensor(self.mean)[:, None, None], parameters.new_tensor(self.std)[:, None, None]
        rows = matrices.unflatten(1, (3, 3)) / std
        return torch.cat([rows.flatten(1, 2), offsets - (rows * mean).sum(2), kept], 1)

    def mapped(self, pictures: Tensor, maps: Tensor) -> Tensor:
        """Pictures (B, 3, H', W') of any size with their colours mapped."""
        matrices, offsets, kept = maps.float().split([MATRIX, 3, 1], 1)
        colours = (pictures + 1) / 2
        # Products and a sum, not a matrix product, which autocast and a GPU's TF32 would round.
        changed = (matrices.unflatten(1, (3, 3)) * colours[:, None]).sum(2) + offsets
        return 2 * (changed.clamp(0, 1) * kept + colours * (1 - kept)) - 1


class PCTNetCNN(PCTNet):
    """With the U-Net of iSSAM, whose attention map says how much the result counts."""

    depth = DEPTH - 1
    mean, std = IMAGENET_MEAN, IMAGENET_STD

    def __init__(self, *, width: int) -> None:
        super().__init__()
        self.body = SeparatedUNet(width)
        self.attention = nn.Conv2d(width, 1, 1)
        self.parameters_at = nn.Conv2d(width, PARAMETERS, 1)

    def parameters_and_attention(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Both in float32."""
        composite, mask = inputs.split([3, 1], 1)
        features = self.body(imagenet_from_network(composite), mask)
        with full_precision(features):
            features = features.float()
            return self.parameters_at(features), torch.sigmoid(SHARPNESS * self.attention(features))


class TransformerLayer(nn.Module):
    """Attention of all patches to all, then two linear layers; each is added and normalised after (Vaswani et al. 2017, arXiv:1706.03762).

    torch's own layer keeps the whole matrix of attention where no gradient is asked for, half a gigabyte of it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.asked, self.told = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.attended, self.changed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, tokens: Tensor) -> Tensor:
        """The patches (B, N, width) that know of each other."""
        queries, keys, values = self.asked(tokens).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(queries, keys, values, dropout_p=DROPOUT if self.training else 0.0)
        tokens = self.attended(tokens + self.dropout(self.told(seen.transpose(1, 2).flatten(2))))
        return self.changed(tokens + self.dropout(self.narrow(self.dropout(gelu(self.wide(tokens))))))


class PCTNetViT(PCTNet):
    """With a transformer over patches of 4 px, none of which knows its place. The picture is not normalised.

    The published result counts as much as the mask says, which is pasting, the harmonizer's business: here it counts everywhere.
    """

    depth = 2  # sides are multiples of a patch

    def __init__(self, *, width: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(4 * PATCH_PX**2, width)
        self.layers = nn.ModuleList(TransformerLayer(width) for _ in range(LAYERS))
        self.pictures = nn.Sequential(nn.ConvTranspose2d(width, PARAMETERS, PATCH_PX, stride=PATCH_PX), nn.Tanh())
        self.parameters_at = nn.Conv2d(PARAMETERS, PARAMETERS, 1)

    def parameters_and_attention(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The parameters in float32, and ones."""
        composite, mask = inputs.split([3, 1], 1)
        tokens = self.embedding(_patches(torch.cat([(composite + 1) / 2, mask], 1)))
        for layer in self.layers:
            tokens = layer(tokens)
        grid = tokens.transpose(1, 2).unflatten(2, (inputs.shape[2] // PATCH_PX, inputs.shape[3] // PATCH_PX))
        with full_precision(grid):
            return self.parameters_at(self.pictures(grid.float())), torch.ones_like(mask, dtype=torch.float32)


def pctnet_cnn(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> PCTNetCNN:  # noqa: ARG001
    """PCT-Net with convolutions for any size; 32 channels wide as published, for 256 px."""
    expect_as_published("pctnet_cnn", in_channels=in_channels, start=start)
    return PCTNetCNN(width=width)


def pctnet_vit(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> PCTNetViT:  # noqa: ARG001
    """PCT-Net with a transformer for any size; 256 channels wide as published, for 256 px."""
    expect_as_published("pctnet_vit", in_channels=in_channels, start=start)
    return PCTNetViT(width=width)


def _patches(pictures: Tensor) -> Tensor:
    """Patches (B, N, C p^2) row by row, each with its pixels row by row and the channels of a pixel together."""
    channels = pictures.shape[1]
    pixels = pixel_unshuffle(pictures, PATCH_PX).unflatten(1, (channels, PATCH_PX**2))  # (B, C, p^2, h, w)
    return pixels.transpose(1, 2).flatten(1, 2).flatten(2).transpose(1, 2)
