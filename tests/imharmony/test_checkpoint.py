"""A checkpoint rebuilds its harmonizer from the one file, or says what is wrong with it."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from imharmony.checkpoint import load_harmonizer, load_start, save_harmonizer
from imharmony.errors import InputError
from imharmony.networks import GENERATORS
from imharmony.networks.harmonizer import build_harmonizer

METADATA = {"variant": "unet", "seed": "0", "commit": "abc", "data_hash": "0123", "size_px": "32"}


def architecture(name: str = "unet", **changes) -> dict:
    return {"name": name, "width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval"} | changes


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 32, 32, generator=generator) * 2 - 1, torch.ones(2, 1, 32, 32)


def trained(description: dict, inputs):
    """Not really, but its batch norms have gathered statistics."""
    torch.manual_seed(0)
    harmonizer = build_harmonizer(**description)
    harmonizer.train()(*inputs)
    return harmonizer.infer()


@pytest.fixture
def saved(tmp_path, inputs):
    path = tmp_path / "model.safetensors"
    save_harmonizer(path, trained(architecture(), inputs), architecture(), METADATA)
    return path


@pytest.mark.parametrize(
    ("name", "mask_input"), [*((name, True) for name in GENERATORS), *((name, False) for name in ("unet", "idih", "dih"))]
)
@pytest.mark.parametrize("inference_mode", ["eval", "train"])
def test_a_loaded_harmonizer_gives_the_same_pictures(name, inference_mode, mask_input, tmp_path, inputs):
    description = architecture(name, inference_mode=inference_mode, mask_input=mask_input)
    harmonizer = trained(description, inputs)
    save_harmonizer(tmp_path / "model.safetensors", harmonizer, description, METADATA)
    loaded, metadata = load_harmonizer(tmp_path / "model.safetensors")
    assert torch.equal(loaded(*inputs), harmonizer(*inputs))
    assert metadata == METADATA | {"architecture": description}


@pytest.mark.parametrize("name", GENERATORS)
def test_the_start_is_kept_and_files_from_before_it_begin_as_published(name, tmp_path, inputs):
    for said, start in (({"start": "composite"}, "composite"), ({}, "published")):
        harmonizer = trained(architecture(name, **said), inputs)
        save_harmonizer(tmp_path / f"{start}.safetensors", harmonizer, architecture(name, **said), METADATA)
        loaded, _ = load_harmonizer(tmp_path / f"{start}.safetensors")
        assert loaded.network.begins_at_composite == (start == "composite" or name.startswith("regions"))
        assert torch.equal(loaded(*inputs), harmonizer(*inputs))


def test_equal_weights_give_equal_bytes(saved, tmp_path):
    """safetensors writes several metadata keys in an order that differs from call to call; here there is one."""
    for name in ("second", "third", "fourth"):
        harmonizer, metadata = load_harmonizer(saved)
        save_harmonizer(tmp_path / name, harmonizer, metadata.pop("architecture"), metadata)
        assert (tmp_path / name).read_bytes() == saved.read_bytes()


def rewritten(path, *, tensors=lambda tensors: tensors, changes=None) -> None:
    metadata = METADATA | {"architecture": architecture()} | (changes or {})
    save_file(tensors(load_file(path)), path, {"harmonization": json.dumps(metadata)})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.safetensors: no such file; run the stage that trains it first"):
        load_harmonizer(tmp_path / "absent.safetensors")


def test_half_a_file_is_refused(saved):
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load_harmonizer(saved)


def test_a_pickle_is_refused_without_being_run(tmp_path):
    path = tmp_path / "model.safetensors"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load_harmonizer(path)


def test_somebody_elses_safetensors_file_is_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match="a safetensors file, but not one of ours"):
        load_harmonizer(tmp_path / "other.safetensors")


def test_a_missing_tensor_is_named(saved):
    rewritten(saved, tensors=lambda tensors: {name: tensor for name, tensor in tensors.items() if name != "network.last.bias"})
    with pytest.raises(InputError, match=r"missing tensors \['network.last.bias'\] \(1\)"):
        load_harmonizer(saved)


def test_an_unknown_tensor_is_named(saved):
    rewritten(saved, tensors=lambda tensors: tensors | {"network.extra": torch.zeros(1)})
    with pytest.raises(InputError, match=r"unknown tensors \['network.extra'\] \(1\)"):
        load_harmonizer(saved)


@pytest.mark.parametrize("wrong", [torch.zeros(4), torch.zeros(3, dtype=torch.float16)])
def test_a_tensor_of_another_shape_or_type_is_named(saved, wrong):
    rewritten(saved, tensors=lambda tensors: tensors | {"network.last.bias": wrong})
    with pytest.raises(InputError, match=r"tensor 'network.last.bias' is .* expected \(\(3,\), torch.float32\)"):
        load_harmonizer(saved)


@pytest.mark.parametrize("changed", [{"name": "vnet"}, {"colour": 1}, {"size_px": 33}, {"start": "nowhere"}])
def test_an_unknown_architecture_is_refused(saved, changed):
    rewritten(saved, changes={"architecture": architecture() | changed})
    with pytest.raises(InputError, match=r"model\.safetensors: .*(vnet|colour|33|nowhere)"):
        load_harmonizer(saved)


def test_a_harmonizer_begins_with_a_files_weights_in_whatever_mode_it_is_used(saved):
    wanted = architecture(paste=False, inference_mode="train")
    harmonizer = build_harmonizer(**wanted)
    metadata = load_start(saved, harmonizer, wanted | {"start": "published", "members": 1})
    assert metadata["variant"] == "unet"
    theirs = load_harmonizer(saved)[0].state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in harmonizer.state_dict().items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "dih"}, r"a network with name 'unet'; expected name 'dih'"),
        ({"width": 8}, r"a network with width 4; expected width 8"),
        ({"mask_input": False, "start": "composite"}, r"mask_input True, start 'published'; expected mask_input False, start 'composite'"),
        ({"size_px": 64}, r"a network 'unet' for 32 px, whose layers depend on that; expected one for 64 px; train at 32 px instead"),
    ],
)
def test_another_network_does_not_begin_with_them(change, said, saved):
    wanted = architecture(start="published", members=1) | change
    with pytest.raises(InputError, match=said) as refused:
        load_start(saved, build_harmonizer(**wanted), wanted)
    assert "\n" not in str(refused.value)


def test_a_network_whose_layers_do_not_depend_on_the_size_begins_at_another(tmp_path, inputs):
    description = architecture("pctnet_cnn", start="published", members=1)
    save_harmonizer(tmp_path / "model.safetensors", trained(description, inputs), description, METADATA)
    wanted = description | {"size_px": 64}
    harmonizer = build_harmonizer(**wanted)
    load_start(tmp_path / "model.safetensors", harmonizer, wanted)
    assert torch.equal(next(harmonizer.parameters()), next(load_harmonizer(tmp_path / "model.safetensors")[0].parameters()))
