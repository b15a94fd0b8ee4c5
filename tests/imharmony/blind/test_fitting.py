"""A system and when it is to be trusted: by what it does on photographs that it has not seen."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from imharmony.blind import fitting
from imharmony.blind.confidence import Confidence, features_of, fit_confidence
from imharmony.blind.fitting import fit_system_and_confidence
from imharmony.blind.judging import VISIBLE, visible_change
from imharmony.blind.system_training import SystemTeaching
from imharmony.blind.systems import BlindSystem
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.methods import whole_levels
from tests.imharmony.blind.pictures import CPU, SIZE, bits, detector_of, harmonizer_of, split_of

TEACHING = SystemTeaching(
    steps=2, batch_size=2, learning_rate=1e-3, detection_weight=1.0, untouched=0.3, gamma=2.0, alpha=0.5, seed=0
)  # fmt: skip


def begun() -> BlindSystem:
    return BlindSystem(detector_of(), harmonizer_of(), colour=True)


def fitted(val: list[PackedSplit], *, way: str = "two_step") -> tuple[BlindSystem, Confidence]:
    return fit_system_and_confidence(begun(), [split_of(4)], val, way=way, teaching=TEACHING, known=None, device=CPU)


def test_two_steps_are_taught_nothing_more_and_all_other_ways_are():
    assert bits(fitted([split_of(5, seed=1)])[0]) == bits(begun())
    assert bits(fitted([split_of(5, seed=1)], way="joint")[0]) != bits(begun())


def test_confidence_is_of_what_the_system_did_to_the_pictures_of_val():
    val = [split_of(4, seed=1), split_of(3, seed=2)]
    _, confidence = fitted(val)
    system = begun().infer()
    told: dict[str, list] = {"features": [], "harms": [], "untouched": [], "visible": []}
    for split in val:
        for composite, real in zip(split.composite, split.real, strict=True):
            for given, names in ((composite, ("features", "harms")), (real, ("untouched", "visible"))):
                with torch.inference_mode():
                    seen = system(torch.from_numpy(given).permute(2, 0, 1)[None] / 127.5 - 1)
                made = whole_levels(seen.picture[0], "here").astype(float)
                told[names[0]].append(features_of(given, made, seen.mask[0, 0].numpy()))
                worse = ((made - real) ** 2).mean() > ((given.astype(float) - real) ** 2).mean()
                told[names[1]].append(worse if given is composite else visible_change(given, made.astype(np.uint8)) > VISIBLE)
    features, harms, untouched, visible = (np.array(each) for each in told.values())
    expected = fit_confidence(features, harms, visible=visible, untouched=untouched)
    assert_allclose(confidence.risk(features), expected.risk(features), atol=1e-3)
    assert confidence.limit == pytest.approx(expected.limit, abs=1e-3)


def test_a_photograph_as_it_is_counts_once_whatever_its_foregrounds(monkeypatch):
    counted = []
    monkeypatch.setattr(fitting, "fit_confidence", lambda features, harms, **told: counted.append((features, harms, told)))
    split = split_of(4)
    position = split.rows.schema.get_field_index("image_id")
    rows = split.rows.set_column(position, "image_id", [[0, 0, 1, 1]])
    annotations = rows.schema.get_field_index("annotation_id")
    rows = rows.set_column(annotations, "annotation_id", [[5, 5, 6, 7]])
    fitted([PackedSplit(rows, split.composite, split.real, split.mask)])
    ((features, harms, told),) = counted
    assert (len(features), len(harms), len(told["untouched"]), len(told["visible"])) == (4, 4, 2, 2)


def test_told_the_true_mask_it_is_of_what_was_done_with_that(monkeypatch):
    counted = []
    monkeypatch.setattr(fitting, "fit_confidence", lambda features, harms, **told: counted.append((features, harms, told)))
    split, system = split_of(4), begun().infer()
    fitting.confidence_of(system, [split], device=CPU, told=True)
    ((features, harms, told),) = counted
    for index in range(4):
        mask = split.mask[index] / np.float32(255)
        for given, found in ((split.composite, features), (split.real, told["untouched"])):
            with torch.inference_mode():
                picture = system.harmonized(
                    torch.from_numpy(given[index]).permute(2, 0, 1)[None] / 127.5 - 1, torch.from_numpy(mask)[None, None]
                )
            assert_allclose(found[index], features_of(given[index], whole_levels(picture[0], "here"), mask), atol=1e-5)
    assert harms.dtype == bool


def test_the_same_arguments_give_the_same_confidence():
    assert fitted([split_of(5, seed=1)], way="corrupted")[1] == fitted([split_of(5, seed=1)], way="corrupted")[1]


def test_too_few_pictures_are_one_line():
    with pytest.raises(InputError, match=r"3 composites and 3 photographs to learn confidence from; .*widen the split val"):
        fitted([split_of(3)])


@pytest.mark.parametrize("level", [0, 128, 255])
def test_pictures_of_one_colour_give_a_confidence_that_is_a_number(level):
    split = split_of(4)
    flat = np.full((4, SIZE, SIZE, 3), level, np.uint8)
    _, confidence = fitted([PackedSplit(split.rows, flat, flat, split.mask)])
    assert np.isfinite([*confidence.means, *confidence.scales, *confidence.weights, confidence.bias]).all()
    assert 0 <= confidence.limit <= 1
