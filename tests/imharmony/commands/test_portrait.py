"""``harmonize portrait``: what is written, what is said, and what is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from imharmony.cli import main
from imharmony.harmonizing.portrait_file import standing
from imharmony.pictures.images import encode_png, read_rgb
from tests.conftest import ROOT
from tests.imharmony.commands.called import call, refused
from tests.imharmony.portrait_networks import network_of_brightness, portrait

LIGHT = ("torch", "dvc", "prefect", "scipy.optimize", "pandas", "pymatting")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """One that takes what is bright for a person."""
    return network_of_brightness(tmp_path_factory.mktemp("network") / "bright.onnx")


@pytest.fixture
def folder(tmp_path, monkeypatch, network):
    (tmp_path / "net.onnx").write_bytes(network.read_bytes())
    (tmp_path / "photo.png").write_bytes(encode_png(portrait()))
    (tmp_path / "dark.png").write_bytes(encode_png(np.full((50, 40, 3), 30, np.uint8)))
    ground = np.clip(np.random.default_rng(4).normal((90, 70, 50), 15, (100, 160, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(ground).save(tmp_path / "ground.jpg", quality=95, exif=_exif())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "a beach"  # ImageDescription
    return exif


def test_the_person_stands_on_the_background_and_the_rest_is_untouched(monkeypatch, folder, capsys):
    call(
        monkeypatch, "portrait", "photo.png", "--background", "ground.jpg", "--network", "net.onnx", "-o", "out.png", "--model", "reinhard"
    )
    assert capsys.readouterr().out == "out.png\n"
    before, after = read_rgb(folder / "ground.jpg").astype(int), read_rgb(folder / "out.png").astype(int)
    assert before.shape == after.shape
    assert (before[:, :35] == after[:, :35]).all()
    assert (before[:, -35:] == after[:, -35:]).all()
    assert np.abs(after[99, 80] - before[99, 80]).max() > 5  # scaled to the background's height, on its lower edge


def test_the_package_s_model_and_the_background_s_ending_and_metadata_by_default(monkeypatch, folder, capsys):
    call(monkeypatch, "portrait", "photo.png", "--background", "ground.jpg", "--network", "net.onnx")
    assert capsys.readouterr().out == "photo_harmonized.jpg\n"
    with Image.open(folder / "photo_harmonized.jpg") as made:
        assert (made.format, made.size, made.getexif()[0x010E]) == ("JPEG", (160, 100), "a beach")


def test_the_cut_out_alone_is_a_transparent_picture_in_own_colours(monkeypatch, folder, capsys):
    call(monkeypatch, "portrait", "photo.png", "--matte-only", "--network", "net.onnx")
    assert capsys.readouterr().out == "photo_cutout.png\n"
    with Image.open(folder / "photo_cutout.png") as made:
        assert made.mode == "RGBA"
        pixels = np.asarray(made)
    assert (pixels[70, 32, 3], pixels[5, 5, 3]) == (255, 0)
    assert (pixels[70, 32, :3] == portrait()[70, 32]).all()


def test_by_its_own_cut_out_the_picture_is_the_same(monkeypatch, folder):
    call(monkeypatch, "portrait", "photo.png", "--matte-only", "--network", "net.onnx", "-o", "cut.png")
    placed = ("--background", "ground.jpg", "--at", "5,-3", "--scale", "0.9")
    call(monkeypatch, "portrait", "photo.png", *placed, "--network", "net.onnx", "-o", "once.png")
    call(monkeypatch, "portrait", "photo.png", *placed, "--matte", "cut.png", "-o", "twice.png")
    monkeypatch.setattr(sys, "argv", ["harmonize", "cut.png", *placed, "-o", "laid.png"])
    main()
    once, twice, laid = (read_rgb(folder / f"{name}.png") for name in ("once", "twice", "laid"))
    assert (once == twice).all()
    assert (once == laid).all()


def test_a_place_and_strength_0_is_the_person_as_it_was(monkeypatch, folder):
    call(
        monkeypatch,
        "portrait",
        "photo.png",
        "--background",
        "ground.jpg",
        "--network",
        "net.onnx",
        "--at=20,10",
        "--strength",
        "0",
        "-o",
        "out.png",
    )
    assert (read_rgb(folder / "out.png")[10 + 70, 20 + 32] == portrait()[70, 32]).all()


def test_the_same_as_json(monkeypatch, folder, capsys):
    call(monkeypatch, "portrait", "photo.png", "--background", "ground.jpg", "--network", "net.onnx", "--json", "-o", "out.png")
    said = json.loads(capsys.readouterr().out)
    assert said["output"] == "out.png"
    assert 0.2 < said["person"] < 0.6
    assert said["change"]["words"]
    call(monkeypatch, "portrait", "photo.png", "--matte-only", "--network", "net.onnx", "--json")
    assert json.loads(capsys.readouterr().out).keys() == {"output", "person", "seconds"}
    assert (folder / "photo_cutout.png").is_file()


def test_a_trimap_says_what_is_known(monkeypatch, folder):
    trimap = np.full((80, 64), 128, np.uint8)
    trimap[60:] = 0
    (folder / "trimap.png").write_bytes(encode_png(trimap))
    call(monkeypatch, "portrait", "photo.png", "--matte-only", "--network", "net.onnx", "--trimap", "trimap.png", "-o", "out.png")
    with Image.open(folder / "out.png") as made:
        alpha = np.asarray(made)[..., 3]
    assert (alpha[60:] == 0).all()
    assert alpha[50, 32] == 255


def _save(folder, name, array):
    Image.fromarray(array).save(folder / name)


GIVEN = {
    "opaque.png": np.full((80, 64, 3), 200, np.uint8),
    "all.png": np.dstack([portrait(), np.full((80, 64), 255, np.uint8)]),
    "none.png": np.dstack([portrait(), np.zeros((80, 64), np.uint8)]),
    "small_cut.png": np.dstack([portrait(40, 32), np.full((40, 32), 99, np.uint8)]),
    "known.png": np.zeros((80, 64), np.uint8),
    "small.png": np.full((40, 32), 128, np.uint8),
    "odd.png": np.full((80, 64), 77, np.uint8),
    "colours.png": portrait(),
}
BROKEN = [
    (("photo.png",), "photo.png: no background; expected --background"),
    (("photo.png", "--background", "ground.jpg", "--matte-only"), "ground.jpg: a background beside --matte-only"),
    (("photo.png", "--matte-only", "--at", "1,1"), "--at and --scale place a person on a background"),
    (("photo.png", "--matte-only", "-o", "cut.jpg"), "cut.jpg: a JPEG cannot be transparent; expected a .png"),
    (("photo.png", "--background", "ground.jpg", "--matte", "opaque.png"), "opaque.png: no alpha channel; expected a cut-out"),
    (("photo.png", "--background", "ground.jpg", "--matte", "all.png"), "all.png: opaque everywhere; expected a cut-out"),
    (("photo.png", "--background", "ground.jpg", "--matte", "none.png"), "none.png: transparent everywhere"),
    (("photo.png", "--background", "ground.jpg", "--matte", "small_cut.png"), "small_cut.png: 32x40 pixels; expected 64x80"),
    (("photo.png", "--matte-only", "--matte", "all.png", "--refine"), "all.png: --refine beside --matte"),
    (("photo.png", "--matte-only", "--matte", "all.png", "--trimap", "known.png"), "known.png: beside --matte"),
    (("photo.png", "--matte-only", "--trimap", "known.png"), "known.png: no pixel of 128; expected an unknown region"),
    (("photo.png", "--matte-only", "--trimap", "small.png"), "small.png: 32x40 pixels; expected 64x80"),
    (("photo.png", "--matte-only", "--trimap", "odd.png"), "odd.png: a pixel of 77; expected 0, 128 (unknown) and 255"),
    (("photo.png", "--matte-only", "--trimap", "colours.png"), "colours.png: has colours; expected a grey trimap"),
    (("photo.png", "--matte-only", "--trimap", "absent.png"), "absent.png: no such file"),
    (("dark.png", "--background", "ground.jpg"), "dark.png: no person found (the network sees one in 0.0% of the picture)"),
    (("all.png", "--matte-only", "--matte", "all.png"), "all.png: opaque everywhere"),
    (("none.png", "--matte-only"), "none.png: transparent in parts, a cut-out already"),
    (("absent.png", "--matte-only"), "absent.png: no such file"),
    (("broken.png", "--matte-only"), "broken.png: "),
    (("photo.png", "--background", "broken.png"), "broken.png: "),
    (("photo.png", "--background", "ground.jpg", "-o", "photo.png"), "photo.png: is also what is read"),
    (("photo.png", "--background", "ground.jpg", "--at", "900,900"), "nothing of it lies on the background's 160x100"),
    (("photo.png", "--background", "ground.jpg", "--scale", "0"), "scale 0: of photo.png"),
    (("photo.png", "--background", "ground.jpg", "--network", "broken.png"), "broken.png: not the name of a network's file"),
    (("photo.png", "--background", "ground.jpg", "--model", "nonesuch"), "model 'nonesuch': no such model"),
]


@pytest.mark.parametrize(("arguments", "message"), BROKEN, ids=[" ".join(arguments) for arguments, _ in BROKEN])
def test_wrong_input_is_one_line_and_nothing_is_written(monkeypatch, folder, capsys, arguments, message):
    for name, array in GIVEN.items():
        _save(folder, name, array)
    (folder / "broken.png").write_bytes((folder / "photo.png").read_bytes()[:200])
    before = {path.name for path in folder.iterdir()}
    given = () if {"--network", "--matte"} & set(arguments) else ("--network", "net.onnx")
    assert message in refused(monkeypatch, capsys, "portrait", *arguments, *given)
    assert {path.name for path in folder.iterdir()} == before


def test_a_frame_stands_in_the_middle_of_the_lower_edge():
    assert standing((100, 50), (200, 400)) == ((150, 0), 2.0)
    assert standing((100, 50), (200, 40)) == ((0, 120), 0.8)
    assert standing((100, 50), (200, 400), scale=1.0) == ((175, 100), 1.0)


def test_help_has_examples(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "portrait", "--help")
    assert stop.value.code == 0
    assert "harmonize portrait anna.jpg --background beach.jpg" in capsys.readouterr().out


def test_it_starts_light(folder):
    code = (
        "import sys; from imharmony.commands.portrait import run\n"
        "run(['photo.png', '--background', 'ground.jpg', '--network', 'net.onnx', '-o', 'out.png'])\n"
        f"print(sorted(sys.modules.keys() & set({LIGHT})))"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
