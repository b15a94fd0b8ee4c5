"""The model that comes with the package: it is there, it is what its card says, and the command uses it."""

import csv
import re
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest

from imharmony.checkpoint import load_harmonizer
from imharmony.cli import main
from imharmony.pictures.images import encode_png, read_rgb
from imharmony.storage.files import sha256_of, write_bytes
from imharmony.storage.weights import read_metadata
from tests.conftest import ROOT

FOLDER = ROOT / "imharmony" / "starter"
MODEL, PORTABLE, CARD, PHOTOGRAPHS = (FOLDER / name for name in ("model.safetensors", "model.onnx", "model_card.md", "photographs.csv"))
MOST_BYTES = 5 << 20
FREE = {"Attribution License", "Attribution-ShareAlike License", "No known copyright restrictions", "United States Government Work"}


@pytest.fixture
def pasted(tmp_path, monkeypatch):
    """A fresh folder, the current one, with a warm square on a cold noise, and the square's mask."""
    rng = np.random.default_rng(0)
    picture = rng.normal((70, 90, 130), 25, (96, 128, 3))
    picture[24:72, 40:88] = rng.normal((190, 140, 80), 25, (48, 48, 3))
    mask = np.zeros((96, 128), np.uint8)
    mask[24:72, 40:88] = 255
    write_bytes(tmp_path / "photo.png", encode_png(np.clip(picture, 0, 255).astype(np.uint8)))
    write_bytes(tmp_path / "mask.png", encode_png(mask))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["harmonize", *arguments])
    main()


def test_without_a_model_the_command_changes_the_foreground_and_nothing_else(monkeypatch, pasted):
    call(monkeypatch, "photo.png", "mask.png", "-o", "out.png")
    before, after, inside = read_rgb(pasted / "photo.png"), read_rgb(pasted / "out.png"), read_rgb(pasted / "mask.png")[..., 0] > 0
    assert (before[~inside] == after[~inside]).all()
    assert np.abs(before[inside].astype(int) - after[inside]).mean() > 1


def test_it_is_the_file_that_the_package_has(monkeypatch, pasted):
    call(monkeypatch, "photo.png", "mask.png", "-o", "out.png")
    call(monkeypatch, "photo.png", "mask.png", "-o", "same.png", "--model", str(MODEL))
    portable, by_torch = (read_rgb(pasted / name).astype(int) for name in ("out.png", "same.png"))
    assert np.abs(portable - by_torch).max() <= 1


def test_wrong_input_is_one_line_without_a_model_too(monkeypatch, pasted, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "none.png", "mask.png", "-o", "out.png")
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (pasted / "out.png").exists()


@pytest.mark.usefixtures("pasted")
def test_a_package_without_it_says_which_file_is_missing(monkeypatch, capsys):
    monkeypatch.setattr("imharmony.harmonizing.models.PORTABLE", "none.onnx")
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "photo.png", "mask.png")
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "none.onnx" in error
    assert error.count("\n") == 1


def test_help_says_which_model_is_used(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        call(monkeypatch, "--help")
    assert "starter (the default, in the package)" in " ".join(capsys.readouterr().out.split())


@pytest.fixture(scope="module")
def listed() -> list[dict[str, str]]:
    with PHOTOGRAPHS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def told(fact: str) -> str:
    """What the card says of a fact."""
    (value,) = re.findall(rf"^\| {re.escape(fact)} \| (.+?) \|$", CARD.read_text(encoding="utf-8"), re.MULTILINE)
    return value.strip("`")


def test_the_card_is_of_these_weights():
    metadata = read_metadata(MODEL)
    assert told("weights, SHA-256") == sha256_of(MODEL)
    assert int(told("weights, bytes")) == MODEL.stat().st_size <= MOST_BYTES
    assert told("code of the training, fingerprint") == metadata["code"]
    assert told("training data, hash") == metadata["data_hash"]
    network = load_harmonizer(MODEL)[0].network
    assert told("restraint") == f"doubt {network.doubt:g}, floor {network.floor:g}"


def test_the_card_counts_the_listed_photographs(listed):
    counts = Counter(row["split"] for row in listed)
    assert told("training data").endswith(f", {counts['train']} photographs to learn from, {counts['val']} to choose by")
    assert counts.keys() == {"train", "val"}
    of_licences = Counter((row["licence"], row["licence_url"], row["split"]) for row in listed)
    for name, url in {(row["licence"], row["licence_url"]) for row in listed}:
        assert f"| [{name}]({url}) | {of_licences[name, url, 'train']} | {of_licences[name, url, 'val']} |" in CARD.read_text(
            encoding="utf-8"
        )


def test_every_listed_photograph_is_free_and_can_be_attributed(listed):
    assert {row["licence"] for row in listed} <= FREE
    assert len({row["image_id"] for row in listed}) == len(listed)
    for row in listed:
        assert re.fullmatch(r"https://www\.flickr\.com/photo\.gne\?id=\d+", row["flickr_page"])
        assert re.fullmatch(r"http://images\.cocodataset\.org/(train|val)2017/\d{12}\.jpg", row["coco_url"])
        assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])


def test_a_wheel_has_the_model_its_card_its_list_and_says_that_it_is_typed(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        for path in (MODEL, PORTABLE, CARD, PHOTOGRAPHS):
            assert opened.read(path.relative_to(ROOT).as_posix()) == path.read_bytes()
        assert "imharmony/py.typed" in opened.namelist()  # PEP 561: without it type checkers take everything for Any
