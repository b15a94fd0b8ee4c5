"""Packed portraits with stored trimaps, as the test phase reads them, of scenes that are drawn here."""

import numpy as np
import pyarrow as pa

from imharmony.composing.rules import Direction
from imharmony.matting.portraits import Portraits
from imharmony.matting.trimaps import fixed_trimap
from tests.imharmony.matting.scenes import scenes_of

MARGIN = 40.0  # of the trimaps, at 600 px


def portraits_of(count: int = 4, *, direction: Direction = "background", composites: int = 1, seed: int = 0) -> Portraits:
    """So many composites; of each portrait ``composites`` follow each other."""
    scenes = scenes_of(count, seed=seed)
    trimaps = np.stack([fixed_trimap(each / 255, MARGIN) for each in scenes.alpha])
    ids = [position // composites for position in range(count)]
    rows = pa.table({"sample_id": [f"{position}_0" for position in range(count)], "image_id": ids, "direction": [direction] * count})
    return Portraits(rows, scenes.picture, scenes.alpha, scenes.background, scenes.behind, direction, trimaps)
