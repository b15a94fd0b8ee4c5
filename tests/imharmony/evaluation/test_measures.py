"""The table of measures: what it says of each is true of its function, and what is in it is scored."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from imharmony.evaluation.compared import Pictures, Truth
from imharmony.evaluation.conventions import COUNTED, FOREGROUND_ERRORS, PEAKS
from imharmony.evaluation.measures import MEASURES, OF_FOREGROUND, SCORES, Measure, values_of
from imharmony.evaluation.protocols import PROTOCOLS, Scene
from imharmony.evaluation.scoring import HEADLINE_ROW, score_scene
from imharmony.metrics.error import decibels_of
from imharmony.metrics.weights import Weights

SIZE = 32


class MeanDifference(nn.Module):
    """In place of the network of LPIPS."""

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return (first - second).abs().mean((1, 2, 3), keepdim=True)


@pytest.fixture
def scene() -> Scene:
    """An output that is wrong everywhere, in colour and in detail."""
    real = (np.random.default_rng(0).random((SIZE, SIZE, 3), dtype=np.float32) * 180 + 20).round()
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[8:24, 8:24] = 1
    return Scene.of(real / 2 + 40, real + 20 * mask[..., None], real, mask)


@pytest.fixture
def spoilt(scene) -> Pictures:
    return Pictures(scene.raw, Truth(scene.real), scene.composite, scene.weights, distance=0.3)


def value(measure: Measure, seen: Pictures) -> float:
    found = measure.function(seen)
    assert isinstance(found, float)
    return found


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_perfect_output_is_better_by_the_direction_that_the_table_says(measure, spoilt):
    perfect = Pictures(spoilt.truth.levels, spoilt.truth, spoilt.truth.levels, spoilt.weights, distance=0.0)
    best, worse = value(measure, perfect), value(measure, spoilt)
    if measure.column != "psnr_range":  # which an output can raise by itself, but not to infinity
        assert (best > worse) == measure.rises
    assert best != worse


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_only_what_is_of_the_foreground_is_undefined_without_one(measure, spoilt):
    bare = replace(spoilt, weights=Weights.of(np.zeros((SIZE, SIZE), np.float32)))
    assert math.isnan(value(measure, bare)) == (measure.column in OF_FOREGROUND)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_only_what_needs_a_network_is_unknown_without_it(measure, spoilt):
    bare = replace(spoilt, distance=None)
    assert (measure.function(bare) is None) == measure.needs_network


@pytest.mark.parametrize("column", [column for column, measure in MEASURES.items() if measure.peak == "255"])
def test_decibels_are_of_the_error_that_the_table_names(column, spoilt):
    measure = MEASURES[column]
    assert value(measure, spoilt) == pytest.approx(decibels_of(value(MEASURES[str(measure.error)], spoilt), peak=255))


def test_similarities_end_at_one(spoilt):
    perfect = replace(spoilt, output=spoilt.truth.levels)
    found = {column: value(measure, perfect) for column, measure in MEASURES.items() if measure.is_similarity}
    assert found == {"ssim": pytest.approx(1), "fssim": pytest.approx(1)}


def test_the_scores_have_a_column_for_each_measure_in_the_order_of_the_table():
    first = SCORES.names.index("mask_mean") + 1
    assert SCORES.names[first : first + len(MEASURES)] == list(MEASURES)
    assert {SCORES.field(column).type for column in MEASURES} == {pa.float64()}


def test_a_convention_counts_every_measure_and_one_psnr():
    assert set(COUNTED) == {*MEASURES, "psnr"} - set(PEAKS) - set(FOREGROUND_ERRORS[1:])


def test_a_new_entry_is_scored_under_every_protocol(monkeypatch, scene):
    entry = Measure("darkness", "darkness", "255 minus the mean", lambda seen: 255 - float(seen.output.mean()), digits=1)
    monkeypatch.setitem(MEASURES, "darkness", entry)
    rows = score_scene(replace(scene, raw=np.full_like(scene.raw, 55)))
    assert rows[0]["darkness"] == 200  # the method's own picture
    assert all(row["darkness"] > 0 for row in rows[: len(PROTOCOLS)])


@pytest.mark.parametrize("pixels", [1, 2 * SIZE**2, 2**16])
def test_lpips_is_that_of_each_protocols_picture_however_many_are_seen_at_once(pixels, monkeypatch, scene):
    monkeypatch.setattr("imharmony.evaluation.scoring.PIXELS_AT_ONCE", pixels)
    rows = score_scene(scene, MeanDifference())
    expected = [
        np.abs(seen.output.astype(float) - seen.truth.levels).mean() / 127.5 for seen in (scene.pictures(*each) for each in PROTOCOLS)
    ]
    assert [row["lpips"] for row in rows[: len(PROTOCOLS)]] == pytest.approx(expected)


def test_the_users_measures_and_no_others_are_of_the_headline_alone(scene, spoilt):
    rows = score_scene(scene)
    alone = {column for column in MEASURES if [number for number, row in enumerate(rows) if row[column] is not None] == [HEADLINE_ROW]}
    assert alone == set(values_of(spoilt, of="user"))
