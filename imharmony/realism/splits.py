"""A packed split judged: every composite, and every real photograph that they were made of."""

import logging

import numpy as np

from imharmony.composing.composites import to_harmonize
from imharmony.composing.packed_split import PackedSplit, first_of_each_foreground
from imharmony.realism.judging import JUDGES, Judges, realism
from imharmony.realism.photographs import MOSTLY
from imharmony.running.progress import track
from imharmony.storage.shards import Row

log = logging.getLogger(__name__)


def judged_split(split: PackedSplit, judges: Judges, *, dataset: str) -> list[Row]:
    """The rows of ``judging.JUDGED`` of a split; of graded photographs the first truth of each foreground is judged.

    The foreground is the annotated one, whichever part of the picture was changed.

    A picture whose foreground fills or leaves no pixel at the split's size has no scores; how many there are is a warning.
    """
    rows = split.rows.select(["sample_id", "image_id", "direction"]).to_pylist()
    real = {index for index, _ in first_of_each_foreground(split)}
    # A truth beside its composite: they share a region, which is described once.
    pictures = [(index, is_real) for index in range(len(rows)) for is_real in (True, False) if index in real or not is_real]
    found: list[Row] = []
    without = 0
    for index, is_real in track(pictures, total=len(pictures), what=f"realism of {dataset}", unit="pictures"):
        row = rows[index]
        matte = to_harmonize(np.array(split.mask[index]), row["direction"])
        has_both = matte.max() >= MOSTLY > matte.min()
        without += not has_both
        picture = np.array(split.real[index] if is_real else split.composite[index])
        scores = realism(picture, matte / 255, judges) if has_both else dict.fromkeys(JUDGES)
        found.append({"dataset": dataset, "sample_id": row["sample_id"], "image_id": row["image_id"], "is_real": is_real, **scores})
    if without:
        log.warning("%s: %d of %d pictures have no foreground or no background at this size; not judged", dataset, without, len(found))
    return sorted(found, key=lambda row: not row["is_real"])
