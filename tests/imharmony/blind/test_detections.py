"""What a detector found: rows by hand, offsets by a detector that is known, and crossings between them."""

import math

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from imharmony.blind.detections import (
    ANY,
    BINS,
    CONTROL,
    DETECTED,
    OFFSETS,
    PSYCHOMETRIC,
    detect,
    detected_split,
    psychometric_split,
    thresholds_in,
)
from imharmony.blind.detector import Detector
from imharmony.blind.labels import CLASSES
from imharmony.blind.observer import Thresholds, thresholds_of
from imharmony.blind.shifts import looks_of
from imharmony.composing.packed_split import PackedSplit
from imharmony.metrics.detection import average_precision_binned
from tests.imharmony.blind.pictures import CPU, SIZE, detector_of, finding, in_tensors, split_of


class Constant(nn.Module):
    """The same three logits everywhere."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, 3, H, W)."""
        return self.logits[None, :, None, None].expand(len(pictures), 3, *pictures.shape[2:])


def always(*chances: float) -> Detector:
    detector = detector_of()
    detector.network = Constant(*(math.log(chance / (1 - chance)) for chance in chances))
    return detector


def boxes(*, levels: list[int], inside: list[int], size: int = SIZE) -> PackedSplit:
    """Photographs of 128 whose foreground, a quarter, has a level of its own and another one in the composite."""
    split = split_of(len(levels))
    real = np.full((len(levels), size, size, 3), 128, np.uint8)
    composite, mask = real.copy(), np.zeros(real.shape[:3], np.uint8)
    for number, (level, own) in enumerate(zip(levels, inside, strict=True)):
        real[number, : size // 2, : size // 2], composite[number, : size // 2, : size // 2] = own, level
        mask[number, : size // 2, : size // 2] = 255
    return PackedSplit(split.rows, composite, real, mask)


def rows_of(split: PackedSplit, detector: Detector, **options: object) -> dict[str, dict]:
    found = detected_split(split, detector, dataset="boxes", device=CPU, **options)
    assert pa.Table.from_pylist(found, schema=DETECTED).num_rows == len(found)
    return {row["kind"]: row for row in found}


def test_probabilities_are_those_of_the_network_at_the_pictures_size():
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[:, 16:] = 255
    (found,) = detect(finding(), picture[None], [0], device=CPU)
    assert (found.shape, found.dtype) == ((3, SIZE, SIZE), np.float32)
    assert found[0, :, :16].min() > 0.999 > 0.001 > found[0, :, 16:].max()
    assert found[1, :, 16:].min() > 0.999


def test_a_detector_that_finds_all_and_nothing_else_is_perfect():
    found = rows_of(boxes(levels=[255, 0], inside=[128, 128]), finding())
    assert list(found) == [*CLASSES, ANY, CONTROL]
    for kind in ("negative", "positive", ANY):
        assert (found[kind]["average_precision"], found[kind]["iou"], found[kind]["found"]) == (1.0, 1.0, 1.0)
        assert found[kind]["calibration_error"] < 1e-6
    assert (found["positive"]["n_pictures"], found["positive"]["n_positive"], found["positive"]["false_alarms"]) == (2, 1, 0.0)
    assert found["positive"]["chance"] == pytest.approx(1 / 8)
    assert (found[ANY]["n_positive"], found[ANY]["chance"]) == (2, 0.25)


def test_a_class_that_is_nowhere_has_no_precision():
    row = rows_of(boxes(levels=[255, 0], inside=[128, 128]), finding())["colour"]
    assert (row["average_precision"], row["iou"], row["found"]) == (None, None, None)
    assert (row["chance"], row["false_alarms"], row["n_positive"]) == (0.0, 0.0, 0)


def test_the_control_is_of_photographs_as_they_are_against_their_foregrounds():
    found = rows_of(boxes(levels=[255, 0], inside=[128, 250]), finding())
    row = found[CONTROL]
    assert (row["n_pictures"], row["n_positive"], row["false_alarms"]) == (2, 2, None)
    assert (row["found"], row["iou"], row["chance"]) == (0.5, 0.5, 0.25)
    scores, truth = np.full(2 * SIZE**2, 0.0), np.zeros(2 * SIZE**2, bool)
    truth[: SIZE**2 // 2] = True
    scores[: SIZE**2 // 4] = 1
    assert row["average_precision"] == pytest.approx(average_precision_binned(scores, truth))


def test_a_constant_is_as_good_as_chance_and_its_calibration_is_what_it_says():
    row = rows_of(boxes(levels=[255, 255], inside=[128, 128]), always(0.1, 0.85, 0.1))["positive"]
    assert row["average_precision"] == row["chance"] == 0.125  # one of two, in a quarter
    assert row["iou"] == 0.25
    assert row["calibration_error"] == pytest.approx(0.725, abs=1e-6)
    assert len(row["bins_mean"]) == len(row["bins_share"]) == len(row["bins_count"]) == BINS
    assert row["bins_count"] == [0] * 8 + [2 * SIZE**2, 0]
    assert row["bins_mean"][8] == pytest.approx(0.85, abs=1e-6)
    assert row["bins_share"][8] == 0.125
    assert row["bins_mean"][:8] == row["bins_share"][:8] == [None] * 8


@pytest.mark.parametrize(("chance", "found", "alarms"), [(0.51, 1.0, 1.0), (0.49, 0.0, 0.0)])
def test_a_picture_is_marked_from_a_half(chance, found, alarms):
    row = rows_of(boxes(levels=[255, 0], inside=[128, 128]), always(0.1, chance, 0.1))["positive"]
    assert (row["found"], row["false_alarms"]) == (found, alarms)


def test_thresholds_that_people_have_decide_what_is_positive():
    split = boxes(levels=[255, 0], inside=[128, 128])
    blunt = {str(image): Thresholds(-8.0, 8.0) for image in split.rows["image_id"].to_pylist()}
    found = rows_of(split, finding(), known=blunt)
    assert [found[kind]["n_positive"] for kind in (*CLASSES, ANY)] == [0, 0, 0, 0]


def test_without_labels_there_is_the_control_alone():
    split = boxes(levels=[255, 0], inside=[128, 128])
    position = split.rows.schema.get_field_index("transfer")
    graded = PackedSplit(split.rows.set_column(position, "transfer", [["lut"] * 2]), split.composite, split.real, split.mask)
    assert list(rows_of(graded, finding())) == [CONTROL]


@pytest.mark.parametrize("level", [0, 255])
def test_masks_without_and_with_all_pixels_are_taken(level):
    split = split_of(2)
    found = rows_of(PackedSplit(split.rows, split.composite, split.real, np.full_like(split.mask, level)), detector_of())
    assert found[ANY]["chance"] == level / 255
    assert (found[CONTROL]["iou"] is None) == (level == 0)


def psychometric(split: PackedSplit, detector: Detector, most: int = 9) -> list[dict]:
    found = psychometric_split(split, detector, dataset="discs", most=most, device=CPU)
    assert pa.Table.from_pylist(found, schema=PSYCHOMETRIC).num_rows == len(found)
    return found


def test_every_offset_of_at_most_so_many_foregrounds_has_a_row():
    split = split_of(4)
    found = psychometric(split, detector_of(), most=3)
    assert [row["stops"] for row in found] == [*OFFSETS] * 3
    assert (len(OFFSETS), OFFSETS[0], OFFSETS[10], OFFSETS[-1]) == (21, -1.0, 0.0, 1.0)
    assert list(dict.fromkeys(row["image_id"] for row in found)) == split.rows["image_id"].to_pylist()[:3]
    _, real, mask = in_tensors(split)
    assert found[0]["lightness"] == pytest.approx(looks_of(real, mask)[0].lightness / 100, abs=1e-6)


def test_brighter_foregrounds_look_brighter_and_darker_ones_darker():
    split = boxes(levels=[128] * 2, inside=[128] * 2)
    found = psychometric(split, finding())
    rising = [row["positive"] for row in found[: len(OFFSETS)]]
    falling = [row["negative"] for row in found[: len(OFFSETS)]]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    assert rising[-1] > 0.99 > 0.01 > rising[10]


def test_probabilities_are_the_mean_over_the_foreground():
    split = boxes(levels=[128], inside=[128])
    real = split.real.copy()
    real[0, :8, :16] = 250
    found = psychometric(PackedSplit(split.rows, real, real, split.mask), finding())
    assert found[10]["positive"] == pytest.approx(0.5, abs=1e-3)


def test_a_foreground_that_is_lost_at_this_size_is_left_out():
    split = split_of(3)
    mask = split.mask.copy()
    mask[1] = np.minimum(mask[1], 100)
    found = psychometric(PackedSplit(split.rows, split.composite, split.real, mask), detector_of())
    assert {row["image_id"] for row in found} == {0, 2}


def curve(positive: dict[float, float], negative: dict[float, float], *, sample: str = "a") -> list[dict]:
    stops = sorted({*positive, *negative})
    named = {"dataset": "discs", "sample_id": sample, "image_id": 1, "lightness": 0.4}
    return [named | {"stops": each, "positive": positive.get(each, 0.0), "negative": negative.get(each, 0.0)} for each in stops]


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ({0.0: 0.1, 0.5: 0.3, 1.0: 0.7}, {0.0: 0.0, -0.5: 0.5, -1.0: 0.9}, (-0.5, 0.75)),
        ({0.0: 0.0, 0.1: 1.0}, {0.0: 0.25, -0.4: 0.75}, (-0.2, 0.05)),
        ({0.0: 0.6, 0.5: 0.7}, {0.0: 0.5, -1.0: 0.0}, (0.0, 0.0)),
        ({0.0: 0.6, 0.5: 0.2, 1.0: 0.8}, {0.0: 0.1, -0.5: 0.9, -1.0: 0.1}, (-0.25, 0.0)),
        ({0.0: 0.1, 0.5: 0.9, 1.0: 0.2}, {0.0: 0.0, -0.2: 0.2, -0.4: 0.2, -0.6: 0.8}, (-0.5, 0.25)),
        ({0.0: 0.1, 1.0: 0.49}, {0.0: 0.0, -1.0: 0.0}, (math.nan, math.nan)),
    ],
)
def test_a_threshold_is_where_the_line_first_crosses_a_half(positive, negative, expected):
    ((found, law),) = thresholds_in(curve(positive, negative))
    assert found == pytest.approx(expected, nan_ok=True)
    assert math.copysign(1, found.negative) == 1 or found.negative < 0 or math.isnan(found.negative)
    assert law == thresholds_of(0.4)


def test_the_order_of_rows_plays_no_part_and_each_foreground_has_its_own():
    rows = curve({0.0: 0.1, 0.5: 0.9}, {0.0: 0.1, -0.5: 0.9}) + curve({0.0: 0.4, 1.0: 0.6}, {}, sample="b")
    found = thresholds_in(rows)
    assert found[0][0] == pytest.approx((-0.25, 0.25))
    assert found[1][0].positive == pytest.approx(0.5)
    assert thresholds_in(rows[:3][::-1]) == found[:1]
    assert thresholds_in([]) == []
