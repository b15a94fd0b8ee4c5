"""The answer of a report in a line for each data set, for the terminal in which it was made."""

from collections.abc import Iterator, Mapping

import pandas as pd

from imharmony.evaluation.blocks import REFERENCE
from reporting.choice import Means, chosen_on, row_of
from reporting.claims import few


def last_words(headline: pd.DataFrame, means: Means, trained: list[str]) -> Iterator[str]:
    """What doing nothing costs on each data set, and what the method chosen on validation and the trained one make of it.

    ``headline`` are the summary's rows of the headline protocol; ``means`` the validation's; ``trained`` names the variants.
    """
    for dataset in dict.fromkeys(headline["dataset"]):
        methods = [str(name) for name in dict.fromkeys(headline["method"]) if name != REFERENCE]
        untouched = row_of(headline, dataset, REFERENCE)
        if not methods or untouched is None:
            continue
        chosen = [chosen_on(means, dataset, methods), chosen_on(means, dataset, [name for name in methods if name in trained])]
        rows = {name: row_of(headline, dataset, name) for name in dict.fromkeys(chosen) if name is not None}
        told = "; ".join(_method(name, row) for name, row in rows.items() if row) or "no method has validation scores"
        yield f"{dataset}: untouched fMSE {untouched['mean']:.0f}; chosen on validation: {told}"


def _method(name: str, row: Mapping) -> str:
    has_none = pd.isna(row["difference_low"])
    interval = few(row["n_photographs"]).lower() if has_none else f"{row['difference_low']:+.0f} to {row['difference_high']:+.0f}"
    change = f"{row['difference']:+.0f} ({interval})"
    return f"{name} {row['mean']:.0f}, {change}, makes {100 * row['harm_rate']:.0f} % of {row['n_images']} worse"
