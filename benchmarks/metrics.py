"""Metrics per image: ours against scikit-image, torchmetrics and piq, and what all protocols of one image cost.

    python -m benchmarks.metrics [--sizes 64 128 256] [--lpips alex] [--csv benchmarks/results/metrics.csv]

A picture is smooth noise whose foreground, a disc, was made brighter; a method's output undoes most of it and is noisy everywhere.
Only the protocols see the disc with soft edges: peers that multiply by a mask would weigh these by its square. All routes get the
same pictures on one thread. A peer is called as evaluation scripts call it: scikit-image (``mean_squared_error``,
``peak_signal_noise_ratio``, the masked error, ``structural_similarity`` with the paper's window) on uint8 arrays, torchmetrics' and
piq's functions on float tensors (1, 3, H, W). Peers that are not installed are named and left out;
``pip install --target FOLDER --no-deps torchmetrics lightning-utilities piq`` and PYTHONPATH=FOLDER add them.
"""

import argparse
import csv
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from benchmarks.timing import compare, cpu_seconds
from imharmony.evaluation.protocols import Scene
from imharmony.evaluation.scoring import metric_tensor, score_scene
from imharmony.metrics.colour_difference import mean_ciede2000
from imharmony.metrics.error import SquaredErrors, decibels_of
from imharmony.metrics.perceptual import BACKBONES, load_lpips, lpips
from imharmony.metrics.ssim import Reference
from imharmony.metrics.weights import Weights

OPTIONS = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
PEERS = ("torchmetrics", "piq")
COLUMNS = ("size_px", "what", "route", "ms_cpu", "times_as_fast", "difference", "bound_by")
BOUND = {
    "MSE, PSNR, fMSE": "one look at each picture, two comparisons of the mask; below 128 px the calls themselves",
    "SSIM": "four Gaussian blurs of 11 taps, more than half of the time",
    "CIEDE2000 of the foreground": "one arctangent, exponential and sine a pixel, and two cube roots of three channels",
    "all nine protocols": "nine maps of SSIM: 31 blurs, of three whole pictures and of six foregrounds' boxes",
}


class Pair(NamedTuple):
    """A method's picture, what it was given and the real one, (H, W, 3), and the mask, float32 (H, W) in [0, 1].

    All are uint8, but for the method's under a soft mask: float32 with fractions, as networks give them.
    """

    output: np.ndarray
    composite: np.ndarray
    real: np.ndarray
    mask: np.ndarray


Found = float | list[float]
Routes = dict[str, Callable[[Pair], Found]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--csv", type=Path, help="write the table here")
    parser.add_argument("--lpips", choices=sorted(BACKBONES), help="compare LPIPS in batches of all images with one at a time")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found = [peer for peer in PEERS if importlib.util.find_spec(peer)]
    for peer in sorted(set(PEERS) - set(found)):
        print(f"{peer} is not installed: no lines of it")
    rows = [row for size in options.sizes for row in measured(size, options.images, options.rounds, found)]
    for row in rows:
        print("  ".join(f"{value!s:<32}" if place in (1, 2) else f"{value!s:<9}" for place, value in enumerate(row)))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    if options.lpips:
        compare_lpips(options.lpips, [_pair(256, np.random.default_rng(seed)) for seed in range(options.images)], options.rounds)


def measured(size: int, images: int, rounds: int, peers: Sequence[str]) -> list[tuple]:
    """The lines of one size: the least of all rounds, which other work on the machine disturbs least. Each group's first is the peer."""
    lines = []
    for what, routes in groups(peers).items():
        pairs = [_pair(size, np.random.default_rng(seed), is_soft=len(routes) == 1) for seed in range(images)]
        seconds = cpu_seconds({name: _all(route, pairs) for name, route in routes.items()}, rounds=rounds)
        first = next(iter(routes))
        for name, route in routes.items():
            ratio = "" if len(routes) == 1 else f"{min(seconds[first]) / min(seconds[name]):.1f}"
            apart = "" if len(routes) == 1 else f"{_apart(route, routes[first], pairs):.0e}"
            is_last = name == "ours" and what in BOUND
            lines.append((size, what, name, f"{1e3 * min(seconds[name]):.3f}", ratio, apart, BOUND[what] if is_last else ""))
    return lines


def groups(peers: Sequence[str]) -> dict[str, Routes]:
    """Routes to the same numbers, scikit-image's first."""
    errors: Routes = {"scikit-image": skimage_errors}
    similarity: Routes = {"scikit-image": skimage_similarity}
    if "torchmetrics" in peers:
        from torchmetrics.functional.image import peak_signal_noise_ratio as psnr
        from torchmetrics.functional.image import structural_similarity_index_measure as ssim
        from torchmetrics.functional.regression import mean_squared_error as mse

        def torchmetrics_errors(pair: Pair) -> list[float]:
            output, real, mask = _tensors(pair)
            foreground = mse(output * mask, real * mask) * mask.numel() / mask.sum()
            return [float(mse(output, real)), float(psnr(output, real, data_range=255.0)), float(foreground)]

        errors["torchmetrics"] = torchmetrics_errors
        similarity["torchmetrics"] = lambda pair: float(ssim(*_tensors(pair)[:2], data_range=255.0, sigma=1.5, kernel_size=11))
    if "piq" in peers:
        import piq

        similarity["piq"] = lambda pair: float(piq.ssim(*_tensors(pair)[:2], data_range=255.0, downsample=False))
    errors["ours"], similarity["ours"] = our_errors, our_similarity
    return {
        "MSE, PSNR, fMSE": errors,
        "SSIM": similarity,
        "CIEDE2000 of the foreground": {"scikit-image": skimage_ciede2000, "ours": our_ciede2000},
        "all nine protocols": {"ours": protocols},
    }


def our_errors(pair: Pair) -> list[float]:
    found = SquaredErrors.between(pair.output, pair.real, pair.mask)
    return [found.mean, decibels_of(found.mean, peak=255.0), found.foreground]


def skimage_errors(pair: Pair) -> list[float]:
    mask = pair.mask[..., None]
    foreground = mean_squared_error(pair.real * mask, pair.output * mask) * mask.size / mask.sum()
    return [mean_squared_error(pair.real, pair.output), peak_signal_noise_ratio(pair.real, pair.output, data_range=255), foreground]


def our_similarity(pair: Pair) -> float:
    return Reference(pair.real).compare(pair.output).mean_of_whole_windows()


def skimage_similarity(pair: Pair) -> float:
    return float(structural_similarity(pair.real, pair.output, **OPTIONS, channel_axis=-1))


def our_ciede2000(pair: Pair) -> float:
    return mean_ciede2000(pair.output, pair.real, Weights.of(pair.mask))


def skimage_ciede2000(pair: Pair) -> float:
    from skimage.color import deltaE_ciede2000, rgb2lab

    inside = pair.mask > 0
    labs = (rgb2lab(picture[inside]) for picture in (pair.output, pair.real))
    return float(np.average(deltaE_ciede2000(*labs), weights=pair.mask[inside]))


def protocols(pair: Pair) -> int:
    return len(score_scene(Scene.of(pair.output, pair.composite, pair.real, pair.mask)))


def compare_lpips(backbone: str, pairs: list[Pair], rounds: int) -> None:
    network = load_lpips(backbone)
    output, real = (torch.cat([metric_tensor(getattr(pair, name)) for pair in pairs]) for name in ("output", "real"))

    def singly() -> int:
        return len([lpips(output[i : i + 1], real[i : i + 1], network=network) for i in range(len(pairs))])

    compare({"LPIPS, one at a time": singly, "LPIPS, all at once": lambda: len(lpips(output, real, network=network))}, rounds=rounds)


def _apart(route: Callable[[Pair], Found], first: Callable[[Pair], Found], pairs: list[Pair]) -> float:
    return max(float(np.max(np.abs(np.subtract(route(pair), first(pair))))) for pair in pairs)


def _all(route: Callable[[Pair], Found], pairs: list[Pair]) -> Callable[[], int]:
    return lambda: len([route(pair) for pair in pairs])


def _tensors(pair: Pair) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    output, real = (torch.from_numpy(picture).permute(2, 0, 1)[None].float().contiguous() for picture in (pair.output, pair.real))
    return output, real, torch.from_numpy(pair.mask)[None, None]


def _pair(size: int, rng: np.random.Generator, *, is_soft: bool = False) -> Pair:
    real = cv2.normalize(cv2.GaussianBlur(rng.random((size, size, 3)), (0, 0), 3), None, 0, 235, cv2.NORM_MINMAX).astype(np.uint8)
    disc = np.zeros((2 * size, 2 * size), dtype=np.uint8)
    cv2.circle(disc, (size, size), size // 2, 255, -1)
    mask = cv2.resize(disc, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    mask = mask if is_soft else (mask > 0.5).astype(np.float32)
    composite = np.rint(real + 20 * mask[..., None]).astype(np.uint8)
    output = np.clip(composite - 15 * mask[..., None] + rng.normal(0, 3, real.shape), 0, 255).astype(np.float32)
    return Pair(output if is_soft else np.rint(output).astype(np.uint8), composite, real, mask)


if __name__ == "__main__":
    main()
