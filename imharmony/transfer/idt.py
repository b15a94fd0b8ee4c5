"""Pitié, Kokaram & Dahyot 2007, "Automated colour grading using colour distribution transfer": iterative distribution transfer.

Ten times the colours are projected onto the six axes of two orthonormal frames, each projection gets the reference's
distribution, and each colour moves by the mean of what the frames ask for (relaxation 1). The map is built from the samples
of the two regions alone and is the same for every pixel of a colour. ``composing.regrain`` takes away the grain it leaves.

Colours are in steps of 1 / ``UNIT`` level and axes in steps of 1 / ``FINE``, so that every product and sum is exact.
"""

from typing import NamedTuple

import cv2
import numpy as np

from imharmony.transfer.blocks import blocks, in_steps, recoloured

ITERATIONS = 10
BINS = 300
SAMPLE = 2048  # colours that stand for a region
KNOTS = 4096  # of a projection's map, as it is looked up
SEED = 2007
UNIT = 1 << 12
FINE = 1 << 20


class Frame(NamedTuple):
    """Where three axes send their projections: index = ``to_index`` of a colour, and a change for each index and axis."""

    to_index: np.ndarray  # (3, 4)
    change: np.ndarray  # (3, KNOTS), in levels
    back: np.ndarray  # (3, 3), half of the axes' inverse


def idt_sample(pixels: np.ndarray) -> np.ndarray:
    """2,048 colours, evenly spaced along a Z-order curve through the region's, as float64 (6144,); smaller regions repeat theirs.

    Every part of the colour cube is so represented by its share of pixels, within a colour or a few.
    """
    keys = np.sort(np.concatenate([_z_order(block) for block in blocks(pixels)]))
    chosen = keys[(2 * np.arange(SAMPLE) + 1) * len(keys) // (2 * SAMPLE)]
    levels = [sum((chosen >> (3 * bit + place) & 1) << bit for bit in range(8)) for place in (2, 1, 0)]
    return np.stack(levels, axis=-1).astype(np.float64).ravel()


def idt(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's distribution of colours, as far as the samples ``own`` and ``reference`` know them.

    Beyond the sample's range a colour moves as the range's end does; what leaves the gamut is clipped channel by channel.
    """
    source, target = own.reshape(1, -1, 3), reference.reshape(1, -1, 3)
    steps = []
    for axes in FRAMES:
        steps.append([_frame(each, source, target) for each in axes])
        source = _moved(source, steps[-1])

    def graded(block: np.ndarray) -> np.ndarray:
        colours = block.astype(np.float64)
        for frames in steps:
            colours = _moved(colours, frames)
        return colours + 0.5

    return recoloured(pixels, graded)


def one_dimensional_map(own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """By how many bins each bin moves, float64 (BINS,), so that one histogram becomes another of equally many colours.

    The middle of what is in a bin goes to where the reference has as much below it. A bin without colours moves as its
    neighbours do. The published code compares shares up to a bin's end and gives empty bins a millionth of a colour; a flat
    region then goes to the reference's largest values, or anywhere, instead of its median.
    """
    here, there = np.flatnonzero(own), np.flatnonzero(reference)
    goal = _interpolated(_middle(own)[here], _middle(reference)[there], there)
    return _interpolated(np.arange(BINS), here, goal - here)


def _middle(counts: np.ndarray) -> np.ndarray:
    return 2 * counts.cumsum() - counts


def _interpolated(x: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``np.interp`` of whole numbers, without the fused multiplication that it has on some machines."""
    above = np.searchsorted(knots, x).clip(0, len(knots) - 1)
    below = np.maximum(above - 1, 0)
    part = (x - knots[below]) / np.maximum(knots[above] - knots[below], 1)
    return values[below] + part.clip(0, 1) * (values[above] - values[below])


def _frame(axes: np.ndarray, source: np.ndarray, target: np.ndarray) -> Frame:
    own, other = (np.ascontiguousarray(cv2.transform(colours, axes)[0].T) for colours in (source, target))
    low = np.minimum(own.min(axis=1), other.min(axis=1))[:, None]
    width = np.maximum(np.maximum(own.max(axis=1), other.max(axis=1))[:, None] - low, 1)
    histograms = zip(_histograms(own, low, width), _histograms(other, low, width), strict=True)
    change = np.stack([one_dimensional_map(*each) for each in histograms]) * (width / (BINS - 1))
    between = change[:, _KNOT_BIN] + _KNOT_PART * (change[:, _KNOT_BIN + 1] - change[:, _KNOT_BIN])
    scale = (KNOTS - 1) / width
    return Frame(in_steps(np.hstack([axes * scale, 0.5 - low * scale]), 1 << 16), in_steps(between, UNIT), in_steps(axes.T / 2, FINE))


def _histograms(projected: np.ndarray, low: np.ndarray, width: np.ndarray) -> np.ndarray:
    bins = np.rint((projected - low) * ((BINS - 1) / width)).astype(np.int64) + np.arange(3)[:, None] * BINS
    return np.bincount(bins.ravel(), minlength=3 * BINS).reshape(3, BINS)


def _moved(colours: np.ndarray, frames: list[Frame]) -> np.ndarray:
    moved = colours
    for frame in frames:
        index = cv2.transform(colours, frame.to_index)
        np.clip(index, 0, KNOTS - 1, out=index)
        index += _AXIS_START
        moved = moved + cv2.transform(frame.change.take(index.astype(np.intp)), frame.back)
    return in_steps(moved, UNIT)


def _z_order(pixels: np.ndarray) -> np.ndarray:
    red, green, blue = (_SPREAD_BITS[pixels[:, channel]] for channel in range(3))
    return red << 2 | green << 1 | blue


def _rotation(rng: np.random.Generator) -> np.ndarray:
    """Uniform over all rotations: a unit quaternion's."""
    quaternion = rng.normal(size=4)
    w, x, y, z = quaternion / np.sqrt((quaternion * quaternion).sum())
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _frames() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(SEED)
    oblique = np.array([[2.0, 2, -1], [2, -1, 2], [-1, 2, 2]]) / 3
    turns = [np.eye(3)] + [_rotation(rng) for _ in range(ITERATIONS - 1)]
    return [(in_steps(turn, FINE), in_steps(oblique @ turn, FINE)) for turn in turns]


FRAMES = _frames()
_AXIS_START = np.arange(3.0) * KNOTS
_KNOT_BIN = np.minimum(np.arange(KNOTS) * (BINS - 1) // (KNOTS - 1), BINS - 2)
_KNOT_PART = np.arange(KNOTS) * (BINS - 1) / (KNOTS - 1) - _KNOT_BIN
_SPREAD_BITS = np.array([sum((level >> bit & 1) << (3 * bit) for bit in range(8)) for level in range(256)], np.uint32)
