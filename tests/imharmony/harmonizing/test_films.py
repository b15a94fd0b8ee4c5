"""Films and masks as they are read and written: order, sizes, lengths, noise, sound, and what is refused."""

import logging
import os
from itertools import islice
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.harmonizing import film_files, films
from imharmony.harmonizing.film_files import with_sound, write_video
from imharmony.harmonizing.film_masks import masks, masks_of
from imharmony.harmonizing.films import frames_in, photographs, read_film
from imharmony.pictures.images import encode_jpeg, encode_png
from tests.imharmony.drawn_films import EMPTY, LENGTH, drawn, read_file, write_file, write_folder

FRAMES, MASKS = drawn()
MOST = 10_000_000


def colours(film):
    return np.stack([each.colours for each in photographs(film, most_pixels=MOST)])


def read_masks(path, film):
    return np.stack(list(masks(masks_of(path, film), skipped=lambda _: False, most_pixels=MOST)))


@pytest.fixture
def folder(tmp_path):
    return read_film(write_folder(tmp_path / "frames", FRAMES))


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("frame_10.png", "frame_9.png", "Frame_1.png", "2.png", "frame_9b.png", ".frame_0.png", "notes.txt"):
        (tmp_path / name).write_bytes(encode_png(FRAMES[0]))
    assert [path.name for path in frames_in(tmp_path)] == ["2.png", "Frame_1.png", "frame_9.png", "frame_9b.png", "frame_10.png"]


def test_a_film_is_read_frame_by_frame(tmp_path, folder):
    film = read_film(write_file(tmp_path / "film: 1.avi", FRAMES, frame_rate=12.5))
    assert film[2:] == (12.5, LENGTH, (48, 32))
    assert_array_equal(colours(film), FRAMES)
    assert_array_equal(colours(folder), FRAMES)
    assert (folder.frame_rate, folder.length) == (25.0, LENGTH)
    skipped = list(photographs(film, skipped=lambda index: index != 2, most_pixels=MOST))
    assert [each is None for each in skipped] == [index != 2 for index in range(LENGTH)]
    assert_array_equal(skipped[2].colours, FRAMES[2])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "film.mp4: an empty file; expected a video"),
        (b"hello " * 99, "film.mp4: not a readable video"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://localhost/a.mp4\n#EXT-X-ENDLIST\n", "film.mp4: not a readable video"),
        (b"ffconcat version 1.0\nfile 'other.mp4'\n", "film.mp4: not a readable video"),
    ],
)
def test_a_file_that_is_no_video_is_refused_without_a_word_of_ffmpeg(tmp_path, capfd, data, message):
    write_file(tmp_path / "other.mp4", FRAMES)
    (tmp_path / "film.mp4").write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_film(tmp_path / "film.mp4")
    assert capfd.readouterr() == ("", "")


def test_a_video_that_is_cut_off_is_refused(tmp_path, capfd):
    long, _ = drawn(60)
    data = write_file(tmp_path / "film.avi", long).read_bytes()
    (tmp_path / "film.avi").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"film\.avi: says that it has 60 frames, and (2|3)\d can be read; expected a whole video"):
        colours(read_film(tmp_path / "film.avi"))
    assert capfd.readouterr() == ("", "")


def test_a_file_that_miscounts_by_one_is_read_and_said(tmp_path, caplog):
    film = read_film(write_file(tmp_path / "film.avi", FRAMES))
    with caplog.at_level(logging.WARNING):
        assert len(colours(film._replace(length=LENGTH + 1))) == LENGTH
    assert "says that it has 13 frames, and 12 can be read; these are taken" in caplog.text


@pytest.mark.parametrize("rate", [0.0, 90_000.0, float("nan")])
def test_a_rate_that_cannot_be_is_asked_for(tmp_path, monkeypatch, rate):
    path = write_file(tmp_path / "film.avi", FRAMES)

    class Capture:
        def __init__(self, *arguments):
            self.real = cv2.VideoCapture(*arguments)

        def __getattr__(self, name):
            return getattr(self.real, name)

        def get(self, what):
            return rate if what == cv2.CAP_PROP_FPS else self.real.get(what)

    monkeypatch.setattr(films, "cv2", SimpleNamespace(**vars(cv2) | {"VideoCapture": Capture}))
    with pytest.raises(InputError, match=r"frames a second; expected more than 0, at most 1000; give it as --frame-rate N"):
        read_film(path)
    assert read_film(path, frame_rate=24).frame_rate == 24
    with pytest.raises(InputError, match="--frame-rate -1: expected more than 0"):
        read_film(path, frame_rate=-1)


def test_frames_of_several_sizes_are_refused(tmp_path, folder):
    (folder.path / "frame_7.png").write_bytes(encode_png(FRAMES[0][:, :40]))
    with pytest.raises(InputError, match=r"frame_7\.png: 40x32 pixels; expected 48x32"):
        colours(folder)
    film = read_film(write_file(tmp_path / "film.avi", FRAMES))
    with pytest.raises(InputError, match="48x32 pixels; expected at most 1000"):
        next(photographs(film, most_pixels=1000))


def test_masks_of_every_kind(tmp_path, folder):
    assert_array_equal(read_masks(write_folder(tmp_path / "masks", MASKS), folder), MASKS)
    one = masks(masks_of(tmp_path / "masks" / "frame_1.png", folder), skipped=lambda _: False, most_pixels=MOST)
    assert_array_equal(np.stack(list(islice(one, 3))), MASKS[:1].repeat(3, 0))
    film = read_film(write_file(tmp_path / "film.avi", FRAMES))
    assert_array_equal(read_masks(write_folder(tmp_path / "other names", MASKS), film), MASKS)


@pytest.mark.parametrize("lossy", ["mp4", "jpg"])
def test_the_noise_of_lossy_masks_is_cleaned(tmp_path, folder, lossy):
    if lossy == "mp4":
        made = read_masks(write_file(tmp_path / "masks.mp4", MASKS), folder)
        raw = read_file(tmp_path / "masks.mp4")[..., 1]
    else:
        (tmp_path / "masks").mkdir()
        for time, mask in enumerate(MASKS, start=1):
            (tmp_path / "masks" / f"frame_{time}.jpg").write_bytes(encode_jpeg(mask, quality=80))
        made = read_masks(tmp_path / "masks", folder)
        raw = np.stack([cv2.imread(str(tmp_path / "masks" / f"frame_{time}.jpg"), 0) for time in range(1, LENGTH + 1)])
    far = np.stack([cv2.dilate(mask, np.ones((17, 17))) for mask in MASKS]) == 0
    inside = np.stack([cv2.erode(mask, np.ones((17, 17))) for mask in MASKS]) > 250
    assert (made[far] == 0).all()
    assert (made[inside] == 255).all()
    assert ((raw > 0) & (raw < 17)).any()
    assert not ((made > 0) & (raw <= 16)).any()


def test_a_video_mask_keeps_its_soft_edge_and_its_empty_frames(tmp_path, folder):
    made = read_masks(write_file(tmp_path / "masks.avi", MASKS), folder)
    assert set(np.unique(made)) == {0, 96, 255}  # of 100, of which the noise's share was taken
    assert not made[EMPTY].any()


def test_a_frame_of_a_folder_may_show_a_soft_edge_alone(tmp_path, folder):
    faint = MASKS.copy()
    faint[5] = MASKS[5] // 4
    assert_array_equal(read_masks(write_folder(tmp_path / "masks", faint), folder), faint)


def test_a_mask_is_found_by_the_frame_s_name(tmp_path, folder):
    write_folder(tmp_path / "masks", MASKS)
    (tmp_path / "masks" / "frame_2.png").rename(tmp_path / "masks" / "frame_2_mask.png")
    assert_array_equal(read_masks(tmp_path / "masks", folder), MASKS)
    (tmp_path / "masks" / "frame_2.jpg").write_bytes(encode_jpeg(MASKS[0]))
    with pytest.raises(InputError, match="a second mask of frame_2"):
        masks_of(tmp_path / "masks", folder)


def test_masks_of_no_frame_and_a_mask_among_the_frames_are_refused(tmp_path, folder):
    write_folder(tmp_path / "masks", MASKS)
    (tmp_path / "masks" / "frame_99.png").write_bytes(encode_png(MASKS[0]))
    with pytest.raises(InputError, match=r"masks: 1 masks of no frame \(frame_99\.png\); expected a mask for each of 12 frames"):
        masks_of(tmp_path / "masks", folder)
    with pytest.raises(InputError, match=r"frame_3\.png: the mask of all frames is also a frame of"):
        masks_of(folder.frames[2], folder)


def test_a_list_of_other_files_is_not_followed_whatever_the_user_has_set(tmp_path, monkeypatch):
    write_file(tmp_path / "secret.avi", FRAMES)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile secret.avi\n")
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "threads;1")
    with pytest.raises(InputError, match="not a readable video"):
        read_film(tmp_path / "list.mp4")
    assert os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] == "threads;1"


def test_masks_that_are_not_there_are_named(tmp_path, folder):
    write_folder(tmp_path / "masks", MASKS)
    for time in (2, 5, 7, 11):
        (tmp_path / "masks" / f"frame_{time}.png").unlink()
    with pytest.raises(InputError, match=r"no mask of 4 of 12 frames \(frame_2\.png, frame_5\.png, frame_7\.png, \.\.\.\)"):
        masks_of(tmp_path / "masks", folder)


def test_a_film_in_colours_is_no_mask(tmp_path, folder):
    coloured = np.zeros_like(FRAMES)
    coloured[:, :16] = (200, 30, 30)
    with pytest.raises(InputError, match=r"masks\.avi, frame 1: in colours; expected a mask"):
        read_masks(write_file(tmp_path / "masks.avi", coloured), folder)


def test_a_full_disk_is_noticed(tmp_path, monkeypatch):
    class Writer:
        fourcc = cv2.VideoWriter.fourcc

        def __init__(self, *arguments):
            self.real = cv2.VideoWriter(*arguments)

        def __getattr__(self, name):
            return getattr(self.real, name)

        def write(self, frame):
            if frame[0, 0, 0] != 9:
                self.real.write(frame)

    monkeypatch.setattr(film_files, "cv2", SimpleNamespace(**vars(cv2) | {"VideoWriter": Writer}))
    frames = FRAMES.copy()
    frames[-2:, 0, 0] = 9
    with pytest.raises(OSError, match="10 of 12 frames could be written"):
        write_video(tmp_path / "film.mp4", iter(frames), frame_rate=25)


def test_a_rate_that_a_file_cannot_have_is_refused(tmp_path, capfd):
    with pytest.raises(InputError, match=r"film\.mp4: OpenCV writes no \.mp4 of 48x32 pixels at 0 frames a second"):
        write_video(tmp_path / "film.mp4", iter(FRAMES), frame_rate=0)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """A program that notes its arguments and writes what it is told to."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.arguments"\nfor last; do :; done\necho with sound > "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def test_sound_is_copied_by_ffmpeg(tmp_path, ffmpeg):
    silent, source = write_file(tmp_path / "film.mp4", FRAMES), write_file(tmp_path / "in.avi", FRAMES)
    assert with_sound(silent, source) == "copied"
    assert silent.read_text() == "with sound\n"
    arguments = ffmpeg.with_name("ffmpeg.arguments").read_text().splitlines()
    assert arguments[4:8] == ["-i", str(silent), "-i", str(source)]
    assert arguments[8:-1] == ["-map", "0:v:0", "-map", "1:a?", "-c", "copy", "-fflags", "+bitexact", "-f", "mp4"]
    assert not (tmp_path / "sound.mp4").exists()


def test_a_film_without_sound_is_better_than_none(tmp_path, monkeypatch, ffmpeg):
    silent = write_file(tmp_path / "film.mp4", FRAMES)
    before = silent.read_bytes()
    ffmpeg.write_text("#!/bin/sh\necho first >&2\necho '[out#0/avi @ 0x55] no room for opus' >&2\nexit 1\n")
    assert with_sound(silent, silent) == "sound, if there is any, was not copied: ffmpeg says no room for opus"
    monkeypatch.setattr(film_files.shutil, "which", lambda _: None)
    assert with_sound(silent, silent) == "sound, if there is any, was not copied: ffmpeg is not installed"
    assert silent.read_bytes() == before
