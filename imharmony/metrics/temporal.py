"""How steady a harmonized clip is. Frames are float (T, 3, H, W) in [0, 255], masks (T, 1, H, W) in [0, 1], 1 = foreground.

Results are float64 (T - 1,), one number for each frame but the first.
"""

import torch
from torch import Tensor

from imharmony.colour.tensor_lab import lab_from_srgb
from imharmony.motion.warping import carried


def temporal_loss(output: Tensor, real: Tensor, mask: Tensor, backward: Tensor) -> Tensor:
    """The temporal loss TL of Huang et al. 2020 (doi:10.1109/TIP.2019.2925550) as Lu et al. 2022 (arXiv:2205.00687) measure it.

    Each frame is compared with the one before, carried along ``backward`` (T, 2, 3), whose first is not looked at. With w the foreground
    that is carried to a pixel times the mean over the channels of exp(-|R - R before|), of the truth in [0, 1], it is the sum of
    (w O - w O before)² over the sum of w, in levels of 255 squared. A truth has some of it too, since carrying blurs, and what is
    smoother than the truth has less. NaN without a foreground. Deviation: the motion is known; they estimate it with FlowNet 2.
    """
    came, inside = carried(torch.cat([output[:-1], real[:-1], 255 * mask[:-1]], 1).double(), backward[1:].double())
    before, truth_before, mask_before = came.split([3, 3, 1], 1)
    alike = torch.exp(-(real[1:].double() - truth_before).abs() / 255).mean(1, keepdim=True)
    weight = mask_before / 255 * inside * alike
    return ((output[1:].double() - before) * weight).square().sum((1, 2, 3)) / weight.sum((1, 2, 3))


def flicker(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """How far the foreground's mean CIELAB goes from frame to frame beyond where the truth's goes, as a distance; 0 of the truth.

    A frame without a foreground is not compared with its neighbours: NaN.
    """
    beyond = _mean_lab(output, mask) - _mean_lab(real, mask)
    return (beyond[1:] - beyond[:-1]).square().sum(1).sqrt()


def _mean_lab(frames: Tensor, mask: Tensor) -> Tensor:
    """(T, 3); NaN where the mask is empty. Pixels that weigh nothing are left out."""
    means = []
    for frame, weight in zip(frames.double().flatten(2), mask.double().flatten(1), strict=True):
        seen = weight.nonzero()[:, 0]
        lab = lab_from_srgb(frame[:, seen] / 255, dim=0)
        means.append((lab * weight[seen]).sum(1) / weight[seen].sum())
    return torch.stack(means)
