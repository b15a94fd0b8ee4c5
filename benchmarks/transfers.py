"""Each transfer that takes statistics of a reference, against the plain way with NumPy in float64 or scikit-image.

Every route gets the pixels of two regions and gives the first with the colours of the second, and measures both; only the lines
"both known" are given what was measured before. The region of a photograph is an ellipse of an eighth of it in the middle.

    python -m benchmarks.transfers [--photographs DIR]
"""

import argparse
import warnings
from pathlib import Path

import cv2
import numpy as np
from skimage.color import rgb2ycbcr, ycbcr2rgb
from skimage.exposure import match_histograms

from benchmarks.timing import compare
from imharmony.composing.composites import Foreground
from imharmony.pictures.images import read_rgb
from imharmony.transfer.covariance import mkl, rgb_covariance, xiao_rgb
from imharmony.transfer.fecker import fecker_ycbcr, ycbcr_histogram
from imharmony.transfer.histogram import histogram, rgb_histogram
from imharmony.transfer.idt import BINS, FRAMES, idt, idt_sample
from imharmony.transfer.lalphabeta import LAB_FROM_LOG, LAB_SCALE, LMS_FROM_RGB, RGB_FROM_LMS, lalphabeta_moments, reinhard_lalphabeta

MADE_UP = 12


def plain_lalphabeta(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    lab_from_log = LAB_SCALE[:, None] * LAB_FROM_LOG
    own, other = (np.log10(np.maximum(each / 255 @ LMS_FROM_RGB.T, 1e-4)) @ lab_from_log.T for each in (pixels, reference))
    moved = (own - own.mean(axis=0)) * (other.std(axis=0) / own.std(axis=0)) + other.mean(axis=0)
    return rounded(10 ** (moved @ np.linalg.inv(lab_from_log).T) @ RGB_FROM_LMS.T * 255)


def plain_xiao(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    (values, axes), (other_values, other_axes) = (np.linalg.eigh(np.cov(each.T)) for each in (pixels, reference))
    turned = other_axes * np.sign((axes * other_axes).sum(axis=0))
    matrix = turned * np.sqrt(other_values / values) @ axes.T
    return rounded((pixels - pixels.mean(axis=0)) @ matrix.T + reference.mean(axis=0))


def plain_mkl(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh(np.cov(pixels.T))
    root, inverse = axes * np.sqrt(values) @ axes.T, axes / np.sqrt(values) @ axes.T
    squared, directions = np.linalg.eigh(root @ np.cov(reference.T) @ root)
    matrix = inverse @ (directions * np.sqrt(squared) @ directions.T) @ inverse
    return rounded((pixels - pixels.mean(axis=0)) @ matrix.T + reference.mean(axis=0))


def plain_histogram(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return match_histograms(pixels, reference, channel_axis=-1)


def plain_fecker(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    own, other = (np.rint(rgb2ycbcr(each)) for each in (pixels, reference))
    for channel in range(3):
        shares = [(np.bincount(each[:, channel].astype(int), minlength=256) / len(each)).cumsum() for each in (own, other)]
        table = np.maximum(np.searchsorted(shares[1], shares[0], side="right") - 1, 16)
        own[:, channel] = table[own[:, channel].astype(int)]
    return rounded(ycbcr2rgb(own) * 255)


def plain_idt(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    colours, target = pixels.astype(np.float64), reference.astype(np.float64)
    for frames in FRAMES:
        axes = np.concatenate(frames)
        own, other = colours @ axes.T, target @ axes.T
        moved = np.stack([plain_matched(own[:, each], other[:, each]) for each in range(len(axes))], axis=-1)
        colours = colours + (moved - own) @ np.linalg.pinv(axes).T
    return rounded(colours)


def plain_matched(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    low, high = min(own.min(), other.min()), max(own.max(), other.max())
    shares = [(np.histogram(each, BINS, (low, high))[0] + 1e-6).cumsum() for each in (own, other)]
    target = np.interp(shares[0] / shares[0][-1], shares[1] / shares[1][-1], np.arange(BINS))
    return np.interp(own, np.linspace(low, high, BINS), target * (high - low) / (BINS - 1) + low)


ROUTES = {
    "reinhard_lalphabeta": (plain_lalphabeta, lalphabeta_moments, reinhard_lalphabeta),
    "xiao_rgb": (plain_xiao, rgb_covariance, xiao_rgb),
    "mkl": (plain_mkl, rgb_covariance, mkl),
    "histogram": (plain_histogram, rgb_histogram, histogram),
    "fecker_ycbcr": (plain_fecker, ycbcr_histogram, fecker_ycbcr),
    "idt": (plain_idt, idt_sample, idt),
}


def rounded(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def region(photo: np.ndarray) -> np.ndarray:
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 5, height // 5), 0, 0, 360, 1, thickness=-1)
    return Foreground.of(photo, mask, name="photograph").pixels


def spread_over(folder: Path, count: int) -> list[np.ndarray]:
    """So many of the JPEGs in a folder, at any depth, from its first to its last."""
    paths = sorted(folder.rglob("*.jpg"))
    return [read_rgb(paths[index]) for index in np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)]


def made_up(seed: int) -> np.ndarray:
    """A picture 640 x 480 of a gradient, waves and noise."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:480, :640] / 640
    waves = sum(20 * np.sin(rng.uniform(10, 90) * (across * np.cos(t) + down * np.sin(t)))[..., None] for t in rng.uniform(0, 3, 4))
    colour = rng.uniform(60, 190, 3) + across[..., None] * rng.uniform(-80, 80, 3) + waves + rng.normal(0, 6, (480, 640, 3))
    return np.ascontiguousarray(rounded(colour))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, help="folder with JPEGs, at any depth; default: twelve made-up pictures")
    parser.add_argument("--count", type=int, default=40, help="photographs to use, spread over the folder")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    photos = spread_over(options.photographs, options.count) if options.photographs else [made_up(seed) for seed in range(MADE_UP)]
    regions = [region(photo) for photo in photos]
    pairs = list(zip(regions, regions[1:] + regions[:1], strict=True))
    print(f"{len(regions)} regions of {np.mean([len(each) for each in regions]):.0f} pixels on average")
    for name, (plain, measure, apply) in ROUTES.items():
        known = [(one, measure(one), measure(other)) for one, other in pairs]
        compare(
            {
                f"{name}, plain": lambda plain=plain: len([plain(one, other) for one, other in pairs]),
                f"{name}, ours": lambda m=measure, a=apply: len([a(one, m(one), m(other)) for one, other in pairs]),
                f"{name}, ours, both known": lambda apply=apply, known=known: len([apply(*each) for each in known]),
            },
            rounds=options.rounds,
        )


if __name__ == "__main__":
    main()
