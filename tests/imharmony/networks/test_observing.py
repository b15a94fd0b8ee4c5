"""The detector of report 003: its size, that VGG-16 inside is torchvision's, and whose weights it takes."""

import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from torch.testing import assert_close
from torchvision.models import vgg16

from imharmony.errors import InputError
from imharmony.networks.observing import VGG16_FILE, ObservingNetwork
from imharmony.storage import hub_files

# Kernel, inputs, outputs; VGG-16 with biases, the rest with the scale and shift of a batch norm instead, which is two numbers a channel.
VGG = [(9, 3, 64), (9, 64, 64), (9, 64, 128), (9, 128, 128), (9, 128, 256), *[(9, 256, 256)] * 2, (9, 256, 512), *[(9, 512, 512)] * 5]
BRANCHES = [layer for inputs in (64, 128, 256, 512) for layer in ((9, inputs, 128), (1, 128, 128), (1, 128, 3))]
TRUNK = [(1, 512, 512), (1, 512, 512), (1, 512, 3)]
DECODER = [(9, 15, 256), (1, 256, 256), (9, 256, 128), (1, 128, 128), (9, 128, 64), (1, 64, 64)]


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """Random weights of torchvision's features, which keep a signal through 13 ReLUs, under torchvision's names."""
    rng = torch.Generator().manual_seed(1)
    with torch.device("meta"):
        shapes = {f"features.{name}": tensor.shape for name, tensor in vgg16(weights=None).features.state_dict().items()}
    scales = {name: (2 / shape[1:].numel()) ** 0.5 if len(shape) == 4 else 0.1 for name, shape in shapes.items()}
    return {name: scales[name] * torch.randn(shape, generator=rng) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def network(weights) -> ObservingNetwork:
    torch.manual_seed(0)
    network = ObservingNetwork().eval()
    network.encoder.vgg.load_state_dict(_bare(weights))
    return network


def _bare(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix("features."): tensor for name, tensor in weights.items()}


def pictures(*size: int) -> torch.Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(2)) * 2 - 1


def count(layers: list[tuple[int, int, int]], *, each: int) -> int:
    return sum(kernel * inputs * outputs + each * outputs for kernel, inputs, outputs in layers)


def counted(part: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def test_it_has_the_papers_parameters_part_by_part(network):
    assert counted(network.encoder.vgg) == count(VGG, each=1) == 14_714_688
    assert counted(network.encoder.branches) == count(BRANCHES, each=2) == 1_175_064
    assert counted(network.encoder.trunk) == count(TRUNK, each=2) == 527_878
    assert counted(network.decoder) == count(DECODER, each=2) == 491_008
    assert counted(network.head) == 64 * 3 + 3
    assert counted(network) == 16_908_833


@pytest.mark.parametrize("size", [(64, 64), (24, 40)])
def test_every_pixel_gets_three_logits(size, network):
    with torch.inference_mode():
        assert network.encoder(pictures(*size)).shape == (2, 15, size[0] // 8, size[1] // 8)
        assert network.features(pictures(*size)).shape == (2, 64, *size)
        assert network(pictures(*size)).shape == (2, 3, *size)


@pytest.mark.parametrize("size", [(64, 60), (63, 64)])
def test_other_sizes_are_refused(size, network):
    with pytest.raises(InputError, match=f"takes multiples of 8 px; got {size[1]} x {size[0]} px"):
        network.features(pictures(*size))


def test_with_vgg16s_weights_every_fourth_place_of_its_deepest_maps_is_vgg16s(weights, tmp_path):
    network = ObservingNetwork().eval()
    save_file(weights, tmp_path / "vgg16.safetensors")
    network.load_vgg(tmp_path / "vgg16.safetensors")
    theirs = vgg16(weights=None, init_weights=False).features.eval()
    theirs.load_state_dict(_bare(weights))
    inputs = pictures(64, 96)
    with torch.inference_mode():
        ours, other = network.encoder.vgg(inputs), theirs(inputs)
        assert ours.shape == (2, 512, 8, 12)
        assert other.std() > 0.1
        assert_close(ours[..., ::4, ::4], other)


def test_the_branches_see_pictures_by_imagenets_statistics(network):
    seen = []
    hook = network.encoder.vgg[0].register_forward_pre_hook(lambda _module, arguments: seen.append(arguments[0]))
    with torch.inference_mode():
        network.encoder(torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 8, 8) * 2 - 1)
        network.encoder(torch.ones(1, 3, 8, 8))
    hook.remove()
    assert_close(seen[0], torch.zeros(1, 3, 8, 8), atol=1e-6, rtol=0)
    assert_close(seen[1][0, :, 0, 0], torch.tensor([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]))


def test_a_logit_does_not_depend_on_the_batch_or_the_call(network):
    inputs = pictures(32, 32)
    with torch.inference_mode():
        assert_close(network(inputs)[:1], network(inputs[:1]), rtol=1e-4, atol=1e-5)
        assert torch.equal(network(inputs), network(inputs))


def test_a_picture_moved_by_a_step_of_its_grid_has_its_features_moved(network):
    """Far from the edges, whose zeros a move brings nearer: within reach of a field of vision they differ."""
    encoder = network.encoder
    inputs = torch.zeros(1, 3, 16, 512)
    inputs[..., 240:272] = pictures(16, 32)[:1]
    with torch.inference_mode():
        here, moved = encoder(inputs), encoder(inputs.roll(8, dims=3))
    assert not torch.allclose(here[..., 20:44], moved[..., 20:44], atol=1e-5)
    assert_close(moved[..., 21:44], here[..., 20:43], rtol=1e-4, atol=1e-5)


def test_every_parameter_gets_a_gradient_and_one_batch_is_learned():
    torch.manual_seed(0)
    network = ObservingNetwork(dropout=0.0)
    inputs, labels = pictures(32, 32), torch.full((2, 32, 32), 2)
    labels[0, 8:24, 8:24], labels[1, :16] = 0, 1
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    costs = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = cross_entropy(network(inputs), labels)
        loss.backward()
        optimizer.step()
        costs.append(loss.item())
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert costs[-1] < costs[0]


def test_a_file_of_the_right_hash_is_read_classifier_and_all(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(hub_files, "sha256_of", lambda _: "397923af" + 56 * "0")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.save({**weights, "classifier.0.bias": torch.zeros(4096)}, tmp_path / "checkpoints" / VGG16_FILE)
    network = ObservingNetwork()
    network.load_vgg()
    assert torch.equal(network.encoder.vgg[28].weight, weights["features.28.weight"])


def test_an_absent_pth_and_one_of_another_hash_are_refused(network, tmp_path):
    with pytest.raises(InputError, match=r"the observing network needs torchvision's vgg16-397923af\.pth .*: put vgg\.pth into"):
        network.load_vgg(tmp_path / "vgg.pth")
    (tmp_path / "vgg.pth").write_bytes(b"not these weights")
    with pytest.raises(InputError, match=r"expected 397923af, torchvision's .*: replace it"):
        network.load_vgg(tmp_path / "vgg.pth")


@pytest.mark.parametrize("change", ["missing", "more", "shape", "integer", "nan"])
def test_other_tensors_than_vgg16s_are_refused(change, network, weights, tmp_path):
    wrong = dict(weights)
    if change == "missing":
        del wrong["features.28.bias"]
    elif change == "more":
        wrong["features.34.weight"] = torch.zeros(512, 512, 3, 3)
    else:
        spoilt = {
            "shape": torch.zeros(64, 4, 3, 3),
            "integer": torch.zeros(64, 3, 3, 3, dtype=torch.int64),
            "nan": torch.full((64, 3, 3, 3), torch.nan),
        }
        wrong["features.0.weight"] = spoilt[change]
    save_file(wrong, tmp_path / "vgg.safetensors")
    before = network.encoder.vgg[28].bias.clone()
    message = (
        "differ at features" if change in ("missing", "more", "shape") else r"features\.0\.weight has values that are no finite numbers"
    )
    with pytest.raises(InputError, match=rf"vgg\.safetensors: .*{message}.*; expected torchvision's vgg16-397923af\.pth"):
        network.load_vgg(tmp_path / "vgg.safetensors")
    assert torch.equal(network.encoder.vgg[28].bias, before)


def test_a_file_of_another_kind_an_absent_and_a_broken_one_are_one_line(network, tmp_path):
    with pytest.raises(InputError, match=r"a name that ends in '\.npz'; expected"):
        network.load_vgg(tmp_path / "vgg.npz")
    with pytest.raises(InputError, match=r"vgg\.safetensors: no such file; expected"):
        network.load_vgg(tmp_path / "vgg.safetensors")
    (tmp_path / "vgg.safetensors").write_bytes(b"not this")
    with pytest.raises(InputError, match="not a whole safetensors file"):
        network.load_vgg(tmp_path / "vgg.safetensors")
