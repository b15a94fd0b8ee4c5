"""Every network that ONNX can say gives the same maps there, in a file that is the same twice; what it cannot say is one line."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.errors import InputError
from imharmony.inference import harmonize
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.portable import export
from imharmony.portable.export import export_onnx
from imharmony.portable.mapping import mapped
from imharmony.portable.session import OnnxModel
from imharmony.storage.files import sha256_of

SIZE = 32
FACTS = {"dataset": "somewhere", "size_px": str(SIZE)}
INTRINSIC = {
    "input": "intrinsic",
    "preprocessing": {"backend": "retinex", "edits": "fitted", "strength": 1.0, "feather_px": 2.0, "seed": 0, "networks_sha256": None},
}


def trained(path: Path, name: str, *, mask_input: bool = True, inference_mode: str = "eval", metadata: dict | None = None) -> Path:
    """A model whose weights are drawn, also those that begin at zero, and whose norms have gathered."""
    architecture = {"name": name, "width": 4, "size_px": SIZE, "mask_input": mask_input, "paste": False, "inference_mode": inference_mode}
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    harmonizer = build_harmonizer(**architecture, start="composite").train()
    with torch.no_grad():
        for parameter in harmonizer.parameters():
            if not parameter.any():
                parameter.normal_(0, 0.1, generator=generator)
        harmonizer(torch.rand(2, 3, SIZE, SIZE, generator=generator) * 2 - 1, torch.ones(2, 1, SIZE, SIZE))
    save_harmonizer(path, harmonizer, architecture | {"start": "composite"}, {**FACTS, **(metadata or {})})
    return path


def picture() -> tuple[np.ndarray, np.ndarray]:
    photo = np.random.default_rng(3).integers(60, 200, (70, 90, 3), dtype=np.uint8)
    mask = np.zeros((70, 90), np.uint8)
    mask[20:50, 30:60], mask[20:50, 60] = 255, 100
    return photo, mask


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("affine", "affine", {}),
        ("attention_unet", "change", {}),
        ("bargain", "change", {}),
        ("bargain_code", "change", {"inference_mode": "train"}),
        ("bargain_hsv", "change", {}),
        ("dih", "change", {}),
        ("fcn_code", "change", {"mask_input": False}),
        ("idih", "change", {}),
        ("rain", "change", {}),
        ("regions_foreground_only", "lab", {}),
        ("unet", "change", {}),
        ("unet3plus", "change", {}),
    ],
)
def test_the_picture_is_torchs(tmp_path, name, kind, options):
    path = trained(tmp_path / "model.safetensors", name, **options)
    export_onnx(path, tmp_path / "model.onnx")
    model = OnnxModel.load(tmp_path / "model.onnx")
    facts = model.facts
    assert (facts.kind, facts.size_px, facts.generator, facts.sha256) == (kind, SIZE, name, sha256_of(path))
    assert facts.inference_mode == options.get("inference_mode", "eval")
    photo, mask = picture()
    expected = harmonize(photo, mask, harmonizer=load_harmonizer(path)[0], size_px=SIZE)
    came = mapped(photo, mask, model.maps(photo, mask), facts.kind, rounded=True)
    assert np.abs(came.astype(int) - expected).max() <= 1
    assert (expected != photo).any()


def test_a_file_is_the_same_twice_and_says_nothing_of_who_made_it(tmp_path):
    path = trained(tmp_path / "model.safetensors", "fcn")
    export_onnx(path, tmp_path / "one.onnx")
    export_onnx(path, tmp_path / "two.onnx")
    data = (tmp_path / "one.onnx").read_bytes()
    assert data == (tmp_path / "two.onnx").read_bytes()
    assert str(tmp_path).encode() not in data
    assert torch.__version__.encode() not in data
    proto = onnx.load_model_from_string(data)
    onnx.checker.check_model(proto, full_check=True)
    assert {each.domain for each in proto.opset_import} == {""}
    assert {path.name for path in tmp_path.iterdir()} == {"model.safetensors", "one.onnx", "two.onnx"}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("unet", {"inference_mode": "train"}, "inference_mode is train, with dropout"),
        ("fcn", {"metadata": INTRINSIC}, r"trained on semi-harmonized pictures \(input: intrinsic\)"),
        ("bargain_hsv_code", {}, "what was exported does not run"),  # its colours are cut to whole levels, in 64 bits
    ],
)
def test_what_cannot_be_exported_is_one_line_and_no_file(tmp_path, name, options, message):
    path = trained(tmp_path / "model.safetensors", name, **options)
    with pytest.raises(InputError, match=message) as caught:
        export_onnx(path, tmp_path / "model.onnx")
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_says_something_else_than_torch_is_not_written(tmp_path, monkeypatch):
    class Off(nn.Module):
        def __init__(self, harmonizer: nn.Module) -> None:
            super().__init__()
            self.harmonizer = harmonizer

        def forward(self, composite: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return self.harmonizer.network.maps(torch.cat([composite, mask], 1)) + 0.01

    monkeypatch.setattr(export, "_Maps", Off)
    path = trained(tmp_path / "model.safetensors", "fcn")
    (tmp_path / "model.onnx").write_text("what was there")
    with pytest.raises(InputError, match=r"differs from torch by 0\.01; expected at most 0\.001"):
        export_onnx(path, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_text() == "what was there"
