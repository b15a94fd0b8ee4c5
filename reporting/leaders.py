"""What the leader tables show once the reader chooses a protocol or another method to compare with."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.evaluation.conventions import CONVENTIONS, COUNTED
from reporting.choice import Means, chosen_on
from reporting.embedding import SMALLEST_P, rounded

COMPARED = ("fmse", "psnr")  # the measures whose changes the table has; under the headline protocol all are kept for the distributions
RATE_DIGITS = 4


def leaders_of(standings: pd.DataFrame, pairs: pd.DataFrame, means: Means) -> dict[str, dict]:
    """For each data set its methods, and by convention their means, order and pairwise differences, rounded as they are printed.

    ``chosen`` is the method with the lowest of ``means``, those of the validation photographs.

    ``standings`` is the table of this name, ``pairs`` what ``shown_pairs`` takes of its own. Pairs are flat lists of
    i minus j over methods i < j in the order of ``methods``.
    """
    return {
        str(dataset): {"chosen": chosen_on(means, str(dataset), part["method"].unique())}
        | _leaders(part, pairs[pairs["dataset"] == dataset])
        for dataset, part in standings.groupby("dataset", sort=False)
    }


def shown_pairs(pairs: pa.Table) -> pd.DataFrame:
    """The rows of ``tables/pairs.parquet`` that ``leaders_of`` looks at: a quarter of them."""
    return pairs.filter((pc.field("convention") == "headline") | pc.field("metric").isin(list(COMPARED))).to_pandas()


def _leaders(standings: pd.DataFrame, pairs: pd.DataFrame) -> dict:
    methods = sorted(standings["method"].unique())
    conventions = {}
    for name in CONVENTIONS:
        means = {
            str(measure): part.set_index("method").reindex(methods)
            for measure, part in standings[standings["convention"] == name].groupby("metric", sort=False)
        }
        own = pairs[pairs["convention"] == name]
        compared = COMPARED if name != "headline" else tuple(COUNTED)
        conventions[name] = {
            "order": _order(means, methods),
            "means": {
                measure: rounded(frame[["mean", "low", "high", "n_photographs"]].to_numpy(), COUNTED[measure].digits)
                for measure, frame in means.items()
            },
            "pairs": {
                str(measure): _pairs(part, methods, COUNTED[str(measure)].digits)
                for measure, part in own[own["metric"].isin(compared)].groupby("metric", sort=False)
            },
        }
    return {"methods": methods, "conventions": conventions}


def _order(means: dict[str, pd.DataFrame], methods: list[str]) -> list[int]:
    """Positions of the methods, lowest fMSE first, or highest PSNR where the convention has no fMSE."""
    keys = means["fmse"]["mean"] if "fmse" in means else -means["psnr"]["mean"]
    return sorted(range(len(methods)), key=lambda position: (np.nan_to_num(keys.iloc[position], nan=np.inf), methods[position]))


def _pairs(pairs: pd.DataFrame, methods: list[str], digits: int) -> dict[str, list | dict]:
    position = {method: index for index, method in enumerate(methods)}
    columns = {
        name: np.full((len(methods), len(methods)), np.nan)
        for name in ("difference", "low", "high", "p_value", "win_rate", "n_photographs")
    }
    at = pairs["method"].map(position).to_numpy(), pairs["reference"].map(position).to_numpy()
    for name, square in columns.items():
        square[at] = pairs[name].to_numpy()
    upper = np.triu_indices(len(methods), 1)
    low, high, p_value = (columns[name][upper] for name in ("low", "high", "p_value"))
    return {
        "difference": rounded(columns["difference"][upper], digits),
        "low": rounded(low, digits),
        "high": rounded(high, digits),
        "few": {
            int(place): int(count) for place, count in enumerate(columns["n_photographs"][upper]) if np.isnan(low[place]) and count == count
        },
        "side": ((low > 0).astype(int) - (high < 0).astype(int)).tolist(),  # of zero, before rounding
        "p": rounded(np.where(p_value < SMALLEST_P, 0, p_value), 3),
        "wins": rounded(columns["win_rate"][upper], RATE_DIGITS),
        "losses": rounded(columns["win_rate"].T[upper], RATE_DIGITS),
    }
