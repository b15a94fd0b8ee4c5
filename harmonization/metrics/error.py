"""Squared error and peak signal-to-noise ratio, one number per image.

Images are float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh.
Results are float64 (B,).
"""

import torch
from torch import Tensor


def mse(output: Tensor, real: Tensor) -> Tensor:
    """Mean squared error over all pixels and channels."""
    return _squared_error(output, real).mean((1, 2, 3))


def foreground_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the foreground, each pixel weighed by the mask; NaN where the mask is empty."""
    weight = mask.double()
    return _squared_error(output, real).mul_(weight).sum((1, 2, 3)) / (output.shape[1] * weight.sum((1, 2, 3)))


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


def _squared_error(output: Tensor, real: Tensor) -> Tensor:
    return (output.double() - real.double()).square_()
