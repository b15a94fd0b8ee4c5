"""What systems make of test portraits, and how their backgrounds look."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from imharmony.errors import InputError
from imharmony.matting.harmonized import HARMONIZED, harmonized_portraits, measured, pictures_of
from imharmony.matting.joint import JointSystem, signed
from imharmony.matting.portraits import unit_tensor
from imharmony.networks.matting import predict_alpha
from tests.imharmony.matting.packed import portraits_of
from tests.imharmony.matting.scenes import CPU, SIZE, system_of


def filled(*levels: tuple[int, int, int]) -> np.ndarray:
    """A picture of two halves: left the person's colour, right the background's."""
    return np.stack([np.broadcast_to(np.array(level, np.uint8), (8, 4, 3)) for level in levels], 1).reshape(8, 8, 3)


LEFT = np.repeat([[1.0] * 4 + [0.0] * 4], 8, 0)
GREY = (128, 128, 128)


def test_errors_are_of_the_whole_picture_and_of_the_background():
    picture, given, made = filled(GREY, GREY), filled(GREY, (138, 138, 138)), filled((129, 129, 129), (132, 132, 132))
    found = measured(given, made, picture, LEFT)
    assert (found["given_mse"], found["mse"], found["background_mse"]) == (50.0, 8.5, 16.0)


def test_a_darker_background_nearer_to_the_persons_colour_is_measured_as_such():
    red, blue, dark_red = (200, 60, 60), (60, 60, 200), (120, 40, 40)
    picture = filled(red, blue)
    found = measured(picture, filled(red, dark_red), picture, LEFT)
    assert found["lightness"] < found["given_lightness"]
    assert found["distance"] < 0.5 * found["given_distance"]
    same = measured(picture, picture, picture, LEFT)
    assert (same["lightness"], same["distance"]) == (same["given_lightness"], same["given_distance"])
    assert measured(picture, filled(red, red), picture, LEFT)["distance"] == pytest.approx(0, abs=1e-9)


def test_what_is_all_person_or_all_background_has_no_colour_of_the_other():
    for alpha in (np.zeros((8, 8)), np.ones((8, 8))):
        assert measured(filled(GREY, GREY), filled(GREY, GREY), filled(GREY, GREY), alpha).keys() == {"given_mse", "mse"}


def test_pictures_are_those_of_the_systems_own_matte():
    portraits, system = portraits_of(), system_of()
    given, made, alpha = pictures_of(portraits, 1, system, device=CPU, where="here")
    picture, behind, trimap = (unit_tensor(np.asarray(each[1:2])) for each in (portraits.picture, portraits.changed, portraits.trimap))
    with torch.inference_mode():
        expected = predict_alpha(system.matting, picture, trimap)
        composite = signed(expected * picture + (1 - expected) * behind)
        output = system.harmonizer(composite, 1 - expected)
    np.testing.assert_allclose(alpha, expected[0, 0], atol=1e-6)
    for found, wanted in ((given, composite), (made, output)):
        assert np.abs(found - (wanted[0].permute(1, 2, 0).numpy().clip(-1, 1) + 1) * 127.5).max() <= 0.5 + 1e-3


def test_another_background_is_laid_behind_and_with_a_changed_foreground_the_person_is_as_photographed():
    place = np.full((SIZE, SIZE, 3), 30, np.uint8)
    for direction in ("background", "foreground"):
        portraits = portraits_of(direction=direction)
        given, _, alpha = pictures_of(portraits, 0, system_of(direction), device=CPU, where="here", behind=place)
        expected = alpha[..., None] * portraits.picture[0] + (1 - alpha[..., None]) * place
        assert np.abs(given - expected).max() <= 0.5 + 1e-3


def test_every_composite_has_a_row():
    rows = harmonized_portraits(portraits_of(4, composites=2), system_of(), name="both", dataset="hmh", device=CPU)
    assert [row["image_id"] for row in rows] == [0, 0, 1, 1]
    assert {name for row in rows for name in row} == set(HARMONIZED.names)


def test_without_trimaps_and_with_numbers_that_are_none_it_is_one_line():
    with pytest.raises(InputError, match="both: 0_0: portraits without trimaps; expected the stored ones; run make_trimaps"):
        harmonized_portraits(replace(portraits_of(), trimap=None), system_of(), name="both", dataset="hmh", device=CPU)
    system: JointSystem = system_of()
    with torch.no_grad():
        next(system.harmonizer.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match=r"both: 0_0: .* values of the output are NaN or infinite"):
        harmonized_portraits(portraits_of(), system, name="both", dataset="hmh", device=CPU)
