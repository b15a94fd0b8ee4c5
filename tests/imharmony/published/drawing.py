"""Weights and a picture that anyone can draw again: what the figures in ``golden`` were made with.

A tensor is a function of its name in the authors' state dict (without ``module.``) and of its shape, the picture of its size.
Arrays are float64 until they are rounded to float32 once.
"""

import zlib
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

CENTRE = (0.46, 0.53)  # of the ellipse that is the foreground: down, across, as shares of the sides
HALF_AXES = (0.31, 0.27)
EDGE_PX = 3  # over which the mask rises from 0 to 1
CERTAIN = 0.15  # of the radius on either side of the outline is unknown in the trimap
WAVES = (  # of red, green and blue: periods across and down, phase, amplitude
    ((1.3, 0.4, 0.3, 0.22), (-1.7, 3.1, 1.1, 0.14), (9.0, 7.0, 0.0, 0.06)),
    ((0.7, 1.9, 2.0, 0.22), (4.3, -0.6, 0.5, 0.14), (-8.0, 11.0, 1.0, 0.06)),
    ((-1.1, 1.2, 4.0, 0.22), (2.2, 2.9, 1.7, 0.14), (12.0, 5.0, 2.0, 0.06)),
)
GAINS, OFFSETS = (1.08, 0.85, 0.7), (-0.04, 0.06, 0.1)  # what the composite's foreground went through, of each channel


def drawn(name: str, shape: tuple[int, ...]) -> Tensor:
    """The tensor of that name: normal numbers for kernels, by their fan-in, for biases and means; uniform ones for scales and variances."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    kind = name.split(".")[-1]
    if kind == "num_batches_tracked":
        return torch.ones(shape, dtype=torch.int64)
    if len(shape) > 1:
        values = rng.standard_normal(shape) * np.sqrt(1.5 / np.prod(shape[1:]))
    elif kind == "running_var":
        values = rng.uniform(0.5, 1.5, shape)
    elif kind == "weight":
        values = rng.uniform(0.5, 0.9, shape)
    else:
        values = rng.standard_normal(shape) * (0.1 if kind == "running_mean" else 0.05)
    return torch.from_numpy(np.asarray(values, np.float32))


class Scene(NamedTuple):
    """A photograph of waves, most of it in [0, 1], the same whose ellipse went through another camera (1, 3, H, W), and the ellipse."""

    photograph: Tensor
    composite: Tensor
    mask: Tensor  # (1, 1, H, W)


def scene(height: int, width: int, *, hard: bool = False) -> Scene:
    """The scene; with ``hard`` its mask is 0 or 1."""
    down, across = _places(height, width)
    phases = [[2 * np.pi * (u * across + v * down) + phase for u, v, phase, _ in waves] for waves in WAVES]
    photograph = np.stack(
        [
            0.5 + sum(wave[3] * np.sin(phase) for wave, phase in zip(waves, own, strict=True))
            for waves, own in zip(WAVES, phases, strict=True)
        ]
    )
    mask = np.clip(0.5 + (1 - _radius(height, width)) * min(HALF_AXES[1] * width, HALF_AXES[0] * height) / EDGE_PX, 0, 1)
    mask = (mask >= 0.5).astype(float) if hard else mask
    gain, offset = (np.array(values)[:, None, None] for values in (GAINS, OFFSETS))
    changed = photograph + mask * (gain * photograph + offset - photograph)
    return Scene(*(torch.from_numpy(each)[None] for each in (photograph, changed, mask[None])))


def composite(height: int, width: int) -> Tensor:
    """The scene's composite with its soft mask."""
    return scene(height, width).composite


def trimap(height: int, width: int) -> Tensor:
    """The trimap (1, 1, H, W) of the ellipse in 0, 128/255 and 1."""
    radius = _radius(height, width)
    return torch.from_numpy(np.select([radius < 1 - CERTAIN, radius > 1 + CERTAIN], [1.0, 0.0], 128 / 255))[None, None]


def _radius(height: int, width: int) -> np.ndarray:
    """How far a pixel is from the ellipse's centre, 1 on its outline."""
    down, across = _places(height, width)
    return np.sqrt(((across - CENTRE[1]) / HALF_AXES[1]) ** 2 + ((down - CENTRE[0]) / HALF_AXES[0]) ** 2)


def _places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixels' centres as shares of the sides, down (H, 1) and across (1, W)."""
    return (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None] + 0.5) / width
