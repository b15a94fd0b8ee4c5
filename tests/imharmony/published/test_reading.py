"""Authors' files as our networks: what is read, and that whatever is not exactly the file is refused in one line."""

import pickle
from functools import partial
from pathlib import Path

import pytest
import torch

from imharmony.errors import InputError
from imharmony.networks.indexnet import IndexNet
from imharmony.published.networks import PUBLISHED
from imharmony.published.reading import read_published
from imharmony.published.record import authors_name
from tests.imharmony.published.small import MATTING, SMALL, Writing, make_small, network_of, saved, saved_parts, tensors_of


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    make_small(monkeypatch)


def line_of_refusal(path: Path, name: str) -> str:
    with pytest.raises(InputError) as refusal:
        read_published(path, name)
    line = str(refusal.value)
    assert line.startswith(f"{path}: ")
    wanted = f"expected {PUBLISHED[name].source.files[0]} of {PUBLISHED[name].source.repository}"
    assert line.endswith(f"{wanted}; fetch that, or name with --as what it is")
    assert "\n" not in line
    return line


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "weights.pth"


@pytest.mark.parametrize("zipped", [True, False], ids=["of today", "of torch before 1.6"])
@pytest.mark.parametrize("name", MATTING)
def test_a_file_gives_the_network_that_was_saved(name, zipped, path):
    network = read_published(saved(path, name, tensors_of(name), zipped=zipped), name)
    expected = network_of(name).state_dict()
    assert network.state_dict().keys() == expected.keys()
    assert [ours for ours, tensor in network.state_dict().items() if not torch.equal(tensor, expected[ours])] == []
    assert not network.training
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("name", [name for name in SMALL if name not in MATTING])
def test_the_files_of_a_harmonizer_give_the_network_that_was_saved(name, tmp_path):
    network, expected = read_published(saved_parts(tmp_path, name), name), network_of(name).state_dict()
    assert network.state_dict().keys() == expected.keys()
    assert [ours for ours, tensor in network.state_dict().items() if not torch.equal(tensor, expected[ours])] == []


@pytest.mark.parametrize("name", SMALL)
def test_no_two_tensors_have_one_name(name):
    with torch.device("meta"):
        ours = SMALL[name]().state_dict()
    assert len({authors_name(PUBLISHED[name], each) for each in ours}) == len(ours)


def test_what_the_authors_program_never_uses_may_be_there_or_not(tmp_path):
    tensors = tensors_of("pctnet_cnn") | {"decoder.to_rgb.weight": torch.zeros(3, 2, 1, 1), "decoder.to_rgb.bias": torch.zeros(3)}
    with_it, without = (read_published(saved_parts(tmp_path, "pctnet_cnn", each), "pctnet_cnn") for each in (tensors, None))
    assert all(torch.equal(one, other) for one, other in zip(with_it.state_dict().values(), without.state_dict().values(), strict=True))


def test_a_network_of_two_files_wants_both(tmp_path):
    generator, extractor = saved_parts(tmp_path, "bargainnet")
    wanted = "expected latest_net_G.pth and latest_net_E.pth of https://github.com/bcmi/BargainNet"
    with pytest.raises(InputError, match=f"bargainnet got 1 files; {wanted}"):
        read_published(generator, "bargainnet")
    with pytest.raises(InputError, match=r"missing \d+ tensors .*'E.conv1f.bias'.*unknown \d+ tensors .*'E.model"):
        read_published([extractor, generator], "bargainnet")


def test_a_name_keeps_what_no_entry_renames():
    published = PUBLISHED["indexnet"]
    assert authors_name(published, "index.0.nets.3.0.weight") == "index0.indexnet4.0.weight"
    assert authors_name(published, "elsewhere.0.weight") == "elsewhere.0.weight"


def test_batch_norms_without_a_count_are_read(path):
    tensors = {name: tensor for name, tensor in tensors_of("modnet").items() if not name.endswith("num_batches_tracked")}
    network = read_published(saved(path, "modnet", tensors), "modnet")
    counts = [tensor.item() for name, tensor in network.state_dict().items() if name.endswith("num_batches_tracked")]
    assert set(counts) == {0}


def test_another_networks_file_is_refused(path):
    assert "has no 'state_dict' that holds the tensors" in line_of_refusal(saved(path, "modnet", tensors_of("modnet")), "indexnet")
    deep = line_of_refusal(saved(path, "deep_matting", tensors_of("deep_matting")), "indexnet")
    assert "tensors ['alpha_pred.bias', 'alpha_pred.weight', 'bn11.bias'] without the prefix 'module.' of all names" in deep
    index = saved(path, "indexnet", tensors_of("indexnet"))
    assert "is no table of tensors by their names" in line_of_refusal(index, "modnet")
    assert "missing 94 tensors ['alpha_pred.bias', " in line_of_refusal(index, "deep_matting")


def test_another_form_of_the_network_is_refused(path, monkeypatch):
    with monkeypatch.context() as context:
        context.setitem(PUBLISHED, "indexnet", PUBLISHED["indexnet"]._replace(build=partial(IndexNet, width=0.125, index="o2o")))
        saved(path, "indexnet", tensors_of("indexnet"))
    line = line_of_refusal(path, "indexnet")
    assert "tensor 'index0.indexnet1.0.weight' has the shape (4, 1, 4, 4); expected (4, 4, 4, 4)" in line


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_refused(share, zipped, path):
    content = saved(path, "indexnet", tensors_of("indexnet"), zipped=zipped).read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    line = line_of_refusal(path, "indexnet")
    assert "not a whole file of torch" in line or "or is no file of torch" in line


@pytest.mark.parametrize("write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))], ids=["torch", "pickle"])
def test_a_program_inside_is_refused_and_does_not_run(write, path, tmp_path):
    write({"state_dict": tensors_of("indexnet"), "hook": Writing(tmp_path / "ran")}, path)
    assert "holds more than tensors, which could run as a program" in line_of_refusal(path, "indexnet")
    assert not (tmp_path / "ran").exists()


def test_half_precision_is_refused(path):
    halves = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors_of("modnet").items()}
    line = line_of_refusal(saved(path, "modnet", halves), "modnet")
    assert "tensor 'backbone.model.features.0.0.weight' is float16 (strided); expected float32 (strided), as it was trained" in line


def test_unknown_and_missing_tensors_are_refused_together(path):
    tensors = tensors_of("indexnet")
    tensors["module.pred.2.weight"] = tensors.pop("module.pred.1.weight")
    line = line_of_refusal(saved(path, "indexnet", tensors), "indexnet")
    assert "missing 1 tensors ['pred.1.weight'], unknown 1 tensors ['pred.2.weight']" in line


def test_a_tensor_too_many_is_refused(path):
    tensors = tensors_of("deep_matting") | {"refinement.weight": torch.zeros(1)}
    assert "missing none, unknown 1 tensors ['refinement.weight']" in line_of_refusal(saved(path, "deep_matting", tensors), "deep_matting")


def test_a_tensor_of_another_shape_is_refused(path):
    tensors = tensors_of("deep_matting")
    tensors["conv6.weight"] = tensors["conv6.weight"][:, :, 3:4, 3:4].clone()
    line = line_of_refusal(saved(path, "deep_matting", tensors), "deep_matting")
    assert "tensor 'conv6.weight' has the shape (256, 32, 1, 1); expected (256, 32, 7, 7)" in line


@pytest.mark.parametrize(("name", "value"), [("bn11.weight", torch.inf), ("bn11.running_var", -1.0), ("conv6.bias", torch.nan)])
def test_a_value_that_no_training_gives_is_refused(name, value, path):
    tensors = tensors_of("deep_matting")
    tensors[name][0] = value
    assert f"tensor '{name}' has values that no trained network has" in line_of_refusal(
        saved(path, "deep_matting", tensors), "deep_matting"
    )


def test_a_backbone_that_its_second_name_contradicts_is_refused(path):
    tensors = tensors_of("modnet")
    second = "module.lr_branch.backbone.model.features.0.0.weight"
    tensors[second] = tensors[second] + 1
    assert "is not what 'backbone.model.features.0.0.weight' is; expected one under two names" in line_of_refusal(
        saved(path, "modnet", tensors), "modnet"
    )


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": {"a": 3}}, {"state_dict": torch.zeros(2)}])
def test_what_is_no_table_of_tensors_is_refused(content, path):
    torch.save(content, path)
    line_of_refusal(path, "indexnet")


def test_an_absent_file_and_a_folder_are_refused(path, tmp_path):
    assert "no such file" in line_of_refusal(path, "modnet")
    assert "not a file" in line_of_refusal(tmp_path, "modnet")


def test_an_unknown_name_is_refused(path):
    with pytest.raises(InputError, match=r"published network is 'unet'; expected one of \['bargainnet', 'deep_matting', .*\]"):
        read_published(path, "unet")
