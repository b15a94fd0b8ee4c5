"""Trainings on the page: curves where there is more than one epoch, a line for each."""

import pandas as pd

from reporting.training import TrainingEnd, curves_of, ends_of, training_of

HISTORIES = {
    "idih": pd.DataFrame({"epoch": [1, 2, 3], "val_fmse": [90.0, 30.0, 40.0], "val_psnr": [30.0, 33.0, 32.0]}),
    "unet": pd.DataFrame({"epoch": [1], "val_fmse": [90.0], "val_psnr": [30.0]}),
}


def test_one_epoch_is_no_curve():
    assert list(curves_of(HISTORIES)) == ["idih"]
    assert {name for curve in training_of(HISTORIES).values() for name in curve["variants"]} == {"idih"}


def test_a_line_has_the_last_epoch_and_the_best_one():
    assert ends_of(HISTORIES) == [TrainingEnd("idih", 3, 2, 30.0, 40.0, 32.0), TrainingEnd("unet", 1, 1, 90.0, 90.0, 30.0)]
