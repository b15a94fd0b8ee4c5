"""The package's model without torch: the torch path's pictures, quick to load, and nothing but a whole file of ours is taken."""

import numpy as np
import onnx
import pytest

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.inference import harmonize
from imharmony.pictures.images import read_rgb
from imharmony.portable.mapping import mapped
from imharmony.portable.session import OnnxModel
from imharmony.storage.files import sha256_of
from tests.conftest import ROOT
from tests.imharmony.environment import loaded_by

FOLDER = ROOT / "imharmony" / "starter"
WEIGHTS, PORTABLE = FOLDER / "model.safetensors", FOLDER / "model.onnx"
MOST_BYTES = 5 << 20
HEAVY = ("torch", "scipy", "pandas", "pyarrow", "onnx")


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel.load(PORTABLE)


@pytest.fixture(scope="module")
def harmonizer():
    return load_harmonizer(WEIGHTS)[0]


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Coloured blocks with noise: edges, flat parts and all colours."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3)).repeat(16, 0).repeat(16, 1)[:height, :width]
    return np.clip(blocks + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)


def box(height: int, width: int, rows: slice, columns: slice, value: int = 255) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    mask[rows, columns] = value
    return mask


def soft(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.clip(300 - 500 * np.hypot((y / height - 0.5) * 1.6, x / width - 0.5), 0, 255).astype(np.uint8)


CASES = {
    "plain": (scene(180, 240), box(180, 240, slice(40, 120), slice(60, 160))),
    "nowhere a ring": (scene(120, 120), np.where(box(120, 120, slice(2, 118), slice(2, 118)) > 0, np.uint8(255), np.uint8(0))),
    "no pure background": (scene(120, 120), np.maximum(box(120, 120, slice(30, 80), slice(30, 80)), 20).astype(np.uint8)),
    "tiny foreground": (scene(300, 300), box(300, 300, slice(150, 152), slice(99, 101))),
    "soft matte": (scene(200, 150), soft(200, 150)),
    "nowhere solid": (scene(100, 100), box(100, 100, slice(20, 70), slice(20, 70), 90)),
    "at the border": (scene(130, 170), box(130, 170, slice(0, 60), slice(100, 170))),
    "grey picture": (scene(100, 140)[..., :1].repeat(3, 2), box(100, 140, slice(30, 70), slice(30, 70))),
    "one colour": (np.full((90, 90, 3), 128, np.uint8), box(90, 90, slice(30, 60), slice(30, 60))),
    "black and white": (scene(90, 90) // 128 * 255, box(90, 90, slice(30, 60), slice(30, 60))),
    "one pixel wide": (scene(200, 1), box(200, 1, slice(50, 90), slice(0, 1))),
    "very wide": (scene(12, 3000), box(12, 3000, slice(3, 9), slice(700, 1900))),
    "stripes": (scene(160, 160), np.where(np.arange(160) % 8 < 4, 255, 0).astype(np.uint8)[None].repeat(160, 0)),
    "one pixel": (scene(64, 64), box(64, 64, slice(10, 11), slice(10, 11))),
}


@pytest.mark.parametrize("case", CASES)
def test_the_packages_two_models_make_one_picture(model, harmonizer, case):
    photo, mask = CASES[case]
    expected = harmonize(photo, mask, harmonizer=harmonizer, size_px=256)
    maps = model.maps(photo, mask)
    assert maps.shape == (6, 1, 1)
    assert maps.dtype == np.float32
    came = mapped(photo, mask, maps, model.facts.kind, rounded=True)
    assert np.abs(came.astype(int) - expected).max() <= 1
    assert (came[mask == 0] == photo[mask == 0]).all()


def test_photographs_come_out_as_by_torch(model, harmonizer):
    photo = read_rgb(ROOT / "docs" / "look" / "people.jpg")[:400, :600]
    mask = soft(*photo.shape[:2])
    photo = np.clip(photo + mask[..., None] / 255 * (50, 10, -30), 0, 255).astype(np.uint8)
    expected = harmonize(photo, mask, harmonizer=harmonizer, size_px=256)
    came = mapped(photo, mask, model.maps(photo, mask), model.facts.kind, rounded=True)
    assert np.abs(came.astype(int) - expected).max() <= 1
    assert np.abs(expected.astype(int) - photo).max() > 2


def test_the_packages_file_is_of_its_weights_and_small(model):
    assert model.facts.sha256 == sha256_of(WEIGHTS), "the weights are others: write the file again (imharmony.portable.export)"
    assert PORTABLE.stat().st_size <= MOST_BYTES
    assert (model.facts.kind, model.facts.size_px, model.facts.counts) == ("lab", 256, (256, 256, 128, 128))


def test_a_second_call_gives_the_same_bits(model):
    photo, mask = CASES["plain"]
    assert (model.maps(photo, mask) == model.maps(photo, mask)).all()
    several = OnnxModel.load(PORTABLE, intra_op_num_threads=2)
    np.testing.assert_allclose(several.maps(photo, mask), model.maps(photo, mask), rtol=0, atol=1e-4)


def test_running_it_loads_nothing_heavy():
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from imharmony.portable.mapping import mapped\n"
        "from imharmony.portable.session import OnnxModel\n"
        "model = OnnxModel.load(Path(sys.argv[1])); photo, mask = np.zeros((40, 40, 3), np.uint8), np.eye(40, dtype=np.uint8) * 255\n"
        "mapped(photo, mask, model.maps(photo, mask), model.facts.kind)\n"
    )
    assert loaded_by(code, PORTABLE, among=HEAVY) == ("[]", "")


def changed(**facts: str | None) -> bytes:
    """The package's file with other facts; None takes one away."""
    proto = onnx.load(PORTABLE)
    texts = {each.key: each.value for each in proto.metadata_props} | {f"imharmony.{name}": text for name, text in facts.items()}
    del proto.metadata_props[:]
    onnx.helper.set_model_props(proto, {key: text for key, text in texts.items() if text is not None})
    return proto.SerializeToString()


def of_somebody_else() -> bytes:
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Neg", ["x"], ["y"])], "theirs", values[:1], values[1:])
    return onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 18)]).SerializeToString()


WRONG = {
    "empty": (lambda: b"", "not a whole ONNX file"),
    "no ONNX": (lambda: b"\x89PNG\r\n" * 100, "not a whole ONNX file"),
    "weights": (WEIGHTS.read_bytes, "not a whole ONNX file"),
    "half": (lambda: PORTABLE.read_bytes()[: PORTABLE.stat().st_size // 2], "not a whole ONNX file"),
    "somebody else's": (of_somebody_else, "an ONNX file, but not one of ours"),
    "a later format": (lambda: changed(format="2"), "not a model of this version"),
    "no size": (lambda: changed(size_px=None), "missing required field `size_px`"),
    "a size of a text": (lambda: changed(size_px='"256"'), "not a model of this version"),
    "a size out of bounds": (lambda: changed(size_px="1000000"), "not a model of this version"),
    "another size": (lambda: changed(counts="[64, 64, 32, 32]"), "its network takes"),
    "another kind": (lambda: changed(kind='"change"'), "kind 'change' with counts of points"),
    "of no points": (lambda: changed(counts="null"), "kind 'lab' without counts of points"),
    "another kind of network": (lambda: changed(counts="null", kind='"affine"'), "its network takes"),
    "an unknown kind": (lambda: changed(kind='"hsv"'), "not a model of this version"),
    "semi-harmonized": (lambda: changed(input='"intrinsic"'), "not a model of this version"),
    "no JSON": (lambda: changed(kind="{"), "not a model of this version"),
    "deep JSON": (lambda: changed(kind="[" * 100_000), "not a model of this version"),
}


@pytest.mark.parametrize("case", WRONG)
def test_another_file_is_one_line(tmp_path, case, capfd):
    make, message = WRONG[case]
    (tmp_path / "model.onnx").write_bytes(make())
    with pytest.raises(InputError, match=message) as caught:
        OnnxModel.load(tmp_path / "model.onnx")
    assert str(caught.value).startswith(f"{tmp_path / 'model.onnx'}: ")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        OnnxModel.load(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="not a file"):
        OnnxModel.load(tmp_path)


def test_a_network_that_says_no_number_is_refused(tmp_path, model):
    proto = onnx.load(PORTABLE)
    for tensor in proto.graph.initializer:
        if tensor.name.endswith("last.bias"):
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.full(tuple(tensor.dims), np.nan, np.float32), tensor.name))
    onnx.save(proto, tmp_path / "nan.onnx")
    with pytest.raises(InputError, match="NaN or infinite"):
        OnnxModel.load(tmp_path / "nan.onnx").maps(*CASES["plain"])
    assert np.isfinite(model.maps(*CASES["plain"])).all()
