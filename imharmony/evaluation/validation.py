"""A method on the validation photographs, by which one is chosen before the test photographs say what it is worth.

Only what choosing needs: ``mse`` and ``fmse`` under the headline protocol, and no second pass. ``mse`` and ``fmse`` are those of
``measures``; the other columns of a row are null.
"""

import math
from collections.abc import Callable
from itertools import tee
from typing import TYPE_CHECKING

import numpy as np

from imharmony.evaluation.conventions import HEADLINE
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.methods import Given, Harmonize, each_output
from imharmony.evaluation.protocols import saved
from imharmony.evaluation.scoring import is_flat, pictures_of
from imharmony.metrics.error import SquaredErrors
from imharmony.metrics.weights import Weights
from imharmony.storage.shards import Row

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

CHOSEN_BY = ("mse", "fmse")


def score_validation(
    split: "PackedSplit",
    harmonize: Harmonize,
    *,
    names: Row,
    inputs: np.ndarray | None = None,
    on_output: Callable[[int, np.ndarray], object] | None = None,
) -> list[Row]:
    """A row of ``measures.SCORES`` for each image of a split; the other arguments are as for ``scoring.score_split``.

    An output that is not finite is an ``InputError`` that names the method and the image.
    """
    rows: list[Row] = []
    samples = split.rows.select(["sample_id", "image_id", "foreground_ratio"]).to_pylist()
    protocol = {"background": HEADLINE.background, "quantisation": HEADLINE.quantisation}
    where = f"{names['method']}: val of {names['dataset']}, image "
    seen, given = tee((*pictures_of(split, index), sample) for index, sample in enumerate(samples))
    asked = (
        Given(composite if inputs is None else np.array(inputs[index]), mask[0, 0].numpy(), f"{where}{sample['sample_id']}")
        for index, (composite, _, mask, sample) in enumerate(given)
    )
    for index, ((composite, real, mask, sample), raw) in enumerate(zip(seen, each_output(harmonize, asked), strict=True)):
        if on_output:
            on_output(index, raw)
        weights = Weights.of(mask[0, 0].numpy())
        errors = SquaredErrors(saved(raw, composite, weights), real, weights)
        found = dict(zip(CHOSEN_BY, (errors.mean, errors.foreground), strict=True))
        plain = {column: None if math.isnan(value) else value for column, value in found.items()}  # of an empty mask there is no fMSE
        facts = {"mask_mean": weights.area / weights.mask.size, "is_flat": is_flat(raw, composite, mask[0, 0].numpy())}
        rows.append({**names, **sample, **protocol, **dict.fromkeys(MEASURES), **plain, **facts})
    return rows
