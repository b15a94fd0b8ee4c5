"""What is said of matting: which system stands for which of the report's, what is compared, and what follows from intervals."""

from types import SimpleNamespace

import pytest

from pipeline.params.matting import Joint
from reporting.matting_roles import roles_of, same_but, twins_of
from reporting.matting_words import compared, of_bands, of_joint, of_lambda
from reporting.printed_mattes import DM, IN_PORTRAITS, IN_THINGS, JOINT, printed, printed_of_lambda

SHARED = {
    "matting": "indexnet",
    "harmonizer": "unet",
    "objective": "balanced",
    "reconstruction_reaches_matting": False,
    "critic": {"width": 4, "learning_rate": 1e-3},
    "matting_rates": {"learning_rate": 1e-3, "groups": "equal"},
    "harmonizer_rate": 1e-3,
    "batch_size": 2,
    "seed": 0,
}


def system(first: float, second: float, **changes: object) -> Joint:
    return Joint(**(SHARED | {"lambda_matting": first, "lambda_harmonizer": second} | changes))


def params(**joint: Joint) -> SimpleNamespace:
    networks = {"indexnet": "indexnet", "other": "indexnet", "dim": "dim_lite", "portrait": "portrait"}
    return SimpleNamespace(
        joint_dataset=lambda name: joint[name].dataset or "hmh",
        matting={name: SimpleNamespace(network=SimpleNamespace(name=kind), dataset="hmh") for name, kind in networks.items()},
        joint=joint,
    )


ALL = params(
    together=system(0.02, 0.01),
    paper=system(0.02, 0.01, objective="paper"),
    separate=system(0, 0),
    weak=system(0.01, 0.01),
    strong=system(0.02, 0.1),
    alone=system(0.02, 0.01, matting="other"),
)


def test_each_row_of_the_reports_table_has_one_method_at_most():
    assert roles_of(ALL) == {"indexnet": IN_PORTRAITS, "indexnet_things": IN_THINGS, "dim": DM, "together": JOINT}


def test_a_twin_begins_with_the_same_networks_and_has_no_critic():
    assert twins_of(ALL) == dict.fromkeys(("together", "paper", "weak", "strong"), "separate")


def test_a_series_differs_in_one_lambda_alone():
    assert same_but(ALL, "lambda_matting") == {0.01: "weak", 0.02: "together"}
    assert same_but(ALL, "lambda_harmonizer") == {0.01: "together", 0.1: "strong"}
    assert same_but(params(separate=system(0, 0)), "lambda_matting") == {}


def test_what_is_compared_is_what_the_report_claims():
    mattes, systems = compared(ALL)
    assert ("indexnet", "indexnet_things") in mattes
    assert {("together", "indexnet"), ("together", "separate"), ("separate", "indexnet"), ("alone", "other")} <= set(mattes)
    assert ("together", "separate") in systems
    assert systems[-1] == ("strong", "together")


def test_printed_values_are_the_reports():
    assert (printed(JOINT, "sad"), printed(IN_THINGS, "mse"), printed("", "sad"), printed(JOINT, "mad")) == ("3.96", "0.11", "", "")
    assert (printed_of_lambda(0.033, "grad"), printed_of_lambda(0.5, "grad")) == ("9.206", "")


def claim(low: float | None, high: float | None, **changes: tuple[float, float]) -> dict:
    ends = dict.fromkeys(("sad", "mse", "conn", "grad"), (low, high)) | changes
    cells = {metric: {"low": ends[0], "high": ends[1], "n_portraits": 4} for metric, ends in ends.items()}
    return {"method": "together", "reference": "separate", "cells": cells}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (claim(-2, -1, grad=(-1, 1)), "Against separate, together lowers SAD, MSE, Conn; does not tell in Grad."),
        (claim(1, 2), "Against separate, together raises SAD, MSE, Conn, Grad."),
        (claim(None, None), "No interval of 4 portraits: of together nothing follows for others."),
    ],
)
def test_joint_training_is_said_to_do_what_its_intervals_say(row, says):
    assert of_joint(ALL, [row]) == says.replace("4 portraits", "4 photographs")


def test_soft_mattes_are_said_to_win_where_the_interval_is_below_zero():
    rows = [{"method": "a", "low": -2, "high": -1}, {"method": "b", "low": -1, "high": 1}, {"method": "c", "low": None, "high": None}]
    assert of_bands(rows) == (
        "A soft matte beats the same one cut at a half: a. Soft and hard are not told apart: b. There are too few portraits to tell: c."
    )


@pytest.mark.parametrize(
    ("lightness", "distance", "says"),
    [
        ((-2, -1), (-3, -1), "darker and nearer to the person's colour"),
        ((1, 2), (-1, 1), "lighter and not told nearer or farther"),
    ],
)
def test_a_larger_second_lambda_is_said_to_do_what_its_intervals_say(lightness, distance, says):
    cells = {name: {"low": low, "high": high} for name, (low, high) in (("lightness_change", lightness), ("distance_change", distance))}
    row = {"system": "strong", "reference": "together", "cells": cells}
    assert of_lambda(ALL, [row]) == f"With a second lambda of 0.1 against 0.01 backgrounds are {says}."
    assert of_lambda(params(together=system(0.02, 0.01)), [row]) == ""
    assert of_lambda(ALL, []) == ""
