"""The observer against numbers by hand, SciPy's distributions and what a threshold means."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest, lognorm

from imharmony.blind.observer import POPULATION, Thresholds, detection_probability, read_thresholds, thresholds_of
from imharmony.errors import InputError


def table(folder: Path, *rows: str, header: str = "name,negative,positive") -> Path:
    path = folder / "thresholds.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lightness", "negative", "positive"), [(0.0, -0.3642, 0.4244), (0.25, -0.273, 0.273), (0.5, -0.205, 0.175), (0.75, -0.154, 0.113)]
)
def test_bright_objects_show_a_change_sooner(lightness, negative, positive):
    assert thresholds_of(lightness) == pytest.approx((negative, positive), abs=6e-4)


def test_the_population_is_that_of_the_median_gains():
    assert [2**threshold for threshold in POPULATION] == pytest.approx([0.862, 1.153])
    assert pytest.approx((-0.2143, 0.2054), abs=1e-4) == POPULATION


def test_named_thresholds_are_log_normal_around_the_law():
    drawn = np.array([thresholds_of(0.4, name=f"{number}.jpg") for number in range(2000)])
    median = thresholds_of(0.4)
    assert kstest(-drawn[:, 0], lognorm(0.413, scale=-median.negative).cdf).pvalue > 0.01
    assert kstest(drawn[:, 1], lognorm(0.421, scale=median.positive).cdf).pvalue > 0.01
    assert abs(np.corrcoef(np.log(np.abs(drawn)).T)[0, 1]) < 0.06


def test_a_name_alone_decides_what_is_drawn():
    residuals = [np.log(np.abs(thresholds_of(lightness, name="a"))) - np.log(np.abs(thresholds_of(lightness))) for lightness in (0.1, 0.9)]
    assert np.allclose(*residuals)
    assert thresholds_of(0.4, name="a") == thresholds_of(0.4, name="a") != thresholds_of(0.4, name="b")


@pytest.mark.parametrize("lightness", [-0.01, 1.01, 55.0, math.nan])
def test_a_lightness_in_other_units_is_refused(lightness):
    with pytest.raises(InputError, match=f"lightness is {lightness}; expected L\\* / 100, from 0 to 1"):
        thresholds_of(lightness)


def test_detection_is_a_log_normal_distribution_of_the_size_of_the_offset():
    offsets = np.linspace(-2, 2, 41).reshape(1, 41)
    probability = detection_probability(offsets, Thresholds(-0.3, 0.2))
    darker, brighter = lognorm(0.42, scale=0.3).cdf(-offsets), lognorm(0.42, scale=0.2).cdf(offsets)
    assert probability.shape == (1, 41)
    assert np.allclose(probability, np.where(offsets < 0, darker, brighter), atol=1e-12)


def test_no_offset_is_never_seen_and_half_see_a_threshold():
    assert detection_probability(np.array([-0.3, 0.0, 0.2]), Thresholds(-0.3, 0.2)).tolist() == [0.5, 0.0, 0.5]
    assert detection_probability(0.2 * math.exp(0.42), Thresholds(-0.3, 0.2)) == pytest.approx(0.841345, abs=1e-6)


def test_offsets_in_units_of_the_threshold_are_all_that_counts():
    offsets = np.linspace(-1, 1, 9)
    assert np.allclose(detection_probability(offsets, Thresholds(-0.3, 0.2)), detection_probability(5 * offsets, Thresholds(-1.5, 1.0)))


def test_measured_gains_become_stops(tmp_path):
    path = table(tmp_path, "a.jpg,0.5,2", '"b, c.jpg",.25,1.5', header="\ufeffname,negative,positive")
    assert read_thresholds(path) == {"a.jpg": Thresholds(-1, 1), "b, c.jpg": Thresholds(-2, math.log2(1.5))}


def test_order_and_other_columns_do_not_count(tmp_path):
    assert read_thresholds(table(tmp_path, "2,x,a,0.5", header="positive,note,name,negative")) == {"a": Thresholds(-1, 1)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1.0,2", "negative is '1.0'"),
        ("a,0,2", "negative is '0'"),
        ("a,-0.2,0.2", "negative is '-0.2'"),
        ("a,nan,2", "negative is 'nan'"),
        ("a,0.5,1", "positive is '1'"),
        ("a,0.5,inf", "positive is 'inf'"),
        ("a,0.5,1_5", "positive is '1_5', which is no number"),
        ("a,0.5,", "positive is '', which is no number"),
        ("a,0.5", "positive is None, which is no number"),
        ("a,0,5,1,2", r"\['1', '2'\] beyond the 3 columns"),
        (",0.5,2", "name is ''"),
        ("first,0.5,2", "name 'first' occurs again; expected each once"),
    ],
)
def test_a_wrong_cell_is_named_with_file_and_line(row, message, tmp_path):
    with pytest.raises(InputError, match=rf"thresholds\.csv, line 3: {message}"):
        read_thresholds(table(tmp_path, "first,0.5,2", row))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"line 1: its columns are none; expected .* columns name, negative, positive"),
        (b"name,negative\na,.5\n", "line 1: its columns are name, negative; expected"),
        (b"name,negative,positive,negative\na,.5,2,.5\n", "line 1: its columns are"),
        (b"name,negative,positive\n", "no rows; expected"),
        (b"\xff\xfe\x00", "not readable as a table"),
        (b'name,negative,positive\n"a,.5,2\n', "not readable as a table"),
    ],
)
def test_a_file_that_is_no_such_table_is_one_line(content, message, tmp_path):
    (tmp_path / "thresholds.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"thresholds\.csv[:,] {message}") as refused:
        read_thresholds(tmp_path / "thresholds.csv")
    assert "\n" not in str(refused.value)


def test_an_absent_file_and_a_folder_are_one_line(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file; expected"):
        read_thresholds(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not readable as a table"):
        read_thresholds(tmp_path)
