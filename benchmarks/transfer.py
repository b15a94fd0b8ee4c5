"""Masked Reinhard transfer in CIELAB: ours against scikit-image in float64 on the whole frame and OpenCV in uint8.

Every route takes two decoded photographs and their masks and gives the composite of the first, in memory. The lines
"known reference" get the reference's six numbers, as the synthesis does, and look at one photograph only.

    python -m benchmarks.transfer [--images DIR --annotations JSON]
"""

import tempfile
import warnings
from pathlib import Path

import cv2
import numpy as np
from skimage.color import lab2rgb, rgb2lab

from benchmarks.photographs import Shot, arguments, load_shots
from benchmarks.timing import compare
from imharmony.composing.composites import Foreground
from imharmony.pictures.images import read_rgb
from imharmony.transfer import TRANSFERS
from imharmony.transfer.moments import MAX_GAIN, Moments

REINHARD = TRANSFERS["reinhard_lab"]
Region = tuple[np.ndarray, np.ndarray]  # a photograph and its mask


def ours(region: Region, own: Moments | None, reference: Moments) -> np.ndarray:
    foreground = Foreground.of(*region, name="photograph")
    pixels = REINHARD.apply(foreground.pixels, REINHARD.measure(foreground.pixels) if own is None else own, reference)
    return foreground.replaced_by(foreground.patch(pixels))


def ours_measure(region: Region) -> Moments:
    return REINHARD.measure(Foreground.of(*region, name="photograph").pixels)


def scikit_image_measure(region: Region) -> tuple[np.ndarray, np.ndarray]:
    lab = rgb2lab(region[0])[region[1] > 0]
    return lab.mean(axis=0), lab.std(axis=0)


def scikit_image(region: Region, reference: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    photo, mask = region
    lab = rgb2lab(photo)
    inside = lab[mask > 0]
    gain = np.minimum(reference[1] / np.maximum(inside.std(axis=0), 1e-9), MAX_GAIN)
    moved = lab2rgb((lab - inside.mean(axis=0)) * gain + reference[0])
    return np.where(mask[..., None] > 0, np.rint(moved * 255).astype(np.uint8), photo)


def opencv_uint8(region: Region, reference: Region) -> np.ndarray:
    photo, mask = region
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)
    mean, std = cv2.meanStdDev(lab, mask=mask)
    other_mean, other_std = cv2.meanStdDev(cv2.cvtColor(reference[0], cv2.COLOR_RGB2LAB), mask=reference[1])
    gain = np.minimum(other_std / np.maximum(std, 1e-9), MAX_GAIN)
    moved = np.clip(np.rint((lab - mean.T) * gain.T + other_mean.T), 0, 255).astype(np.uint8)
    return np.where(mask[..., None] > 0, cv2.cvtColor(moved, cv2.COLOR_LAB2RGB), photo)


def main() -> None:
    options = arguments(__doc__)
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        _, shots = load_shots(options, Path(scratch))
        regions = [(read_rgb(shot.path), shot.mask) for shot in shots]
    pairs = list(zip(regions, regions[1:] + regions[:1], strict=True))
    describe(shots)
    known = [(one, other, scikit_image_measure(other), ours_measure(one), ours_measure(other)) for one, other in pairs]
    report_accuracy(known)
    compare(
        {
            "scikit-image float64, full frame": lambda: len([scikit_image(one, scikit_image_measure(other)) for one, other in pairs]),
            "OpenCV uint8 Lab, full frame": lambda: len([opencv_uint8(one, other) for one, other in pairs]),
            "ours": lambda: len([ours(one, None, ours_measure(other)) for one, other in pairs]),
        },
        rounds=options.rounds,
    )
    compare(
        {
            "scikit-image float64, full frame, known reference": lambda: len([scikit_image(one, stats) for one, _, stats, _, _ in known]),
            "ours, both known": lambda: len([ours(one, own, reference) for one, _, _, own, reference in known]),
        },
        rounds=options.rounds,
    )


def describe(shots: list[Shot]) -> None:
    ratio = np.mean([shot.mask.mean() for shot in shots])
    box = np.mean([shot.annotation["bbox"][2] * shot.annotation["bbox"][3] / shot.mask.size for shot in shots])
    print(f"{len(shots)} foregrounds; mask {ratio:.1%} and box {box:.1%} of the frame on average")


def report_accuracy(known: list[tuple]) -> None:
    """Prints how far each route's foregrounds are from scikit-image's in float64."""
    for name, route in (("ours", lambda k: ours(k[0], k[3], k[4])), ("OpenCV uint8 Lab", lambda k: opencv_uint8(k[0], k[1]))):
        errors = [np.abs(route(k).astype(int) - scikit_image(k[0], k[2]))[k[0][1] > 0].max(axis=1) for k in known]
        error = np.concatenate(errors)
        shares = f"{(error == 0).mean():.3%} equal, {(error > 1).mean():.4%} off by more than one level, largest {error.max()}"
        print(f"{name}: {len(error)} foreground pixels, {shares}")


if __name__ == "__main__":
    main()
