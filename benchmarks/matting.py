"""Errors of alpha mattes: ours against the way of the published ports, which label parts with scikit-image.

    python -m benchmarks.matting [--width 600] [--height 800]

Mattes are the studio's portraits, and predictions are those blurred, with noise. The peer's gradient error takes SciPy's derivative of a
Gaussian instead of the 9 x 9 filter: its values differ by a constant and near borders, which the first line says.
"""

import argparse

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.measure import label, regionprops

from benchmarks.timing import compare
from imharmony.metrics.matting import LEVELS, SIGMA, TOLERANCE, conn, grad
from imharmony.studio.portrait import render_portrait

Pair = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=600)
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pairs = [_pair(index, options.width, options.height) for index in range(options.images)]
    print(f"Grad: ours is {np.mean([grad(*pair) / peers_grad(*pair) for pair in pairs]):.4f} times the peer's on average")
    compare({"SciPy": _all(peers_grad, pairs), "ours": _all(grad, pairs)}, rounds=options.rounds)
    print(f"Conn: largest difference {max(abs(conn(*pair) - peers_conn(*pair)) for pair in pairs):.1e}")
    compare({"scikit-image": _all(peers_conn, pairs), "ours": _all(conn, pairs)}, rounds=options.rounds)


def peers_grad(alpha: np.ndarray, truth: np.ndarray) -> float:
    sizes = [
        np.hypot(*(gaussian_filter(matte, SIGMA, order=order, mode="nearest") for order in ((0, 1), (1, 0)))) for matte in (alpha, truth)
    ]
    return float(np.square(sizes[0] - sizes[1]).sum()) / 10


def peers_conn(alpha: np.ndarray, truth: np.ndarray) -> float:
    level = -np.ones_like(alpha)
    for k in range(1, len(LEVELS)):
        parts = label((alpha >= LEVELS[k]) & (truth >= LEVELS[k]), connectivity=1)
        found = regionprops(parts)
        if not found:
            continue
        largest = max(found, key=lambda part: part.area).label
        level[(level == -1) & (parts != largest)] = LEVELS[k - 1]
    level[level == -1] = 1
    phi = [1 - (matte - level) * (matte - level >= TOLERANCE) for matte in (alpha, truth)]
    return float(np.abs(phi[0] - phi[1]).sum()) / 1000


def _all(route, pairs: list[Pair]):
    def run() -> int:
        for pair in pairs:
            route(*pair)
        return len(pairs)

    return run


def _pair(index: int, width_px: int, height_px: int) -> Pair:
    truth = render_portrait(seed=0, index=index, width_px=width_px, height_px=height_px).instances[0].alpha.astype(np.float64)
    noise = np.random.default_rng(index).normal(0, 0.08, truth.shape)
    soft = cv2.GaussianBlur(truth, (0, 0), 2)
    return np.clip(soft + noise * (soft > 0) * (soft < 1), 0, 1), np.clip(truth, 0, 1)


if __name__ == "__main__":
    main()
