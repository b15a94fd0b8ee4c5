"""Photographs with and without people, and cut-outs, for networks without a trimap."""

import msgspec
import numpy as np

from imharmony.matting.people import Peopled, peopled
from imharmony.matting.portrait_training import Cutouts, Lessons


def person(left: int, top: int, right: int, bottom: int, *, iscrowd: bool = False) -> dict[str, object]:
    """The row of an instance whose outline is its box."""
    outline = [[left, top, right, top, right, bottom, left, bottom]]
    box = {"bbox_x": left, "bbox_y": top, "bbox_width": right - left, "bbox_height": bottom - top}
    segmentation = msgspec.json.encode(outline)
    if iscrowd:
        mask = np.zeros((120, 160), np.uint8)
        mask[top:bottom, left:right] = 1
        flat = mask.ravel(order="F")
        ends = np.flatnonzero(np.diff(flat)) + 1
        counts = np.diff(np.concatenate(([0], ends, [flat.size]))).tolist()
        segmentation = msgspec.json.encode({"size": [120, 160], "counts": counts})
    return {"iscrowd": iscrowd, "segmentation": segmentation, **box}


def photograph_of(*people: dict[str, object], seed: int = 0) -> Peopled:
    """Noise 120 x 160, in which people are bright."""
    made = peopled(np.random.default_rng(seed).integers(0, 90, (120, 160, 3), dtype=np.uint8), people)
    made.picture[made.people > 0] += 150
    return made


def lessons() -> Lessons:
    """One photograph with somebody, one of nobody, two cut-outs."""
    alpha = np.zeros((2, 32, 32), np.uint8)
    alpha[:, 8:, 10:22] = 255
    alpha[:, 8:, 9] = 128
    colours = np.full((2, 32, 32, 3), 220, np.uint8)
    return Lessons.of([photograph_of(person(50, 20, 110, 110)), photograph_of(seed=1)], Cutouts(colours, alpha))
