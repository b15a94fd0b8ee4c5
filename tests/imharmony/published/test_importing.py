"""Authors' files as models of this library: ``harmonize models import`` writes what is used like any other, and refuses what is wrong."""

import pickle

import numpy as np
import pytest
import torch

from imharmony.checkpoint import load_harmonizer
from imharmony.commands.models import run
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.inference import harmonize
from imharmony.published.harmonizers import USES
from imharmony.published.importing import harmonizer_of
from imharmony.storage.files import sha256_of
from imharmony.storage.weights import read_metadata
from tests.imharmony.published.drawing import scene
from tests.imharmony.published.small import Writing, make_small, saved, saved_parts, tensors_of

HIGH, WIDE = 272, 320


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    make_small(monkeypatch)


@pytest.fixture(scope="module")
def photograph() -> tuple[np.ndarray, np.ndarray]:
    """A composite and its mask, uint8."""
    _, composite, mask = scene(HIGH, WIDE)
    levels = (255 * composite[0].permute(1, 2, 0)).round().clamp(0, 255).byte().numpy()
    return levels, (255 * mask[0, 0]).round().byte().numpy()


def imported(folder, name: str, *options: str):
    out = folder / "model.safetensors"
    files = map(str, saved_parts(folder, name))
    assert run(["import", *files, "--as", name, "-o", str(out), *options]) == (str(out), 0)
    return out


@pytest.mark.parametrize("name", USES)
def test_a_file_becomes_a_model_that_every_reader_reads(name, tmp_path, photograph):
    """The pipeline's reader and the command's, which applies maps without torch, give one picture."""
    out = imported(tmp_path, name)
    harmonizer, metadata = load_harmonizer(out)
    assert metadata["architecture"] == USES[name].architecture()
    by_torch = harmonize(*photograph, harmonizer=harmonizer, size_px=metadata["size_px"])
    by_command = Harmonizer.load(out).harmonize(*photograph)
    photo, mask = photograph
    assert np.abs(by_torch.astype(int) - by_command).max() <= 1
    assert np.array_equal(by_command[mask == 0], photo[mask == 0])
    assert not np.array_equal(by_command, photo)


def test_the_model_is_the_authors_network_and_says_where_it_is_from(tmp_path):
    out = imported(tmp_path, "bargainnet")
    loaded, metadata = load_harmonizer(out)
    direct = harmonizer_of([tmp_path / "0.pth", tmp_path / "1.pth"], "bargainnet")
    assert all(torch.equal(one, other) for one, other in zip(loaded.state_dict().values(), direct.state_dict().values(), strict=True))
    assert metadata["published"] == {
        "name": "bargainnet",
        "paper": "Cong et al. 2021, arXiv:2009.09169",
        "repository": "https://github.com/bcmi/BargainNet",
        "place": "Baidu, Google Drive and a cloud of its own, linked from the repository; the second file also in its checkpoints/",
        "licence": "MIT",
        "commercial_use": "unclear",
        "files": [{"name": f"{place}.pth", "sha256": sha256_of(tmp_path / f"{place}.pth")} for place in (0, 1)],
    }


@pytest.mark.parametrize(("options", "mode"), [((), "train"), (("--inference-mode", "eval"), "eval")])
def test_dovenet_is_tested_as_its_authors_do_or_in_evaluation_mode(options, mode, tmp_path):
    _, metadata = load_harmonizer(imported(tmp_path, "dovenet", *options))
    assert metadata["architecture"]["inference_mode"] == mode


@pytest.mark.parametrize("name", ["harmonizer", "pctnet_cnn", "pctnet_vit"])
def test_a_method_of_full_size_maps_the_photograph_itself(name, tmp_path, photograph):
    """The composite's own colours are mapped at each pixel: what differs from a smaller one's enlarged picture is detail."""
    photo, mask = photograph
    noise = np.random.default_rng(0).integers(-6, 7, photo.shape)
    fine = (photo.astype(int) + noise).clip(0, 255).astype(np.uint8)
    harmonizer, metadata = load_harmonizer(imported(tmp_path, name))
    plain, noisy = (harmonize(each, mask, harmonizer=harmonizer, size_px=metadata["size_px"]).astype(int) for each in (photo, fine))
    assert (noisy - plain)[mask == 255].std() > 0.1


def test_equal_files_make_equal_models(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        imported(tmp_path / folder, "idih256")
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


def test_the_list_says_what_is_known_and_what_is_here(tmp_path):
    imported(tmp_path, "issam256")
    (tmp_path / "other.safetensors").write_bytes(b"not ours")
    text, code = run(["list", str(tmp_path)])
    assert code == 0
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("issam256"))
    assert "arXiv:2006.00809; issam256.pth: release v1.0 of github.com/saic-vul/image_harmonization" in lines[place]
    assert lines[place + 1].strip() == "https://github.com/SamsungLabs/image_harmonization; MPL-2.0; commercial use: unclear"
    assert lines[place + 2].strip() == f"here: {tmp_path / 'model.safetensors'}"
    assert sum("here: " in line for line in lines) == 1
    assert {line.split()[0] for line in lines if line and not line.startswith(" ")} >= {"starter", *USES}


def wrong_files(folder) -> dict[str, tuple[str, str]]:
    """What is said of each wrong file, by what is wrong."""
    path, tensors = folder / "wrong.pth", tensors_of("issam256")
    whole = saved(path, "issam256", tensors).read_bytes()
    first = "encoder.block0.convs.block.0.block.0.weight"
    return {
        "another network's": ("idih256", "missing"),
        "truncated": (whole[: len(whole) // 2], "not a whole file of torch"),
        "a program": (pickle.dumps({"state": Writing(folder / "ran")}), "could run as a program"),
        "half precision": (
            {each: tensor.half() if tensor.is_floating_point() else tensor for each, tensor in tensors.items()},
            "is float16",
        ),
        "extra": (tensors | {"head.weight": torch.zeros(1)}, "unknown 1 tensors ['head.weight']"),
        "missing": ({each: tensor for each, tensor in tensors.items() if each != first}, f"missing 1 tensors ['{first}']"),
        "misshapen": (tensors | {first: torch.zeros(2, 4, 5, 5)}, "has the shape (2, 4, 5, 5); expected (2, 4, 3, 3)"),
    }


@pytest.mark.parametrize("fault", ["another network's", "truncated", "a program", "half precision", "extra", "missing", "misshapen"])
def test_a_wrong_file_is_refused_in_one_line_and_nothing_is_written(fault, tmp_path):
    content, said = wrong_files(tmp_path)[fault]
    path, out = tmp_path / "wrong.pth", tmp_path / "model.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        saved(path, "issam256", tensors_of(content) if isinstance(content, str) else content)
    with pytest.raises(InputError) as refusal:
        run(["import", str(path), "--as", "issam256", "-o", str(out)])
    line = str(refusal.value)
    assert said in line
    assert line.startswith(f"{path}: ")
    assert line.endswith(
        "expected issam256.pth of https://github.com/SamsungLabs/image_harmonization; fetch that, or name with --as what it is"
    )
    assert "\n" not in line
    assert not out.exists()
    assert not (tmp_path / "ran").exists()


def test_an_unknown_name_another_ending_and_a_file_over_itself_are_refused(tmp_path):
    path = str(saved_parts(tmp_path, "idih256")[0])
    with pytest.raises(
        InputError, match=r"published network is 'idih'; expected one of bargainnet, dih256, .*; see `harmonize models list`"
    ):
        run(["import", path, "--as", "idih", "-o", str(tmp_path / "model.safetensors")])
    with pytest.raises(InputError, match=r"model.pth: expected a name that ends in \.safetensors"):
        run(["import", path, "--as", "idih256", "-o", str(tmp_path / "model.pth")])
    same = tmp_path / "same.safetensors"
    same.write_bytes((tmp_path / "0.pth").read_bytes())
    with pytest.raises(InputError, match=r"same\.safetensors"):
        run(["import", str(same), "--as", "idih256", "-o", str(same)])


def test_a_trained_model_is_none_that_was_imported(tmp_path):
    assert "published" in read_metadata(imported(tmp_path, "hdnet"))
