"""The page's answer: each method on each data set, which was chosen on validation, and what the test photographs say of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from imharmony.evaluation.summary import REFERENCE
from reporting.choice import Means, chosen_on, chosen_over_all, relative_changes, row_of
from reporting.claims import outcomes


@dataclass(frozen=True)
class Overview:
    """Methods in the order of their mean relative change of fMSE on the test photographs, and what was chosen on the validation's."""

    methods: list[str]  # the lowest first; those that lack a data set last
    relative: dict[str, float]  # change of fMSE over the composite's fMSE, mean over all data sets; without those that lack one
    chosen: dict[str, str]  # by data set, of all but the reference
    leader: str | None  # chosen over all data sets; None where no method has validation scores on all
    trained: str | None  # the same of those that were trained here
    gain: float | None  # the leader's relative change on the validation photographs
    unscored: list[str]  # methods that might be chosen, but have no validation scores
    outcomes: dict[str, str]  # of leader and trained: what the test photographs say
    aside: list[str]  # methods that are shown, and never chosen
    led: dict[str, list[str]] = field(default_factory=dict)  # the data sets on which a method is chosen


def overview_of(
    headline: pd.DataFrame,
    means: Means,
    methods: Sequence[str],
    datasets: Sequence[str],
    *,
    trained: Sequence[str],
    rivals: Collection[str],
) -> Overview:
    """The answer from the summary's rows of the headline protocol and the validation's means; one of the ``rivals`` is chosen."""
    named = [method for method in methods if method in rivals]
    rows = headline[(headline["bucket"] == "all") & (headline["metric"] == "fmse") & headline["method"].isin(list(methods))]
    tested, changes = (rows.pivot(index="method", columns="dataset", values=name) for name in ("mean", "difference"))
    shares = changes / tested.loc[REFERENCE].replace(0.0, np.nan)
    whole = shares.reindex(columns=list(datasets)).dropna()
    relative = {str(method): float(value) for method, value in whole.mean(axis=1).items()}
    relative[REFERENCE] = 0.0
    picked = {name: chosen_on(means, name, named) for name in datasets}
    chosen = {name: method for name, method in picked.items() if method is not None}
    led: dict[str, list[str]] = {}
    for name, method in chosen.items():
        led.setdefault(method, []).append(name)
    leader = chosen_over_all(means, datasets, named)
    own = chosen_over_all(means, datasets, [method for method in named if method in set(trained)])
    told = {method: outcomes(row for name in datasets if (row := row_of(headline, name, method))) for method in (leader, own) if method}
    return Overview(
        methods=sorted(methods, key=lambda method: (relative.get(method, np.inf), method)),
        relative=relative,
        chosen=chosen,
        leader=leader,
        trained=own,
        gain=relative_changes(means, datasets).get(leader) if leader else None,
        unscored=[method for method in named if not any(method in part for part in means.values())],
        outcomes=told,
        aside=[method for method in methods if method not in named],
        led=led,
    )
