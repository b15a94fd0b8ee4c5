"""LPIPS, the learned perceptual distance (Zhang, Isola, Efros, Shechtman, Wang 2018, arXiv:1801.03924), one number per image.

The calibration layers come with the ``lpips`` package (version 0.1). The ImageNet backbone does not: its file is used where torch
keeps such files, after its hash is checked, and is never downloaded or replaced by random weights.
"""

import warnings

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.storage.hub_files import missing_weights

# torchvision's own file names.
BACKBONES = {"alex": "alexnet-owt-7be5be79.pth", "squeeze": "squeezenet1_1-b8a52dc0.pth", "vgg": "vgg16-397923af.pth"}


def missing_backbone(backbone: str) -> str | None:
    """Why LPIPS with this backbone cannot be computed here, in one sentence; None when it can."""
    return missing_weights(BACKBONES[backbone], "LPIPS needs")


def load_lpips(backbone: str) -> nn.Module:
    """The distance's network on the CPU, ready for ``lpips``. An absent or different backbone is an ``InputError``."""
    if problem := missing_backbone(backbone):
        raise InputError(problem)
    from lpips import LPIPS  # imports all of torchvision: seconds that only those who ask for LPIPS spend

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the package calls torchvision by its older argument names
        return LPIPS(net=backbone, version="0.1", verbose=False).requires_grad_(False)


@torch.inference_mode()
def lpips(output: Tensor, real: Tensor, *, network: nn.Module) -> Tensor:
    """Distance between float images (B, 3, H, W) in [0, 255], float64 (B,)."""
    first, second = (images.float() / 127.5 - 1 for images in (output, real))
    return network(first, second).double().flatten()
