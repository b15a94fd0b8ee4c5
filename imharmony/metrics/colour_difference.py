"""Colour difference as eyes see it, one number per image.

Images are float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh.
"""

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.spaces import ciede2000, lab_from_srgb


def foreground_ciede2000(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean CIEDE2000 (Sharma, Wu & Dalal 2005) over the foreground, float64 (B,) on the CPU; NaN where the mask is empty.

    About 1 is just noticeable on patches side by side. Pixel by pixel, without the blur of eyes.
    """
    return torch.tensor([_mean_difference(*images) for images in zip(output, real, mask, strict=True)], dtype=torch.float64)


def _mean_difference(output: Tensor, real: Tensor, mask: Tensor) -> float:
    weight = mask[0].double().cpu().numpy()
    inside = weight > 0
    if not inside.any():
        return float("nan")
    first, second = (lab_from_srgb(image.double().cpu().numpy()[:, inside].T / 255) for image in (output, real))
    return float(np.average(ciede2000(first, second), weights=weight[inside]))
