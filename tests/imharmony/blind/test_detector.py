"""Detectors: what their maps mean, and a file that alone gives them back."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn.functional import one_hot

from imharmony.blind.detector import Detector, load_detector, save_detector, soft_mask
from imharmony.errors import InputError
from imharmony.storage.weights import read_weights, write_weights
from tests.imharmony.blind.pictures import detector_of


def noise(*shape: int) -> torch.Tensor:
    return 2 * torch.rand(shape, generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("changes", [False, True])
def test_a_small_one_has_a_logit_for_each_class_and_pixel_and_begins_unsure_of_all(changes):
    detector = detector_of(changes=changes)
    with torch.inference_mode():
        logits = detector(noise(2, 3, 32, 48))
    assert logits.shape == (2, 3, 32, 48)
    assert detector.network.head.bias[:3].tolist() == [-2, -2, -2]
    assert_allclose(detector.probabilities(logits), 1 / (1 + torch.exp(-logits)), rtol=1e-5)


def test_changes_begin_as_none_and_the_logits_are_those_without():
    detector = detector_of(changes=True)
    with torch.inference_mode():
        logits, changes = detector.both(noise(1, 3, 32, 32))
        assert torch.equal(logits, detector(noise(1, 3, 32, 32)))
    assert torch.equal(changes, torch.zeros(1, 3, 32, 32))


def test_the_seeds_network_has_no_map_of_colour_and_shares_its_certainty_with_none():
    with torch.device("meta"):  # its weights play no part
        detector = Detector(name="observing", width=1)
    logits = torch.log(torch.tensor([0.2, 0.5, 0.3]))[None, :, None, None]
    assert_allclose(detector.probabilities(logits).flatten(), [0.2, 0.5, 0.0], rtol=1e-6)
    certain = 200 * one_hot(torch.tensor([2]), 3).float()[:, :, None, None]
    assert float(detector.probabilities(certain).max()) == 0


@pytest.mark.parametrize(("colour", "expected"), [(True, [0.9, 0.8, 0.3]), (False, [0.4, 0.8, 0.3])])
def test_the_soft_mask_is_the_largest_probability_of_what_counts(colour, expected):
    chances = torch.tensor([[0.4, 0.1, 0.3], [0.2, 0.8, 0.1], [0.9, 0.7, 0.0]])[None, :, None]
    assert_allclose(soft_mask(chances, colour=colour).flatten(), expected)
    assert torch.equal(soft_mask(torch.zeros(1, 3, 2, 2), colour=colour), torch.zeros(1, 1, 2, 2))


@pytest.mark.parametrize("changes", [False, True])
def test_the_file_alone_gives_a_detector_back(tmp_path, changes):
    detector, path = detector_of(changes=changes), tmp_path / "model.safetensors"
    save_detector(path, detector, width=2, size_px=64, metadata={"code": "c"})
    found, size_px, metadata = load_detector(path)
    assert (size_px, metadata["code"], found.changes, found.training) == (64, "c", changes, False)
    with torch.inference_mode():
        assert torch.equal(found(noise(1, 3, 32, 32)), detector(noise(1, 3, 32, 32)))
    save_detector(tmp_path / "again", found, width=2, size_px=64, metadata={"code": "c"})
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "not a detector of this version"),
        ({"detector": {"name": "large", "width": 2, "size_px": 32}}, "not a detector.*'large'"),
        ({"detector": {"name": "small", "width": 0, "size_px": 32}}, "not a detector.*got 0"),
        ({"detector": {"name": "small", "width": 2, "size_px": 33}}, "not a detector.*got 33"),
        ({"detector": {"name": "small", "width": 2, "size_px": 32, "depth": 1}}, "not a detector.*depth"),
        ({"detector": {"name": "small", "width": 3, "size_px": 32}}, "tensor .* expected"),
        ({"detector": {"name": "small", "width": 2, "size_px": 32, "changes": True}}, "tensor 'network.head"),
        ({"detector": {"name": "observing", "width": 2, "size_px": 32}}, "missing tensors"),
        ({"detector": {"name": "observing", "width": 2, "size_px": 32, "changes": True}}, "expected small, which alone has maps"),
    ],
)
def test_a_file_that_says_what_it_is_not_is_one_line(tmp_path, said, message):
    path = tmp_path / "model.safetensors"
    write_weights(path, detector_of(), said)
    with pytest.raises(InputError, match=message) as error:
        load_detector(path)
    assert str(error.value).startswith(str(path))


def test_a_damaged_file_is_one_line(tmp_path):
    path = tmp_path / "model.safetensors"
    save_detector(path, detector_of(), width=2, size_px=32, metadata={})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load_detector(path)
    detector = detector_of()
    with torch.no_grad():
        detector.network.head.bias[0] = torch.nan
    save_detector(path, detector, width=2, size_px=32, metadata={})
    with pytest.raises(InputError, match="not finite"):
        load_detector(path)
    with pytest.raises(InputError, match="no such file"):
        load_detector(tmp_path / "absent")


def test_every_tensor_of_a_detector_is_in_its_file(tmp_path):
    save_detector(tmp_path / "a", detector_of(), width=2, size_px=32, metadata={})
    assert read_weights(tmp_path / "a")[1].keys() == detector_of().state_dict().keys()
