"""A folder of photographs: each becomes a result or a row that says why not, and nothing is done twice."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from imharmony.commands import folder, folder_work
from imharmony.commands.folder import LOCK, run
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.models import Said
from imharmony.storage.locks import held
from tests.imharmony.drawn_pairs import CUT_OUT, MASK, PHOTO, write_png

MODEL = ("--model", "reinhard")


@pytest.fixture
def place(tmp_path):
    """A folder of two photographs with masks in it, and one with two masks."""
    for name in ("a", "b", "two"):
        write_png(tmp_path / "in" / f"{name}.png", PHOTO)
    for name in ("a_mask", "b_mask", "two_mask_1"):
        write_png(tmp_path / "in" / f"{name}.png", MASK)
    write_png(tmp_path / "in" / "two_mask_2.png", np.roll(MASK, 20, axis=1))
    return tmp_path


def call(place, *options, out="out", workers="1"):
    text, code = run([str(place / "in"), str(place / out), "--workers", workers, *MODEL, *options])
    return text.splitlines(), code


def rows(place, out="out"):
    with (place / out / "harmonized.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_each_mask_makes_a_result_and_a_row(place):
    lines, code = call(place)
    assert lines == [f"4 harmonized, 0 left as they were, 0 failed, 0 done before; table: {place / 'out' / 'harmonized.csv'}"]
    assert code == 0
    assert [(row["photo"], row["mask"], row["output"], row["status"]) for row in rows(place)] == [
        ("a.png", "a_mask.png", "a.png", "harmonized"),
        ("b.png", "b_mask.png", "b.png", "harmonized"),
        ("two.png", "two_mask_1.png", "two_1.png", "harmonized"),
        ("two.png", "two_mask_2.png", "two_2.png", "harmonized"),
    ]
    for row in rows(place):
        changed = (pixels(place / "out" / row["output"]) != PHOTO).any(axis=2)
        assert changed.any()
        assert not changed[pixels(place / "in" / row["mask"]) == 0].any()
    assert "brighter" in rows(place)[0]["words"]
    assert float(rows(place)[0]["seconds"]) < 10


def test_masks_are_joined(place):
    call(place, "--together")
    changed = (pixels(place / "out" / "two.png") != PHOTO).any(axis=2)
    assert not changed[np.maximum(MASK, np.roll(MASK, 20, axis=1)) == 0].any()
    assert changed[15:45, 20:25].any()
    assert changed[15:45, 60:70].any()
    assert rows(place)[2]["mask"] == "two_mask_1.png + two_mask_2.png"


def test_masks_of_other_sizes_are_not_joined(place):
    write_png(place / "in" / "two_mask_2.png", MASK[::2, ::2])
    lines, code = call(place, "--together")
    assert "40x30 pixels; expected 80x60" in lines[0]
    assert code == 1


def test_what_is_done_is_not_done_again(place):
    call(place)
    first, table = {path: path.stat().st_mtime_ns for path in (place / "out").glob("*.png")}, rows(place)
    assert call(place)[0][-1].startswith("0 harmonized, 0 left as they were, 0 failed, 4 done before")
    assert {path: path.stat().st_mtime_ns for path in first} == first
    assert rows(place) == table
    write_png(place / "in" / "a_mask.png", np.roll(MASK, 5, axis=0))
    (place / "out" / "b.png").unlink()
    assert call(place)[0][-1].startswith("2 harmonized, 0 left as they were, 0 failed, 2 done before")
    assert call(place, "--strength", "0.5")[0][-1].startswith("4 harmonized")
    assert call(place, "--strength", "0.5", "--model", "multiband")[0][-1].startswith("4 harmonized")


def test_a_result_without_its_row_and_a_row_that_was_cut_are_made_anew(place):
    call(place)
    table = place / "out" / "harmonized.csv"
    table.write_bytes(table.read_bytes()[:-30])
    assert call(place)[0][-1].startswith("1 harmonized, 0 left as they were, 0 failed, 3 done before")
    assert len(rows(place)) == 4


def test_a_bad_picture_is_a_row_and_stops_nothing(place):
    (place / "in" / "a.png").write_bytes(b"no picture")
    write_png(place / "in" / "b_mask.png", MASK * 0)
    write_png(place / "in" / "alone.png", PHOTO)
    write_png(place / "in" / "masks" / "lost.png", MASK)
    (place / "in" / "Thumbs.db").touch()
    lines, code = call(place)
    assert code == 1
    assert lines[-1].startswith("2 harmonized, 0 left as they were, 4 failed, 0 done before")
    why = {row["photo"] or row["mask"]: row["why"] for row in rows(place) if row["status"] == "failed"}
    assert "a.png: not a readable image" in why["a.png"]
    assert "b_mask.png: the mask is black everywhere" in why["b.png"]
    assert why["alone.png"].startswith("no mask; expected alone_mask.png")
    assert why["masks/lost.png"].startswith("a mask without a photograph")
    assert [line.partition(": ")[0] for line in lines[:-1]] == ["failed"] * 4
    write_png(place / "in" / "a.png", PHOTO)
    (place / "in" / "alone.png").unlink()
    assert call(place)[0][-1].startswith("1 harmonized, 0 left as they were, 2 failed, 2 done before")
    assert "alone.png" not in {row["photo"] for row in rows(place)}


def test_a_defect_of_ours_stops_nothing_either(place, monkeypatch, caplog):
    made = folder_work._made

    def broken(job, *others):
        if job.photo.name == "a.png":
            raise KeyError("oops")
        return made(job, *others)

    monkeypatch.setattr(folder_work, "_made", broken)
    lines, code = call(place)
    assert (code, lines[-1][:12]) == (1, "3 harmonized")
    assert "a defect of ours (KeyError: 'oops'); please report it" in rows(place)[0]["why"]
    assert "Traceback" in caplog.text


def test_a_mask_that_is_probably_inverted_is_used_and_said(place):
    write_png(place / "in" / "a_mask.png", 255 - MASK)
    call(place)
    assert rows(place)[0]["status"] == "harmonized"
    assert rows(place)[0]["why"].startswith("a_mask.png covers the border and 81 % of the picture: probably inverted")
    call(place, "--direction", "background")
    assert rows(place)[0]["why"] == ""


def test_cut_outs_are_laid_on_a_background(tmp_path):
    for name in ("a", "b"):
        write_png(tmp_path / "in" / f"{name}.png", CUT_OUT)
    background = write_png(tmp_path / "in" / "back.png", np.rot90(PHOTO))
    write_png(tmp_path / "in" / "opaque.png", PHOTO)
    lines, code = call(tmp_path, "--background", str(background), "--scale", "0.5")
    assert (code, lines[-1][:49]) == (1, "2 harmonized, 0 left as they were, 1 failed, 0 do")
    assert pixels(tmp_path / "out" / "a.png").shape == (80, 60, 3)
    assert "opaque everywhere" in rows(tmp_path)[2]["why"]


def test_results_in_the_same_folder_are_not_taken_for_photographs(place):
    before = {path.name: path.read_bytes() for path in (place / "in").iterdir()}
    for expected in ("4 harmonized, 0 left as they were, 0 failed, 0", "0 harmonized, 0 left as they were, 0 failed, 4"):
        assert call(place, out="in")[0][-1].startswith(expected)
    assert {name: (place / "in" / name).read_bytes() for name in before} == before
    assert (place / "in" / "two_2_harmonized.png").is_file()


@pytest.mark.parametrize("has_mask", [True, False])
def test_a_picture_that_is_called_like_a_result_is_not_written_over(place, has_mask):
    own = write_png(place / "in" / "a_harmonized.png", PHOTO).read_bytes()
    if has_mask:
        write_png(place / "in" / "a_harmonized_mask.png", MASK)
    with pytest.raises(InputError, match=r"a\.png: its result would be .*a_harmonized\.png, which is an input"):
        call(place, out="in")
    assert (place / "in" / "a_harmonized.png").read_bytes() == own


def test_results_beside_photographs_are_no_photographs_of_a_later_run_elsewhere(place):
    call(place, out="in")
    lines, code = call(place, out="elsewhere")
    assert (code, lines[-1][:47]) == (0, "4 harmonized, 0 left as they were, 0 failed, 0 ")


def test_a_folder_of_results_inside(place):
    for _ in range(2):
        lines, code = call(place, out="in/results")
    assert (code, lines[-1][:50]) == (0, "0 harmonized, 0 left as they were, 0 failed, 4 don")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["none", "out"], "none: no such folder"),
        (["in/a.png", "out"], "a.png: not a folder"),
        (["in", "in/a.png"], "a.png is no folder"),
        (["empty", "out"], "empty: no pictures"),
        (["in", "out", "--masks", "none"], "none: no such folder"),
        (["in", "out", "--model", "nonesuch"], "nonesuch: no such file; expected a file, or starter"),
        (["in", "out", "--background", "none.jpg"], "none.jpg: no such file"),
        (["in", "out", "--background", "in/a.png", "--together"], "leave out --masks and --together"),
        (["in", "out", "--scale", "2"], "expected --background"),
        (["in", "out", "--strength", "2"], "expected 0"),
        (["in", "out", "--workers", "0"], "expected 1 or more"),
        (["in", "out", "--max-megapixels", "0"], "expected 1 to 1000"),
        (["in", "out", "--model", "reinhard", "--cautious"], "reinhard does not tell how sure it is"),
        (["in", "out", "--workers", "1", "--device", "nonesuch"], "device 'nonesuch': not to be had here"),
    ],
)
def test_what_all_would_fail_by_is_refused_at_once(place, monkeypatch, options, message):
    monkeypatch.chdir(place)
    (place / "empty").mkdir()
    with pytest.raises((InputError, NotADirectoryError), match=message):
        run(options)
    assert not list(place.glob("out/*.png"))


def test_a_full_disk_ends_the_run(place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "out.png")

    monkeypatch.setattr(folder_work, "_made", full)
    with pytest.raises(OSError, match="No space left"):
        call(place)


def test_another_run_on_the_same_results_is_refused(place):
    (place / "out").mkdir()
    with held(place / "out" / LOCK, busy=print), pytest.raises(InputError, match=f"process {os.getpid()} is at work here"):
        call(place)


def test_a_process_that_the_system_ends_takes_one_picture_with_it(place, monkeypatch):
    """The pool of the test says so where the model's process would die."""
    from contextlib import contextmanager

    from imharmony.running.processes import EndedProcessError

    def dying(job):
        if job.photo.name == "b.png":
            raise EndedProcessError
        return folder_work.work(job)

    @contextmanager
    def pool(_workers):
        yield lambda function, jobs: map(dying if function is folder_work.work else function, jobs)

    monkeypatch.setattr(folder, "processes", pool)
    lines, code = call(place, workers="2")
    assert (code, lines[-1][:50]) == (1, "3 harmonized, 0 left as they were, 1 failed, 0 don")
    assert rows(place)[1]["why"].startswith("the process that worked on it was ended by the system")


def test_a_killed_run_goes_on_where_it_ended(tmp_path):
    count = 8
    large = np.tile(PHOTO, (8, 8, 1))
    for number in range(count):
        write_png(tmp_path / "in" / f"{number:02d}.png", large)
        write_png(tmp_path / "in" / f"{number:02d}_mask.png", np.tile(MASK, (8, 8)))
    arguments = ["folder", str(tmp_path / "in"), str(tmp_path / "out"), "--workers", "2", *MODEL]
    code = "from imharmony.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.DEVNULL)
    table = tmp_path / "out" / "harmonized.csv"
    end = time.monotonic() + 60
    while time.monotonic() < end and (not table.is_file() or table.read_bytes().count(b"\n") < 4):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # its processes end with it
    done = table.read_bytes().count(b"\n") - 1
    assert done >= 3
    for path in (tmp_path / "out").glob("*.png"):
        assert pixels(path).shape == large.shape
    lines, code = call(tmp_path)
    assert lines[-1].startswith(f"{count - done} harmonized, 0 left as they were, 0 failed, {done} done before")
    assert len(rows(tmp_path)) == count
    assert code == 0


class Unsure:
    """A model that expects an improvement of the photographs whose mask begins above row 10."""

    name = "unsure"

    def say(self, photo, mask, *, direction):  # noqa: ARG002
        return Said(np.full((3, *mask.shape), 0.1, np.float32), "change", trust=0.9 if mask[:10].any() else 0.1)


def test_with_caution_photographs_are_left_where_nothing_is_expected(place, monkeypatch):
    write_png(place / "in" / "a_mask.png", np.roll(MASK, -10, axis=0))
    (place / "unsure.safetensors").touch()
    monkeypatch.setattr(folder_work, "_harmonizer", lambda _: Harmonizer(Unsure()))
    lines, code = call(place, "--cautious", "--together", "--model", str(place / "unsure.safetensors"))
    assert (code, lines[-1][:50]) == (0, "1 harmonized, 2 left as they were, 0 failed, 0 don")
    assert [(row["status"], row["why"]) for row in rows(place)[:2]] == [("harmonized", ""), ("left", "no improvement is expected")]
    assert np.array_equal(pixels(place / "out" / "b.png"), PHOTO)
    call(place, "--together", "--model", str(place / "unsure.safetensors"))
    assert [row["why"][:59] for row in rows(place)[:2]] == ["", "the model is not sure that this is better, and made 10 % of"]


def test_the_command_comes_without_torch():
    code = "import sys, imharmony.commands.folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
