"""The page's answer: every method on every data set, which is best where, and what the best one's pictures look like."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from imharmony.evaluation.summary import REFERENCE


@dataclass(frozen=True)
class Overview:
    """Methods in the order of their mean relative change of fMSE, and who is best."""

    methods: list[str]  # the best first; those that lack a data set last
    relative: dict[str, float]  # change of fMSE over the composite's fMSE, mean over all data sets; without those that lack one
    best: dict[str, str]  # by data set, the method with the lowest fMSE of all but the reference
    least_harm: dict[str, str]  # by data set, the method with the lowest harm rate
    leader: str | None  # the method with the lowest relative change; None where no method has all data sets
    trained: str | None  # the first of those that were trained here
    led: dict[str, list[str]] = field(default_factory=dict)  # the data sets on which a method is best


def overview_of(headline: pd.DataFrame, methods: Sequence[str], datasets: Sequence[str], *, trained: Sequence[str]) -> Overview:
    """The answer from the summary's rows of the headline protocol."""
    rows = headline[(headline["bucket"] == "all") & (headline["metric"] == "fmse") & headline["method"].isin(list(methods))]
    means, changes, harm = (rows.pivot(index="method", columns="dataset", values=name) for name in ("mean", "difference", "harm_rate"))
    shares = changes / means.loc[REFERENCE].replace(0.0, np.nan)
    whole = shares.reindex(columns=list(datasets)).dropna()
    relative = {str(method): float(value) for method, value in whole.mean(axis=1).items()}
    relative[REFERENCE] = 0.0
    order = sorted(methods, key=lambda method: (relative.get(method, np.inf), method))
    rivals, rival_harm = (part.drop(index=REFERENCE, errors="ignore") for part in (means, harm))
    best = {name: str(rivals[name].idxmin()) for name in datasets if name in rivals and rivals[name].notna().any()}
    least = {name: str(rival_harm[name].idxmin()) for name in datasets if name in rival_harm and rival_harm[name].notna().any()}
    known = [method for method in order if method in relative and method != REFERENCE]
    led: dict[str, list[str]] = {}
    for name, method in best.items():
        led.setdefault(method, []).append(name)
    return Overview(
        methods=order,
        relative=relative,
        best=best,
        least_harm=least,
        leader=next(iter(known), None),
        trained=next((method for method in known if method in set(trained)), None),
        led=led,
    )
