"""Blind systems: the picture is their own, made by their own mask, and a file alone gives them back."""

import pytest
import torch
from msgspec import structs
from numpy.testing import assert_allclose

from imharmony.blind.confidence import FEATURES, Confidence
from imharmony.blind.detector import save_detector
from imharmony.blind.systems import BlindSystem, load_system, masked_confidence, save_system
from imharmony.errors import InputError
from imharmony.networks.harmonizer import pasted
from imharmony.storage.weights import write_weights
from tests.imharmony.blind.pictures import ARCHITECTURE, SIZE, bits, detector_of, finding, harmonizer_of

MANY = len(FEATURES)
CONFIDENCE = Confidence((0.1,) * MANY, (1.0,) * MANY, tuple(float(each) for each in range(MANY)), -0.5, 0.25)


def composites(count: int = 2) -> torch.Tensor:
    return 2 * torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)) - 1


def two_step(**changes: object) -> BlindSystem:
    return BlindSystem(detector_of(), harmonizer_of(**changes), colour=True).infer()


def single(*, changed: bool = False) -> BlindSystem:
    system = BlindSystem(detector_of(changes=True), None, colour=True).infer()
    if changed:
        with torch.no_grad():
            system.detector.network.head.weight[3:] = 0.1
    return system


@torch.inference_mode()
def test_the_picture_is_the_networks_pasted_by_the_mask_that_was_found():
    system = two_step()
    seen = system(composites())
    assert seen.mask.shape == (2, 1, SIZE, SIZE)
    assert torch.equal(seen.mask, seen.probabilities.max(1, keepdim=True).values)
    assert torch.equal(seen.picture, pasted(system.harmonizer.raw(composites(), seen.mask), composites(), seen.mask))
    assert torch.equal(seen.probabilities, torch.sigmoid(seen.logits))


@torch.inference_mode()
def test_of_one_network_the_picture_is_its_changes_pasted_by_its_own_mask():
    system = single(changed=True)
    seen = system(composites())
    changes = system.detector.both(composites())[1]
    assert changes.abs().max() > 0
    assert torch.equal(seen.picture, pasted(composites() + changes, composites(), seen.mask))
    hard = (seen.mask > 0.1).float()
    assert torch.equal(system.harmonized(composites(), hard), pasted(composites() + changes, composites(), hard))


@torch.inference_mode()
def test_one_network_begins_at_the_composite():
    assert_allclose(single()(composites()).picture, composites(), atol=1e-6)


@torch.inference_mode()
@pytest.mark.parametrize("system", [two_step(), single(changed=True)], ids=["two_step", "single"])
def test_a_blank_mask_gives_the_composite_to_the_bit(system):
    assert torch.equal(system.harmonized(composites(), torch.zeros(2, 1, SIZE, SIZE)), composites())


@torch.inference_mode()
def test_where_nothing_is_found_nothing_is_done_and_where_all_is_all_is_the_harmonizers():
    system = BlindSystem(finding(), harmonizer_of(), colour=True).infer()
    grey, dark = torch.zeros(1, 3, SIZE, SIZE), torch.full((1, 3, SIZE, SIZE), -0.99)
    assert_allclose(system(grey).picture, grey, atol=1e-6)
    seen = system(dark)
    assert seen.mask.min() > 0.999
    assert_allclose(seen.picture, system.harmonizer.raw(dark, seen.mask), atol=1e-5)


@torch.inference_mode()
def test_a_harmonizer_that_pastes_nothing_makes_all_of_the_picture():
    system = two_step(paste=False)
    seen = system(composites())
    assert torch.equal(seen.picture, system.harmonizer.raw(composites(), seen.mask))


@torch.inference_mode()
def test_colour_counts_in_the_mask_where_it_is_asked_for():
    detector, harmonizer = detector_of(), harmonizer_of()
    detector.network.head.bias[2] = 9.0
    masks = [BlindSystem(detector, harmonizer, colour=colour).infer()(composites()).mask for colour in (True, False)]
    assert masks[0].min() > 0.9
    assert masks[1].max() < 0.9


@torch.inference_mode()
def test_a_picture_does_not_depend_on_what_else_is_in_the_batch():
    system = two_step()
    assert_allclose(system(composites(3)).picture[1:2], system(composites(3)[1:2]).picture, atol=1e-5)


def test_a_harmonizer_beside_changes_and_none_beside_none_are_refused():
    for detector, harmonizer in ((detector_of(changes=True), harmonizer_of()), (detector_of(), None)):
        with pytest.raises(ValueError, match="expected a harmonizer beside a detector without changes"):
            BlindSystem(detector, harmonizer, colour=True)


@pytest.mark.parametrize("made", [two_step, lambda: single(changed=True)], ids=["two_step", "single"])
def test_the_file_alone_gives_a_system_back(tmp_path, made):
    system, path = made(), tmp_path / "model.safetensors"
    architecture = ARCHITECTURE if system.harmonizer else None
    save_system(path, system, width=2, architecture=architecture, confidence=CONFIDENCE, metadata={"way": "joint"})
    found, confidence, metadata = load_system(path)
    assert (confidence, metadata["way"], found.colour) == (CONFIDENCE, "joint", True)
    assert bits(found) == bits(system)
    with torch.inference_mode():
        assert torch.equal(found(composites()).picture, system(composites()).picture)


def test_the_confidence_in_the_true_masks_picture_stands_beside_it_where_there_is_one(tmp_path):
    other = Confidence(*[getattr(CONFIDENCE, name) for name in ("means", "scales", "weights", "bias")], limit=0.125)
    for name, masked in (("a", None), ("b", other)):
        told = {"width": 2, "architecture": ARCHITECTURE, "confidence": CONFIDENCE, "metadata": {}}
        save_system(tmp_path / name, two_step(), **told, masked=masked)
        assert masked_confidence(tmp_path / name) == masked
        assert load_system(tmp_path / name)[1] == CONFIDENCE


def said(**changes: object) -> dict:
    return {"network": "small", "width": 2, "colour": True, "harmonizer": ARCHITECTURE} | changes


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "not a blind system"),
        ({"blind": said()}, "not a blind system.*confidence"),
        ({"blind": said(network="large")}, "not a blind system.*'large'"),
        ({"blind": said(width=3)}, "tensor .* expected"),
        ({"blind": said(harmonizer=None)}, "unknown tensors"),
        ({"blind": said(harmonizer=ARCHITECTURE | {"name": "none"})}, "generator is 'none'; expected one of"),
        ({"blind": said(harmonizer=ARCHITECTURE | {"size_px": 30})}, "not a blind system.*got 30"),
        ({"blind": said(network="observing", harmonizer=None)}, "expected small, which alone has maps"),
        ({"confidence": {"limit": 1.5}}, "not a blind system.*got 1.5"),
        ({"confidence": {"means": [0.0]}}, "not a blind system.*means"),
        ({"confidence": {"scales": [0.0] * MANY}}, "not a blind system.*scales"),
    ],
)
def test_a_file_that_says_what_it_is_not_is_one_line(tmp_path, metadata, message):
    path = tmp_path / "model.safetensors"
    confidence = structs.asdict(CONFIDENCE) | metadata.get("confidence", {})
    whole = {"blind": said()} | metadata | ({} if metadata == {"blind": said()} else {"confidence": confidence})
    write_weights(path, two_step(), metadata and whole)
    with pytest.raises(InputError, match=message) as error:
        load_system(path)
    assert str(error.value).startswith(str(path))


def test_a_detectors_file_is_no_system(tmp_path):
    save_detector(tmp_path / "a", detector_of(), width=2, size_px=32, metadata={})
    with pytest.raises(InputError, match="not a blind system"):
        load_system(tmp_path / "a")
