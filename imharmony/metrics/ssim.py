"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004), one number per image.

An 11 x 11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, data range 255, on R, G and B, averaged over the three.
Images are float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1]. Results are float64 (B,).
"""

import cv2
import numpy as np
import torch
from torch import Tensor

from imharmony.errors import InputError

WINDOW_PX = 11
SIGMA_PX = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
CACHED_VALUES = 2**15  # float32 values of a buffer that a processor's cache holds a few of
_KERNEL = cv2.getGaussianKernel(WINDOW_PX, SIGMA_PX, cv2.CV_32F)


def ssim(output: Tensor, real: Tensor) -> Tensor:
    """Mean similarity over the pixels whose window lies inside the picture: a border of 5 px is left out, as in the paper."""
    return mean_of_whole_windows(ssim_map(output, real))


def foreground_ssim(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean similarity over the foreground, each pixel weighed by the mask; NaN where the mask is empty.

    Foregrounds often touch the frame, so the border counts here; windows see the picture mirrored beyond it.
    """
    return mean_over_mask(ssim_map(output, real), mask)


def ssim_map(output: Tensor, real: Tensor) -> Tensor:
    """Similarity at each pixel, mean over the channels, float64 (B, 1, H, W) on the CPU."""
    count, channels, height, width = output.shape
    if min(height, width) < WINDOW_PX:
        raise InputError(f"images are {width} x {height} px; SSIM needs at least {WINDOW_PX} px a side; score larger images")
    outputs, reals = _planes(output), _planes(real)
    planes = np.zeros((count * channels, height, width), dtype=np.float32)
    at_once = max(1, CACHED_VALUES // (height * width) // 4 * 4)  # OpenCV is slow with two or three planes, and fast with one or four
    for start in range(0, len(planes), at_once):
        part = slice(start, start + at_once)
        planes[part] = _similarity(outputs[part], reals[part]).transpose(2, 0, 1)
    return torch.from_numpy(planes).double().reshape(output.shape).mean(1, keepdim=True)


def mean_of_whole_windows(similarity: Tensor) -> Tensor:
    """Mean of a map from ``ssim_map`` without the border that windows overhang."""
    border = WINDOW_PX // 2
    return similarity[..., border:-border, border:-border].mean((1, 2, 3))


def mean_over_mask(similarity: Tensor, mask: Tensor) -> Tensor:
    """Mean of a map from ``ssim_map``, each pixel weighed by the mask."""
    weight = mask.to(similarity)
    return (similarity * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))


def _planes(images: Tensor) -> np.ndarray:
    """The images' planes, float32 (N, H, W)."""
    return images.detach().flatten(0, 1).contiguous().float().cpu().numpy()


def _centred(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Planes (N, H, W) less a whole number each as (H, W, N), which OpenCV blurs in one call, and these numbers."""
    # Variances do not change with a constant; around zero float32 loses least of them to cancellation.
    centres = np.rint(planes.mean((1, 2)))
    centred = np.empty((*planes.shape[1:], len(planes)), np.float32)
    np.subtract(planes, centres[:, None, None], out=centred.transpose(2, 0, 1))
    return centred, centres


def _similarity(output: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Equation 13 of the paper at every pixel of planes (N, H, W), as (H, W, N).

    Only the sum of the two variances is needed, so four blurs do. In place and few planes at once, the buffers stay in the
    processor's cache.
    """
    (x, centre_x), (y, centre_y) = _centred(output), _centred(real)
    covariance, variances, scratch = x * y, x * x, y * y
    variances += scratch
    for image in (covariance, variances, x, y):
        _blur(image)
    energy = np.multiply(x, x, out=scratch)
    variances -= energy
    covariance -= x * y
    variances -= np.multiply(y, y, out=scratch)
    x += centre_x
    y += centre_y
    means = np.multiply(x, y, out=scratch)
    x *= x
    y *= y
    x += y
    for image, factor, constant in ((means, 2, C1), (covariance, 2, C2), (x, 1, C1), (variances, 1, C2)):
        image *= np.float32(factor)
        image += np.float32(constant)
    covariance *= means
    variances *= x
    return np.divide(covariance, variances, out=covariance)


def _blur(image: np.ndarray) -> np.ndarray:
    """The image's local means, in place."""
    return cv2.sepFilter2D(image, cv2.CV_32F, _KERNEL, _KERNEL, dst=image, borderType=cv2.BORDER_REFLECT)
