"""What a checkpoint says of itself is checked before anything of that size is made; values that are no numbers are refused."""

import json
import os
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file

from imharmony.checkpoint import input_of, load_harmonizer, save_harmonizer
from imharmony.classification.checkpoint import load_classifier, save_classifier
from imharmony.classification.network import Classifier
from imharmony.errors import InputError
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, load_networks, save_networks
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.storage.descriptions import LARGEST_PX, MULTIPLE_PX, SMALLEST_PX

ARCHITECTURE = {"name": "idih", "width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval"}
PREPROCESSING = {"backend": "learned", "edits": "fitted", "strength": 0.5, "feather_px": 0.0, "seed": 0, "networks_sha256": "0" * 64}
FACTS = {"size_px": "32", "commit": "abc"}


@pytest.fixture
def harmonizer(tmp_path):
    path = tmp_path / "model.safetensors"
    save_harmonizer(path, build_harmonizer(**ARCHITECTURE), ARCHITECTURE, FACTS)
    return path


@pytest.fixture
def networks(tmp_path):
    path = tmp_path / "networks.safetensors"
    save_networks(path, IntrinsicNetworks(ShadingNetwork(channels=(8, 8)), 64, EditNetwork(width=8), 64), {})
    return path


@pytest.fixture
def classifier(tmp_path):
    path = tmp_path / "classifier.safetensors"
    save_classifier(path, Classifier(categories=2, width=4), categories=["a", "b"], width=4, metadata={})
    return path


def metadata_of(path) -> dict:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(json.loads(file.read(length))["__metadata__"]["harmonization"])


def rewrite(path, metadata, **tensors) -> None:
    save_file(load_file(path) | tensors, path, {"harmonization": metadata if isinstance(metadata, str) else json.dumps(metadata)})


def message_of(load, path) -> str:
    with pytest.raises(InputError) as error:
        load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 700
    return str(error.value)


SIZES = [
    *("", "0", "-64", "33", "64.0", "sixty", "1" * 30, "1e2", " 64", "64\n"),
    *(0, -32, 33, 48.5, 10**6, 10**30, True, None, [64], {"a": 1}, LARGEST_PX + MULTIPLE_PX),
]
WIDTHS = [0, -1, 10**6, 10**30, 4.5, "4", True, None, [4]]


@pytest.mark.parametrize("size", SIZES)
def test_a_size_that_none_is_is_refused(size, harmonizer):
    metadata = metadata_of(harmonizer)
    rewrite(harmonizer, metadata | {"size_px": size})
    message_of(load_harmonizer, harmonizer)
    rewrite(harmonizer, metadata | {"architecture": ARCHITECTURE | {"size_px": size}})
    message_of(load_harmonizer, harmonizer)


@pytest.mark.parametrize("size", [32, "32"])
def test_a_size_may_be_a_text(size, harmonizer):
    rewrite(harmonizer, metadata_of(harmonizer) | {"size_px": size})
    load_harmonizer(harmonizer)


def test_two_sizes_are_refused(harmonizer):
    rewrite(harmonizer, metadata_of(harmonizer) | {"size_px": "64"})
    assert "size_px 64 and a network for 32 px" in message_of(load_harmonizer, harmonizer)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_width_that_none_is_is_refused(width, harmonizer, networks, classifier):
    rewrite(harmonizer, metadata_of(harmonizer) | {"architecture": ARCHITECTURE | {"width": width}})
    message_of(load_harmonizer, harmonizer)
    rewrite(networks, {"networks": {"shading": {"channels": [8, 8], "size_px": 64}, "edits": {"width": width, "size_px": 64}}})
    message_of(load_networks, networks)
    rewrite(networks, {"networks": {"shading": {"channels": [8, width], "size_px": 64}, "edits": {"width": 8, "size_px": 64}}})
    message_of(load_networks, networks)
    rewrite(classifier, {"classifier": {"categories": ["a", "b"], "width": width}})
    message_of(load_classifier, classifier)


@pytest.mark.parametrize("size", [64, 2048, 4096])
@pytest.mark.parametrize("width", [8, 4096])
def test_what_is_allowed_and_not_in_the_file_asks_for_no_memory(size, width, harmonizer, monkeypatch):
    """Of the largest network that may be described its tensors would take gigabytes; they are never made."""
    rewrite(harmonizer, metadata_of(harmonizer) | {"size_px": size, "architecture": ARCHITECTURE | {"width": width, "size_px": size}})
    built = []
    monkeypatch.setattr("imharmony.checkpoint.load_weights", lambda *_: built.append(1))
    message_of(load_harmonizer, harmonizer)
    assert built == []


@pytest.mark.parametrize(
    "change",
    [
        {"mask_input": "true"},
        {"mask_input": 1},
        {"paste": "no"},
        {"paste": None},
        {"inference_mode": "test"},
        {"inference_mode": True},
        {"name": "nothing"},
        {"name": 1},
        {"name": None},
        {"colour": 1},
    ],
)
def test_an_architecture_that_cannot_be_is_refused(change, harmonizer):
    rewrite(harmonizer, metadata_of(harmonizer) | {"architecture": ARCHITECTURE | change})
    message_of(load_harmonizer, harmonizer)


@pytest.mark.parametrize("key", [*ARCHITECTURE, None])
def test_what_an_architecture_lacks_is_named(key, harmonizer):
    rest = {name: value for name, value in ARCHITECTURE.items() if name != key} if key else "idih"
    rewrite(harmonizer, metadata_of(harmonizer) | {"architecture": rest})
    assert (key or "architecture") in message_of(load_harmonizer, harmonizer)


@pytest.mark.parametrize("key", ["size_px", "architecture"])
def test_what_a_harmonizer_lacks_is_named(key, harmonizer):
    rewrite(harmonizer, {name: value for name, value in metadata_of(harmonizer).items() if name != key})
    assert key in message_of(load_harmonizer, harmonizer)


@pytest.mark.parametrize(
    "preprocessing",
    [
        {},
        [],
        "learned",
        1,
        *({key: value for key, value in PREPROCESSING.items() if key != lacking} for lacking in PREPROCESSING),
        PREPROCESSING | {"backend": "dreamt"},
        PREPROCESSING | {"backend": None},
        PREPROCESSING | {"edits": "guessed"},
        PREPROCESSING | {"strength": 1.5},
        PREPROCESSING | {"strength": "0.5"},
        PREPROCESSING | {"feather_px": -1},
        PREPROCESSING | {"feather_px": 1e9},
        PREPROCESSING | {"seed": -1},
        PREPROCESSING | {"seed": 10**30},
        PREPROCESSING | {"seed": "0"},
        PREPROCESSING | {"networks_sha256": "../x"},
        PREPROCESSING | {"networks_sha256": "0" * 64 + "\n"},
        PREPROCESSING | {"networks_sha256": 1},
        PREPROCESSING | {"more": 1},
    ],
)
def test_a_preprocessing_that_cannot_be_is_refused(preprocessing, harmonizer):
    rewrite(harmonizer, metadata_of(harmonizer) | {"input": "intrinsic", "preprocessing": preprocessing})
    message_of(load_harmonizer, harmonizer)
    message_of(input_of, harmonizer)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"input": "intrinsic"}, "without"),
        ({"input": "composites", "preprocessing": PREPROCESSING}, "with"),
        ({"input": "pictures"}, "input"),
    ],
)
def test_an_input_that_does_not_go_with_its_preprocessing_is_refused(more, told, harmonizer):
    rewrite(harmonizer, metadata_of(harmonizer) | more)
    assert told in message_of(load_harmonizer, harmonizer)


def test_what_only_informs_may_be_anything(harmonizer):
    rewrite(harmonizer, metadata_of(harmonizer) | {"note": [1, {"a": None}], "commit": 7})
    assert load_harmonizer(harmonizer)[1]["commit"] == 7
    rewrite(harmonizer, metadata_of(harmonizer) | {"input": "intrinsic", "preprocessing": PREPROCESSING})
    assert input_of(harmonizer) == "intrinsic"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", ["harmonizer", "networks", "classifier"])
def test_a_weight_that_is_no_number_is_named(kind, value, request):
    path = request.getfixturevalue(kind)
    load = {"harmonizer": load_harmonizer, "networks": load_networks, "classifier": load_classifier}[kind]
    name, tensor = next((name, tensor) for name, tensor in load_file(path).items() if tensor.is_floating_point() and tensor.dim() == 4)
    tensor.view(-1)[-1] = value
    rewrite(path, metadata_of(path), **{name: tensor})
    assert f"tensor {name!r} has values that are not finite" in message_of(load, path)


def test_a_variance_below_nothing_is_named(classifier):
    name = "layers.1.running_var"
    rewrite(classifier, metadata_of(classifier), **{name: torch.full_like(load_file(classifier)[name], -1.0)})
    assert f"tensor {name!r} has negative values" in message_of(load_classifier, classifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "null",
        "1",
        '"idih"',
        "[" * 50_000,
        '{"a": ' * 50_000 + "1" + "}" * 50_000,
        '{"size_px": "32", "size_px": "64"}',
        '{"size_px": NaN}',
        '{"size_px": ' + "9" * 10_000 + "}",
        '{"architecture": {"width": Infinity}}',
    ],
)
@pytest.mark.parametrize("load", [load_harmonizer, load_networks, load_classifier, input_of])
def test_metadata_that_is_no_object_is_one_line(text, load, harmonizer):
    rewrite(harmonizer, text)
    message_of(load, harmonizer)


@pytest.mark.parametrize("length", [100 << 20, (1 << 63) - 1, 0, 7])
def test_a_header_of_any_length_is_one_line(length, tmp_path):
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", length))
        file.truncate(min(length, 200 << 20) + 100)  # without blocks on the disk
    message_of(load_harmonizer, path)


def test_what_is_no_file_is_one_line(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        assert "not a file; expected model.safetensors" in message_of(load_harmonizer, tmp_path / name)


@pytest.mark.parametrize(
    "networks_of",
    [
        {"shading": {"channels": [8], "size_px": 64}},
        {"shading": {"channels": [8] * 9, "size_px": 64}},
        {"shading": {"channels": [8, 12], "size_px": 64}},
        {"shading": {"channels": "88", "size_px": 64}},
        {"shading": {"channels": [8, 8], "size_px": "64"}},
        {"shading": {"channels": [8, 8], "size_px": 10**6}},
        {"shading": {"channels": [8, 8], "size_px": 64, "more": 1}},
        {"edits": {"width": 12, "size_px": 64}},
        {"edits": {"width": 8}},
        {"others": {}},
        [],
    ],
)
def test_networks_of_the_preprocessing_that_cannot_be_are_refused(networks_of, networks):
    rewrite(networks, {"networks": networks_of})
    message_of(load_networks, networks)


@pytest.mark.parametrize("categories", [[], ["a"], ["a", "a"], ["a", 1], "ab", None, ["x"] * 200_000])
def test_categories_that_cannot_be_are_refused(categories, classifier):
    rewrite(classifier, {"classifier": {"categories": categories, "width": 4}})
    message_of(load_classifier, classifier)


def test_the_bounds_are_what_a_network_takes():
    for size in (SMALLEST_PX, LARGEST_PX):
        with torch.device("meta"):
            build_harmonizer(**ARCHITECTURE | {"size_px": size})
    for size in (SMALLEST_PX - MULTIPLE_PX, LARGEST_PX + MULTIPLE_PX, SMALLEST_PX + 1):
        with pytest.raises(InputError, match="expected a multiple of 16 from 32 to 4096"):
            build_harmonizer(**ARCHITECTURE | {"size_px": size})
