"""Published networks with few channels, and files of them as their authors would have saved them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from imharmony.networks.deep_matting import DeepMatting
from imharmony.networks.harmonizer import generator_of
from imharmony.networks.indexnet import IndexNet
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.published.harmonizers import HARMONIZERS, USES
from imharmony.published.networks import PUBLISHED
from imharmony.published.record import authors_name

WIDTHS = {"harmonizer": 8, "hrnet18_idih256": 4, "hrnet18s_idih256": 4, "pctnet_vit": 4}
SIZES_PX = dict.fromkeys(("hdnet", "issam256", "pctnet_cnn", "pctnet_vit"), 64)  # what works at any size, and takes its time
SMALL_USES = {name: use._replace(width=WIDTHS.get(name, 2), size_px=SIZES_PX.get(name, use.size_px)) for name, use in USES.items()}
MATTING: dict[str, Callable[[], nn.Module]] = {
    "deep_matting": partial(DeepMatting, width=0.0625),
    "indexnet": partial(IndexNet, width=0.125),
    "modnet": partial(PortraitMatting, width=0.125),
}
SMALL: dict[str, Callable[[], nn.Module]] = {
    **{name: partial(generator_of, use.generator, in_channels=4, width=use.width, size_px=use.size_px) for name, use in SMALL_USES.items()},
    **MATTING,
}


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """All networks at small widths, so that their files are small; names, depths and checks are those of the published ones."""
    for name, build in SMALL.items():
        for table in (PUBLISHED, HARMONIZERS):
            if name in table:
                monkeypatch.setitem(table, name, PUBLISHED[name]._replace(build=build))
    for name, use in SMALL_USES.items():
        monkeypatch.setitem(USES, name, use)


def network_of(name: str) -> nn.Module:
    torch.manual_seed(0)
    network = PUBLISHED[name].build()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):  # as after a training
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 1.5)
            module.num_batches_tracked += 7
    return network.eval()


def tensors_of(name: str) -> dict[str, Tensor]:
    """The state dict as the authors would have saved it."""
    published = PUBLISHED[name]
    tensors = {}
    for ours, tensor in network_of(name).state_dict().items():
        theirs = authors_name(published, ours)
        tensors[published.prefix + theirs] = tensor
        for module, second in published.twice.items():
            if theirs.startswith(f"{module}."):
                tensors[published.prefix + second + theirs.removeprefix(module)] = tensor
    return tensors


def saved(path: Path, name: str, tensors: dict[str, Tensor], *, zipped: bool = True) -> Path:
    key = PUBLISHED[name].key
    content = {key: tensors, "epoch": 30} if key else tensors
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def saved_parts(folder: Path, name: str, tensors: dict[str, Tensor] | None = None) -> list[Path]:
    """The files of a network, which may have several."""
    tensors, paths = tensors or tensors_of(name), []
    for place, part in enumerate(PUBLISHED[name].parts):
        own = {each.removeprefix(part): tensor for each, tensor in tensors.items() if each.startswith(part)}
        paths.append(saved(folder / f"{place}.pth", name, own))
    return paths


class Writing:
    """Whoever unpickles it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., None], tuple[object, ...]]:
        return Path.touch, (self.path,)
