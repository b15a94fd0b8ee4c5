"""Batches of packed scenes with a matte: gathered, cropped and mirrored, with a trimap drawn for each.

Stored scenes are uint8: pictures (N, S, S, 3), mattes (N, S, S). Tensors are float: pictures (B, 3, S, S), mattes (B, 1, S, S), both
in [0, 1].
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from imharmony.errors import InputError
from imharmony.matting.portraits import Portraits, unit_tensor
from imharmony.matting.things import Things
from imharmony.matting.trimaps import draw_trimap
from imharmony.training.augmentation import apply_crops, draw_crops


class Scenes(NamedTuple):
    """Pictures with their mattes, the colours of what is in front and behind, and the two parts of a composite.

    ``front`` and ``behind`` are laid over each other by a matte: one of them has the colours that a harmonizer is to mend.
    """

    picture: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    background: np.ndarray
    front: np.ndarray
    behind: np.ndarray


class MattingBatch(NamedTuple):
    """The same as tensors, and a trimap of 0, 128/255 and 1."""

    picture: Tensor
    alpha: Tensor
    foreground: Tensor
    background: Tensor
    front: Tensor
    behind: Tensor
    trimap: Tensor

    @property
    def unknown(self) -> Tensor:
        """1 where the trimap does not know alpha, (B, 1, S, S)."""
        return unknown_of(self.trimap)

    def to(self, device: torch.device) -> Self:
        """The batch on a device."""
        return type(self)(*(each.to(device) for each in self))


Draw = Callable[[np.random.Generator, int], MattingBatch]  # so many scenes, drawn evenly with repetition


def of_portraits(portraits: Portraits) -> Draw:
    """Packed portraits."""
    return partial(draw_batch, scenes_of(portraits))


def of_things(things: Things) -> Draw:
    """Rendered things over places. They are not cropped: each fills its picture."""

    def draw(rng: np.random.Generator, count: int) -> MattingBatch:
        made = things.draw(count, rng, device=torch.device("cpu"))
        picture, alpha, plate = (made[name] for name in ("picture", "alpha", "plate"))
        return MattingBatch(picture, alpha, made["foreground"], plate, picture, plate, drawn_trimaps(alpha, rng))

    return draw


def scenes_of(portraits: Portraits) -> Scenes:
    """Packed portraits as scenes; the photograph stands for the person's own colours, which nobody knows."""
    picture, changed = portraits.picture, portraits.changed
    front, behind = (picture, changed) if portraits.direction == "background" else (changed, picture)
    return Scenes(picture, portraits.alpha, picture, portraits.plate, front, behind)


def unknown_of(trimap: Tensor) -> Tensor:
    """1 where a trimap (B, 1, H, W) does not know alpha, else 0."""
    return ((trimap > 0) & (trimap < 1)).float()


def drawn_trimaps(alpha: Tensor, rng: np.random.Generator) -> Tensor:
    """A trimap (B, 1, S, S) for each matte."""
    drawn = np.stack([draw_trimap(each[0].numpy(), rng) for each in alpha])
    return torch.from_numpy(drawn)[:, None].float() / 255


def draw_batch(scenes: Scenes, rng: np.random.Generator, count: int) -> MattingBatch:
    """So many scenes; the same crop is taken of all their pictures."""
    if len(scenes.picture) == 0:
        raise InputError("no portraits to be taught on; expected one or more; widen the selection in params.yaml")
    index = rng.integers(len(scenes.picture), size=count)
    mattes = scenes.alpha[index]
    colours = [scenes.picture, scenes.foreground, scenes.background, scenes.front, scenes.behind]
    stack = torch.cat([*(unit_tensor(each[index]) for each in colours), unit_tensor(mattes)], 1)
    cropped = apply_crops(stack, draw_crops(mattes, rng))
    picture, foreground, background, front, behind, alpha = cropped.split([3, 3, 3, 3, 3, 1], 1)
    parts = (each.contiguous() for each in (picture, alpha, foreground, background, front, behind))
    return MattingBatch(*parts, trimap=drawn_trimaps(alpha, rng))


def trimap_tensor(trimap: np.ndarray) -> Tensor:
    """A stored trimap, uint8 (H, W), as networks take it, (1, 1, H, W)."""
    return torch.from_numpy(trimap.copy())[None, None].float() / 255
