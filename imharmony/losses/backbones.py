"""The frozen networks behind feature losses, with weights from the user's files: never downloaded, never random."""

from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool1d

from imharmony.errors import InputError
from imharmony.losses.features import FeatureExtractor
from imharmony.storage.hub_files import hub_file, missing_weights

VGG19_FILE = "vgg19-dcbb9e9d.pth"  # torchvision's own name
IMAGENET_MEAN = (123.675, 116.28, 103.53)  # 255 times torchvision's .485, .456, .406
IMAGENET_STD = (58.395, 57.12, 57.375)
CAFFE_MEAN = (123.68, 116.779, 103.939)  # of red, green, blue; Caffe's networks take blue first and do not divide

# Places in torchvision's features, its pooling and its classifier, laid end to end.
VGG19_PLACES = {
    **{"relu1_1": 1, "relu1_2": 3},
    **{"relu2_1": 6, "relu2_2": 8},
    **{"relu3_1": 11, "relu3_2": 13, "relu3_3": 15, "relu3_4": 17},
    **{"relu4_1": 20, "relu4_2": 22, "relu4_3": 24, "relu4_4": 26},
    **{"relu5_1": 29, "relu5_2": 31, "relu5_3": 33, "relu5_4": 35},
    "logits": 45,
}
SQUEEZENET_PLACES = {"relu1": 1, "fire2": 3, "fire3": 4, "fire4": 6, "fire5": 7, "fire6": 9, "fire7": 10, "fire8": 11, "fire9": 12}


def load_vgg19(names: Sequence[str], path: Path | None = None) -> FeatureExtractor:
    """torchvision's ImageNet VGG-19 at the named places of ``VGG19_PLACES``. An absent or different file is an ``InputError``."""
    if problem := missing_weights(VGG19_FILE, "the features of VGG-19 need", path):
        raise InputError(problem)
    weights = torch.load(path or hub_file(VGG19_FILE), map_location="cpu", weights_only=True)
    return FeatureExtractor(_vgg19(weights), VGG19_PLACES, names=names, mean=IMAGENET_MEAN, std=IMAGENET_STD)


def load_squeezenet(names: Sequence[str], path: Path) -> FeatureExtractor:
    """SqueezeNet v1.1 at the named places of ``SQUEEZENET_PLACES``, from Caffe weights in an ``.npz`` with torchvision's key names.

    The weights are not those that LPIPS is calibrated for. The file's first kernels take blue, green, red and are turned here.
    """
    layers = _squeezenet(_read_npz(path))
    return FeatureExtractor(layers, SQUEEZENET_PLACES, names=names, mean=CAFFE_MEAN, std=(1.0, 1.0, 1.0))


class SevenBySeven(nn.Module):
    """Adaptive average pooling as two matrix products, since CUDA has no deterministic gradient of torch's own."""

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, 7, 7)."""
        rows, columns = (adaptive_avg_pool1d(torch.eye(size, device=features.device), 7) for size in features.shape[-2:])
        return rows.T @ features @ columns


def _vgg19(weights: dict[str, Tensor]) -> nn.Sequential:
    from torchvision.models import vgg19  # seconds that only those who ask for features spend

    with torch.device("meta"):  # no weights but the file's
        network = vgg19(weights=None, init_weights=False)
    network.load_state_dict(weights, assign=True)
    return nn.Sequential(*network.features.children(), SevenBySeven(), nn.Flatten(), *network.classifier.children())


def _squeezenet(weights: dict[str, Tensor]) -> nn.Sequential:
    from torchvision.models import squeezenet1_1

    with torch.device("meta"):
        network = nn.ModuleDict({"features": squeezenet1_1(weights=None).features})
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if wrong := sorted(name for name, _ in expected.items() ^ found.items()):
        raise InputError(f"SqueezeNet's weights differ at {wrong[0]} and {len(wrong) - 1} more; expected the features of v1.1 alone")
    network.load_state_dict({**weights, "features.0.weight": weights["features.0.weight"].flip(1)}, assign=True)
    return nn.Sequential(*network["features"].children())


def _read_npz(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise InputError(f"the features of SqueezeNet need an .npz of its weights, and {path.name} is not in {path.parent}: put it there")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]).float() for name in arrays.files}
    except (ValueError, TypeError, EOFError, BadZipFile) as error:
        raise InputError(f"{path.name} is not an .npz of plain arrays ({error}): give SqueezeNet's weights") from error
