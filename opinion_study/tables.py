"""The table that ``harmonize study report`` writes and the page of the pipeline reads."""

import pyarrow as pa

from imharmony.storage.shards import Row

SCORE = {"rating": "mos", "pairs": "strength"}  # the column that a study of this mode is about

# One row per method of a study; counts are of the raters who heeded the attention checks.
OPINIONS = pa.schema(
    [
        ("study", pa.string()),
        ("mode", pa.string()),  # rating | pairs
        ("dataset", pa.string()),
        ("method", pa.string()),  # composite: the untouched composite; real: the photograph
        ("mos", pa.float64()),  # mode rating: mean opinion score, 1 (bad) to 5 (excellent)
        ("deviation", pa.float64()),  # of single votes
        ("strength", pa.float64()),  # mode pairs: Bradley-Terry, natural logarithm, mean over the methods 0
        ("win_rate", pa.float64()),  # share of its pairs in which it was chosen
        ("low", pa.float64()),  # 95 % interval of mos or strength; null with fewer than ten raters or images
        ("high", pa.float64()),
        ("difference", pa.float64()),  # of mos or strength to the untouched composite
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
        ("n_votes", pa.int64()),
        ("n_raters", pa.int64()),
        ("n_images", pa.int64()),
        ("n_left_out", pa.int64()),  # of the study: raters who missed attention checks
        ("n_unfinished", pa.int64()),  # of the study: raters who count and have not answered all
        ("alpha_ordinal", pa.float64()),  # of the study: Krippendorff's alpha of the raters
        ("alpha_interval", pa.float64()),
        ("kendall_u", pa.float64()),  # of the study, mode pairs: Kendall and Babington Smith's coefficient of agreement
    ]
)


def ranked(rows: list[Row]) -> list[Row]:
    """The rows of a study, the best method first; methods that nobody judged last."""
    score = SCORE[rows[0]["mode"]]
    return sorted(rows, key=lambda row: (row[score] is None, -(row[score] or 0), row["method"]))
