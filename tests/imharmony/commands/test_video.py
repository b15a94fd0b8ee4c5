"""``harmonize video``: what is written, what is said, and what is refused."""

import json
import logging
import subprocess
import sys

import numpy as np
import pytest

from imharmony.commands.video import doubts
from imharmony.harmonizing import film_files, video
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.video import Filmed
from imharmony.pictures.images import encode_png
from tests.conftest import ROOT
from tests.imharmony.commands.called import call, refused
from tests.imharmony.drawn_films import LENGTH, Lifting, drawn, files_of, read_file, write_file, write_folder, write_place

FRAMES, MASKS = drawn()
SILENT = "sound, if there is any, was not copied: ffmpeg is not installed"
DONE = Filmed(ROOT / "out", 10, 2, 0, 25.0, "both-ways", False, 1.0, 0.9, False, None)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(film_files.shutil, "which", lambda _: None)
    monkeypatch.chdir(tmp_path)
    return write_place(tmp_path, FRAMES, MASKS, ending=".mp4")


def test_a_film_beside_the_film(monkeypatch, place, capfd, caplog):
    with caplog.at_level(logging.WARNING):
        call(monkeypatch, "video", "film.mp4", "--mask", "masks.mp4")
    assert capfd.readouterr().out == "film_harmonized.mp4\n12 frames, 1 of them without a mask, smoothed both ways\n"
    assert caplog.messages[-1] == SILENT
    before, after = read_file(place / "film.mp4").astype(int), read_file(place / "film_harmonized.mp4").astype(int)
    apart = np.abs(after - before).mean(axis=3)
    assert apart[MASKS == 255].mean() > 2 * apart[:, 26:].mean()


def test_a_folder_beside_the_folder_as_json(monkeypatch, place, capfd):
    call(monkeypatch, "video", "frames", "--mask", "masks", "--json", "--frame-rate", "50", "--smooth", "exponential")
    said = json.loads(capfd.readouterr().out)
    assert said.pop("seconds") > 0
    assert 0 < said.pop("trust") <= 1
    expected = {"output": "frames_harmonized", "model": "starter", "strength": 1.0, "left_as_it_was": False, "frames": LENGTH}
    expected |= {"without_mask": 1, "frame_rate": 50.0, "smooth": "exponential", "frame_by_frame": False, "sound": None}
    assert said == expected
    assert len(files_of(place / "frames_harmonized")) == LENGTH


@pytest.mark.usefixtures("place")
def test_a_classical_method_goes_frame_by_frame(monkeypatch, capfd):
    call(monkeypatch, "video", "frames", "--mask", "masks", "--model", "reinhard", "-o", "out")
    assert (
        capfd.readouterr().out == "out\n12 frames, 1 of them without a mask, frame by frame: what reinhard changes depends on the place\n"
    )


def test_a_film_that_caution_leaves(monkeypatch, place, capfd):
    monkeypatch.setattr(video.Harmonizer, "load", lambda *_, **__: Harmonizer(Lifting(trust=0.1)))
    call(monkeypatch, "video", "film.mp4", "--mask", "masks", "--cautious")
    assert capfd.readouterr().out == "film_harmonized.mp4\nleft as it was: no improvement is expected\n"
    assert (place / "film_harmonized.mp4").read_bytes() == (place / "film.mp4").read_bytes()


def test_an_inverted_mask_is_used_and_said(monkeypatch, place, capfd, caplog):
    write_folder(place / "inverted", 255 - MASKS[:, :, ::-1] * (MASKS > 0).any((1, 2))[:, None, None])
    (place / "inverted" / "frame_4.png").write_bytes(encode_png(255 - MASKS[0]))
    for direction, said in (("foreground", ["probably inverted; invert it, or --direction background"]), ("background", [])):
        caplog.clear()
        call(monkeypatch, "video", "frames", "--mask", "inverted", "-o", direction, "--direction", direction)
        assert [line.partition("picture: ")[2] for line in caplog.messages if "inverted" in line] == said
    capfd.readouterr()


@pytest.mark.parametrize(
    ("done", "direction", "lines"),
    [
        (DONE, "foreground", []),
        (DONE._replace(doubtful=4), "foreground", []),
        (DONE._replace(doubtful=5), "background", ["masks: black in 2 of 10 frames, which stay as they are: there the background"]),
        (DONE._replace(doubtful=5), "foreground", ["masks: in 5 of 10 frames white covers"]),
        (DONE._replace(trust=0.3), "foreground", ["the model is not sure that this is better, and made 30 % of its change"]),
        (DONE._replace(trust=0.3, strength=0.0), "foreground", []),
        (DONE._replace(sound="copied"), "foreground", []),
        (DONE._replace(sound=SILENT), "foreground", [SILENT]),
    ],
)
def test_what_is_in_doubt_is_said(done, direction, lines):
    said = doubts(done, ROOT.joinpath("masks").relative_to(ROOT), direction)
    assert [line[: len(start)] for line, start in zip(said, lines, strict=True)] == lines


BROKEN = [
    (("film.mp4",), "the following arguments are required: --mask"),
    (("none.mp4", "--mask", "masks"), "none.mp4: no such file; expected a video, or a folder of its frames"),
    (("junk.mp4", "--mask", "masks"), "junk.mp4: not a readable video"),
    (("nothing.mp4", "--mask", "masks"), "nothing.mp4: an empty file"),
    (("frames/frame_1.png", "--mask", "masks"), "frame_1.png: one picture; expected a video, or a folder of its frames"),
    (("empty", "--mask", "masks"), "empty: no pictures; expected the frames of a film"),
    (("film.mp4", "--mask", "none.png"), "none.png: no such file; expected a picture, a folder or a video of masks"),
    (("film.mp4", "--mask", "none.mp4"), "none.mp4: no such file; expected a picture, a folder or a video of masks"),
    (("film.mp4", "--mask", "junk.mp4"), "junk.mp4: not a readable video; expected a picture, a folder or a video of masks"),
    (("film.mp4", "--mask", "short"), "short: 11 masks, and film.mp4 has 12 frames; expected a mask for each frame"),
    (("film.mp4", "--mask", "half"), "half: 6 masks, and film.mp4 has 12 frames"),
    (("frames", "--mask", "long.mp4"), "long.mp4: 13 masks, and frames has 12 frames"),
    (("frames", "--mask", "half"), "half: no mask of 6 of 12 frames (frame_7.png, frame_8.png, frame_9.png, ...)"),
    (("film.mp4", "--mask", "small.png"), "small.png: 24x16 pixels; expected 48x32, as film.mp4, frame 1"),
    (("film.mp4", "--mask", "small.mp4"), "small.mp4, frame 1: 24x16 pixels; expected 48x32, as film.mp4, frame 1"),
    (("film.mp4", "--mask", "black.png"), "black.png: black in every frame; expected white where the pasted object is"),
    (("film.mp4", "--mask", "black.mp4"), "black.mp4: black in every frame"),
    (("film.mp4", "--mask", "white.png"), "white.png: the mask is white everywhere"),
    (("frames", "--mask", "labels"), "labels: the largest level of all masks is 38, of 255; expected white"),
    (("film.mp4", "--mask", "film.mp4"), "film.mp4, frame 1: in colours; expected a mask"),
    (("uneven", "--mask", "masks"), "frame_7.png: 40x32 pixels; expected 48x32, as the frames before it"),
    (
        ("film.mp4", "--mask", "masks", "-o", "out.webm"),
        "out.webm: cannot write '.webm'; expected a name that ends in .avi, .m4v, .mov, .mp4",
    ),
    (("film.mp4", "--mask", "masks", "-o", "out"), "out: cannot write a file without an ending"),
    (("film.mp4", "--mask", "masks", "-o", "film.mp4"), "film.mp4: is also what is read"),
    (("film.mp4", "--mask", "masks.mp4", "-o", "masks.mp4"), "masks.mp4: is also what is read"),
    (("frames", "--mask", "masks", "-o", "frames"), "frames: is also what is read"),
    (("frames", "--mask", "masks", "-o", "masks"), "masks: is also what is read"),
    (("frames", "--mask", "masks", "-o", "out.mp4"), "out.mp4: the name of a video's file, but frames in frames become a folder"),
    (("frames", "--mask", "masks", "-o", "black.png"), "black.png: a file, but frames in frames become a folder"),
    (("film.mp4", "--mask", "masks", "-o", "black.png/out.mp4"), "black.png is no folder"),
    (("film.mp4", "--mask", "masks", "--smooth", "both-ways", "--model", "reinhard"), "--smooth both-ways: the change that reinhard says"),
    (("film.mp4", "--mask", "masks", "--smooth", "much"), "invalid choice: 'much'"),
    (("film.mp4", "--mask", "masks", "--strength", "2"), "--strength 2: expected 0"),
    (("film.mp4", "--mask", "masks", "--frame-rate", "0"), "--frame-rate 0: expected more than 0"),
    (("film.mp4", "--mask", "masks", "--model", "nonesuch"), "model 'nonesuch': no such model"),
    (("film.mp4", "--mask", "masks", "--model", "reinhard", "--cautious"), "--cautious: reinhard does not tell"),
    (("film.mp4", "--mask", "masks", "--device", "cuda", "--model", "reinhard"), "reinhard runs on the cpu"),
]


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory):
    """What is refused; nothing is written beside it, so one folder is enough for all."""
    place, black = write_place(tmp_path_factory.mktemp("spoiled"), FRAMES, MASKS, ending=".mp4"), MASKS * 0
    write_folder(place / "short", MASKS[:-1])
    write_folder(place / "half", MASKS[:6])
    write_folder(place / "labels", MASKS // 255 * 38)
    write_folder(place / "uneven", FRAMES)
    write_file(place / "long.mp4", np.concatenate([MASKS, MASKS[:1]]))
    write_file(place / "small.mp4", MASKS[:, ::2, ::2])
    write_file(place / "black.mp4", black)
    pictures = {
        "uneven/frame_7.png": FRAMES[0][:, :40],
        "small.png": MASKS[0][::2, ::2],
        "black.png": black[0],
        "white.png": black[0] + 255,
    }
    for name, pixels in pictures.items():
        (place / name).write_bytes(encode_png(np.ascontiguousarray(pixels)))
    (place / "junk.mp4").write_bytes(b"no film " * 500)
    (place / "nothing.mp4").touch()
    (place / "empty").mkdir()
    return place


@pytest.mark.parametrize(("arguments", "message"), BROKEN, ids=[" ".join(arguments) for arguments, _ in BROKEN])
def test_wrong_input_is_one_line_and_nothing_is_written(monkeypatch, spoiled, capfd, arguments, message):
    monkeypatch.chdir(spoiled)
    before = {path: path.stat().st_mtime_ns for path in spoiled.rglob("*")}
    assert message in refused(monkeypatch, capfd, "video", *arguments)
    assert {path: path.stat().st_mtime_ns for path in spoiled.rglob("*")} == before


def test_odd_sides_are_refused_in_a_file_and_kept_in_a_folder(monkeypatch, place, capfd):
    frames, masks = FRAMES[:, :31, :47], MASKS[:, :31, :47]
    write_folder(place / "odd", frames)
    write_folder(place / "odd_masks", masks)
    call(monkeypatch, "video", "odd", "--mask", "odd_masks")
    assert len(files_of(place / "odd_harmonized")) == LENGTH
    capfd.readouterr()
    monkeypatch.setattr(video, "read_pairs", lambda *_, **__: pairs)
    found = PAIRS(place / "film.mp4", place / "masks", frame_rate=None, max_megapixels=1)
    pairs = found._replace(film=found.film._replace(size=(47, 31)))
    assert "film.mp4: frames of 47x31 pixels; expected even sides" in refused(monkeypatch, capfd, "video", "film.mp4", "--mask", "masks")


PAIRS = video.read_pairs


def test_frames_of_files_that_cannot_be_written_become_png(monkeypatch, place, capfd):
    for path in (place / "frames").iterdir():
        path.rename(path.with_suffix(".bmp"))
    call(monkeypatch, "video", "frames", "--mask", "masks", "-o", "out")
    assert {path.suffix for path in (place / "out").iterdir()} == {".png"}
    (place / "frames" / "frame_1.png").write_bytes(encode_png(FRAMES[0]))
    capfd.readouterr()
    assert "would be written as frame_1.png" in refused(monkeypatch, capfd, "video", "frames", "--mask", "masks", "-o", "other")


def test_help_has_examples(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "video", "--help")
    assert stop.value.code == 0
    assert "harmonize video anna.mp4 --mask anna_mask.mp4" in capsys.readouterr().out


def test_it_starts_light(place):
    code = (
        "import sys; from imharmony.commands.video import run\n"
        "run(['frames', '--mask', 'masks'])\n"
        "print(sorted(sys.modules.keys() & {'torch', 'dvc', 'prefect', 'pandas', 'scipy.optimize'}))"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
