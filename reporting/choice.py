"""Which method is chosen: on the validation photographs, so that the test photographs judge a choice that they had no part in.

The lowest mean fMSE is chosen; of methods that are alike the first by name. A method without a finite number on the validation
photographs, such as one from outside, is never chosen. The untouched composite is no rival, and no more are forms as published and
controls, which a report shows to be compared with: their numbers are no part of what is chosen from.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.evaluation.blocks import REFERENCE

VALIDATION = pa.schema(
    [
        ("dataset", pa.string()),
        ("method", pa.string()),
        ("fmse", pa.float64()),  # means over finite values and pooled seeds, under the headline protocol
        ("mse", pa.float64()),
        ("n_images", pa.int64()),
        ("n_photographs", pa.int64()),
        ("n_seeds", pa.int64()),
    ]
)
Means = dict[str, dict[str, float]]  # by data set and method, finite


def validation_table(scores: Iterable[pa.Table]) -> pa.Table:
    """Rows of ``VALIDATION`` from the validation's rows of ``measures.SCORES``, those of one method after another."""
    rows = pa.concat_tables([VALIDATION.empty_table(), *map(_of_validation, scores)])
    return rows.sort_by([("dataset", "ascending"), ("method", "ascending")])


def _of_validation(scores: pa.Table) -> pa.Table:
    columns = ["dataset", "method", "seed", "image_id", "sample_id", "fmse", "mse"]
    frame = scores.select(columns).to_pandas().replace([np.inf, -np.inf], np.nan)
    rows = [
        {"dataset": dataset, "method": method, "fmse": own["fmse"].mean(), "mse": own["mse"].mean()}
        | {"n_images": own["sample_id"].nunique(), "n_photographs": own["image_id"].nunique(), "n_seeds": own["seed"].nunique()}
        for (dataset, method), own in frame.groupby(["dataset", "method"], sort=True)
    ]
    plain = [{name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()} for row in rows]
    return pa.Table.from_pylist(plain, schema=VALIDATION)


def means_of(validation: pa.Table, rivals: Collection[str]) -> Means:
    """Mean fMSE on the validation photographs of those that may be chosen, and of the untouched composite, where it is known."""
    means: Means = {}
    for row in validation.to_pylist():
        if row["fmse"] is not None and row["method"] in {REFERENCE, *rivals}:
            means.setdefault(row["dataset"], {})[row["method"]] = row["fmse"]
    return means


def chosen_on(means: Means, dataset: str, methods: Iterable[str]) -> str | None:
    """The method that is chosen on one data set among those named; None where none has a number."""
    return _lowest(means.get(dataset, {}), methods)


def chosen_over_all(means: Means, datasets: Sequence[str], methods: Iterable[str]) -> str | None:
    """The same by the mean over all data sets of the change relative to the untouched composite; None where none has them all."""
    return _lowest(relative_changes(means, datasets), methods)


def relative_changes(means: Means, datasets: Sequence[str]) -> dict[str, float]:
    """Mean over the data sets of (fMSE - composite's) / composite's, for the methods that have a number on each."""
    own = [means.get(dataset, {}) for dataset in datasets]
    if not own or not all(part.get(REFERENCE) for part in own):
        return {}
    methods = set.intersection(*(set(part) for part in own))
    return {method: float(np.mean([part[method] / part[REFERENCE] - 1 for part in own])) for method in sorted(methods)}


def _lowest(means: dict[str, float], methods: Iterable[str]) -> str | None:
    rivals = [method for method in methods if method in means and method != REFERENCE]
    return min(rivals, key=lambda method: (means[method], method), default=None)


def row_of(headline: pd.DataFrame, dataset: str, method: str) -> dict | None:
    """A method's row of the summary for fMSE over all images of a data set."""
    rows = headline[(headline["dataset"] == dataset) & (headline["method"] == method)]
    rows = rows[(rows["bucket"] == "all") & (rows["metric"] == "fmse")].to_dict(orient="records")
    return {str(name): value for name, value in rows[0].items()} if rows else None
