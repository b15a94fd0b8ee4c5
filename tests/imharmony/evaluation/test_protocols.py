"""The picture of each protocol: torch's blend of whole pictures and the published codes' arithmetic, for masks of every kind."""

import numpy as np
import pytest
import torch

from imharmony.evaluation.protocols import PROTOCOLS, Scene, saved, truncated

SIZE = 24


def masks() -> dict[str, np.ndarray]:
    hard = np.zeros((SIZE, SIZE), np.float32)
    hard[6:15, 4:20] = 1
    soft = hard.copy()
    soft[5], soft[14, 4:9] = 77 / np.float32(255), 200 / np.float32(255)
    pixel = np.zeros_like(hard)
    pixel[-1, -1] = 1
    return {
        "hard": hard,
        "soft": soft,
        "pixel": pixel,
        "empty": hard * 0,
        "full": hard * 0 + 1,
        "soft everywhere": (hard + 1) / np.float32(3),
    }


def pictures(*, is_pasted: bool, mask: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    real = rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    other = rng.integers(0, 256, real.shape, dtype=np.uint8)
    raw = rng.uniform(-30, 290, real.shape).astype(np.float32)
    return {"raw": raw, "composite": np.where(mask[..., None] > 0, other, real) if is_pasted else other, "real": real}


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).float()


def shown_by_torch(raw: torch.Tensor, behind: torch.Tensor | None, mask: np.ndarray, quantisation: str) -> np.ndarray:
    picture = raw if behind is None else torch.lerp(behind, raw, tensor(mask)[..., None])
    if quantisation == "uint8":
        return picture.clamp(0, 255).round().numpy()
    return (picture if quantisation == "float" else cut_by_torch(picture)).numpy()


def cut_by_torch(picture: torch.Tensor) -> torch.Tensor:
    """ToTensor, Normalize(0.5, 0.5) and tensor2im, step by step."""
    return (((picture / 255 - 0.5) / 0.5 + 1) / 2 * 255).clamp(0, 255).floor()


@pytest.mark.parametrize("is_pasted", [True, False])
@pytest.mark.parametrize("kind", masks())
def test_each_protocols_picture_is_torchs(kind, is_pasted):
    mask = masks()[kind]
    given = pictures(is_pasted=is_pasted, mask=mask)
    scene = Scene.of(**given, mask=mask)
    for background, quantisation in PROTOCOLS:
        seen = scene.pictures(background, quantisation)
        behind = None if background == "raw" else tensor(given[background])
        np.testing.assert_allclose(seen.output, shown_by_torch(tensor(given["raw"]), behind, mask, quantisation), rtol=0, atol=1e-4)
        for found, name in ((seen.truth.levels, "real"), (seen.composite, "composite")):
            assert (found == shown_by_torch(tensor(given[name]), None, mask, quantisation)).all()
        outside = np.ones((SIZE, SIZE), bool)
        outside[seen.part or (slice(None), slice(None))] = False
        assert (seen.output == seen.truth.levels)[outside].all()
        assert (seen.composite == seen.truth.levels)[outside].all()


@pytest.mark.parametrize("kind", masks())
def test_what_is_saved_is_the_headlines_picture(kind):
    mask = masks()[kind]
    given = pictures(is_pasted=True, mask=mask)
    scene = Scene.of(**given, mask=mask)
    found = saved(given["raw"], given["composite"], scene.weights)
    assert found.dtype == np.uint8
    assert (found == scene.pictures("composite", "uint8").output).all()


def test_floats_of_whole_levels_are_scored_as_levels():
    mask = masks()["soft"]
    given = pictures(is_pasted=False, mask=mask)
    expected = Scene.of(**given, mask=mask)
    found = Scene.of(**{name: picture.astype(np.float32) for name, picture in given.items()}, mask=mask)
    for protocol in PROTOCOLS:
        assert (found.pictures(*protocol).output == expected.pictures(*protocol).output).all()


def test_cutting_off_is_torchs_arithmetic_at_every_level_and_between():
    values = np.concatenate([np.arange(256), np.random.default_rng(0).uniform(-5, 260, 100_000)]).astype(np.float32)
    assert (truncated(values) == cut_by_torch(torch.from_numpy(values)).numpy()).all()


def test_judging_changes_no_picture():
    mask = masks()["soft"]
    given = pictures(is_pasted=True, mask=mask)
    before = {name: picture.copy() for name, picture in given.items()}
    scene = Scene.of(**given, mask=mask)
    for protocol in PROTOCOLS:
        assert scene.pictures(*protocol).similarity[0] <= 1 + 1e-6
    saved(given["raw"], given["composite"], scene.weights)
    assert all((given[name] == before[name]).all() for name in given)
