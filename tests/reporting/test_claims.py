"""Every sentence follows from a row and its interval, whatever the tables say."""

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

from reporting.claims import few, outcomes, sentence, verdict
from reporting.last_words import last_words
from reporting.overview import overview_of

INTERVALS = {"lowers": (-20.0, -1.0), "raises": (1.0, 20.0), "undecided": (-5.0, 5.0), "unknown": (np.nan, np.nan)}
DATASETS = ("people", "hmh", "objects")
SAYS = {
    "lowers": r"lowers fMSE on ([a-z, ]+)",
    "raises": r"raises (?:fMSE|it) on ([a-z, ]+)",
    "undecided": r"is not told from the untouched composite on ([a-z, ]+)",
    "unknown": r"has too few photographs for an interval on ([a-z, ]+)",
}


def row(dataset: str, method: str, mean: float, kind: str = "undecided") -> dict[str, object]:
    low, high = INTERVALS[kind]
    names = {"dataset": dataset, "method": method, "bucket": "all", "metric": "fmse"}
    numbers = {"mean": mean, "difference": mean - 100, "difference_low": low, "difference_high": high, "harm_rate": 0.25}
    return {**names, **numbers, "n_images": 8, "n_photographs": 4 if kind == "unknown" else 20}


def headline(**kinds: tuple[str, ...]) -> pd.DataFrame:
    """The composite and methods, each with a verdict on each data set. On the test photographs ``rival`` has the lowest mean."""
    rows = [row(dataset, "identity", 100.0) for dataset in DATASETS]
    for method, own in kinds.items():
        mean = 10.0 if method == "rival" else 95.0
        rows += [row(dataset, method, mean, kind) for dataset, kind in zip(DATASETS, own, strict=True)]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("kind", "low", "high"), [(kind, *bounds) for kind, bounds in INTERVALS.items()])
def test_a_verdict_needs_an_interval_on_one_side_of_zero(kind, low, high):
    assert verdict({"difference_low": low, "difference_high": high}) == kind
    assert verdict({"difference_low": None, "difference_high": None}) == "unknown"
    assert verdict({"difference_low": 0.0, "difference_high": 0.0}) == "undecided"


def test_no_interval_is_no_evidence_either_way():
    assert sentence(row("people", "idih", 90.0, "unknown")) == "No interval of 4 photographs: nothing follows for others."
    assert few(1) == "No interval of 1 photograph"


@pytest.mark.parametrize("kinds", list(product(INTERVALS, repeat=3)))
def test_the_leads_sentence_names_each_data_set_once_under_what_its_row_says(kinds):
    means = {dataset: {"identity": 100.0, "idih": 90.0, "rival": 99.0} for dataset in DATASETS}
    found = overview_of(
        headline(idih=kinds, rival=("lowers",) * 3),
        means,
        ["identity", "idih", "rival"],
        DATASETS,
        trained=["idih"],
        rivals=["idih", "rival"],
    )
    assert (found.leader, found.trained, set(found.chosen.values())) == ("idih", "idih", {"idih"})  # though the rival leads on test
    told = {kind: match[1].split(", ") for kind, words in SAYS.items() if (match := re.search(words, found.outcomes["idih"]))}
    assert told == {kind: own for kind in INTERVALS if (own := [name for name, is_ in zip(DATASETS, kinds, strict=True) if is_ == kind])}


def test_the_last_words_praise_nobody_for_the_test_photographs():
    means = {"people": {"identity": 100.0, "idih": 90.0, "rival": 99.0}}
    table = headline(idih=("raises",) * 3, rival=("lowers",) * 3)
    assert list(last_words(table, means, ["idih"])) == [
        "people: untouched fMSE 100; chosen on validation: idih 95, -5 (+1 to +20), makes 25 % of 8 worse",
        "hmh: untouched fMSE 100; chosen on validation: no method has validation scores",
        "objects: untouched fMSE 100; chosen on validation: no method has validation scores",
    ]


def test_rows_of_no_method_say_nothing():
    assert outcomes([]) == "has no fMSE"
