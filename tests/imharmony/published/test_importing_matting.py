"""Authors' matting networks as files: MODNet cuts people out in the command, with torch or exported, as its network says."""

import json
import sys

import cv2
import numpy as np
import pytest
import torch

from imharmony.cli import main
from imharmony.colour.ranges import network_from_uint8
from imharmony.commands.models import run
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.imported_matting import USES
from imharmony.harmonizing.portraits import is_fine, load_portrait_network
from imharmony.matting.checkpoint import MattingArchitecture, load_matting
from imharmony.pictures.images import encode_png
from imharmony.pictures.pairs import squared
from imharmony.published import MATTING
from imharmony.published.reading import read_published
from imharmony.storage.files import sha256_of
from tests.imharmony.published.small import make_small, saved_parts, tensors_of

WIDTHS = {"deep_matting": 0.0625, "indexnet": 0.125, "modnet": 0.125}


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    make_small(monkeypatch)
    for name, (architecture, _) in list(USES.items()):
        monkeypatch.setitem(USES, name, (MattingArchitecture(**{**architecture.arguments, "width": WIDTHS[name]}), 64))


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)


def imported(folder, name: str):
    out = folder / f"{name}.safetensors"
    assert run(["import", *map(str, saved_parts(folder, name)), "--as", name, "-o", str(out)]) == (str(out), 0)
    return out


@pytest.mark.parametrize("name", MATTING)
def test_a_file_holds_the_authors_weights_and_says_whose_they_are(name, tmp_path):
    network, architecture, size_px, metadata = load_matting(imported(tmp_path, name))
    theirs = read_published(tmp_path / "0.pth", name).state_dict()
    assert all(torch.equal(tensor, theirs[key]) for key, tensor in network.state_dict().items())
    assert (architecture, size_px, metadata["is_fine"]) == (*USES[name], True)
    told = metadata["published"]
    assert (told["name"], told["licence"], told["commercial_use"]) == (name, MATTING[name].licence, MATTING[name].commercial_use)
    assert told["files"] == [{"name": "0.pth", "sha256": sha256_of(tmp_path / "0.pth")}]


def test_modnet_says_of_a_photograph_what_its_network_says(tmp_path, photo):
    path = imported(tmp_path, "modnet")
    network = load_portrait_network(path)
    assert is_fine(network)
    seen = network_from_uint8(torch.from_numpy(squared(photo, 64))[None])
    with torch.inference_mode():
        expected = read_published(tmp_path / "0.pth", "modnet")(seen).matte[0, 0].numpy()
    np.testing.assert_allclose(network.alpha(photo), expected, atol=1e-6)


def test_exported_it_says_the_same_without_torch(tmp_path, photo):
    path, out = imported(tmp_path, "modnet"), tmp_path / "modnet.onnx"
    assert run(["export", str(path), "-o", str(out)]) == (str(out), 0)
    by_torch, exported = load_portrait_network(path), load_portrait_network(out)
    assert is_fine(exported)
    np.testing.assert_allclose(exported.alpha(photo), by_torch.alpha(photo), atol=1e-3)


def test_the_command_cuts_out_with_it(tmp_path, photo, monkeypatch, capsys):
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    path = imported(tmp_path, "modnet")
    wanted = cv2.resize(load_portrait_network(path).alpha(photo), (70, 90), interpolation=cv2.INTER_LINEAR)
    monkeypatch.setattr("imharmony.harmonizing.cutting._expect_somebody", lambda *_, **__: None)  # drawn weights see nobody
    monkeypatch.setattr("imharmony.harmonizing.cutting.SOFT", (1.0, 0.0))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["harmonize", "portrait", "photo.png", "--matte-only", "--network", str(path), "--json"])
    main()
    assert json.loads(capsys.readouterr().out)["output"] == "photo_cutout.png"
    alpha = cv2.imread("photo_cutout.png", cv2.IMREAD_UNCHANGED)[..., 3]
    assert np.abs(alpha / 255 - wanted).max() < 0.51 / 255


@pytest.mark.parametrize("ending", ["safetensors", "onnx"])
def test_a_model_that_harmonizes_and_one_that_cuts_out_are_told_apart(ending, tmp_path):
    cutter = imported(tmp_path, "modnet")
    files = saved_parts(tmp_path, "pctnet_cnn")  # of the same names as the other's
    model = tmp_path / "model.safetensors"
    run(["import", *map(str, files), "--as", "pctnet_cnn", "-o", str(model)])
    if ending == "onnx":
        for path in (model, cutter):
            run(["export", str(path), "-o", str(path.with_suffix(".onnx"))])
    with pytest.raises(InputError, match=r"a model that harmonizes; expected a network that cuts people out; .* for --model"):
        load_portrait_network(model.with_suffix(f".{ending}"))
    with pytest.raises(InputError, match=r"a network that cuts people out; expected a model.*; .* for `harmonize portrait --network`"):
        Harmonizer.load(cutter.with_suffix(f".{ending}"))


def test_only_true_is_fine(tmp_path):
    path = imported(tmp_path, "modnet")
    path.write_bytes(path.read_bytes().replace(b'\\"is_fine\\": true', b'\\"is_fine\\": "no"'.replace(b'"no"', b"5555")))
    assert not is_fine(load_portrait_network(path))


def test_an_unknown_name_names_all(tmp_path):
    with pytest.raises(InputError, match=r"published network is 'mod'; expected one of bargainnet, .*modnet"):
        run(["import", "any.pth", "--as", "mod", "-o", str(tmp_path / "m.safetensors")])


@pytest.mark.parametrize("name", ["indexnet", "deep_matting"])
def test_a_network_that_needs_a_trimap_is_refused_where_there_is_none(name, tmp_path):
    with pytest.raises(InputError, match="which needs a trimap; expected one without, as modnet"):
        load_portrait_network(imported(tmp_path, name))


def test_a_file_that_lacks_a_tensor_is_refused_and_nothing_is_written(tmp_path):
    tensors = tensors_of("modnet")
    tensors.pop(next(iter(tensors)))
    files = saved_parts(tmp_path, "modnet", tensors)
    with pytest.raises(InputError, match="missing 1 tensors"):
        run(["import", *map(str, files), "--as", "modnet", "-o", str(tmp_path / "modnet.safetensors")])
    assert not (tmp_path / "modnet.safetensors").exists()


def test_a_mode_of_inference_is_not_offered(tmp_path):
    files = saved_parts(tmp_path, "modnet")
    with pytest.raises(InputError, match="--inference-mode train with modnet, which is always used in evaluation mode"):
        run(["import", *map(str, files), "--as", "modnet", "-o", str(tmp_path / "m.safetensors"), "--inference-mode", "train"])


def test_the_list_has_them_and_says_which_are_here(tmp_path):
    path = imported(tmp_path, "modnet")
    lines = run(["list", str(tmp_path)])[0].splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("modnet "))
    assert lines[place + 1].strip() == "https://github.com/ZHKKKe/MODNet; Apache-2.0; commercial use: yes"
    assert lines[place + 2].strip() == f"here: {path}"


def test_every_published_matting_network_has_a_use():
    assert set(USES) == set(MATTING)
