"""Distances of an output from the real photograph, pixel by pixel.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground. Every loss is a scalar: the mean over
the batch.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from imharmony.colour.hsv import hsv_from_network

SMALLEST_SHARE = 100 / 256**2  # of the pixels: the paper's 100 of pictures of 256 px, where it trains and we may not
LEAST_ERROR = 0.02  # of [-1, 1]: two and a half levels of 255, about what rounding and noise leave

ReconstructionLoss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (output, real, mask)


def l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Mean absolute error over the whole picture: report 001's content loss (its equation 3)."""
    return l1_loss(output, real)


def l2(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Mean squared error over the whole picture."""
    return mse_loss(output, real)


def mask_weighted_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Squared error over the whole picture, divided by three times the foreground's area, at least 100 / 256² of the picture.

    Small foregrounds weigh as much as large ones (Sofiiuk, Popenova, Konushin 2021, arXiv:2006.00809, equation 2). The paper's least
    area is 100 px of 256 x 256; here it grows with the picture, so that the loss does not depend on the size trained at.
    """
    return _per_area((output - real).square(), mask)


def masked_l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of the pictures times the mask, over all pixels (report 001, equation 5).

    The background counts as zeros, so the value grows with the foreground's share; ``foreground_l1`` does not. The report's
    equation 7 is this and ``unmasked_l1``, weighted; its code has 100 times ``l1`` and 1000 times this, which is 1100 and 100 of them.
    Both are of pictures in [0, 1], where they are half of what they are here.
    """
    return l1_loss(output * mask, real * mask)


def unmasked_l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of the pictures times one minus the mask, over all pixels (report 001, equation 6)."""
    return masked_l1(output, real, 1 - mask)


def foreground_l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Absolute error over the foreground's own area in each picture, at least 100 / 256² of it."""
    return _per_area((output - real).abs() * mask, mask)


def foreground_rmse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Root of each picture's mean squared error over its foreground, at least 100 / 256² of the picture; smooth below ``LEAST_ERROR``.

    A square lets the pictures with the largest errors decide. Here one that needs little counts as much as one that needs a lot.
    """
    mean = _by_area((output - real).square() * mask, mask)
    return ((mean + LEAST_ERROR**2).sqrt() - LEAST_ERROR).mean()


def background_l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Absolute error over the background's own area in each picture, at least 100 / 256² of it."""
    return foreground_l1(output, real, 1 - mask)


def _per_area(error: Tensor, mask: Tensor) -> Tensor:
    return _by_area(error, mask).mean()


def _by_area(error: Tensor, mask: Tensor) -> Tensor:
    """Of each picture the sum of the error over channels times the mask's area."""
    area_px = mask.sum((1, 2, 3)).clamp(min=SMALLEST_SHARE * mask[0].numel())
    return error.sum((1, 2, 3)) / (error.shape[1] * area_px)


def hsv_l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Mean absolute error of hue, saturation and value (``hsv.hsv_from_network``) over the whole picture."""
    return l1_loss(hsv_from_network(output), hsv_from_network(real))
