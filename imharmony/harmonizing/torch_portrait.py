"""A network that cuts people out, with torch, from the file of a training or of ``harmonize models import``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from imharmony.colour.ranges import network_from_uint8
from imharmony.errors import InputError
from imharmony.matting.checkpoint import load_matting
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.pictures.pairs import squared
from imharmony.storage.headers import told_by
from imharmony.storage.places import expect_there


@dataclass(frozen=True)
class TorchPortrait:
    """A network that sees photographs, uint8 (H, W, 3), at ``size_px`` squared, on the CPU."""

    network: PortraitMatting
    size_px: int
    is_fine: bool

    @classmethod
    def load(cls, path: Path) -> Self:
        """The network of a ``.safetensors``; one that needs a trimap is an ``InputError``."""
        expect_there(path, "a network's file, as `harmonize models import` writes one")
        if told_by(path, "architecture") is not None:
            advice = "that is for --model; take the file of one that cuts people out"
            raise InputError(f"{path}: a model that harmonizes; expected a network that cuts people out; {advice}")
        network, architecture, size_px, metadata = load_matting(path)
        if not isinstance(network, PortraitMatting):
            raise InputError(f"{path}: network {architecture.name}, which needs a trimap; expected one without, as modnet; take another")
        return cls(network, size_px, metadata.get("is_fine") is True)

    def alpha(self, photo: np.ndarray) -> np.ndarray:
        """How much of each pixel is a person, float32 (S, S) in [0, 1]."""
        with torch.inference_mode():
            return self.network.matte(network_from_uint8(torch.from_numpy(squared(photo, self.size_px))[None]))[0, 0].numpy()
