"""Between the pictures of this library and those that published networks were trained on.

Pictures are float (B, 3, H, W), here in [-1, 1]; ImageNet's units are those of torchvision: of a picture in [0, 1], less its mean, by its
standard deviation.
"""

from torch import Tensor

from imharmony.errors import InputError
from imharmony.networks.matting import IMAGENET_MEAN, IMAGENET_STD
from imharmony.storage.descriptions import Start

PICTURE_AND_MASK = 4


def imagenet_from_network(pictures: Tensor) -> Tensor:
    """Pictures in [-1, 1] in ImageNet's units."""
    mean, std = _statistics(pictures)
    return ((pictures + 1) / 2 - mean) / std


def network_from_imagenet(pictures: Tensor) -> Tensor:
    """Pictures in ImageNet's units in [-1, 1], as far as they were such; nothing is clipped."""
    mean, std = _statistics(pictures)
    return 2 * (pictures * std + mean) - 1


def expect_as_published(name: str, *, in_channels: int, start: Start) -> None:
    """Raises an ``InputError`` unless the network is built as its authors do: with the mask, and without a layer of zeros."""
    if in_channels != PICTURE_AND_MASK:
        raise InputError(f"{name} got {in_channels} input channels; expected 4, the composite and its mask; set mask_input: true")
    if start != "published":
        raise InputError(f"{name} got start {start!r}; expected 'published', the only form that its authors' weights fit")


def _statistics(pictures: Tensor) -> tuple[Tensor, Tensor]:
    return pictures.new_tensor(IMAGENET_MEAN)[:, None, None], pictures.new_tensor(IMAGENET_STD)[:, None, None]
