"""What report 000's test code prints as error: no protocol of ``conventions``, for it never looks at the real photograph."""

from torch import Tensor

from imharmony.metrics.error import decibels, mse

PEAK = 255.0


def as_report_000_counts(composite: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
    """Its MSE and PSNR in dB, (B,) each: the network's *input* in [-1, 1] against its output in [0, 1], for a peak of 255.

    Both pictures are float (B, 3, H, W) in [0, 255].
    """
    error = mse(composite / 127.5 - 1, output / 255)
    return error, decibels(error, peak=PEAK)
