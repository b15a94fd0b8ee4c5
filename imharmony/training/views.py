"""What a critic is shown of a picture, by the name that ``networks.DISCRIMINATORS`` gives.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor


class Shown(Protocol):
    """The part of a batch that a critic may see beside the picture."""

    @property
    def composite(self) -> Tensor: ...

    @property
    def mask(self) -> Tensor: ...


VIEWS: dict[str, Callable[[Shown, Tensor], tuple[Tensor, ...]]] = {
    "beside_composite": lambda batch, picture: (torch.cat([batch.composite, picture], 1),),
    "picture": lambda batch, picture: (picture,),  # noqa: ARG005
    "picture_and_mask": lambda batch, picture: (picture, batch.mask),
}
