"""The command: wires only, and wrong input gives one line and exit code 2."""

import sys

import numpy as np
import pytest

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.cli import main
from imharmony.inference import harmonize
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, save_networks
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.intrinsic.recipe import Recipe, preprocessor
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.pictures.images import encode_png, read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.storage.files import sha256_of, write_bytes


@pytest.fixture
def folder(tmp_path):
    architecture = {"name": "unet", "width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval"}
    save_harmonizer(tmp_path / "model.safetensors", build_harmonizer(**architecture), architecture, {"size_px": "32"})
    mask = np.zeros((40, 50), np.uint8)
    mask[10:30, 10:30] = 255
    write_bytes(tmp_path / "photo.png", encode_png(np.full((40, 50, 3), 90, np.uint8)))
    write_bytes(tmp_path / "mask.png", encode_png(mask))
    return tmp_path


def call(monkeypatch, folder, *options, photo="photo.png", mask="mask.png", out="out.png", model="model.safetensors"):
    arguments = [folder / photo, folder / mask, folder / out, "--model", folder / model]
    monkeypatch.setattr(sys, "argv", ["harmonize", *map(str, arguments), *options])
    main()


def test_the_photograph_is_written_at_its_own_size(monkeypatch, folder, capsys):
    call(monkeypatch, folder)
    output = read_rgb(folder / "out.png")
    assert output.shape == (40, 50, 3)
    assert (output[0] == 90).all()
    assert capsys.readouterr().out.strip() == str(folder / "out.png")


def test_the_background_can_be_harmonized_instead(monkeypatch, folder):
    call(monkeypatch, folder, "--direction", "background")
    output = read_rgb(folder / "out.png")
    assert (output[10:30, 10:30] == 90).all()
    assert (output[30:] != 90).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"photo": "none.jpg"}, "none.jpg: no such file"),
        ({"mask": "none.png"}, "none.png: no such file"),
        ({"model": "none.safetensors"}, "none.safetensors"),
        ({"model": "photo.png"}, "photo.png"),
        ({"photo": "model.safetensors"}, "not a readable image"),
        ({"out": "out.gif"}, "cannot write '.gif'"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(monkeypatch, folder, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, folder, **arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "out.png").exists()


@pytest.fixture
def polishing(folder):
    """A model that was trained on semi-harmonized pictures, and the networks that make them."""
    networks = IntrinsicNetworks(ShadingNetwork(channels=(8, 16)), 32)
    save_networks(folder / "networks.safetensors", networks, {})
    preprocessing = {"backend": "learned", "edits": "fitted", "strength": 1.0, "feather_px": 0.0, "seed": 0}
    preprocessing["networks_sha256"] = sha256_of(folder / "networks.safetensors")
    harmonizer, metadata = load_harmonizer(folder / "model.safetensors")
    facts = {"size_px": "32", "input": "intrinsic", "preprocessing": preprocessing}
    save_harmonizer(folder / "model.safetensors", harmonizer, metadata["architecture"], facts)
    rng = np.random.default_rng(0)
    picture = np.clip(rng.normal(120, 20, (40, 50, 3)), 0, 255)
    picture[10:30, 10:30] /= 2
    write_bytes(folder / "photo.png", encode_png(picture.astype(np.uint8)))
    return folder


def test_a_model_that_polishes_gets_the_photograph_semi_harmonized(monkeypatch, polishing):
    call(monkeypatch, polishing, "--intrinsic", str(polishing / "networks.safetensors"))
    photo, matte = read_rgb(polishing / "photo.png"), read_mask(polishing / "mask.png")
    recipe = Recipe("learned", strength=1.0, model=polishing / "networks.safetensors")
    semi = preprocessor(recipe)(photo, matte, "foreground").image
    harmonizer, _ = load_harmonizer(polishing / "model.safetensors")
    assert (read_rgb(polishing / "out.png") == harmonize(semi, matte, harmonizer=harmonizer, size_px=32)).all()
    assert (semi != photo).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "model.safetensors: was trained on semi-harmonized pictures; expected --intrinsic"),
        (["--intrinsic", "none.safetensors"], "none.safetensors: no such file; expected model.safetensors of the stage train_edits"),
        (["--intrinsic", "model.safetensors"], "its SHA-256 begins with"),
    ],
)
def test_a_model_that_polishes_asks_for_its_own_networks(monkeypatch, polishing, capsys, options, message):
    monkeypatch.chdir(polishing)
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, polishing, *options)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
