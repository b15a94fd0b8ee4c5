"""Small networks that cut people out, whose weights are drawn or set by hand, and portraits for them."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from imharmony.matting.checkpoint import MattingArchitecture, save_matting
from imharmony.networks.matting import build_matting
from imharmony.portable import export
from imharmony.portable.facts import FORMAT, PortraitFacts

SIZE = 64
SMALL = MattingArchitecture(name="portrait", width=0.125)


def drawn_network(path: Path, architecture: MattingArchitecture = SMALL) -> Path:
    """Weights as they begin, drawn from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_matting(**architecture.arguments).eval()
    save_matting(path, network, architecture, size_px=SIZE, metadata={})
    return path


class _Bright(nn.Module):
    def forward(self, picture: Tensor) -> Tensor:
        return ((picture.mean(1, keepdim=True) - 0.2) * 5 + 0.5).clamp(0, 1)


class _Unsure(nn.Module):
    def forward(self, picture: Tensor) -> Tensor:
        return picture.mean(1, keepdim=True) * 0 + torch.nan


def network_of_brightness(path: Path, *, of: type[nn.Module] = _Bright) -> Path:
    """A file of one that takes what is bright for a person."""
    pictures = (torch.zeros(1, 3, SIZE, SIZE),)
    program = export._program(path, of().eval(), pictures, ("picture",), ("alpha",), "bright")
    path.write_bytes(export._packed(program, PortraitFacts(FORMAT, "portrait", SIZE, "0" * 64)))
    return path


def network_without_numbers(path: Path) -> Path:
    """A file of one that says NaN."""
    return network_of_brightness(path, of=_Unsure)


def portrait(height: int = 80, width: int = 64) -> np.ndarray:
    """A bright bust on a dark slope with noise, uint8 (H, W, 3)."""
    rows, columns = np.mgrid[:height, :width]
    picture = np.random.default_rng(0).normal(40, 6, (height, width, 3)) + rows[..., None] * 0.2
    head = np.hypot(columns - width / 2, rows - 0.35 * height) < 0.2 * width
    body = (rows > 0.5 * height) & (abs(columns - width / 2) < 0.35 * width)
    picture[head | body] = np.random.default_rng(1).normal((230, 215, 205), 4, (int((head | body).sum()), 3))
    return np.clip(picture, 0, 255).astype(np.uint8)
