"""The report's rows of decompositions."""

from reporting.intrinsic import without_few


def test_of_fewer_than_ten_scenes_there_is_a_mean_and_no_interval():
    row = {"way": "a", "scenes": 9, "albedo_lmse": 0.2, "albedo_lmse_low": 0.1, "albedo_lmse_high": 0.3, "lights": 2}
    assert without_few(row) == {**row, "albedo_lmse_low": None, "albedo_lmse_high": None}
    assert without_few({**row, "scenes": 10}) == {**row, "scenes": 10}
