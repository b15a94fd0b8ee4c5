"""Test images that stand for a data set: chosen by their composites alone, so that no method's luck decides what is shown."""

import numpy as np

from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.score_sets import Scores, headline_block

QUANTILES = (0.25, 0.5, 0.75)


def untouched_errors(scores: Scores, dataset: str) -> list[tuple[float, str]]:
    """The untouched composites' foreground errors and the images' names, the lowest first; infinite where there is none."""
    if dataset not in scores.sets:
        return []
    block = headline_block(scores.sets[dataset], [REFERENCE])
    found = [block.values[0, :, place] for place, column in enumerate(block.columns) if column.metric == "fmse"]
    errors = np.nan_to_num(found[0], nan=np.inf).tolist() if found else [np.inf] * len(block.samples)
    return sorted(zip(errors, block.samples, strict=True))


def typical(scores: Scores, dataset: str) -> list[str]:
    """The names of the images at the quartiles of the untouched composites' foreground error; fewer where there are fewer images."""
    ordered = [name for _, name in untouched_errors(scores, dataset)]
    places = sorted({round(quantile * (len(ordered) - 1)) for quantile in QUANTILES if ordered})
    return [ordered[place] for place in places]
