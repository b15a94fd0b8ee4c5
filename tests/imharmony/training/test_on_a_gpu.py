"""What can be seen on an accelerator alone: the processor's results up to rounding, and its own to the bit."""

import pytest
import torch

from imharmony.networks import GENERATORS
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.training.initialisation import initialise
from tests.imharmony.training.test_loop import CPU, FRESH, KilledError, killed_after, same_weights, train
from tests.imharmony.training.test_ways import ON_POINTS

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here; `python -m benchmarks.gpu` runs these"),
]
CUDA = torch.device("cuda")
KINDS = {
    "game": {},
    "pictures": {"adversarial": None, "average_weights": "recent"},
    "parts": {"adversarial": None, "accumulate": 2},
    "fresh": {"adversarial": None, "resynthesis": FRESH},
    "channels_last": {"adversarial": None, "channels_last": True},
    "idih": {"adversarial": None, "name": "idih"},
    "attention_unet": {"adversarial": None, "name": "attention_unet"},
    "points": ON_POINTS,
}


@pytest.fixture(autouse=True)
def _whole_numbers(monkeypatch):
    """Without TF32, whose rounding is coarser than float32's."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_network_gives_the_processors_picture(name):
    harmonizer = build_harmonizer(name=name, width=8, size_px=64, mask_input=True, paste=True, inference_mode="eval")
    initialise(harmonizer, name="normal", generator=torch.Generator().manual_seed(0))
    harmonizer.infer()
    generator = torch.Generator().manual_seed(1)
    composite, mask = torch.rand(2, 3, 64, 64, generator=generator) * 2 - 1, torch.zeros(2, 1, 64, 64)
    mask[..., 16:48, 20:50] = 1
    with torch.no_grad():
        expected = harmonizer(composite, mask)
        found = harmonizer.to(CUDA)(composite.to(CUDA), mask.to(CUDA))
    assert found.device.type == CUDA.type
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_training_resumes_to_the_same_bits(tmp_path, kind, precision):
    more = {"device": CUDA, "precision": precision, "epochs": 3} | KINDS[kind]
    straight, expected = train(tmp_path / "straight", **more)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", on_epoch=killed_after(2), **more)
    resumed, history = train(tmp_path / "killed", **more)
    assert history == expected
    assert same_weights(resumed, straight)


@pytest.mark.parametrize("kind", ["idih", "points"])  # without dropout, which each device draws for itself
def test_a_training_has_the_processors_losses(tmp_path, kind):
    (_, own), (_, expected) = (train(tmp_path / device.type, device=device, epochs=2, **KINDS[kind]) for device in (CUDA, CPU))
    for name in ("g_loss", "val_fmse"):
        assert [row[name] or 0 for row in own] == pytest.approx([row[name] or 0 for row in expected], rel=1e-2)


@pytest.mark.parametrize("kind", ["idih", "pictures"])
def test_bfloat16_comes_near_to_float32(tmp_path, kind):
    changes = {"device": CUDA, "epochs": 2} | KINDS[kind]
    (_, half), (_, single) = (train(tmp_path / precision, precision=precision, **changes) for precision in ("bf16", "fp32"))
    assert [row["g_loss"] for row in half if row["epoch"]] != [row["g_loss"] for row in single if row["epoch"]]
    assert [row["g_loss"] or 0 for row in half] == pytest.approx([row["g_loss"] or 0 for row in single], rel=0.1)
