"""A network that cuts people out says as ONNX what it says by torch; nothing but a whole file of ours is taken."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from imharmony.errors import InputError
from imharmony.matting.checkpoint import MattingArchitecture, load_matting
from imharmony.networks.matting import predict_alpha
from imharmony.pictures.pairs import squared
from imharmony.portable import export
from imharmony.portable.export import export_portrait
from imharmony.portable.portrait_session import OnnxPortrait
from imharmony.storage.files import sha256_of
from tests.conftest import ROOT
from tests.imharmony.environment import loaded_by
from tests.imharmony.portrait_networks import SIZE, drawn_network, network_without_numbers, portrait

HEAVY = ("torch", "scipy", "pandas", "pyarrow", "onnx")
STARTER = ROOT / "imharmony" / "starter"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return drawn_network(tmp_path_factory.mktemp("portrait") / "model.safetensors")


@pytest.fixture(scope="module")
def portable(weights) -> Path:
    export_portrait(weights, weights.with_name("portrait.onnx"))
    return weights.with_name("portrait.onnx")


@pytest.mark.parametrize("size", [(80, 64), (SIZE, SIZE), (1, 1), (3, 500)])
def test_alpha_is_torchs(weights, portable, size):
    picture = portrait(*size)
    network, _, size_px, _ = load_matting(weights)
    seen = torch.from_numpy(squared(picture, size_px).transpose(2, 0, 1)[None] / np.float32(255))
    with torch.inference_mode():
        expected = predict_alpha(network, seen, None)[0, 0].numpy()
    came = OnnxPortrait.load(portable).alpha(picture)
    assert (came.shape, came.dtype) == ((SIZE, SIZE), np.float32)
    np.testing.assert_allclose(came, expected, rtol=0, atol=1e-4)


def test_the_file_says_what_it_is_and_is_the_same_twice(weights, portable, tmp_path):
    facts = OnnxPortrait.load(portable).facts
    assert (facts.size_px, facts.sha256, facts.kind, facts.format) == (SIZE, sha256_of(weights), "portrait", 1)
    export_portrait(weights, tmp_path / "again.onnx")
    data = portable.read_bytes()
    assert data == (tmp_path / "again.onnx").read_bytes()
    assert str(weights.parent).encode() not in data
    onnx.checker.check_model(onnx.load_model_from_string(data), full_check=True)


def test_a_network_with_a_trimap_is_not_exported(tmp_path):
    path = drawn_network(tmp_path / "model.safetensors", MattingArchitecture(name="indexnet", width=0.0625, index="hin"))
    with pytest.raises(InputError, match=r"network indexnet, which needs a trimap; expected one without, 'portrait'"):
        export_portrait(path, tmp_path / "portrait.onnx")
    assert not (tmp_path / "portrait.onnx").exists()


def test_a_file_that_says_something_else_than_torch_is_not_written(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "CLOSE", -1.0)
    with pytest.raises(InputError, match="differs from torch"):
        export_portrait(weights, tmp_path / "portrait.onnx")
    assert not list(tmp_path.iterdir())


def test_running_it_loads_nothing_heavy(portable):
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from imharmony.portable.portrait_session import OnnxPortrait\n"
        "OnnxPortrait.load(Path(sys.argv[1])).alpha(np.zeros((40, 40, 3), np.uint8))\n"
    )
    assert loaded_by(code, portable, among=HEAVY) == ("[]", "")


WRONG = {
    "empty": (lambda _: b"", "not a whole ONNX file"),
    "half": (lambda portable: portable.read_bytes()[: portable.stat().st_size // 2], "not a whole ONNX file"),
    "a harmonizer": (lambda _: (STARTER / "model.onnx").read_bytes(), "expected a network that cuts people out|not a network that cuts"),
    "a detector": (lambda _: (STARTER / "detector.onnx").read_bytes(), "a detector; expected a network that cuts people out"),
}


@pytest.mark.parametrize("case", WRONG)
def test_another_file_is_one_line(tmp_path, portable, case):
    make, message = WRONG[case]
    (tmp_path / "portrait.onnx").write_bytes(make(portable))
    with pytest.raises(InputError, match=message) as caught:
        OnnxPortrait.load(tmp_path / "portrait.onnx")
    assert "\n" not in str(caught.value)


def test_a_network_that_says_no_number_is_refused(tmp_path):
    network = OnnxPortrait.load(network_without_numbers(tmp_path / "nan.onnx"))
    with pytest.raises(InputError, match="gives no alpha of this photograph"):
        network.alpha(portrait())
