"""What cuts people out: the network of a file, its authors' or one of a training, or one that ``make cutter`` put into the package."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

import numpy as np

from imharmony.errors import InputError
from imharmony.portable.portrait_session import OnnxPortrait

PACKAGED = "portrait.onnx"  # beside the starter
ENDING, OF_TORCH = ".onnx", ".safetensors"


class PortraitNetwork(Protocol):
    """Says of each pixel how much of it is a person. Photographs are uint8 sRGB (H, W, 3)."""

    def alpha(self, photo: np.ndarray) -> np.ndarray:
        """float32 (h, w) in [0, 1], at a size of its own."""
        ...


def is_fine(network: PortraitNetwork) -> bool:
    """Whether what it says is alpha, hair and all, and no rough guess that has to be made to fit; its attribute of this name says so."""
    return bool(getattr(network, "is_fine", False))


def has_packaged_network() -> bool:
    """Whether one comes with this package."""
    return files("imharmony").joinpath("starter", PACKAGED).is_file()


def load_portrait_network(file: str | Path | None = None) -> PortraitNetwork:
    """The network of a file, ``.onnx`` or ``.safetensors``; None: the one in the package. ``InputError`` says what is wrong with it."""
    if file is None:
        resource = files("imharmony").joinpath("starter", PACKAGED)
        if not resource.is_file():
            came = f"{PACKAGED}: not in this package"
            advice = "name a file (--network FILE; docs/portrait.md says where one is), or give a cut-out (--matte FILE) or a trimap"
            raise InputError(f"{came}; expected a network that cuts people out; {advice}")
        with as_file(resource) as path:
            return OnnxPortrait.load(path)
    path = Path(file)
    if path.suffix == OF_TORCH:
        from imharmony.harmonizing.torch_portrait import TorchPortrait  # here, because it loads torch

        return TorchPortrait.load(path)
    if path.suffix != ENDING:
        raise InputError(f"{path}: not the name of a network's file; expected one that ends in {ENDING} or {OF_TORCH} (docs: portrait)")
    return OnnxPortrait.load(path)
