"""Metrics per image: ours against scikit-image, and what all protocols of one image cost.

    python -m benchmarks.metrics [--size 256] [--images 16] [--lpips alex]

Pictures are smooth noise with an error inside a mask, as composites have; both routes get the same uint8 arrays. The peer's
way is what the field's evaluation scripts do: ``mean_squared_error``, ``peak_signal_noise_ratio`` and the masked error for the
first line, ``structural_similarity`` with the paper's Gaussian window for the second.
"""

import argparse
from typing import NamedTuple

import cv2
import numpy as np
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from benchmarks.timing import compare
from imharmony.evaluation.scoring import metric_tensor, score_images
from imharmony.metrics.error import decibels
from imharmony.metrics.perceptual import BACKBONES, load_lpips, lpips
from imharmony.metrics.ssim import ssim


class Pair(NamedTuple):
    """A method's picture and the real one, uint8 (H, W, 3), and the mask, float32 (H, W) in [0, 1]."""

    output: np.ndarray
    real: np.ndarray
    mask: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--lpips", choices=sorted(BACKBONES), help="compare LPIPS in batches of all images with one at a time")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    pairs = [_pair(options.size, np.random.default_rng(seed)) for seed in range(options.images)]
    for name, ours, peers in (("MSE, PSNR, fMSE", our_errors, peers_errors), ("SSIM", our_similarity, peers_similarity)):
        apart = max(float(np.max(np.abs(np.subtract(ours(pair), peers(pair))))) for pair in pairs)
        print(f"{name}: largest difference {apart:.1e}")
        compare({"scikit-image": _all(peers, pairs), "ours": _all(ours, pairs)}, rounds=options.rounds)
    compare({"every protocol of an image, without LPIPS": _all(protocols, pairs)}, rounds=options.rounds)
    if options.lpips:
        compare_lpips(options.lpips, pairs, options.rounds)


def our_errors(pair: Pair) -> list[float]:
    output, real = metric_tensor(pair.output), metric_tensor(pair.real)
    error, foreground_error = errors(output, real, _mask(pair))
    return [error.item(), decibels(error, peak=255.0).item(), foreground_error.item()]


def peers_errors(pair: Pair) -> list[float]:
    mask = pair.mask[..., None]
    foreground = mean_squared_error(pair.real * mask, pair.output * mask) * mask.size / mask.sum()
    return [mean_squared_error(pair.real, pair.output), peak_signal_noise_ratio(pair.real, pair.output, data_range=255), foreground]


def our_similarity(pair: Pair) -> float:
    return ssim(metric_tensor(pair.output), metric_tensor(pair.real)).item()


def peers_similarity(pair: Pair) -> float:
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255, "channel_axis": -1}
    return float(structural_similarity(pair.real, pair.output, **options))


def protocols(pair: Pair) -> int:
    output, real = metric_tensor(pair.output), metric_tensor(pair.real)
    return len(score_images(raw=output, composite=output, real=real, mask=_mask(pair)))


def compare_lpips(backbone: str, pairs: list[Pair], rounds: int) -> None:
    network = load_lpips(backbone)
    output, real = (torch.cat([metric_tensor(getattr(pair, name)) for pair in pairs]) for name in ("output", "real"))

    def singly() -> int:
        return len([lpips(output[i : i + 1], real[i : i + 1], network=network) for i in range(len(pairs))])

    compare({"LPIPS, one at a time": singly, "LPIPS, all at once": lambda: len(lpips(output, real, network=network))}, rounds=rounds)


def _all(route, pairs: list[Pair]):
    return lambda: len([route(pair) for pair in pairs])


def _mask(pair: Pair) -> torch.Tensor:
    return torch.from_numpy(pair.mask)[None, None]


def _pair(size: int, rng: np.random.Generator) -> Pair:
    real = cv2.normalize(cv2.GaussianBlur(rng.random((size, size, 3)), (0, 0), 3), None, 0, 235, cv2.NORM_MINMAX).astype(np.uint8)
    mask = np.zeros((size, size), dtype=np.float32)
    cv2.circle(mask, (size // 2, size // 2), size // 4, 1, -1)
    error = 20 * mask[..., None] + rng.normal(0, 3, real.shape)
    return Pair(np.clip(real + error, 0, 255).astype(np.uint8), real, mask)


if __name__ == "__main__":
    main()
