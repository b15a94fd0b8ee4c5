"""Squared error and peak signal-to-noise ratio, one number per image.

Images are float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh.
Results are float64 (B,). Differences of 8-bit levels are exact in float32; sums are made in float64.
"""

from functools import reduce

import torch
from torch import Tensor


def mse(output: Tensor, real: Tensor) -> Tensor:
    """Mean squared error over all pixels and channels."""
    return _squared_error(output, real).mean((1, 2)) / output.shape[1]


def foreground_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the foreground, each pixel weighed by the mask; NaN where the mask is empty."""
    return _foreground_mean(_squared_error(output, real), mask) / output.shape[1]


def weighed_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean over all pixels of the squared error weighed by the mask; 0 where the mask is empty."""
    return (_squared_error(output, real) * mask[:, 0].double()).mean((1, 2)) / output.shape[1]


def product_mse(output: Tensor, real: Tensor, mask: Tensor, *, in_whole_px: bool = False) -> Tensor:
    """Squared error of both pictures multiplied by the mask, over the mask's sum: the weight is the mask's square; NaN where it is empty.

    The same as ``foreground_mse`` where the mask is hard, and less where it is soft. ``in_whole_px``: the sum without its fraction.
    """
    weight = mask[:, 0].double()
    # In single precision where it is cut off: sums of soft edges are often whole, and its rounding decides which.
    area = mask[:, 0].float().sum((1, 2)).double().floor() if in_whole_px else weight.sum((1, 2))
    error = (_squared_error(output, real) * weight.square()).sum((1, 2)) / output.shape[1]
    return torch.where(area > 0, error / area, torch.nan)


def whole_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Squared error of all pixels over the mask's sum; NaN where the mask is empty.

    The same as ``foreground_mse`` where the mask is hard and the background has no error.
    """
    area = mask[:, 0].double().sum((1, 2))
    return torch.where(area > 0, _squared_error(output, real).sum((1, 2)) / area, torch.nan) / output.shape[1]


def background_mse(output: Tensor, composite: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error against the composite outside the foreground, which no harmonizer should touch; NaN where the mask is full."""
    return foreground_mse(output, composite, 1 - mask.double())


def psnr(output: Tensor, real: Tensor, *, peak: float | Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB; infinite for equal images. ``peak`` is a number or one per image."""
    return decibels(mse(output, real), peak=peak)


def foreground_psnr(output: Tensor, real: Tensor, mask: Tensor, *, peak: float | Tensor) -> Tensor:
    """Peak signal-to-noise ratio of the foreground error in dB."""
    return decibels(foreground_mse(output, real, mask), peak=peak)


def decibels(squared_error: Tensor, *, peak: float | Tensor) -> Tensor:
    """10 log10(peak² / error), infinite where the error is 0."""
    peaks = torch.as_tensor(peak, dtype=torch.float64, device=squared_error.device)
    return 20 * torch.log10(peaks) - 10 * torch.log10(squared_error)


def errors(output: Tensor, real: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """``mse`` and ``foreground_mse`` of one look at the pictures."""
    error = _squared_error(output, real)
    return error.mean((1, 2)) / output.shape[1], _foreground_mean(error, mask) / output.shape[1]


def _foreground_mean(plane: Tensor, mask: Tensor) -> Tensor:
    """Mean of float64 (B, H, W) weighed by the mask (B, 1, H, W)."""
    weight = mask[:, 0].double()
    return (plane * weight).sum((1, 2)) / weight.sum((1, 2))


def _squared_error(output: Tensor, real: Tensor) -> Tensor:
    """Summed over the channels, float64 (B, H, W)."""
    # Planes are added one by one: several times faster than a sum over an axis of 3, whichever way the pictures lie in memory.
    return reduce(torch.add, (output - real).square_().unbind(1)).double()
