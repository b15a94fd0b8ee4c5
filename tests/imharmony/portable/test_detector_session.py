"""A detector as ONNX says what it says by torch, in a file that is the same twice; nothing but a whole file of ours is taken."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from imharmony.blind.detector import load_detector
from imharmony.errors import InputError
from imharmony.pictures.pairs import squared
from imharmony.portable import export
from imharmony.portable.detector_session import OnnxDetector
from imharmony.portable.export import export_detector
from imharmony.portable.session import OnnxModel
from imharmony.storage.files import sha256_of
from tests.conftest import ROOT
from tests.imharmony.detectors import SIZE, drawn_detector
from tests.imharmony.environment import loaded_by

HEAVY = ("torch", "scipy", "pandas", "pyarrow", "onnx")
STARTER = ROOT / "imharmony" / "starter"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return drawn_detector(tmp_path_factory.mktemp("detector") / "model.safetensors")


@pytest.fixture(scope="module")
def portable(weights) -> Path:
    export_detector(weights, weights.with_name("detector.onnx"), limit=0.6)
    return weights.with_name("detector.onnx")


def photo(height: int = 70, width: int = 90) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(70, 90), (SIZE, SIZE), (1, 1), (3, 2000), (200, 20)])
def test_the_probabilities_are_torchs(weights, portable, size):
    picture = photo(*size)
    detector, size_px, _ = load_detector(weights)
    seen = torch.from_numpy(squared(picture, size_px).transpose(2, 0, 1)[None] / np.float32(127.5) - 1)
    with torch.inference_mode():
        expected = detector.probabilities(detector(seen))[0].numpy()
    came = OnnxDetector.load(portable).probabilities(picture)
    assert (came.shape, came.dtype) == ((3, SIZE, SIZE), np.float32)
    np.testing.assert_allclose(came, expected, rtol=0, atol=1e-4)


def test_the_file_says_what_it_is(weights, portable):
    detector = OnnxDetector.load(portable)
    facts = detector.facts
    assert (facts.size_px, facts.sha256, facts.kind, facts.format) == (SIZE, sha256_of(weights), "detector", 1)
    assert (detector.limit, detector.least_share) == (0.6, 0.005)


def test_a_file_is_the_same_twice_and_says_nothing_of_who_made_it(weights, portable, tmp_path):
    export_detector(weights, tmp_path / "again.onnx", limit=0.6)
    data = portable.read_bytes()
    assert data == (tmp_path / "again.onnx").read_bytes()
    assert str(weights.parent).encode() not in data
    assert torch.__version__.encode() not in data
    onnx.checker.check_model(onnx.load_model_from_string(data), full_check=True)


def test_what_is_added_to_the_picture_by_a_detector_with_changes_is_no_probability(tmp_path):
    path = drawn_detector(tmp_path / "model.safetensors", changes=True)
    export_detector(path, tmp_path / "detector.onnx", limit=0.6)
    assert OnnxDetector.load(tmp_path / "detector.onnx").probabilities(photo()).shape == (3, SIZE, SIZE)


@pytest.mark.parametrize("limits", [{"limit": 0}, {"limit": 1.01}, {"limit": float("nan")}, {"limit": 0.5, "least_share": 0.6}])
def test_limits_out_of_bounds_are_one_line_and_no_file(weights, tmp_path, limits):
    with pytest.raises(InputError, match="expected a number above 0 and up to"):
        export_detector(weights, tmp_path / "detector.onnx", **limits)
    assert not list(tmp_path.iterdir())


def test_a_file_that_says_something_else_than_torch_is_not_written(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "CLOSE", -1.0)
    with pytest.raises(InputError, match="differs from torch"):
        export_detector(weights, tmp_path / "detector.onnx", limit=0.6)
    assert not list(tmp_path.iterdir())


def test_weights_of_something_else_are_no_detector(tmp_path):
    with pytest.raises(InputError, match="not a detector"):
        export_detector(STARTER / "model.safetensors", tmp_path / "detector.onnx", limit=0.6)


def test_running_it_loads_nothing_heavy(portable):
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from imharmony.portable.detector_session import OnnxDetector\n"
        "OnnxDetector.load(Path(sys.argv[1])).probabilities(np.zeros((40, 40, 3), np.uint8))\n"
    )
    assert loaded_by(code, portable, among=HEAVY) == ("[]", "")


def changed(portable: Path, **facts: str | None) -> bytes:
    """The file with other facts; None takes one away."""
    proto = onnx.load(portable)
    texts = {each.key: each.value for each in proto.metadata_props} | {f"imharmony.{name}": text for name, text in facts.items()}
    del proto.metadata_props[:]
    onnx.helper.set_model_props(proto, {key: text for key, text in texts.items() if text is not None})
    return proto.SerializeToString()


WRONG = {
    "empty": (lambda _: b"", "not a whole ONNX file"),
    "a picture": (lambda _: b"\x89PNG\r\n" * 100, "not a whole ONNX file"),
    "half": (lambda portable: portable.read_bytes()[: portable.stat().st_size // 2], "not a whole ONNX file"),
    "a harmonizer": (lambda _: (STARTER / "model.onnx").read_bytes(), "a model that harmonizes; expected a detector; .* --model"),
    "a later format": (lambda portable: changed(portable, format="2"), "not a detector of this version"),
    "no limit": (lambda portable: changed(portable, limit=None), "missing required field `limit`"),
    "a limit of 0": (lambda portable: changed(portable, limit="0"), "not a detector of this version"),
    "a limit that is no number": (lambda portable: changed(portable, limit="NaN"), "not a detector of this version"),
    "no share": (lambda portable: changed(portable, least_share=None), "missing required field `least_share`"),
    "a share of all": (lambda portable: changed(portable, least_share="1"), "not a detector of this version"),
    "another size": (lambda portable: changed(portable, size_px="128"), "its network takes"),
    "no JSON": (lambda portable: changed(portable, kind="{"), "not a detector of this version"),
    "nobody's": (
        lambda portable: changed(portable, **dict.fromkeys(("format", "kind", "size_px", "sha256", "limit", "least_share"))),
        "an ONNX file, but not one of ours",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_another_file_is_one_line(tmp_path, portable, case, capfd):
    make, message = WRONG[case]
    (tmp_path / "detector.onnx").write_bytes(make(portable))
    with pytest.raises(InputError, match=message) as caught:
        OnnxDetector.load(tmp_path / "detector.onnx")
    assert str(caught.value).startswith(f"{tmp_path / 'detector.onnx'}: ")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        OnnxDetector.load(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="not a file"):
        OnnxDetector.load(tmp_path)


def test_a_detector_is_no_harmonizer(portable):
    with pytest.raises(InputError, match=r"a detector; expected a model; .* --detector"):
        OnnxModel.load(portable)


def test_a_network_that_says_no_number_is_refused(tmp_path, portable):
    proto = onnx.load(portable)
    for tensor in proto.graph.initializer:
        if tensor.name.endswith("head.bias"):
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.full(tuple(tensor.dims), np.nan, np.float32), tensor.name))
    onnx.save(proto, tmp_path / "nan.onnx")
    with pytest.raises(InputError, match="says no probabilities"):
        OnnxDetector.load(tmp_path / "nan.onnx").probabilities(photo())
