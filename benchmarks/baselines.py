"""Methods that are not trained, against the plain way to the same result, each a picture after the other on one core.

``poisson`` at 512 px is solved against SciPy's sparse solver, whose result it has to within the difference that is printed, and against
OpenCV's ``seamlessClone``, which solves another equation (its boundary is the box's) on uint8. ``histogram`` is the baseline, and the
transfer from a region's pixels to another's and from two photographs with their masks to a composite, against NumPy's indices and
scikit-image. ``xue`` and ``lalonde_efros`` have no peer at hand: pictures of 256 px a second.

    python -m benchmarks.baselines [--photographs DIR]
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import spsolve
from skimage.exposure import match_histograms

from benchmarks.tables import write_csv
from benchmarks.transfers import made_up, spread_over
from benchmarks.transfers import plain_histogram as plain_regions
from imharmony.baselines import BASELINES
from imharmony.baselines.region import opacity_of
from imharmony.composing.composites import Foreground
from imharmony.composing.packed_split import square_image
from imharmony.transfer.histogram import histogram, rgb_histogram

SHARES = (0.05, 0.2, 0.5, 0.95)
MADE_UP = 12
BOUND_OF_REGIONS = "counting two regions and looking one up, each a byte at a time"
Picture = tuple[np.ndarray, np.ndarray]  # uint8 (S, S, 3) and a mask, float32 (S, S)


def plain_poisson(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    opacity, index = opacity_of(mask).ravel(), np.arange(mask.size).reshape(mask.shape)
    free, levels = opacity > 0, picture.reshape(-1, 3).astype(np.float64)
    one = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    other = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    wanted = np.minimum(opacity[one], opacity[other])[:, None] * (levels[one] - levels[other])
    signs, rows = np.repeat([1.0, -1.0], len(one)), np.tile(np.arange(len(one)), 2)
    gradient = csc_array((signs, (rows, np.concatenate([one, other]))), shape=(len(one), mask.size))
    inside = gradient[:, free]
    matrix = (inside.T @ inside).tocsc()
    levels[free] = np.asarray(spsolve(matrix, inside.T @ (wanted - gradient[:, ~free] @ levels[~free]), permc_spec="MMD_AT_PLUS_A"))
    return np.clip(levels, 0, 255).reshape(picture.shape).astype(np.float32)


def opencv_clone(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    inside = (255 * (mask > 0)).astype(np.uint8)
    inside[[0, -1]] = inside[:, [0, -1]] = 0  # it needs a pixel around the mask
    x, y, width, height = cv2.boundingRect(inside)
    return cv2.seamlessClone(picture, picture, inside, (x + width // 2, y + height // 2), cv2.NORMAL_CLONE)


def plain_histogram(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    output, inside = picture.astype(np.float32), mask > 0
    output[inside] = match_histograms(picture[inside], picture[~inside], channel_axis=-1)
    return output


def plain_transfer(one: Picture, other: Picture) -> np.ndarray:
    output, inside = one[0].copy(), one[1] > 0
    output[inside] = match_histograms(one[0][inside], other[0][other[1] > 0], channel_axis=-1)
    return output


def our_transfer(one: Picture, other: Picture) -> np.ndarray:
    foreground, reference = (Foreground.of(photo, mask.astype(np.uint8), name="photograph") for photo, mask in (one, other))
    pixels = histogram(foreground.pixels, rgb_histogram(foreground.pixels), rgb_histogram(reference.pixels))
    return foreground.replaced_by(foreground.patch(pixels))


def our_regions(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return histogram(pixels, rgb_histogram(pixels), rgb_histogram(reference))


def blob(size_px: int, share: float, seed: int) -> np.ndarray:
    """A mask, float32 (S, S), whose edge winds, and which is this share of the picture."""
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(size_px, size_px)), (0, 0), size_px / 10)
    place = np.indices(noise.shape) / size_px - 0.5
    height = noise / noise.std() - 8 * np.hypot(*place)
    return (height > np.quantile(height, 1 - share)).astype(np.float32)


def cpu_ms(routes: Sequence[Callable[[], object]], *, rounds: int) -> list[float]:
    """Of each route the median over rounds in which each runs once, after a first time that does not count."""
    found: list[list[float]] = [[] for _ in routes]
    for turn in range(rounds + 1):
        for route, times in zip(routes, found, strict=True):
            start = time.process_time()
            route()
            times += [1e3 * (time.process_time() - start)] if turn else []
    return [statistics.median(times) for times in found]


def row(what: str, peer: str, note: str, ms: list[float]) -> dict[str, object]:
    ratio = f"{ms[1] / ms[0]:.1f}×" if len(ms) > 1 else "–"
    print(f"{what:<64}{peer:<28}{ms[0]:>9.2f} ms{1e3 / ms[0]:>8.1f} /s{ratio:>9}  {note}")
    return {"what": what, "ms of cpu": f"{ms[0]:.3g}", "against": peer or "–", "times as fast": ratio.rstrip("×"), "note": note}


def poisson_rows(photos: list[np.ndarray], *, rounds: int) -> list[dict[str, object]]:
    rows = []
    ours, clone = BASELINES["poisson"], "OpenCV seamlessClone"
    for share in SHARES:
        some = [(square_image(photo, 512), blob(512, share, seed)) for seed, photo in enumerate(photos[:3])]
        apart = max(float(np.abs(ours(*each) - plain_poisson(*each)).max()) for each in some)
        own, direct, opencv = mean_ms((ours, plain_poisson, opencv_clone), some, rounds=rounds)
        what = f"`poisson`, 512 px, a mask of {share:.0%}"
        rows.append(row(what, "SciPy's sparse solver", f"{apart:.0e} levels apart at most", [own, direct]))
        rows.append(row(what, clone, "another equation", [own, opencv]))
    return rows


def mean_ms(ways: Sequence[Callable[..., np.ndarray]], given: Sequence[tuple], *, rounds: int) -> list[float]:
    return [ms / len(given) for ms in cpu_ms([lambda way=way: [way(*each) for each in given] for way in ways], rounds=rounds)]


def histogram_row(
    what: str, ways: Sequence[Callable[..., np.ndarray]], given: Sequence[tuple], *, rounds: int, bound: str = ""
) -> dict[str, object]:
    apart = max(float(np.abs(ways[0](*each).astype(float) - ways[1](*each)).max()) for each in given)
    note = f"{apart:.0f} level apart at most: rounded, not cut" + (f"; bound by {bound}" if bound else "")
    return row(f"`histogram`, {what}", "NumPy and scikit-image", note, mean_ms(ways, given, rounds=rounds))


def other_rows(photos: list[np.ndarray], *, rounds: int) -> list[dict[str, object]]:
    masked = [(photo, blob(max(photo.shape), 0.125, seed)[: photo.shape[0], : photo.shape[1]]) for seed, photo in enumerate(photos)]
    pairs = list(zip(masked, masked[1:] + masked[:1], strict=True))
    small = [(square_image(photo, 256), blob(256, 0.125, seed)) for seed, photo in enumerate(photos)]
    regions = [(one[0][one[1] > 0], other[0][other[1] > 0]) for one, other in pairs]
    return [
        histogram_row("a region to another, as pixels", (our_regions, plain_regions), regions, rounds=rounds, bound=BOUND_OF_REGIONS),
        histogram_row("two photographs to a composite", (our_transfer, plain_transfer), pairs, rounds=rounds),
        histogram_row("the baseline at full size", (BASELINES["histogram"], plain_histogram), masked, rounds=rounds),
        *(row(f"`{name}`, 256 px", "", "", mean_ms([way], small, rounds=rounds)) for name, way in BASELINES.items() if name != "identity"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, help="folder with JPEGs, at any depth; default: twelve made-up pictures of 640 x 480")
    parser.add_argument("--count", type=int, default=MADE_UP, help="photographs to use, spread over the folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/baselines.csv"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    if options.photographs:
        photos = spread_over(options.photographs, options.count)
    else:
        photos = [made_up(seed) for seed in range(min(options.count, MADE_UP))]
    write_csv(options.out, poisson_rows(photos, rounds=min(options.rounds, 3)) + other_rows(photos, rounds=options.rounds))


if __name__ == "__main__":
    main()
