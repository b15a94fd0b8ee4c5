"""Objectives of networks that predict alpha mattes.

Alpha mattes are float (B, 1, H, W): the true one in [0, 1], a predicted one as the network gives it, not clipped. ``unknown`` is
(B, 1, H, W), 1 where the trimap does not know alpha, 0 elsewhere. Pictures are float (B, 3, H, W) in [0, 1], but for those of
``portrait_loss``, which are in [-1, 1]. Every loss is a scalar: the mean over the batch.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, binary_cross_entropy, conv2d, mse_loss, pad

SMOOTH = 1e-6  # of absolute differences near 0
SEMANTIC_WEIGHT, DETAIL_WEIGHT, MATTE_WEIGHT = 10.0, 10.0, 1.0
BOUNDARY_WEIGHT = 4.0  # of unknown pixels, in the matte of a portrait
BLUR_SIGMA = 0.8  # of 3 x 3 cells of 16 px


def alpha_l1(predicted: Tensor, alpha: Tensor, unknown: Tensor) -> Tensor:
    """Mean absolute error over each picture's unknown pixels (Ren, Liu & Song 2021, the loss of the matte merged with the trimap).

    Where alpha is known the merged matte is the trimap's own, without a gradient. The paper writes a norm over all pixels and leaves
    open what it is divided by; here by the unknown ones, as in ``alpha_loss``.
    """
    return _per_unknown((predicted - alpha).abs(), unknown)


def alpha_loss(predicted: Tensor, alpha: Tensor, unknown: Tensor) -> Tensor:
    """The absolute error of alpha over each picture's unknown pixels, smooth near 0 (Xu et al. 2017, arXiv:1703.03872)."""
    return _per_unknown(_smooth(predicted - alpha), unknown)


def composition_loss(predicted: Tensor, foreground: Tensor, background: Tensor, composite: Tensor, unknown: Tensor) -> Tensor:
    """The absolute error of the colours that a matte composes, over each picture's unknown pixels (the same paper).

    Channels are summed, not averaged, as in the code of IndexNet (Lu et al. 2019, arXiv:1908.00672).
    """
    difference = predicted * foreground + (1 - predicted) * background - composite
    return _per_unknown(_smooth(difference).sum(1, keepdim=True), unknown)


def matting_loss(
    predicted: Tensor, alpha: Tensor, foreground: Tensor, background: Tensor, composite: Tensor, unknown: Tensor, *, weight: float = 0.5
) -> Tensor:
    """``alpha_loss`` times ``weight`` in [0, 1], and ``composition_loss`` times the rest; both papers weigh them alike."""
    composed = composition_loss(predicted, foreground, background, composite, unknown)
    return weight * alpha_loss(predicted, alpha, unknown) + (1 - weight) * composed


def semantic_loss(semantic: Tensor, alpha: Tensor, known: Tensor | None = None) -> Tensor:
    """Mean squared error of a coarse matte (B, 1, h, w) against the true one, which is averaged to that size and blurred.

    With ``known`` (B, 1, H, W), 0 where nobody knows alpha at all, each cell counts by its known share.

    Ke et al. 2022 (MODNet, arXiv:2011.11961). Their code samples the matte at the cells' middles; here each cell is the mean of all its
    pixels, so that a hair between two samples counts. At the border the blur goes on as the matte ends; theirs mirrors it.
    """
    size = semantic.shape[-2], semantic.shape[-1]
    wanted = _blurred(adaptive_avg_pool2d(alpha, size))
    return mse_loss(semantic, wanted) if known is None else ((semantic - wanted).square() * adaptive_avg_pool2d(known, size)).mean()


def coarse_cross_entropy(semantic: Tensor, alpha: Tensor, known: Tensor) -> Tensor:
    """The binary cross entropy of a coarse matte (B, 1, h, w) in [0, 1] against the true one's means, each cell by its known share.

    For a network that begins without weights of ImageNet: its gradient does not vanish where the network is surely wrong, as that of
    ``semantic_loss`` does.
    """
    size = semantic.shape[-2], semantic.shape[-1]
    error = binary_cross_entropy(semantic, adaptive_avg_pool2d(alpha, size), reduction="none")
    return (error * adaptive_avg_pool2d(known, size)).mean()


def detail_loss(detail: Tensor, alpha: Tensor, unknown: Tensor) -> Tensor:
    """Absolute error over the unknown pixels, divided by the count of all (the same paper)."""
    return ((detail - alpha).abs() * unknown).mean()


def matte_loss(matte: Tensor, alpha: Tensor, picture: Tensor, unknown: Tensor, known: Tensor | None = None) -> Tensor:
    """Absolute errors of the matte and of the picture times it, over all pixels plus four times over the unknown (the same).

    With ``known`` (B, 1, H, W), pixels where it is 0 count nothing.

    Their code adds how far the trimap is from the matte where it is known: a constant without a gradient, which is left out.
    """
    error = matte - alpha if known is None else (matte - alpha) * known
    return _with_boundary(error.abs(), unknown) + _with_boundary((error * picture).abs(), unknown)


def portrait_loss(outputs: tuple[Tensor, Tensor, Tensor], alpha: Tensor, picture: Tensor, unknown: Tensor) -> Tensor:
    """The three losses of a network without a trimap, of its outputs (semantic, detail, matte), weighed as in MODNet's code."""
    semantic, detail, matte = outputs
    return (
        SEMANTIC_WEIGHT * semantic_loss(semantic, alpha)
        + DETAIL_WEIGHT * detail_loss(detail, alpha, unknown)
        + MATTE_WEIGHT * matte_loss(matte, alpha, picture, unknown)
    )


def _with_boundary(error: Tensor, unknown: Tensor) -> Tensor:
    return error.mean() + BOUNDARY_WEIGHT * (error * unknown).mean()


def _smooth(difference: Tensor) -> Tensor:
    return (difference.square() + SMOOTH**2).sqrt()


def _per_unknown(error: Tensor, unknown: Tensor) -> Tensor:
    """Of each picture the sum of an error (B, 1, H, W) over its unknown pixels, by their count; a picture without one counts 0."""
    return ((error * unknown).sum((1, 2, 3)) / unknown.sum((1, 2, 3)).clamp(min=1)).mean()


def _blurred(coarse: Tensor) -> Tensor:
    """By a Gaussian of 3 x 3."""
    taps = torch.exp(-(torch.arange(-1.0, 2.0, device=coarse.device, dtype=coarse.dtype) ** 2) / (2 * BLUR_SIGMA**2))
    taps = taps / taps.sum()
    return conv2d(pad(coarse, (1, 1, 1, 1), mode="replicate"), (taps[:, None] * taps)[None, None])
