"""``harmonize PHOTO MASK`` and ``harmonize CUTOUT --background PHOTO``: what is written, what is printed, and what is refused."""

import json
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

import imharmony
from imharmony.pictures.images import encode_png, read_rgb
from tests.imharmony.commands.called import call
from tests.imharmony.environment import users_environment


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    photo = np.clip(rng.normal((150, 120, 90), 20, (60, 80, 3)), 0, 255).astype(np.uint8)
    photo[15:45, 20:50] //= 2
    mask = np.zeros((60, 80), np.uint8)
    mask[15:45, 20:50] = 255
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    (tmp_path / "mask.png").write_bytes(encode_png(mask))
    cutout = np.dstack([photo, mask])[10:50, 15:55]
    cv2.imwrite(str(tmp_path / "person.png"), cutout[..., [2, 1, 0, 3]])
    (tmp_path / "street.png").write_bytes(encode_png(np.clip(rng.normal(110, 20, (90, 120, 3)), 0, 255).astype(np.uint8)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_by_default_the_result_lies_beside_the_photograph_made_by_the_model_in_the_package(monkeypatch, folder, capsys):
    call(monkeypatch, "photo.png", "mask.png")
    assert capsys.readouterr().out == "photo_harmonized.png\n"
    wanted = imharmony.harmonize(read_rgb(folder / "photo.png"), folder / "mask.png")
    assert (read_rgb(folder / "photo_harmonized.png") == wanted).all()


def test_the_photographs_folder_is_where_it_lies(monkeypatch, folder, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    call(monkeypatch, folder / "photo.png", folder / "mask.png", "--model", "reinhard")
    assert (folder / "photo_harmonized.png").is_file()


def test_a_cutout_is_laid_on_its_background_and_harmonized_there(monkeypatch, folder, capsys):
    laid = ["person.png", "--background", "street.png", "--at", "30,20", "--model", "reinhard"]
    call(monkeypatch, *laid, "--strength", 0, "-o", "laid.png")
    call(monkeypatch, *laid)
    assert capsys.readouterr().out.split() == ["laid.png", "person_harmonized.png"]
    street, plain, made = (read_rgb(folder / name) for name in ("street.png", "laid.png", "person_harmonized.png"))
    inside = np.zeros(street.shape[:2], bool)
    inside[25:55, 35:65] = True
    assert (plain[~inside] == street[~inside]).all()
    assert (plain[inside].reshape(30, 30, 3) == read_rgb(folder / "photo.png")[15:45, 20:50]).all()
    assert (made[~inside] == street[~inside]).all()
    assert (made == imharmony.harmonize(plain, inside, model="reinhard")).all()


def test_what_was_done_in_words_and_as_json(monkeypatch, folder, capsys):
    call(monkeypatch, "photo.png", "mask.png", "--explain")
    assert "stops brighter" in capsys.readouterr().out
    assert (folder / "photo_harmonized_before_after.jpg").is_file()
    call(monkeypatch, "photo.png", "mask.png", "--json", "--strength", 0.5, "-o", "half.png")
    said = json.loads(capsys.readouterr().out)
    assert said["output"] == "half.png"
    assert said["strength"] == 0.5
    assert said["change"]["stops"] > 0.2
    assert said["before_after"] is None
    assert 0 <= said["trust"] <= 1
    assert not said["left_as_it_was"]


def test_caution_writes_the_photograph_as_it_was_and_says_so(monkeypatch, folder, capsys):
    monkeypatch.setattr("imharmony.harmonizing.api.LEAST_TRUST", 1.1)
    call(monkeypatch, "photo.png", "mask.png", "--cautious", "--explain")
    assert "left as it was: no improvement is expected" in capsys.readouterr().out
    assert (read_rgb(folder / "photo_harmonized.png") == read_rgb(folder / "photo.png")).all()


def test_a_change_of_which_the_model_is_not_sure_is_made_and_said(monkeypatch, folder, caplog):
    call(monkeypatch, "photo.png", "mask.png")
    assert caplog.messages == []
    monkeypatch.setattr("imharmony.harmonizing.api.LEAST_TRUST", 1.1)
    for untouched in (["--cautious"], ["--strength", 0], ["--model", "reinhard"]):
        call(monkeypatch, "photo.png", "mask.png", *untouched)
    assert caplog.messages == []
    call(monkeypatch, "photo.png", "mask.png", "--json", "-o", "made.png")
    (line,) = caplog.messages
    assert re.match(r"the model is not sure that this is better, and made \d+ % of its change; look at the mask", line)
    assert (read_rgb(folder / "made.png") != read_rgb(folder / "photo.png")).any()


def test_the_old_way_works_and_says_the_new_one(monkeypatch, folder, caplog, capsys):
    call(monkeypatch, "photo.png", "mask.png", "old.png", "--model", "reinhard")
    assert capsys.readouterr().out == "old.png\n"
    assert caplog.messages == ["harmonize PHOTO MASK OUT goes with the next release; write: harmonize PHOTO MASK -o OUT"]
    assert (folder / "old.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["photo.png"], "photo.png: no mask; expected one that is white where the pasted object is; name it"),
        (["person.png", "mask.png", "--background", "street.png"], "mask.png: a mask beside --background"),
        (["photo.png", "mask.png", "--at", "1,2"], "--at and --scale place a cut-out; expected --background"),
        (["photo.png", "--background", "street.png"], "photo.png: opaque everywhere; expected a cut-out"),
        (["person.png", "--background", "street.png", "--at", "200,0"], "person.png: at 200,0 it is 40x40 pixels"),
        (["person.png", "--background", "none.png"], "none.png: no such file"),
        (["photo.png", "mask.png", "--strength", "2"], "--strength 2: expected 0"),
        (["photo.png", "mask.png", "--strength", "nan"], "--strength nan: expected 0"),
        (["photo.png", "mask.png", "--model", "nonesuch"], "no such model; expected starter, reinhard, histogram"),
        (["photo.png", "mask.png", "--model", "reinhard", "--cautious"], "--cautious: reinhard does not tell how sure it is"),
        (["photo.png", "mask.png", "out.png", "-o", "out2.png"], "out.png: a second place to write beside -o out2.png"),
        (["photo.png", "mask.png", "-o", "mask.png"], "mask.png: is also what is read, and would be lost"),
        (["photo.png", "mask.png", "-o", "out.xyz"], "out.xyz: cannot write '.xyz'"),
        (["photo.png", "mask.png", "--strength", "abc"], "argument --strength: invalid float value: 'abc'; see harmonize --help"),
        (["", "mask.png"], "no name of a file"),
        ([".", "mask.png"], ".: a folder; expected the file of an image"),
        (["photo.png", "mask.png", "--model", "mask.png"], "no such model; expected starter"),
        (["photo.png", "mask.png", "--model", "reinhard", "--device", "cuda"], "reinhard runs on the cpu"),
        (["photo.png", "mask.png", "--intrinsic", "mask.png"], "leave out --intrinsic"),
        (["photo.png", "mask.png", "--max-megapixels", "0"], "--max-megapixels 0: expected 1 to 1000"),
        (["photo.png", "person.png", "-o", "out.png"], "person.png: the mask is 40x40 pixels; expected 80x60"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2_and_nothing_is_written(monkeypatch, folder, capsys, arguments, message):
    before = sorted(folder.iterdir())
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, *arguments)
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert message in error
    assert error.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_a_place_may_begin_with_a_minus(monkeypatch, folder):
    call(monkeypatch, "person.png", "--background", "street.png", "--at", "-10,-12", "--strength", 0, "-o", "laid.png")
    call(monkeypatch, "person.png", "--background", "street.png", "--at=-10,-12", "--strength", 0, "-o", "same.png")
    assert (folder / "laid.png").read_bytes() == (folder / "same.png").read_bytes()


def test_a_grey_photograph_stays_grey(monkeypatch, folder):
    grey = cv2.cvtColor(read_rgb(folder / "photo.png"), cv2.COLOR_RGB2GRAY)
    cv2.imwrite(str(folder / "grey.png"), grey)
    call(monkeypatch, "grey.png", "mask.png")
    made = cv2.imread(str(folder / "grey_harmonized.png"), cv2.IMREAD_UNCHANGED)
    assert made.ndim == 2
    assert (made != grey).any()


def test_the_version_and_help(monkeypatch, capsys):
    call(monkeypatch, "--version")
    assert capsys.readouterr().out.startswith("imharmony ")
    with pytest.raises(SystemExit):
        call(monkeypatch, "help")
    assert "usage: harmonize" in capsys.readouterr().out


def test_a_closed_standard_output_is_no_error(monkeypatch, folder):
    monkeypatch.setattr(sys, "stdout", None)
    call(monkeypatch, "photo.png", "mask.png", "--model", "reinhard")
    assert (folder / "photo_harmonized.png").is_file()


@pytest.mark.parametrize("place", ["3", "3,", "a,b", "1,2,3"])
@pytest.mark.usefixtures("folder")
def test_a_place_that_is_none_is_refused_with_how_to_write_one(monkeypatch, capsys, place):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "person.png", "--background", "street.png", "--at", place)
    assert stop.value.code == 2
    assert "such as 120,40" in capsys.readouterr().err


def test_the_command_loads_nothing_heavy(folder):
    """For the model in the package, and for help; what is not there cannot be needed."""
    heavy = ("torch", "pandas", "pyarrow", "pycocotools", "lightning_fabric", "dvc", "prefect", "pydantic", "httpx")
    script = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({heavy!r}))\n"
        "sys.argv = ['harmonize', 'photo.png', 'mask.png']\n"
        "from imharmony.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=users_environment()
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "photo_harmonized.png").is_file()


def test_a_command_that_needs_more_says_what_to_install(tmp_path):
    """In a process of its own: here other tests have loaded what must be missing."""
    script = (
        "import sys\nsys.modules['pyarrow'] = None\nsys.argv = ['harmonize', 'score', '--help']\nfrom imharmony.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("this needs pyarrow, which is not installed; pip install 'imharmony[library]'")
