"""Trainings on the page: curves where there is more than one epoch, a line for each."""

import numpy as np
import pandas as pd

from reporting.figures import losses_figure
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


def untrained_first(**columns: list[float]) -> pd.DataFrame:
    scores = {"val_fmse": [80.0, 90.0, 95.0], "val_psnr": [31.0, 30.0, 29.0]}
    return pd.DataFrame({"epoch": [0, 1, 2], "g_loss": [np.nan, 3.0, 2.0], "d_loss": [np.nan] * 3, **scores, **columns})


def test_the_untrained_network_may_be_the_best_and_is_no_epoch_of_training():
    histories = {"unet": untrained_first()}
    assert ends_of(histories) == [TrainingEnd("unet", 2, 0, 80.0, 95.0, 29.0)]
    assert training_of(histories)["val_fmse"]["variants"] == {"unet": {"epochs": [0, 1, 2], "values": [80.0, 90.0, 95.0]}}


def test_losses_that_the_untrained_network_lacks_leave_the_scale_logarithmic():
    (axes,) = losses_figure({"unet": untrained_first()}).axes
    assert axes.get_yscale() == "log"
    assert [line.get_label() for line in axes.lines] == ["harmonizer"]
