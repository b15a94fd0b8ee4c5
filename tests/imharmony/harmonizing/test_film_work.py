"""A film's run that ended too early, at any moment, goes on where it ended and makes the same bytes; and needs little memory."""

import os
import shutil
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.harmonizing import film_output, film_work, video
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.film_work import Asked, Work, key_of, work_on
from imharmony.harmonizing.video import harmonize_video
from imharmony.storage.locks import held
from tests.conftest import ROOT
from tests.imharmony.drawn_films import LENGTH, Lifting, drawn, files_of, write_file, write_folder

FRAMES, MASKS = drawn()
# Where runs are stopped: whose function, its name, before which of its calls.
ALWAYS = [(Work, "add", 1), (Work, "add", 6), (film_output.FilmOutput, "keep", 7), (film_output.FilmOutput, "finish", 1)]
STOPS = {
    "frames": [*ALWAYS, (film_output, "encoded", 4), (Work, "begin_moving", 1), (film_output, "_copy", 1)],
    "film.avi": [*ALWAYS, (film_output, "encode_png", 4), (film_output, "read_rgb", 5), (film_output, "with_sound", 1)],
}
CASES = [(kind, by_place, stop) for kind, stops in STOPS.items() for by_place in (False, True) for stop in stops]
FINISH = film_output.FilmOutput.finish
CHILD = """
import os, signal, sys
from imharmony.harmonizing import film_output, film_work, video
from imharmony.harmonizing.api import Harmonizer
from tests.imharmony.drawn_films import Lifting
name, count = sys.argv[1], [int(sys.argv[2])]
owner = {"add": film_work.Work, "keep": film_output.FilmOutput, "read_rgb": film_output}[name]
function = getattr(owner, name)
def ending(*arguments, **options):
    count[0] -= 1
    if count[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **options)
setattr(owner, name, ending)
video.Harmonizer.load = lambda *_, **__: Harmonizer(Lifting())
video.harmonize_video("film.avi", "masks", "out.avi")
"""


class Stopped(BaseException):
    """Where a process would be killed."""


@pytest.fixture
def place(tmp_path):
    write_folder(tmp_path / "frames", FRAMES)
    write_folder(tmp_path / "masks", MASKS)
    write_file(tmp_path / "film.avi", FRAMES)
    return tmp_path


def loaded(monkeypatch, model):
    monkeypatch.setattr(video.Harmonizer, "load", lambda *_, **__: Harmonizer(model))
    return model


def stopped(monkeypatch, place, kind, moment):
    """A run that ends before the call that ``moment`` says, as if it were killed there."""
    owner, name, count = moment
    original, calls = getattr(owner, name), []

    def stopping(*arguments, **options):
        calls.append(1)
        if len(calls) == count:
            raise Stopped
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, stopping)
        with pytest.raises(Stopped):
            harmonize_video(place / kind, place / "masks", place / f"out{Path(kind).suffix}")


def content(path: Path):
    return files_of(path) if path.is_dir() else path.read_bytes()


@pytest.mark.parametrize(("kind", "by_place", "moment"), CASES, ids=[f"{kind}-{by}-{stop[1]}-{stop[2]}" for kind, by, stop in CASES])
def test_what_was_done_is_not_done_again_and_the_result_is_the_same(place, monkeypatch, kind, by_place, moment):
    ending = Path(kind).suffix
    model = loaded(monkeypatch, Lifting(by_place=by_place))
    whole = harmonize_video(place / kind, place / "masks", place / f"whole{ending}").out
    out, parts = place / f"out{ending}", place / f".out{ending}.parts"
    model.asked = 0
    stopped(monkeypatch, place, kind, moment)
    assert out.exists() == (moment[1] == "_copy")  # which is called when all else is made
    times = {path.name: path.stat().st_mtime_ns for path in (parts / "pieces").iterdir()}
    kept = []

    def finish(self, work, **options):
        kept.extend(path for path in (parts / "pieces").iterdir() if times.get(path.name) == path.stat().st_mtime_ns)
        return FINISH(self, work, **options)

    monkeypatch.setattr(film_output.FilmOutput, "finish", finish)
    harmonize_video(place / kind, place / "masks", out)
    in_work = moment[1] in {"add", "keep", "encoded", "encode_png"}
    assert model.asked <= LENGTH - 1 + in_work
    assert len(kept) >= len(times) - (by_place and moment[1] == "add")  # what was made of a frame and not noted is made again
    assert content(out) == content(whole)
    assert not list(place.glob(".*"))


@pytest.mark.parametrize(("name", "count"), [("add", 5), ("keep", 6), ("read_rgb", 7)])
def test_a_killed_process_loses_the_frame_in_work(place, monkeypatch, name, count):
    command = [sys.executable, "-c", CHILD, name, str(count)]
    done = subprocess.run(command, cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert not (place / "out.avi").exists()
    model = loaded(monkeypatch, Lifting())
    harmonize_video(place / "film.avi", place / "masks", place / "out.avi")
    assert model.asked == (LENGTH - 4 if name == "add" else 0)
    loaded(monkeypatch, Lifting())
    harmonize_video(place / "film.avi", place / "masks", place / "whole.avi")
    assert (place / "out.avi").read_bytes() == (place / "whole.avi").read_bytes()
    assert not list(place.glob(".out*"))


@pytest.mark.parametrize("changed", ["mask", "frame", "strength", "smooth", "torn", "zeros"])
def test_work_of_another_key_is_not_used_and_a_torn_line_is_cut_off(place, monkeypatch, changed):
    model, options = loaded(monkeypatch, Lifting()), {}
    stopped(monkeypatch, place, "frames", (film_output.FilmOutput, "finish", 1))
    if changed == "mask":
        write_folder(place / "masks", MASKS[::-1])
    elif changed == "frame":
        write_folder(place / "frames", FRAMES // 2)
    elif changed in {"torn", "zeros"}:
        journal = place / ".out.parts" / "asked.jsonl"
        journal.write_bytes(journal.read_bytes()[:-20] + (bytes(20) if changed == "zeros" else b""))
    else:
        options = {"strength": 0.5} if changed == "strength" else {"smooth": "none"}
    model.asked = 0
    harmonize_video(place / "frames", place / "masks", place / "out", **options)
    assert model.asked == (1 if changed in {"torn", "zeros"} else LENGTH - 1)
    harmonize_video(place / "frames", place / "masks", place / "whole", **options)
    assert files_of(place / "out") == files_of(place / "whole")


def test_two_runs_on_one_output_are_refused_and_so_is_a_folder_of_others(place, monkeypatch):
    loaded(monkeypatch, Lifting())
    parts = place / ".out.parts"
    parts.mkdir()
    with held(parts / ".lock", busy=print), pytest.raises(InputError, match=f"out: process {os.getpid()} is at work on it"):
        harmonize_video(place / "frames", place / "masks", place / "out")
    (parts / "letters.txt").touch()
    with pytest.raises(InputError, match="a folder that is not of this command"):
        harmonize_video(place / "frames", place / "masks", place / "out")
    assert (parts / "letters.txt").is_file()


def failing(out, asked, error):
    with work_on(out, "key") as work:
        work.add(asked)
        raise error


def test_work_stays_on_a_full_disk_and_goes_where_the_input_is_wrong(tmp_path):
    for error, is_kept in ((OSError(28, "No space left on device"), True), (InputError("wrong"), False)):
        with pytest.raises(type(error)):
            failing(tmp_path / "out", Asked(255), error)
        assert (tmp_path / ".out.parts").exists() == is_kept
    with work_on(tmp_path / "out", "key") as work:
        assert work.asked == []


def test_numbers_come_back_to_the_bit(tmp_path):
    numbers = np.random.default_rng(1).normal(size=6).astype(np.float32)
    with pytest.raises(Stopped):
        failing(tmp_path / "out", Asked(255, True, numbers.tolist(), "lab", 0.7), Stopped())
    with work_on(tmp_path / "out", "key") as work:
        assert (np.float32(work.asked[0].parameters) == numbers).all()
        assert work.asked[0][3:] == ("lab", 0.7)


def test_work_of_other_code_is_not_used(place, monkeypatch):
    frame = [[place / "frames" / "frame_1.png"]]
    before = key_of(frame, {})
    monkeypatch.setattr(film_work, "_own_code", lambda: "another")
    assert key_of(frame, {}) != before


@pytest.mark.parametrize("by_place", [False, True])
@pytest.mark.parametrize("lost", ["a piece", "what was moved"])
def test_what_was_made_and_is_gone_is_made_again(place, monkeypatch, by_place, lost):
    loaded(monkeypatch, Lifting(by_place=by_place))
    whole = harmonize_video(place / "frames", place / "masks", place / "whole").out
    moment = (film_output.FilmOutput, "finish", 1) if lost == "a piece" else (film_output, "_copy", 1)
    stopped(monkeypatch, place, "frames", moment)
    if lost == "a piece":
        (place / ".out.parts" / "pieces" / "frame_6.png").unlink()
    else:
        assert (place / "out" / "frame_2.png").is_file()
        shutil.rmtree(place / "out")
    harmonize_video(place / "frames", place / "masks", place / "out")
    assert content(place / "out") == content(whole)


def test_a_rate_that_cannot_be_written_is_refused_before_any_work(place, monkeypatch):
    model = loaded(monkeypatch, Lifting())
    with pytest.raises(InputError, match=r"at 0\.001 frames a second; expected a usual size and rate"):
        harmonize_video(place / "film.avi", place / "masks", place / "out.mp4", frame_rate=0.001)
    assert model.asked == 0


def test_pictures_of_another_film_in_the_output_are_refused(place, monkeypatch):
    loaded(monkeypatch, Lifting())
    write_folder(place / "out", FRAMES)
    (place / "out" / "frame_99.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"out: has pictures that are no frames of .*frames, such as frame_99\.png \(1 in all\)"):
        harmonize_video(place / "frames", place / "masks", place / "out")
    (place / "out" / "frame_99.png").unlink()
    monkeypatch.chdir(place / "out")
    assert harmonize_video(place / "frames", place / "masks", ".").out == place / "out"
    assert not list(place.rglob(".*"))


def test_a_key_is_of_all_that_counts(place):
    frame, mask = place / "frames" / "frame_1.png", place / "masks" / "frame_1.png"
    keys = [key_of([[frame], [mask]], {"a": 1}), key_of([[mask], [frame]], {"a": 1}), key_of([[frame], [mask]], {"a": 2})]
    assert len({*keys, key_of([[frame], [mask]], {"a": 1})}) == 3


@pytest.mark.parametrize("by_place", [False, True])
def test_a_longer_film_takes_no_more_memory(tmp_path, monkeypatch, by_place):
    loaded(monkeypatch, Lifting(by_place=by_place))
    most = []
    for length in (8, 8, 40):  # the first fills what Python keeps
        frames, masks = (np.repeat(np.repeat(each, 3, 1), 3, 2) for each in drawn(length, empty=None))
        write_file(tmp_path / "film.avi", frames)
        write_file(tmp_path / "masks.avi", masks)
        del frames, masks
        tracemalloc.start()
        harmonize_video(tmp_path / "film.avi", tmp_path / "masks.avi", tmp_path / "out.avi")
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    a_frame = 32 * 48 * 9 * 3
    assert most[2] < most[1] + 3 * a_frame
