"""Published networks as ONNX: the picture is torch's, and what ONNX cannot say is one line that says what to do."""

import numpy as np
import pytest

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer
from imharmony.inference import harmonize
from imharmony.portable.export import export_onnx
from imharmony.published.importing import import_published
from tests.imharmony.published.drawing import scene
from tests.imharmony.published.small import make_small, saved_parts


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    make_small(monkeypatch)


@pytest.mark.parametrize("name", ["harmonizer", "pctnet_cnn"])  # one set of arguments for all pixels, and maps
def test_the_picture_is_torchs(name, tmp_path):
    model, out = tmp_path / "model.safetensors", tmp_path / "model.onnx"
    import_published(saved_parts(tmp_path, name), name, model)
    export_onnx(model, out)
    _, composite, soft = scene(90, 130)
    photo = (255 * composite[0].permute(1, 2, 0)).round().clamp(0, 255).byte().numpy()
    mask = (255 * soft[0, 0]).round().byte().numpy()
    harmonizer, facts = load_harmonizer(model)
    expected = harmonize(photo, mask, harmonizer=harmonizer, size_px=int(facts["size_px"])).astype(int)
    assert np.abs(Harmonizer.load(out).harmonize(photo, mask) - expected).max() <= 1
    assert (expected != photo).any()


def test_dropout_at_inference_is_one_line_that_says_how_to_import_it(tmp_path):
    model = tmp_path / "model.safetensors"
    import_published(saved_parts(tmp_path, "dovenet"), "dovenet", model)
    with pytest.raises(InputError, match="expected eval; train it with that, or import it with --inference-mode eval"):
        export_onnx(model, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
