"""What is found in a photograph, where, and how it is said; the mask, the numbers and the model's change are of one kind."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from PIL import Image

import imharmony
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.detection import ALL, KINDS, detect
from imharmony.harmonizing.detectors import PACKAGED, load_detector
from imharmony.harmonizing.explanation import explain_change
from imharmony.harmonizing.heat_map import LONGEST_PX, heat_map
from imharmony.pictures.images import encode_png
from imharmony.pictures.mask_files import read_mask
from tests.conftest import ROOT
from tests.imharmony.detectors import detector_of_colours

SIDE = 60


@dataclass(frozen=True)
class Told:
    """Says what it was told, of any photograph."""

    maps: np.ndarray
    limit: float = 0.6
    least_share: float = 0.005

    def probabilities(self, photo: np.ndarray) -> np.ndarray:
        assert photo.dtype == np.uint8
        return self.maps


def maps_of(*parts: tuple[int, slice, slice, float], base: float = 0.0) -> np.ndarray:
    maps = np.full((3, SIDE, SIDE), base, np.float32)
    for kind, rows, columns, value in parts:
        maps[kind, rows, columns] = value
    return maps


def scene(height: int = 120, width: int = 180, *, brighter: tuple[slice, slice] | None = None) -> np.ndarray:
    photo = np.clip(np.random.default_rng(0).normal((110, 100, 90), 15, (height, width, 3)), 0, 255).astype(np.uint8)
    if brighter is not None:
        photo[brighter] = np.clip(photo[brighter] * 1.8, 0, 255).astype(np.uint8)
    return photo


LEFT = (slice(20, 40), slice(5, 20))  # of the maps
LEFT_OF_PHOTO = (slice(40, 80), slice(15, 60))  # of a photograph three times as wide and twice as high
BRIGHT = Told(maps_of((1, *LEFT, 0.9)))


def test_a_part_that_is_too_bright_is_said_with_what_the_model_would_take_away():
    photo = scene(brighter=LEFT_OF_PHOTO)
    found = detect(photo, detector=BRIGHT)
    (finding,) = found.findings
    assert (finding.kind, finding.place, finding.box) == ("too bright", "on the left", (15, 40, 60, 80))
    assert finding.share == pytest.approx(300 / SIDE**2)
    made = imharmony.harmonize(photo, found.mask)
    assert finding.stops == pytest.approx(-explain_change(photo, made, found.mask / 255).stops, abs=0.02)
    assert finding.stops > 0.1
    assert found.words == finding.sentence == f"what is on the left is {finding.stops:.1f} stops too bright"


def test_the_mask_is_the_probability_in_what_was_found_and_fades_around_it():
    maps = maps_of((1, *LEFT, 0.9))
    maps[1, 20:40, 20:24] = 0.45  # between half of the limit and the limit
    maps[1, 20:40, 24:28] = 0.2  # below
    maps[2, 50:52, 50:52] = 0.99  # too small
    mask = detect(scene(), detector=Told(maps)).mask
    assert (mask.dtype, mask.shape) == (np.uint8, (120, 180))
    assert mask[60, 30] == round(0.9 * 255)
    assert 0 < mask[60, 66] < 0.45 * 255
    assert mask[60, 78] == 0
    assert mask[100:, 140:].max() == 0


def test_the_mask_as_a_file_is_read_as_it_is(tmp_path):
    found = detect(scene(), detector=Told(maps_of((1, *LEFT, 0.3)), limit=0.25))
    (tmp_path / "mask.png").write_bytes(encode_png(found.mask))
    assert np.array_equal(read_mask(tmp_path / "mask.png"), found.mask)
    assert found.mask.max() == 128  # what counts is foreground, whatever the limit


@pytest.mark.parametrize(
    ("rows", "columns", "place"),
    [
        (slice(0, 15), slice(0, 15), "at the top left"),
        (slice(0, 15), slice(20, 40), "at the top"),
        (slice(0, 15), slice(45, 60), "at the top right"),
        (slice(20, 40), slice(0, 15), "on the left"),
        (slice(20, 40), slice(20, 40), "in the middle"),
        (slice(20, 40), slice(45, 60), "on the right"),
        (slice(45, 60), slice(0, 15), "at the bottom left"),
        (slice(45, 60), slice(20, 40), "at the bottom"),
        (slice(45, 60), slice(45, 60), "at the bottom right"),
    ],
)
def test_places_in_words(rows, columns, place):
    (finding,) = detect(scene(), detector=Told(maps_of((0, rows, columns, 0.9)))).findings
    assert finding.place == place


def test_the_largest_comes_first_and_each_is_of_its_own_kind():
    parts = [(0, slice(0, 10), slice(0, 10), 0.8), (2, slice(40, 60), slice(40, 60), 0.7), (1, slice(0, 10), slice(30, 45), 0.9)]
    found = detect(scene(), detector=Told(maps_of(*parts)))
    assert [finding.kind for finding in found.findings] == ["other colour", "too bright", "too dark"]
    assert found.words.count("\n") == 2


def test_where_the_model_would_do_the_opposite_the_sentence_gives_no_number():
    (finding,) = detect(scene(brighter=LEFT_OF_PHOTO), detector=Told(maps_of((0, *LEFT, 0.9)))).findings
    assert finding.stops > 0
    assert finding.sentence == "what is on the left looks too dark, but the model would not make it brighter"


def test_another_colour_is_said_in_kelvin_and_points():
    (finding,) = detect(scene(brighter=LEFT_OF_PHOTO), detector=Told(maps_of((2, *LEFT, 0.9)))).findings
    change = replace(finding.change, kelvin=320.0, tint=3.0)
    assert replace(finding, change=change).sentence == "what is on the left is of another colour: 300 K too warm, 3 points too green"
    assert replace(finding, change=replace(change, kelvin=0.0, tint=0.0)).sentence == "what is on the left is of another colour"


@pytest.mark.parametrize(
    ("maps", "limits"),
    [
        (maps_of(), {}),
        (maps_of(base=0.59), {}),
        (maps_of((0, slice(0, 3), slice(0, 3), 1.0)), {}),
        (maps_of((0, *LEFT, 1.0)), {"least_share": 0.1}),
    ],
    ids=["blank", "below the limit", "too small", "smaller than asked for"],
)
def test_nothing_is_found(maps, limits):
    found = detect(scene(), detector=Told(maps, **limits))
    assert (found.findings, found.words, found.is_everywhere) == ([], "nothing found", False)
    assert not found.mask.any()


def test_where_all_of_it_looks_wrong_there_is_nothing_to_compare_it_with():
    found = detect(scene(), detector=Told(maps_of(base=0.9)))
    assert (found.findings, found.words, found.is_everywhere) == ([], ALL, True)
    assert not found.mask.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 3), (7, 4000), (60, 60)])
@pytest.mark.parametrize("detector", [BRIGHT, Told(maps_of()), Told(maps_of(base=1.0))], ids=["a part", "nothing", "all"])
def test_pictures_of_any_form(size, detector):
    found = detect(scene(*size), detector=detector)
    assert found.mask.shape == size
    assert bool(found.findings) == bool(found.mask.any())
    assert found.words


def test_a_single_pixel_has_nothing_to_compare_it_with():
    one = scene(1, 1)
    assert detect(one, detector=BRIGHT).words == "nothing found"
    assert detect(one, detector=Told(maps_of(base=1.0))).is_everywhere


def test_what_is_hidden_plays_no_part():
    alpha = np.full((120, 180), 255, np.uint8)
    alpha[:, 90:] = 0
    pictures = [np.dstack([scene(brighter=LEFT_OF_PHOTO), alpha]) for _ in range(2)]
    pictures[1][:, 90:, :3] = 255
    maps = maps_of((1, *LEFT, 0.9), (0, slice(10, 30), slice(40, 60), 0.95))
    found = [detect(picture, detector=Told(maps)) for picture in pictures]
    assert found[0].words == found[1].words
    assert [finding.kind for finding in found[0].findings] == ["too bright"]
    assert found[0].findings[0].share == pytest.approx(300 / (SIDE**2 / 2))
    assert not found[0].mask[:, 90:].any()
    with pytest.raises(InputError, match="transparent everywhere"):
        detect(np.dstack([scene(), alpha * 0]), detector=BRIGHT)


def test_numbers_are_those_of_the_model_that_is_given():
    photo = scene(brighter=LEFT_OF_PHOTO)
    (finding,) = detect(photo, detector=BRIGHT, harmonizer=Harmonizer.load("reinhard")).findings
    made = imharmony.harmonize(photo, detect(photo, detector=BRIGHT).mask, model="reinhard")
    assert finding.stops == pytest.approx(-explain_change(photo, made, detect(photo, detector=BRIGHT).mask / 255).stops, abs=0.02)


def test_kinds_of_pictures_as_harmonize_takes_them(tmp_path):
    photo = scene(brighter=LEFT_OF_PHOTO)
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    given = [photo, photo / np.float32(255), Image.fromarray(photo), tmp_path / "photo.png", torch.from_numpy(photo.transpose(2, 0, 1))]
    assert len({detect(each, detector=BRIGHT).words for each in given}) == 1
    with pytest.raises(InputError, match="photo: list; expected an array"):
        detect([photo], detector=BRIGHT)
    with pytest.raises(InputError, match="a folder; expected the file"):
        detect(tmp_path, detector=BRIGHT)


def test_weights_find_what_they_were_made_for(tmp_path):
    path = detector_of_colours(tmp_path / "model.safetensors")
    photo = scene()
    photo[40:80, 15:60], photo[10:40, 120:170], photo[85:110, 80:120] = (250, 5, 5), (5, 5, 250), (5, 250, 5)
    found = imharmony.detect(photo, detector=path)
    assert {(each.kind, each.place) for each in found.findings} == {
        ("too bright", "on the left"),
        ("too dark", "at the top right"),
        ("other colour", "at the bottom"),
    }


def test_without_a_detector_in_the_package_one_line_says_so(monkeypatch):
    monkeypatch.setattr("imharmony.harmonizing.detectors.PACKAGED", "none.onnx")
    with pytest.raises(InputError, match=r"none\.onnx: not in this package; expected the detector that comes with it"):
        detect(scene())


@pytest.mark.skipif(not (ROOT / "imharmony" / "starter" / PACKAGED).is_file(), reason="the package has no detector yet")
def test_the_packages_detector_looks_at_a_photograph():
    detector = load_detector()
    assert 0 < detector.limit <= 1
    found = imharmony.detect(scene())
    assert found.probabilities.shape[0] == len(KINDS)
    assert found.words


@pytest.mark.parametrize("name", ["detector.txt", "detector", "detector.onnx", "detector.safetensors"])
def test_a_detector_that_is_none_is_one_line(tmp_path, name):
    with pytest.raises(InputError, match=name) as error:
        detect(scene(), detector=tmp_path / name)
    assert "\n" not in str(error.value)


def test_the_heat_map_is_red_green_and_blue_over_grey():
    photo = scene()
    maps = maps_of((0, slice(0, 10), slice(0, 10), 1.0), (1, slice(0, 10), slice(50, 60), 1.0), (2, slice(50, 60), slice(0, 10), 1.0))
    shown = heat_map(photo, maps)
    assert (shown.shape, shown.dtype) == (photo.shape, np.uint8)
    assert [int(shown[place].argmax()) for place in ((2, 2), (2, 170), (110, 2))] == [0, 1, 2]
    assert (np.ptp(shown[40:80, 60:120], axis=2) == 0).all()
    assert heat_map(np.zeros((10, 2 * LONGEST_PX, 3), np.uint8), maps).shape == (5, LONGEST_PX, 3)
