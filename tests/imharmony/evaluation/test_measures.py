"""The table of measures: what it says of each is true of its function, and what is in it is scored."""

import math

import pyarrow as pa
import pytest
import torch
from torch import nn

from imharmony.evaluation.conventions import COUNTED, FOREGROUND_ERRORS, PEAKS
from imharmony.evaluation.measures import MEASURES, OF_FOREGROUND, SCORES, Measure, Pictures, values_of
from imharmony.evaluation.protocols import PROTOCOLS
from imharmony.evaluation.scoring import HEADLINE_ROW, score_images
from imharmony.metrics.error import decibels

SIZE = 32


class MeanDifference(nn.Module):
    """In place of the network of LPIPS."""

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return (first - second).abs().mean((1, 2, 3), keepdim=True)


@pytest.fixture
def spoilt() -> Pictures:
    """An output that is wrong everywhere, in colour and in detail."""
    rng = torch.Generator().manual_seed(0)
    real = (torch.rand(1, 3, SIZE, SIZE, generator=rng) * 180 + 20).round()
    mask = torch.zeros(1, 1, SIZE, SIZE)
    mask[..., 8:24, 8:24] = 1
    return Pictures(real / 2 + 40, real, real + 20 * mask, mask, MeanDifference())


def value(measure: Measure, seen: Pictures) -> float:
    values = measure.function(seen)
    assert isinstance(values, torch.Tensor)
    return values.item()


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_perfect_output_is_better_by_the_direction_that_the_table_says(measure, spoilt):
    perfect = Pictures(spoilt.real, spoilt.real, spoilt.real, spoilt.mask, spoilt.perceptual)
    best, worse = value(measure, perfect), value(measure, spoilt)
    if measure.column != "psnr_range":  # which an output can raise by itself, but not to infinity
        assert (best > worse) == measure.rises
    assert best != worse


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_only_what_is_of_the_foreground_is_undefined_without_one(measure, spoilt):
    bare = Pictures(spoilt.output, spoilt.real, spoilt.composite, torch.zeros_like(spoilt.mask), spoilt.perceptual)
    assert math.isnan(value(measure, bare)) == (measure.column in OF_FOREGROUND)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_only_what_needs_a_network_is_unknown_without_it(measure, spoilt):
    bare = Pictures(spoilt.output, spoilt.real, spoilt.composite, spoilt.mask)
    assert (measure.function(bare) is None) == measure.needs_network


@pytest.mark.parametrize("column", [column for column, measure in MEASURES.items() if measure.peak == "255"])
def test_decibels_are_of_the_error_that_the_table_names(column, spoilt):
    measure = MEASURES[column]
    error = torch.tensor([value(MEASURES[str(measure.error)], spoilt)], dtype=torch.float64)
    assert value(measure, spoilt) == pytest.approx(decibels(error, peak=255).item())


def test_similarities_end_at_one(spoilt):
    perfect = Pictures(spoilt.real, spoilt.real, spoilt.real, spoilt.mask)
    found = {column: value(measure, perfect) for column, measure in MEASURES.items() if measure.is_similarity}
    assert found == {"ssim": pytest.approx(1), "fssim": pytest.approx(1)}


def test_the_scores_have_a_column_for_each_measure_in_the_order_of_the_table():
    first = SCORES.names.index("mask_mean") + 1
    assert SCORES.names[first : first + len(MEASURES)] == list(MEASURES)
    assert {SCORES.field(column).type for column in MEASURES} == {pa.float64()}


def test_a_convention_counts_every_measure_and_one_psnr():
    assert set(COUNTED) == {*MEASURES, "psnr"} - set(PEAKS) - set(FOREGROUND_ERRORS[1:])


def test_a_new_entry_is_scored_under_every_protocol(monkeypatch, spoilt):
    entry = Measure("darkness", "darkness", "255 minus the mean", lambda seen: 255 - seen.output.mean((1, 2, 3)), digits=1)
    monkeypatch.setitem(MEASURES, "darkness", entry)
    rows = score_images(raw=torch.full_like(spoilt.real, 55.0), composite=spoilt.composite, real=spoilt.real, mask=spoilt.mask)
    assert rows[0]["darkness"] == 200  # the method's own picture
    assert all(row["darkness"] > 0 for row in rows[: len(PROTOCOLS)])


def test_the_users_measures_and_no_others_are_of_the_headline_alone(spoilt):
    rows = score_images(raw=spoilt.output, composite=spoilt.composite, real=spoilt.real, mask=spoilt.mask)
    alone = {column for column in MEASURES if [number for number, row in enumerate(rows) if row[column] is not None] == [HEADLINE_ROW]}
    assert alone == set(values_of(spoilt, of="user"))
