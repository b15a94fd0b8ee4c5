"""The detector of report 003: which pixels were made darker or brighter (Dolhasz, Harvey & Williams 2020, arXiv:1912.06433).

Pictures are float (B, 3, H, W) in [-1, 1], sides multiples of 8. VGG-16 (Simonyan & Zisserman 2014, arXiv:1409.1556) keeps an eighth of
the size from its third pool on; what it sees at five depths becomes 15 maps, and a decoder brings them back to the picture's size.

Where the description leaves a choice open, and where ours differs:

- Pools that keep the size look at 2 x 2 places, as the weights are used to: the fourth at neighbours, the fifth, like the convolutions
  before it, at places two apart. So VGG-16's own maps are among these: every second place of the fifth block, every fourth after its pool.
- The trunk's two convolutions of 512 channels are of 1 x 1, where a dilation, which the code names, changes nothing. It ends in a batch
  norm and a ReLU, as the branches do.
- Convolutions before a batch norm have no bias: the norm would take it away.
- Pictures are brought to ImageNet's statistics first, which torchvision's weights expect; the code feeds its own weights with [-1, 1].
- Whole maps are dropped: .1 of them in the trunk, .75 before the head, which the code has for the classifier; .5 stands there as well.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad

from imharmony.errors import InputError
from imharmony.storage.hub_files import hub_file, missing_weights

VGG16_FILE = "vgg16-397923af.pth"  # torchvision's own name
CLASSES = ("negative", "positive", "none")  # the order of the logits: darker than it was, brighter, neither to be seen
MULTIPLE_PX = 8

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # of VGG-16: channels and convolutions
DILATIONS = (1, 1, 1, 1, 2)  # of a block's convolutions
POOLS = (None, None, None, 1, 2)  # how far apart the places of a pool that keeps the size are; the others halve it
BRANCH_STRIDES = (4, 2, 1, 1)  # from the pools of the first four blocks to an eighth of the picture
BRANCH_CHANNELS = 128
MAPS = 3  # of a branch
DECODER_CHANNELS = (256, 128, 64)
TRUNK_DROPOUT = 0.1

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # torchvision's, of red, green and blue in [0, 1]
IMAGENET_STD = (0.229, 0.224, 0.225)


class ObservingNetwork(nn.Module):
    """Three classes for each pixel, from the picture alone.

    The second training holds ``encoder`` fixed: ``network.encoder.requires_grad_(False)``.
    """

    def __init__(self, *, dropout: float = 0.75) -> None:
        super().__init__()
        self.encoder = _Encoder()
        channels = ((len(BRANCH_STRIDES) + 1) * MAPS, *DECODER_CHANNELS)
        self.decoder = nn.Sequential(
            *(nn.Sequential(nn.Upsample(scale_factor=2), *_block(few, many, 3), *_block(many, many, 1)) for few, many in pairwise(channels))
        )
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(channels[-1], len(CLASSES), 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, 3, H, W) in the order of ``CLASSES``; a softmax over them is a pixel's probabilities."""
        return self.head(self.dropout(self.features(pictures)))

    def features(self, pictures: Tensor) -> Tensor:
        """The decoder's maps (B, 64, H, W), 0 or more: what the first training reads an applied offset from, pixel by pixel."""
        height, width = pictures.shape[2:]
        if height % MULTIPLE_PX or width % MULTIPLE_PX:
            raise InputError(f"this detector takes multiples of {MULTIPLE_PX} px; got {width} x {height} px; pad or scale the picture")
        return self.decoder(self.encoder(pictures))

    def load_vgg(self, path: Path | None = None) -> None:
        """Gives VGG-16's layers ImageNet's weights, by default from where torch keeps torchvision's file; call it after any first weights.

        A .pth has to be torchvision's own by its hash; a .safetensors holds tensors of its names, ``features.*`` alone or the classifier
        too. An absent or another file is an ``InputError``.
        """
        self.encoder.vgg.load_state_dict(_read_vgg(path, self.encoder.vgg.state_dict()))


class _Encoder(nn.Module):
    """From pictures (B, 3, H, W) to 15 maps of an eighth of the size: three of each branch, from the shallowest to the trunk's."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", 2 * torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) - 1, persistent=False)
        self.register_buffer("std", 2 * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)
        self.vgg = nn.Sequential(*_vgg16())  # places as in torchvision's `features`
        self.pools = [place for place, layer in enumerate(self.vgg) if isinstance(layer, nn.MaxPool2d | _StillPool)]
        self.branches = nn.ModuleList(
            nn.Sequential(
                *_block(channels, BRANCH_CHANNELS, 3, stride), *_block(BRANCH_CHANNELS, BRANCH_CHANNELS, 1), *_to_maps(BRANCH_CHANNELS)
            )
            for (channels, _), stride in zip(BLOCKS[:-1], BRANCH_STRIDES, strict=True)
        )
        deepest = BLOCKS[-1][0]
        steps = [layer for _ in range(2) for layer in (*_block(deepest, deepest, 1), nn.Dropout2d(TRUNK_DROPOUT))]
        self.trunk = nn.Sequential(*steps, *_to_maps(deepest))

    def forward(self, pictures: Tensor) -> Tensor:
        maps, features = [], (pictures - self.mean) / self.std
        exits = dict(zip(self.pools, [*self.branches, self.trunk], strict=True))
        for place, layer in enumerate(self.vgg):
            features = layer(features)
            if place in exits:
                maps.append(exits[place](features))
        return torch.cat(maps, 1)


class _StillPool(nn.Module):
    """The maximum of 2 x 2 places ``apart`` from each other, this one and those to the right and below; the size stays."""

    def __init__(self, apart: int) -> None:
        super().__init__()
        self.apart = apart

    def forward(self, features: Tensor) -> Tensor:
        """Beyond the edge there are zeros, which after a ReLU change no maximum."""
        return max_pool2d(pad(features, (0, self.apart, 0, self.apart)), 2, stride=1, dilation=self.apart)


def _vgg16() -> Iterator[nn.Module]:
    before = 3
    for (channels, convolutions), dilation, apart in zip(BLOCKS, DILATIONS, POOLS, strict=True):
        for _ in range(convolutions):
            yield nn.Conv2d(before, channels, 3, padding=dilation, dilation=dilation)
            yield nn.ReLU()
            before = channels
        yield nn.MaxPool2d(2) if apart is None else _StillPool(apart)


def _block(inputs: int, outputs: int, kernel_px: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel_px, stride=stride, padding=kernel_px // 2, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def _to_maps(channels: int) -> list[nn.Module]:
    return _block(channels, MAPS, 1)


def _read_vgg(path: Path | None, expected: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of ``features.*`` under the names of ``expected``, whose shapes they have."""
    advice = f"expected torchvision's {VGG16_FILE}, or its tensors as .safetensors; give that"
    weights = _tensors(path, advice)
    shapes = {f"features.{name}": tuple(tensor.shape) for name, tensor in expected.items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items() if not name.startswith("classifier.")}
    if wrong := sorted({name for name, _ in shapes.items() ^ found.items()}):
        raise InputError(f"{path}: its tensors differ at {wrong[0]} and {len(wrong) - 1} more; {advice}")
    for name in shapes:
        if not (weights[name].is_floating_point() and torch.isfinite(weights[name]).all()):
            raise InputError(f"{path}: tensor {name} has values that are no finite numbers; {advice}")
    return {name: weights[f"features.{name}"] for name in expected}


def _tensors(path: Path | None, advice: str) -> dict[str, Tensor]:
    """All that the file holds: a .pth of the published hash, or any .safetensors."""
    if path is None or path.suffix == ".pth":
        if problem := missing_weights(VGG16_FILE, "the observing network needs", path):
            raise InputError(problem)
        return torch.load(path or hub_file(VGG16_FILE), map_location="cpu", weights_only=True)
    if path.suffix != ".safetensors":
        raise InputError(f"{path}: a name that ends in {path.suffix!r}; {advice}")
    if not path.is_file():
        raise InputError(f"{path}: no such file; {advice}")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path}: not a whole safetensors file ({error}); {advice}") from error
