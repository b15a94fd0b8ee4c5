"""The matting networks by name, and what all of them are asked for: an alpha matte.

Pictures are float (B, 3, H, W) in [0, 1], trimaps float (B, 1, H, W) of 0, 128/255 and 1, alpha mattes float (B, 1, H, W), 1 = person.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from imharmony.errors import InputError
from imharmony.networks.deep_matting import DeepMatting, dim_lite
from imharmony.networks.indexnet import IndexNet
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.networks.portrait_matting import PortraitMatting

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # torchvision's, of red, green and blue in [0, 1]
IMAGENET_STD = (0.229, 0.224, 0.225)

MATTING: dict[str, Callable[..., MattingNetwork]] = {  # (width, and what the class takes beside) -> network
    "dim": DeepMatting,
    "dim_lite": dim_lite,
    "indexnet": IndexNet,
    "portrait": PortraitMatting,
}


def build_matting(*, name: str, width: float, **options: object) -> MattingNetwork:
    """The network of that name with ``width`` times its published channels; IndexNet takes its index variant beside."""
    if name not in MATTING:
        raise InputError(f"matting network is {name!r}; expected one of {sorted(MATTING)}")
    return MATTING[name](width=width, **options)


def predict_alpha(network: MattingNetwork, picture: Tensor, trimap: Tensor | None, *, clipped: bool = True) -> Tensor:
    """The alpha matte of pictures. Where the trimap knows it, it is the trimap's; gradients pass the unknown pixels alone.

    This is A_r of report 004: M alpha + (1 - M) T, with M the unknown pixels of the trimap T. A network that takes no trimap is given
    none; a trimap may be told all the same, and its known pixels then count. Training passes ``clipped=False``, since from beyond
    [0, 1] no gradient leads back.
    """
    alpha = _predicted(network, picture, trimap)
    alpha = alpha.clamp(0, 1) if clipped else alpha
    if trimap is None:
        return alpha
    return torch.where((trimap > 0) & (trimap < 1), alpha, trimap)


def matting_inputs(picture: Tensor, trimap: Tensor) -> Tensor:
    """What the networks with a trimap take, (B, 4, H, W): the picture by ImageNet's statistics, and the trimap as it is."""
    mean, std = (picture.new_tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    return torch.cat([(picture - mean) / std, trimap], 1)


def _predicted(network: MattingNetwork, picture: Tensor, trimap: Tensor | None) -> Tensor:
    if isinstance(network, PortraitMatting):
        return network.matte(2 * picture - 1)
    if trimap is None:
        raise InputError("this matting network takes a trimap and got none; give one, or take 'portrait', which needs none")
    return network(matting_inputs(picture, trimap))
