"""Labels by hand, and beside what measuring the stored pictures gives."""

import json

import numpy as np
import pytest

from imharmony.blind.labels import label_of, labels_of
from imharmony.blind.observer import Thresholds, thresholds_of
from imharmony.blind.shifts import looks_of
from imharmony.composing.packed_split import pack_split
from tests.datasets import made
from tests.imharmony.blind.pictures import in_tensors

OWN = [40.0, 10.0, -5.0, 8.0, 3.0, 3.0]
KNOWN = {"7": Thresholds(-0.25, 0.25)}


def row(transfer: str = "reinhard_lab", *, reference: list[float] | None = None, **parameters: object) -> dict:
    told = {"own": OWN, "reference": reference or OWN, "attempt": 0} | parameters
    return {"sample_id": "7_70_0", "image_id": 7, "transfer": transfer, "transfer_params": json.dumps(told)}


def moved_to(lightness: float, a: float = 10.0, b: float = -5.0) -> list[float]:
    return [lightness, a, b, *OWN[3:]]


@pytest.mark.parametrize(
    ("reference", "stops", "classes"),
    [
        (moved_to(80.0), 1.0, (False, True, False)),
        (moved_to(20.0), -1.0, (True, False, False)),
        (moved_to(40 * 2**0.24), 0.24, (False, False, False)),
        (moved_to(40 * 2**0.26), 0.26, (False, True, False)),
        (moved_to(40.0, a=40.0), 0.0, (False, False, True)),
        (moved_to(20.0, b=30.0), -1.0, (True, False, True)),
    ],
)
def test_the_ratio_of_mean_lightness_is_in_stops_and_beyond_a_threshold_it_is_seen(reference, stops, classes):
    found = label_of(row(reference=reference), KNOWN)
    assert found is not None
    assert found.stops == pytest.approx(stops, abs=1e-12)
    assert (found.classes, found.thresholds) == (classes, KNOWN["7"])


def test_a_transfer_of_lightness_moves_no_colour():
    reference = moved_to(80.0, a=60.0)
    assert label_of(row("luminance", reference=reference), KNOWN).classes == (False, True, False)
    assert label_of(row("mkl", reference=reference), KNOWN).classes == (False, True, True)


def test_thresholds_are_the_samples_then_the_photographs_then_the_observers():
    reference = moved_to(80.0)
    both = KNOWN | {"7_70_0": Thresholds(-0.1, 1.5)}
    assert label_of(row(reference=reference), both).classes == (False, False, False)
    assert label_of(row(reference=reference), {"8": Thresholds(-9.0, 9.0)}).thresholds == thresholds_of(0.4, name="7_70_0")


def test_black_is_taken_for_the_least_lightness_that_has_a_ratio():
    black = row("luminance", own=[0.0, *OWN[1:]], reference=[2.0, *OWN[1:]])
    assert label_of(black).stops == 1.0
    white = label_of(row("luminance", own=[100.01, *OWN[1:]], reference=[50.0, *OWN[1:]]))
    assert white.classes == (True, False, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"transfer": "photometric"},
        {"transfer": "lut"},
        {"transfer": "hmh_reinhard_code"},
        {"transfer": "made_up"},
        {"transfer": ""},
        {"transfer_params": "{}"},
        {"transfer_params": json.dumps({"own": OWN, "reference": OWN[:3]})},
        {"transfer_params": json.dumps({"own": OWN, "reference": "all"})},
        {"transfer_params": json.dumps({"own": OWN, "reference": moved_to(80.0), "measured": "picture"})},
    ],
)
def test_parameters_that_do_not_tell_give_none(changes):
    assert label_of(row(reference=moved_to(80.0)) | changes) is None


def test_they_are_what_the_stored_pictures_measure(tmp_path):
    split = pack_split(made(tmp_path), tmp_path / "cache", split="train", size_px=96)
    composite, real, mask = in_tensors(split)
    before, after = (np.array(looks_of(each, mask)) for each in (real, composite))
    labels = labels_of(split.rows)
    transfers = split.rows["transfer"].to_pylist()
    assert set(transfers) == {"luminance", "reinhard_lab"}
    stops = np.array([label.stops for label in labels])
    measured = np.log2(after[:, 0] / before[:, 0])
    assert np.abs(stops - measured).max() < 0.02  # what is clipped is not in the parameters
    assert {label.classes[:2] for label in labels} >= {(True, False), (False, True)}
    for label, each in zip(labels, measured, strict=True):
        if all(abs(each - limit) > 0.02 for limit in label.thresholds):
            assert label.classes[:2] == (each < label.thresholds.negative, each > label.thresholds.positive)
    moves = np.abs(after - before)[:, 1:].max(1)
    assert [label.classes[2] for label in labels] == [transfer == "reinhard_lab" for transfer in transfers]
    assert min(moves[number] for number, transfer in enumerate(transfers) if transfer == "reinhard_lab") > 1
