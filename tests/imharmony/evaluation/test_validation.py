"""Scores on validation photographs: the headline's own, and nothing else."""

import numpy as np
import pytest

from imharmony.baselines.reinhard import reinhard
from imharmony.errors import InputError
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.scoring import score_split
from imharmony.evaluation.validation import CHOSEN_BY, score_validation

NAMES = {"method": "reinhard", "seed": 0, "dataset": "people", "code": "c", "data_hash": "h"}


def test_the_numbers_are_the_headlines_and_no_other_column_is_filled(packed):
    rows = score_validation(packed, reinhard, names=NAMES)
    whole = score_split(packed, reinhard, names=NAMES, perceptual=None)
    headline = [row for row in whole if (row["background"], row["quantisation"]) == ("composite", "uint8")]
    shared = [name for name in headline[0] if name not in MEASURES]
    assert [[row[name] for name in (*shared, *CHOSEN_BY)] for row in rows] == [
        pytest.approx([row[name] for name in (*shared, *CHOSEN_BY)]) for row in headline
    ]
    assert all(row[name] is None for row in rows for name in MEASURES if name not in CHOSEN_BY)


def test_what_a_method_is_given_can_differ_from_what_it_is_pasted_over(packed):
    seen = []

    def harmonize(picture, mask):
        seen.append(picture.max())
        return picture.astype(np.float32) * mask[..., None]

    score_validation(packed, harmonize, names=NAMES, inputs=np.zeros_like(packed.composite))
    assert set(seen) == {0}


def test_an_output_that_is_not_finite_ends_it_and_names_the_image(packed):
    sample = packed.rows["sample_id"][0].as_py()
    with pytest.raises(InputError, match=f"reinhard: val of .*, image {sample}: .* of the output are NaN or infinite"):
        score_validation(packed, lambda picture, _mask: np.full(picture.shape, np.nan, np.float32), names=NAMES)
