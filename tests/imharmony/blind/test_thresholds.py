"""Thresholds of a detector beside the observer's law."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.blind.detections import OFFSETS, PSYCHOMETRIC
from imharmony.blind.observer import POPULATION, detection_probability, thresholds_of
from imharmony.blind.thresholds import CURVES, THRESHOLDS, curves, threshold_errors


def answers(lightness: dict[str, float], chance) -> pa.Table:
    """A detector whose probability of either sign is ``chance`` (stops, lightness); it never is sure of the other sign."""
    rows = [
        {"dataset": "people", "sample_id": name, "image_id": 0, "lightness": light, "stops": stops}
        | {"negative": chance(stops, light) if stops < 0 else 0.0, "positive": chance(stops, light) if stops > 0 else 0.0}
        for name, light in lightness.items()
        for stops in OFFSETS
    ]
    return pa.Table.from_pylist(rows, schema=PSYCHOMETRIC)


def as_observer(stops, light) -> float:
    return float(detection_probability(stops, thresholds_of(light)))


def test_a_detector_that_answers_as_the_law_does_stands_on_it_and_errs_less_than_the_constant():
    tables = {"two_step": answers({"dark": 0.1, "bright": 0.9}, as_observer)}
    found = curves(tables)
    assert found.schema.equals(CURVES)
    assert found["stops"].to_pylist() == list(OFFSETS)
    np.testing.assert_allclose(found["detected"].to_numpy(), found["observer"].to_numpy(), atol=1e-12)
    assert set(found["n_foregrounds"].to_pylist()) == {2}
    errors = threshold_errors(tables)
    assert errors.schema.equals(THRESHOLDS)
    for row in errors.to_pylist():
        assert row["error"] < 0.03 < row["constant_error"]
        assert (row["n_crossed"], row["n_foregrounds"]) == (2, 2)


def test_a_step_at_a_known_offset_has_the_distance_to_the_law():
    tables = {"two_step": answers({"one": 0.5}, lambda stops, _: float(abs(stops) >= 0.4))}
    law = thresholds_of(0.5)
    by_kind = {row["kind"]: row for row in threshold_errors(tables).to_pylist()}
    assert by_kind["negative"]["error"] == pytest.approx(abs(-0.35 - law.negative))  # half-way between two offsets
    assert by_kind["positive"]["error"] == pytest.approx(abs(0.35 - law.positive))
    assert by_kind["positive"]["constant_error"] == pytest.approx(abs(POPULATION.positive - law.positive))


def test_a_detector_that_never_is_sure_has_no_threshold():
    for row in threshold_errors({"two_step": answers({"one": 0.5}, lambda *_: 0.2)}).to_pylist():
        assert (row["error"], row["constant_error"], row["n_crossed"], row["n_foregrounds"]) == (None, None, 0, 1)


def test_the_order_of_rows_does_not_count_and_nothing_gives_nothing():
    table = answers({"dark": 0.1, "bright": 0.9}, as_observer)
    mixed = table.take(np.random.default_rng(0).permutation(table.num_rows))
    for function in (curves, threshold_errors):
        assert function({"two_step": mixed}).equals(function({"two_step": table}))
        assert function({"two_step": PSYCHOMETRIC.empty_table()}).num_rows == 0
