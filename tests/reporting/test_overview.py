"""The page's answer, by hand."""

import pandas as pd
import pytest

from reporting.overview import overview_of

VALIDATION = {"people": {"identity": 100.0, "mkl": 90.0, "idih": 95.0}, "hmh": {"identity": 200.0, "mkl": 200.0, "idih": 120.0}}
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
        | {"difference_low": None, "difference_high": None, "n_photographs": 3}
        for (method, dataset), (mean, harm) in FMSE.items()
    ]
    return pd.DataFrame(rows).assign(bucket="all", metric="fmse")


def test_methods_are_in_the_order_of_their_mean_relative_change_and_those_that_lack_a_data_set_last(headline):
    found = overview_of(headline, VALIDATION, METHODS, ["people", "hmh"], trained=["idih"], rivals=METHODS)
    assert found.relative == pytest.approx({"mkl": -0.25, "idih": -0.15, "identity": 0.0})
    assert found.methods == ["mkl", "idih", "identity", "outside"]


def test_the_validation_photographs_choose_whatever_the_test_photographs_say(headline):
    found = overview_of(headline, VALIDATION, METHODS, ["people", "hmh"], trained=["idih"], rivals=METHODS)
    assert found.chosen == {"people": "mkl", "hmh": "idih"}
    assert found.led == {"mkl": ["people"], "idih": ["hmh"]}
    assert (found.leader, found.trained, found.gain) == ("idih", "idih", pytest.approx((-0.05 - 0.4) / 2))
    assert found.unscored == ["outside"]
    assert found.outcomes == {"idih": "has too few photographs for an interval on people, hmh"}


def test_what_is_shown_to_be_compared_with_is_never_chosen_however_good(headline):
    found = overview_of(headline, VALIDATION, METHODS, ["people", "hmh"], trained=["idih"], rivals=["identity", "mkl", "outside"])
    assert (found.leader, found.trained, found.chosen) == ("mkl", None, {"people": "mkl", "hmh": "mkl"})
    assert (found.aside, found.unscored) == (["idih"], ["outside"])
    assert "idih" in found.methods


def test_the_composite_alone_leads_nothing(headline):
    found = overview_of(
        headline[headline["method"] == "identity"], VALIDATION, ["identity"], ["people", "hmh"], trained=[], rivals=["identity"]
    )
    assert (found.leader, found.trained, found.chosen, found.led) == (None, None, {}, {})
