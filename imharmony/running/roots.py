"""Square roots of tensors that are the same bits on every processor."""

from torch import Tensor


def root(values: Tensor) -> Tensor:
    """The square root of float32 that are not negative.

    ``torch.sqrt`` asks MKL, which begins with the processor's own approximation of 1 / sqrt: its last bits are Intel's or AMD's.
    ``rsqrt`` and ``reciprocal`` are made of IEEE 754's square root and division, which leave no choice.
    """
    return values.rsqrt().reciprocal()
