"""The answer of a report in a line for each data set, for the terminal in which it was made."""

from collections.abc import Iterator

import pandas as pd

from imharmony.evaluation.blocks import REFERENCE


def last_words(headline: pd.DataFrame, trained: list[str]) -> Iterator[str]:
    """What doing nothing costs on each data set, and what the best method and the best trained one make of it.

    ``headline`` are the summary's rows of the headline protocol; ``trained`` names the variants.
    """
    rows = headline[(headline["bucket"] == "all") & (headline["metric"] == "fmse")]
    for dataset, found in rows.groupby("dataset", sort=False):
        means = found.set_index("method")
        own = means.drop(index=REFERENCE).sort_values("mean", kind="stable")
        if own.empty:
            continue
        best = [str(own.index[0]), *(str(name) for name in own.index[own.index.isin(trained)][:1])]
        told = "; ".join(_method(name, own.loc[name]) for name in dict.fromkeys(best))
        yield f"{dataset}: untouched fMSE {means.loc[REFERENCE, 'mean']:.0f}; {told}"


def _method(name: str, row: pd.Series) -> str:
    interval = "" if pd.isna(row["difference_low"]) else f" ({row['difference_low']:+.0f} to {row['difference_high']:+.0f})"
    return f"{name} {row['mean']:.0f}, {row['difference']:+.0f}{interval}, makes {100 * row['harm_rate']:.0f} % of {row['n_images']} worse"
