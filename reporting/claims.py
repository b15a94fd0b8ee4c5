"""What may be said of a method's change: what its row and its interval say, and no more."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas as pd

Verdict = Literal["lowers", "raises", "undecided", "unknown"]
Side = Literal["below", "above", "astride", "unknown"]


def side(low: float | None, high: float | None) -> Side:
    """On which side of zero an interval lies; unknown without one."""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return "unknown"
    return "below" if high < 0 else "above" if low > 0 else "astride"


def verdict(row: Mapping[str, Any]) -> Verdict:
    """What a row of the summary says of an error's change on other photographs: nothing without an interval."""
    says: dict[Side, Verdict] = {"below": "lowers", "above": "raises", "astride": "undecided", "unknown": "unknown"}
    return says[side(row["difference_low"], row["difference_high"])]


def sentence(row: Mapping[str, Any]) -> str:
    """The verdict on one data set in a sentence."""
    return {
        "lowers": "It helps on average.",
        "raises": "It harms on average.",
        "undecided": "The interval contains zero: no evidence that it helps or harms.",
        "unknown": f"{few(row['n_photographs'])}: nothing follows for others.",
    }[verdict(row)]


def outcomes(rows: Iterable[Mapping[str, Any]]) -> str:
    """The verdicts on several data sets in one sentence; ``rows`` are the summary's of one method."""
    found: dict[Verdict, list[str]] = {}
    for row in rows:
        found.setdefault(verdict(row), []).append(str(row["dataset"]))
    says = {
        "lowers": "lowers fMSE on {}",
        "raises": "raises it on {}" if "lowers" in found else "raises fMSE on {}",
        "undecided": "is not told from the untouched composite on {}",
        "unknown": "has too few photographs for an interval on {}",
    }
    return "; ".join(words.format(", ".join(found[key])) for key, words in says.items() if key in found) or "has no fMSE"


def few(photographs: float) -> str:
    """Why there is no interval."""
    return f"No interval of {photographs:.0f} photograph{'s' if photographs != 1 else ''}"
