"""A film harmonized: frames, masks, smoothing, and what is kept of a run that ended too early."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import imharmony
from imharmony.errors import InputError
from imharmony.harmonizing import video
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.models import Said
from imharmony.harmonizing.video import harmonize_video, parameters_of
from imharmony.motion.smoothing import both_ways, exponential, keep_at
from imharmony.pictures.images import read_rgb
from tests.imharmony.drawn_films import EMPTY, LENGTH, Lifting, drawn, files_of, read_file, write_file, write_folder, write_place

FRAMES, MASKS = drawn()


@pytest.fixture
def place(tmp_path):
    return write_place(tmp_path, FRAMES, MASKS, ending=".avi")


@pytest.fixture
def model(monkeypatch):
    return loaded(monkeypatch, Lifting())


def loaded(monkeypatch, model):
    monkeypatch.setattr(video.Harmonizer, "load", lambda *_, **__: Harmonizer(model))
    return model


def frames_of(folder):
    return np.stack([read_rgb(folder / f"frame_{time}.png") for time in range(1, LENGTH + 1)])


def lifts(frames):
    """By how many levels each frame was lifted where its mask is white; NaN of one without a mask."""
    apart = frames.astype(float) - FRAMES
    return np.array([apart[time][MASKS[time] == 255].mean() if MASKS[time].any() else np.nan for time in range(LENGTH)])


def test_a_folder_becomes_a_folder_and_nothing_outside_the_masks_changes(place):
    done = harmonize_video(place / "frames", place / "masks", place / "out")
    assert (done.frames, done.empty, done.smooth, done.sound, done.is_by_place) == (LENGTH, 1, "both-ways", None, False)
    made = frames_of(place / "out")
    assert_array_equal(made[MASKS == 0], FRAMES[MASKS == 0])
    assert (made[MASKS == 255] != FRAMES[MASKS == 255]).any()
    assert (place / "out" / "frame_4.png").read_bytes() == (place / "frames" / "frame_4.png").read_bytes()
    assert len(list((place / "out").iterdir())) == LENGTH
    assert not list(place.glob(".*"))


def test_a_video_without_loss_is_the_folder_s_frames(place, model):
    done = harmonize_video(place / "film.avi", place / "masks")
    assert done.out == place / "film_harmonized.avi"
    assert done.sound is not None
    harmonize_video(place / "frames", place / "masks")
    assert_array_equal(read_file(done.out), frames_of(place / "frames_harmonized"))
    assert model.asked == 2 * (LENGTH - 1)


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".m4v", ".avi"])
def test_a_file_keeps_length_size_and_rate(place, ending):
    write_file(place / "film.mp4", FRAMES, frame_rate=29.97)
    harmonize_video(place / "film.mp4", place / "masks", place / f"out{ending}")
    capture = cv2.VideoCapture(str(place / f"out{ending}"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(29.97)
    capture.release()
    assert read_file(place / f"out{ending}").shape == FRAMES.shape


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("smooth", "smoothed"), [("none", None), ("exponential", exponential), ("both-ways", both_ways), ("auto", both_ways)]
)
def test_parameters_are_filtered_over_time(place, smooth, smoothed):
    harmonize_video(place / "frames", place / "masks", place / "out", smooth=smooth, frame_rate=50)
    said = np.array([0.2 + 0.1 * ((4 + time) % 3) if time != EMPTY else np.nan for time in range(LENGTH)])
    expected = said if smoothed is None else smoothed(said, keep=keep_at(50))
    assert_allclose(lifts(frames_of(place / "out")), expected * 127.5, atol=0.5)


def test_the_starter_flickers_less_when_it_is_smoothed(place):
    steps = {}
    for smooth in ("none", "both-ways"):
        harmonize_video(place / "frames", place / "masks", place / smooth, smooth=smooth)
        steps[smooth] = np.nanmean(np.abs(np.diff(lifts(frames_of(place / smooth)))))
    assert steps["both-ways"] < 0.5 * steps["none"]


def test_what_depends_on_the_place_is_made_frame_by_frame(place, monkeypatch):
    model = loaded(monkeypatch, Lifting(by_place=True))
    done = harmonize_video(place / "frames", place / "masks", place / "out")
    assert (done.is_by_place, done.smooth, model.asked) == (True, "none", LENGTH - 1)
    expected = Harmonizer(model).propose(FRAMES[5], MASKS[5]).picture()
    assert_array_equal(read_rgb(place / "out" / "frame_6.png"), expected)
    with pytest.raises(InputError, match="--smooth exponential: the change that lifting says depends on the place"):
        harmonize_video(place / "frames", place / "masks", place / "other", smooth="exponential")
    assert not (place / "other").exists()
    assert not list(place.glob(".*"))


@pytest.mark.usefixtures("model")
def test_one_picture_is_the_mask_of_all_frames(place):
    harmonize_video(place / "frames", place / "masks" / "frame_1.png", place / "out", smooth="none")
    changed = (frames_of(place / "out") != FRAMES).any(axis=(0, 3))
    assert_array_equal(changed, MASKS[0] > 0)


@pytest.mark.usefixtures("model")
def test_strength_and_direction(place):
    harmonize_video(place / "frames", place / "masks", place / "half", strength=0.5, smooth="none")
    harmonize_video(place / "frames", place / "masks", place / "around", direction="background", smooth="none")
    assert lifts(frames_of(place / "half"))[0] == pytest.approx(0.5 * 0.3 * 127.5, abs=0.5)
    around = frames_of(place / "around")
    assert_array_equal(around[MASKS == 255], FRAMES[MASKS == 255])
    assert (around[0] != FRAMES[0]).any()
    assert_array_equal(around[EMPTY], FRAMES[EMPTY])  # nothing to go by


@pytest.mark.parametrize("kind", ["frames", "film.avi"])
def test_with_caution_a_film_is_left_as_it_was(place, monkeypatch, kind):
    loaded(monkeypatch, Lifting(trust=0.3))
    done = harmonize_video(place / kind, place / "masks", cautious=True)
    assert (done.is_left, done.strength, done.trust) == (True, 0.0, pytest.approx(0.3))
    if done.out.is_dir():
        assert files_of(done.out) == files_of(place / "frames")
    else:
        assert done.out.read_bytes() == (place / "film.avi").read_bytes()
    assert not harmonize_video(place / kind, place / "masks").is_left


def test_a_model_that_does_not_tell_cannot_be_cautious(place, monkeypatch):
    loaded(monkeypatch, Lifting(trust=None))
    with pytest.raises(InputError, match="--cautious: lifting does not tell how sure it is"):
        harmonize_video(place / "frames", place / "masks", cautious=True)
    assert harmonize_video(place / "frames", place / "masks").trust is None


@pytest.mark.usefixtures("model")
def test_what_is_there_is_replaced_and_what_is_beside_it_stays(place):
    write_folder(place / "out", FRAMES)
    (place / "out" / "notes.txt").touch()
    harmonize_video(place / "frames", place / "masks", place / "out")
    harmonize_video(place / "frames", place / "masks", place / "other")
    assert files_of(place / "out") == files_of(place / "other") | {"notes.txt": b""}


@pytest.mark.parametrize("options", [{"strength": 1.5}, {"smooth": "much"}, {"direction": "up"}])
def test_options_that_are_none_are_refused(place, options):
    with pytest.raises(InputError, match=f"{next(iter(options))} .*: expected"):
        harmonize_video(place / "frames", place / "masks", **options)
    assert not list(place.glob(".*"))


def test_it_is_offered_with_the_package():
    assert imharmony.harmonize_video is harmonize_video


def test_maps_that_are_the_same_everywhere_are_parameters():
    values = np.arange(6, dtype=np.float32)
    assert_array_equal(parameters_of(Said(values.reshape(6, 1, 1), "lab")), values)
    assert_array_equal(parameters_of(Said(np.broadcast_to(values.reshape(6, 1, 1), (6, 4, 5)), "lab")), values)
    assert parameters_of(Said(np.eye(3, dtype=np.float32)[None].repeat(3, 0), "change")) is None
    assert parameters_of(Said(values.reshape(6, 1, 1), "lab", base=FRAMES[0])) is None
