"""Random Poisson blending: a foreground is blended into a random part of another region and put back with the colours that it got.

Zhang, Fan, Wang, Tang, Yang & Yi 2025 ("Region-to-Region", arXiv:2508.09746) make composites so: the change differs from place to
place within a foreground, as light does. The blending is that of Pérez, Gangnet & Blake 2003: the foreground keeps its gradients,
and what it lacks along its outline to meet the region spreads inwards as a membrane, a solution of Laplace's equation.

Photographs are uint8 sRGB (H, W, 3); masks (H, W), above 0 in the foreground. Deviations: the region is another instance of the
category, and of both no more than ``SIDE`` pixels a side are compared along the outline, so that no pixel's grain becomes a streak;
the equation is solved on a picture of at most ``LONGEST``, and the smooth membrane is made larger.
"""

import cv2
import numpy as np

from imharmony.transfer.blocks import in_steps

MARGIN = 0.125  # of a box's sides, on each of them: the outline is inside
SIDE = 32  # px of what is kept of a region
LONGEST = 96  # px of the picture on which the equation is solved
TRACE = 1e-9  # of a small pixel: with less of the foreground in it, it shows none
STEPS = 256  # of a level: sums differ in their last bits from machine to machine

WHOLE: dict[str, float | bool] = {"share": 1.0, "left": 0.0, "top": 0.0, "mirrored": False}
SHARE = (0.5, 1.0)  # of a region's sides, the range that those of its part are drawn from


def colours_by_place(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A foreground's colours where they are, float64 levels (3 SIDE²,): its box and a margin at ``SIDE`` squared.

    Around the foreground its colours go on as a membrane.
    """
    rows, columns = _grown(mask)
    inside = (mask[rows, columns] > 0).astype(np.float64)
    share = _averaged(inside)
    small = _averaged(photo[rows, columns] * inside[..., None]) / np.maximum(share, TRACE)[..., None]
    return in_steps(membrane(small, share < TRACE), STEPS).ravel()


def draw_random_poisson(rng: np.random.Generator) -> dict[str, float | bool]:
    """A part of a region, its sides and place as shares of the region's, and whether it is mirrored."""
    share = float(rng.uniform(*SHARE))
    left, top = (float(rng.uniform(0, 1 - share)) for _ in range(2))
    return {"share": share, "left": left, "top": top, "mirrored": bool(rng.integers(2))}


def random_poisson(photo: np.ndarray, mask: np.ndarray, region: np.ndarray, parameters: dict[str, float | bool]) -> np.ndarray:
    """The photograph with its foreground as it becomes in a part of a region, which is what ``colours_by_place`` kept of it.

    What leaves 0..255 is clipped. Blended into all of its own region a foreground stays, bit for bit; so does one that fills its
    picture, because it has no outline.
    """
    rows, columns = _grown(mask)
    inside, here = mask[rows, columns] > 0, photo[rows, columns]
    height, width = inside.shape
    scale = min(1, LONGEST / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    own, other = (_part(each, part, size) for each, part in ((colours_by_place(photo, mask), WHOLE), (region, parameters)))
    change = membrane(other - own, _resized(inside.astype(np.float64), size) > 0)
    levels = here + in_steps(_resized(change, (width, height)), STEPS)
    result = photo.copy()
    result[rows, columns][inside] = np.rint(levels.clip(0, 255)).astype(np.uint8)[inside]
    return result


def membrane(values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The values (H, W, C) with those of the ``free`` places (H, W) replaced: there each is the mean of its neighbours.

    At the picture's border there are fewer of them. Zeros where no place has a value.
    """
    from scipy.sparse import csr_array, diags_array  # half a second; every stage has the transfers' names, few have this one
    from scipy.sparse.linalg import splu

    if free.all():
        return np.zeros_like(values)
    index, inside = np.arange(free.size).reshape(free.shape), free.ravel()
    one = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    other = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    neighbours = csr_array((np.ones(len(ends[0])), ends), shape=(free.size, free.size))[inside]
    matrix = diags_array(neighbours.sum(axis=1)) - neighbours[:, inside]
    solver = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
    result = values.reshape(free.size, -1).astype(np.float64)
    result[inside] = solver.solve(neighbours[:, ~inside] @ result[~inside])
    return result.reshape(values.shape)


def _grown(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of a mask's box with its margin, as far as the picture goes."""
    x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    across, down = (max(round(MARGIN * side), 1) for side in (width, height))
    return slice(max(y - down, 0), y + height + down), slice(max(x - across, 0), x + width + across)


def _part(region: np.ndarray, parameters: dict[str, float | bool], size: tuple[int, int]) -> np.ndarray:
    """A part of a region at this size, (width, height)."""
    picture, (width, height) = region.reshape(SIDE, SIDE, 3), size
    share, left, top = (SIDE * float(parameters[name]) for name in ("share", "left", "top"))
    # Centres of the part's pixels among those of the region's.
    across, down = (start + share * (np.arange(count) + 0.5) / count - 0.5 for start, count in ((left, width), (top, height)))
    if parameters["mirrored"]:
        across = across[::-1]
    columns, rows = (each.astype(np.float32) for each in np.meshgrid(across, down))
    return cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _averaged(plane: np.ndarray) -> np.ndarray:
    return cv2.resize(plane, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _resized(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    smaller = size[0] < plane.shape[1] or size[1] < plane.shape[0]
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
