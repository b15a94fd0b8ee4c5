"""``harmonize detect PHOTO`` and ``harmonize PHOTO --detect``: what is written, what is said, and what is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

import imharmony
from imharmony.harmonizing.detection import ALL
from imharmony.pictures.images import encode_png, read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.portable.export import export_detector
from tests.imharmony.commands.called import call
from tests.imharmony.detectors import certain_detector, detector_of_colours
from tests.imharmony.environment import users_environment

DETECTORS = {
    "seeing": detector_of_colours,
    "blind": lambda path: certain_detector(path, logit=-20.0),
    "certain": lambda path: certain_detector(path, logit=8.0),
}
RED = (slice(15, 45), slice(8, 28))


@pytest.fixture(scope="module")
def detectors(tmp_path_factory):
    """Files ``seeing.onnx`` (red is too bright), ``blind.onnx`` (nothing is wrong), ``certain.onnx`` (all is), and their weights."""
    folder = tmp_path_factory.mktemp("detectors")
    for name, made in DETECTORS.items():
        export_detector(made(folder / f"{name}.safetensors"), folder / f"{name}.onnx", limit=0.6)
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch, detectors):
    for path in detectors.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "photo.png").write_bytes(encode_png(photograph()))
    monkeypatch.setattr("imharmony.harmonizing.detectors.PACKAGED", "none.onnx")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def photograph() -> np.ndarray:
    photo = np.clip(np.random.default_rng(0).normal((150, 120, 110), 20, (60, 80, 3)), 0, 255).astype(np.uint8)
    photo[RED] = (250, 6, 6)
    return photo


def look(monkeypatch, photo, *options, detector="seeing.onnx"):
    call(monkeypatch, "detect", photo, "--detector", detector, *options)


def correct(monkeypatch, photo, *options, detector="seeing.onnx"):
    call(monkeypatch, photo, "--detect", "--detector", detector, *options)


@pytest.mark.parametrize("detector", ["seeing.onnx", "seeing.safetensors"])
def test_what_is_found_is_said_and_drawn(monkeypatch, folder, capsys, detector):
    look(monkeypatch, "photo.png", detector=detector)
    sentence, *files = capsys.readouterr().out.splitlines()
    assert sentence.startswith("what is on the left ")
    assert files == ["photo_detected.png", "photo_mask.png"]
    heat, mask = read_rgb(folder / "photo_detected.png"), read_mask(folder / "photo_mask.png")
    assert heat[30, 18].argmax() == 1
    assert (np.ptp(heat[:, 40:], axis=2) <= 1).all()
    assert mask[30, 18] > 240
    assert mask[:, 40:].max() == 0


def test_nothing_found_is_no_error_and_no_mask(monkeypatch, folder, capsys):
    look(monkeypatch, "photo.png", detector="blind.onnx")
    assert capsys.readouterr().out == "nothing found\nphoto_detected.png\n"
    assert not (folder / "photo_mask.png").exists()


def test_all_of_it_wrong_is_said_and_no_mask(monkeypatch, folder, capsys):
    look(monkeypatch, "photo.png", detector="certain.onnx")
    assert capsys.readouterr().out == f"{ALL}\nphoto_detected.png\n"
    assert not (folder / "photo_mask.png").exists()


@pytest.mark.usefixtures("folder")
def test_the_same_as_json(monkeypatch, capsys):
    look(monkeypatch, "photo.png", "--json")
    said = json.loads(capsys.readouterr().out)
    (found,) = said["findings"]
    assert (found["kind"], found["place"], found["sentence"]) == ("too bright", "on the left", said["words"])
    assert found["stops"] == pytest.approx(-found["change"]["stops"], abs=1e-3)
    left, top, right, bottom = found["box"]
    assert abs(np.subtract((left, top, right, bottom), (8, 15, 28, 45))).max() <= 2
    assert (said["heat_map"], said["mask"], said["everywhere"]) == ("photo_detected.png", "photo_mask.png", False)
    look(monkeypatch, "photo.png", "--json", detector="blind.onnx")
    said = json.loads(capsys.readouterr().out)
    assert (said["findings"], said["words"], said["mask"]) == ([], "nothing found", None)


def test_where_the_pictures_go(monkeypatch, folder, capsys):
    look(monkeypatch, "photo.png", "-o", "a/folder")
    look(monkeypatch, "photo.png", "-o", "seen.png")
    assert capsys.readouterr().out.splitlines()[1::3] == ["a/folder/photo_detected.png", "seen.png"]
    assert all((folder / name).is_file() for name in ("a/folder/photo_mask.png", "seen.png", "seen_mask.png"))
    look(monkeypatch, "photo.png", "-o", "a/folder")  # once more: the same files


def test_a_mask_that_somebody_made_is_not_written_over(monkeypatch, folder, capsys):
    (folder / "photo_mask.png").write_bytes(b"drawn by hand")
    with pytest.raises(SystemExit) as stop:
        look(monkeypatch, "photo.png")
    assert stop.value.code == 2
    assert "photo_mask.png: is there already, and may be a mask that somebody made" in capsys.readouterr().err
    assert (folder / "photo_mask.png").read_bytes() == b"drawn by hand"
    assert not (folder / "photo_detected.png").exists()
    (folder / "seen_mask.png").write_bytes(b"named by the user")
    look(monkeypatch, "photo.png", "-o", "seen.png")
    assert read_mask(folder / "seen_mask.png").any()


def test_both_steps_are_the_two_commands_one_after_the_other(monkeypatch, folder, capsys):
    look(monkeypatch, "photo.png")
    words = capsys.readouterr().out.splitlines()[0]
    correct(monkeypatch, "photo.png", "-o", "both.png")
    assert capsys.readouterr().out.splitlines() == ["both.png", words]
    call(monkeypatch, "photo.png", "photo_mask.png", "-o", "one_by_one.png")
    assert (folder / "both.png").read_bytes() == (folder / "one_by_one.png").read_bytes()
    made, photo = read_rgb(folder / "both.png"), photograph()
    assert (made[:, 40:] == photo[:, 40:]).all()
    assert (made[RED] != photo[RED]).any()


@pytest.mark.parametrize(("detector", "words"), [("blind.onnx", "nothing found"), ("certain.onnx", ALL)])
def test_nothing_to_correct_leaves_the_photograph(monkeypatch, folder, capsys, detector, words):
    correct(monkeypatch, "photo.png", "--explain", "--cautious", detector=detector)
    assert capsys.readouterr().out == f"photo_harmonized.png\n{words}\n"
    assert (read_rgb(folder / "photo_harmonized.png") == photograph()).all()
    assert not (folder / "photo_harmonized_before_after.jpg").exists()
    correct(monkeypatch, "photo.png", "--json", detector=detector)
    said = json.loads(capsys.readouterr().out)
    assert (said["found"], said["words"], said["left_as_it_was"], said["strength"]) == ([], words, True, 0)


def test_the_options_of_harmonizing_work_with_it(monkeypatch, folder, capsys):
    correct(monkeypatch, "photo.png", "--strength", 0, "-o", "none.png")
    assert (read_rgb(folder / "none.png") == photograph()).all()
    correct(monkeypatch, "photo.png", "--model", "reinhard", "--explain", "-o", "explained.png")
    wanted = imharmony.harmonize(photograph(), imharmony.detect("photo.png", detector="seeing.onnx").mask, model="reinhard")
    assert (read_rgb(folder / "explained.png") == wanted).all()
    assert (folder / "explained_before_after.jpg").is_file()
    capsys.readouterr()
    monkeypatch.setattr("imharmony.harmonizing.api.LEAST_TRUST", 1.1)
    correct(monkeypatch, "photo.png", "--cautious", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["left_as_it_was"], len(said["found"])) == (True, 1)
    assert (read_rgb(folder / "photo_harmonized.png") == photograph()).all()


def damaged(folder):
    data = (folder / "seeing.onnx").read_bytes()
    (folder / "half.onnx").write_bytes(data[: len(data) // 2])
    (folder / "half.safetensors").write_bytes((folder / "seeing.safetensors").read_bytes()[:500])
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "folder.onnx").mkdir()
    (folder / "broken.png").write_bytes((folder / "photo.png").read_bytes()[:200])
    (folder / "mask.png").write_bytes(encode_png(np.eye(60, 80, dtype=np.uint8) * 255))


SEEING = ["--detector", "seeing.onnx"]
WRONG = [
    (["detect", "photo.png"], "none.onnx: not in this package"),
    (["photo.png", "--detect"], "none.onnx: not in this package"),
    (["detect"], "the following arguments are required: photo; see harmonize detect --help"),
    (["detect", "photo.png", "--detector", "half.onnx"], "half.onnx: not a whole ONNX file"),
    (["detect", "photo.png", "--detector", "half.safetensors"], "half.safetensors: "),
    (["detect", "photo.png", "--detector", "empty.onnx"], "empty.onnx: not a whole ONNX file"),
    (["detect", "photo.png", "--detector", "folder.onnx"], "folder.onnx: not a file"),
    (["detect", "photo.png", "--detector", "no.onnx"], "no.onnx: no such file"),
    (["detect", "photo.png", "--detector", "photo.png"], "photo.png: not the name of a detector; expected a file .onnx or .safetensors"),
    (["photo.png", "--detect", "--detector", "half.onnx"], "half.onnx: not a whole ONNX file"),
    (["detect", ".", *SEEING], ".: a folder; expected the file of an image"),
    (["detect", "folder.onnx", *SEEING], "folder.onnx: a folder; expected the file of an image"),
    (["folder.onnx", "--detect", *SEEING], "folder.onnx: a folder; expected the file of an image"),
    (["detect", "no.png", *SEEING], "no.png: no such file"),
    (["detect", "broken.png", *SEEING], "broken.png: not a readable image"),
    (["detect", "photo.png", *SEEING, "-o", "photo.png"], "photo.png: is also what is read, and would be lost"),
    (["detect", "photo.png", *SEEING, "-o", "seen.jpg"], "seen.jpg: cannot write '.jpg'; expected a folder, or a name that ends in .png"),
    (["detect", "photo.png", *SEEING, "--max-megapixels", "0"], "--max-megapixels 0: expected 1"),
    (["detect", ""], "no name of a file"),
    (["photo.png", "mask.png", "--detect", *SEEING], "mask.png: a mask beside --detect, which finds what is wrong without a mask"),
    (["photo.png", "--background", "mask.png", "--detect", *SEEING], "mask.png: a background beside --detect"),
    (["photo.png"], "photo.png: no mask; expected one that is white where the pasted object is; name it (harmonize PHOTO MASK), let it be"),
    (["photo.png", "mask.png", *SEEING], "--detector seeing.onnx: nothing is to be found; expected --detect with it"),
    (["photo.png", "--detect", *SEEING, "-o", "seeing.onnx"], "seeing.onnx: cannot write '.onnx'"),
    (["photo.png", "--detect", *SEEING, "--model", "reinhard", "--cautious"], "--cautious: reinhard does not tell how sure it is"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_input_is_one_line_and_exit_code_2_and_nothing_is_written(monkeypatch, folder, capsys, arguments, message):
    damaged(folder)
    before = sorted(folder.iterdir())
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, *arguments)
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert message in error
    assert error.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_help_names_it(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "--help")
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "harmonize detect" in said
    assert "--detect " in said
    with pytest.raises(SystemExit):
        call(monkeypatch, "detect", "-h")
    assert "usage: harmonize detect" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["detect", "photo.png"], ["photo.png", "--detect"]], ids=["detect", "--detect"])
def test_the_commands_load_nothing_heavy(folder, arguments):
    """What is not there cannot be needed."""
    heavy = ("torch", "pandas", "pyarrow", "lightning_fabric", "dvc", "prefect", "pydantic", "httpx")
    script = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({heavy!r}))\n"
        f"sys.argv = ['harmonize', *{arguments!r}, '--detector', 'seeing.onnx']\n"
        "from imharmony.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=users_environment()
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "what is on the left" in done.stdout


def test_weights_without_torch_say_what_to_install(folder):
    script = (
        "import sys\nsys.modules['torch'] = None\n"
        "sys.argv = ['harmonize', 'detect', 'photo.png', '--detector', 'seeing.safetensors']\nfrom imharmony.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "seeing.safetensors: its weights need torch, which is not installed; expected it" in done.stderr
