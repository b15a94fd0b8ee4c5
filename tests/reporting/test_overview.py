"""The page's answer, by hand."""

import pandas as pd
import pytest

from reporting.overview import overview_of
from reporting.results import best_of

METHODS = ("identity", "mkl", "idih", "outside")
FMSE = {  # method, data set: mean, harm rate; the composite's are 100 and 200
    ("identity", "people"): (100.0, 0.0),
    ("identity", "hmh"): (200.0, 0.0),
    ("mkl", "people"): (50.0, 0.25),
    ("mkl", "hmh"): (200.0, 0.5),
    ("idih", "people"): (80.0, 0.125),
    ("idih", "hmh"): (180.0, 0.5),
    ("outside", "people"): (10.0, 0.0),
}


@pytest.fixture
def headline() -> pd.DataFrame:
    composite = {"people": 100.0, "hmh": 200.0}
    rows = [
        {"method": method, "dataset": dataset, "mean": mean, "difference": mean - composite[dataset], "harm_rate": harm}
        for (method, dataset), (mean, harm) in FMSE.items()
    ]
    return pd.DataFrame(rows).assign(bucket="all", metric="fmse")


def test_methods_are_in_the_order_of_their_mean_relative_change_and_those_that_lack_a_data_set_last(headline):
    found = overview_of(headline, METHODS, ["people", "hmh"], trained=["idih"])
    assert found.relative == pytest.approx({"mkl": -0.25, "idih": -0.15, "identity": 0.0})
    assert found.methods == ["mkl", "idih", "identity", "outside"]
    assert (found.leader, found.trained) == ("mkl", "idih")


def test_the_best_of_a_data_set_is_whoever_has_the_lowest_error_but_for_the_composite(headline):
    found = overview_of(headline, METHODS, ["people", "hmh"], trained=["idih"])
    assert found.best == {"people": "outside", "hmh": "idih"}
    assert found.led == {"outside": ["people"], "idih": ["hmh"]}
    assert found.least_harm == {"people": ["outside"], "hmh": ["idih", "mkl"]}
    assert best_of(headline, "people", ["mkl", "idih"]) == "mkl"
    assert best_of(headline, "hmh", ["outside"]) is None


def test_the_composite_alone_leads_nothing(headline):
    found = overview_of(headline[headline["method"] == "identity"], ["identity"], ["people", "hmh"], trained=[])
    assert (found.leader, found.trained, found.best, found.led) == (None, None, {}, {})
