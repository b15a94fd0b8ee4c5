"""Style as second moments of features: gram matrices (Gatys, Ecker, Bethge 2016) and what report 002 makes of them.

Features are float (B, C, h, w); images are (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, mse_loss


def gram(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean over positions of each pair of channels' product, (B, C, C), weighted by the mask if there is one.

    A mean, so that neither the picture's size nor the mask's area enters. A mask is averaged down to the features' size; an
    empty one gives zeros.
    """
    if mask is None:
        mask = features.new_ones(len(features), 1, 1, 1)
    weights = adaptive_avg_pool2d(mask, (features.shape[2], features.shape[3]))
    area = weights.sum((1, 2, 3)).clamp(min=torch.finfo(weights.dtype).eps)
    return torch.einsum("bihw,bjhw->bij", features * weights, features) / area[:, None, None]


def style_distance(features: Tensor, others: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean squared difference of two gram matrices."""
    return mse_loss(gram(features, mask), gram(others, mask))


def foreground_style(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """``style_distance`` of the foreground's own colours."""
    return style_distance(output, real, mask)


def box_style(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """``style_distance`` of the colours in the mask's bounding box, as report 002's code takes it: raw pixels, no features.

    The code's crop loses the box's last row and column, and takes the whole picture for an empty mask; here the box is whole and
    an empty mask gives 0.
    """
    return style_distance(output, real, bounding_box(mask))


def bounding_box(mask: Tensor) -> Tensor:
    """1 inside the smallest box that holds every pixel above 0, elsewhere 0, (B, 1, H, W)."""
    inside = (mask > 0).float()
    return _span(inside.amax(3, keepdim=True), 2) * _span(inside.amax(2, keepdim=True), 3)


def _span(line: Tensor, dim: int) -> Tensor:
    """1 from the first to the last 1 along an axis."""
    since_first = line.cummax(dim).values
    until_last = line.flip(dim).cummax(dim).values.flip(dim)
    return since_first * until_last
