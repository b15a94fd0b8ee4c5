"""The last lines of a report name what was asked: the score of doing nothing, of the chosen method, of the chosen trained one."""

import pandas as pd

from reporting.last_words import last_words


def row(method: str, mean: float, *, low: float | None = None, metric: str = "fmse", bucket: str = "all") -> dict[str, object]:
    difference = {"difference": mean - 100, "difference_low": low, "difference_high": None if low is None else low + 10}
    return {
        "dataset": "people",
        "method": method,
        "metric": metric,
        "bucket": bucket,
        "mean": mean,
        "harm_rate": 0.25,
        "n_images": 8,
        "n_photographs": 4,
    } | difference


MEANS = {"people": {"identity": 100.0, "reinhard": 80.0, "unet": 120.0, "idih": 90.0}}


def test_the_chosen_method_and_the_chosen_trained_one_are_named_with_their_interval():
    rows = [row("identity", 100.0), row("reinhard", 80.0, low=-25.0), row("unet", 120.0, low=15.0), row("idih", 90.0, low=-15.0)]
    others = [row("unet", 1.0, metric="mse"), row("unet", 1.0, bucket="0-5")]
    (line,) = last_words(pd.DataFrame(rows + others), MEANS, ["unet", "idih"])
    assert line == (
        "people: untouched fMSE 100; chosen on validation: reinhard 80, -20 (-25 to -15), makes 25 % of 8 worse; "
        "idih 90, -10 (-15 to -5), makes 25 % of 8 worse"
    )


def test_a_method_that_is_both_is_named_once_and_without_an_interval_where_there_is_none():
    (line,) = last_words(pd.DataFrame([row("identity", 100.0), row("idih", 90.0)]), MEANS, ["idih"])
    words = "idih 90, -10 (no interval of 4 photographs), makes 25 % of 8 worse"
    assert line == f"people: untouched fMSE 100; chosen on validation: {words}"


def test_nothing_is_said_where_there_is_nothing_but_the_composite():
    assert list(last_words(pd.DataFrame([row("identity", 100.0)]), MEANS, [])) == []
