"""Files of matting networks and joint systems: what is read gives what was written; what does not fit is one line."""

import pytest
import torch

from imharmony.errors import InputError
from imharmony.matting.checkpoint import MattingArchitecture, load_joint, load_matting, save_joint, save_matting
from imharmony.storage.weights import write_weights
from tests.imharmony.matting.scenes import OF_HARMONIZER, SIZE, SMALL, bits, network_of, system_of

PORTRAIT = MattingArchitecture(name="portrait", width=0.125)


@pytest.mark.parametrize("architecture", [SMALL, PORTRAIT], ids=lambda one: one.name)
def test_a_network_comes_back_with_all_that_it_said(tmp_path, architecture):
    network = network_of(architecture, seed=3)
    save_matting(tmp_path / "model.safetensors", network, architecture, size_px=SIZE, metadata={"seed": 5})
    found, built, size_px, facts = load_matting(tmp_path / "model.safetensors")
    assert (built, size_px, facts["seed"]) == (architecture, SIZE, 5)
    assert bits(found) == bits(network)
    assert not found.training


def test_a_system_comes_back_and_makes_the_same_picture(tmp_path):
    system = system_of("foreground")
    save_joint(tmp_path / "model.safetensors", system, matting=SMALL, harmonizer=OF_HARMONIZER, size_px=SIZE, metadata={"seed": 5})
    found, size_px, facts = load_joint(tmp_path / "model.safetensors")
    assert (found.direction, size_px, facts["seed"]) == ("foreground", SIZE, 5)
    assert bits(found) == bits(system)
    composite, alpha = torch.rand(1, 3, SIZE, SIZE), torch.rand(1, 1, SIZE, SIZE)
    assert torch.equal(found.harmonized(composite, alpha), system.harmonized(composite, alpha))


def written(path, kind: str, **changes: object) -> None:
    matting = {"architecture": SMALL.arguments, "size_px": SIZE}
    joint = {"matting": SMALL.arguments, "harmonizer": OF_HARMONIZER, "direction": "background", "size_px": SIZE}
    said = {"matting": matting, "joint": joint}[kind] | changes
    write_weights(path, network_of() if kind == "matting" else system_of(), {kind: said})


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("matting", {"size_px": 33}, r"not a matting network of this version .*size_px.*got 33\); train again"),
        ("matting", {"architecture": SMALL.arguments | {"width": 9}}, r"not a matting network of this version .*got 9"),
        ("matting", {"architecture": SMALL.arguments | {"name": "other"}}, r"not a matting network of this version .*'other'"),
        ("matting", {"architecture": SMALL.arguments | {"index": "o2o"}}, r"missing tensors .*unknown tensors|tensor .* is .*; expected"),
        ("joint", {"direction": "photograph"}, r"not a matting network and a harmonizer of this version .*'photograph'"),
        ("joint", {"harmonizer": OF_HARMONIZER | {"width": 4}}, r"tensor .* is .*; expected .*; train again"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path, kind, changes, message):
    path = tmp_path / "model.safetensors"
    written(path, kind, **changes)
    with pytest.raises(InputError, match=message) as error:
        (load_matting if kind == "matting" else load_joint)(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_one_is_not_the_other(tmp_path):
    written(tmp_path / "model.safetensors", "matting")
    with pytest.raises(InputError, match="not a matting network and a harmonizer of this version"):
        load_joint(tmp_path / "model.safetensors")
