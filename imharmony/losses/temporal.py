"""How far a video's frames are from each other where they show the same, after Huang et al. 2020 (doi:10.1109/TIP.2019.2925550).

Frames are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground; motions are (B, 2, 3) as
``motion.frames.Clip`` has them.
"""

import torch
from torch import Tensor

from imharmony.losses.reconstruction import SMALLEST_SHARE
from imharmony.motion.warping import carried


def temporal(now: Tensor, before: Tensor, *, real: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor], backward: Tensor) -> Tensor:
    """Mean squared difference of outputs ``now`` and those ``before``, carried along the motion, over the foreground seen in both.

    ``real`` and ``masks`` are of now and before. Each channel weighs exp(-|R now - R before|), the truth in [0, 1], much as Lu et al. 2022
    (arXiv:2205.00687) measure: where the truth changes, a little less. Deviation: Huang et al. take the mean over all pixels; here it is
    over the foreground, so that small ones count as much, and at least 100 / 256² of the picture.
    """
    (truth, earlier), (mask, mask_before) = real, masks
    came, inside = carried(torch.cat([before, earlier, mask_before], 1), backward)
    output, truth_before, mask_came = came.split([3, 3, 1], 1)
    seen = mask * mask_came * inside
    weight = seen * torch.exp(-(truth - truth_before).abs() / 2)
    area_px = seen.sum((1, 2, 3)).clamp(min=SMALLEST_SHARE * mask[0].numel())
    return ((now - output).square() * weight).sum((1, 2, 3)).div(3 * area_px).mean()
