"""Each code's own path written again in NumPy, in its range, order and types, against what we call by its name.

On masks of every kind. Where a code divides by an empty foreground ours is unknown.
"""

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from imharmony.evaluation.conventions import CONVENTIONS, under
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.scoring import metric_tensor, score_images

SIZE = 40
AREA = SIZE * SIZE
NAMES = {"method": "m", "seed": 0, "dataset": "people", "sample_id": "7_1_0", "image_id": 7, "foreground_ratio": 0.5}
Printed = tuple[float, float, float | None]  # MSE, PSNR, fMSE


def smooth(rng: np.random.Generator, low: int, high: int) -> np.ndarray:
    coarse = rng.integers(low, high, (6, 6, 3)).astype(np.uint8)
    return np.array(Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def masks() -> dict[str, np.ndarray]:
    """uint8 (H, W): hard ones and soft ones, as files hold them."""
    square, tiny, faint, border = (np.zeros((SIZE, SIZE), np.uint8) for _ in range(4))
    square[10:30, 8:25] = 255
    tiny[20, 20] = 255
    faint[20, 20:22] = 70
    border[:, :9] = 255
    border[:5] = 255
    ramp = np.linspace(0, 255, SIZE).round().astype(np.uint8)
    soft = np.array(Image.fromarray(square[::10, ::10]).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    return {
        **{"square": square, "tiny": tiny, "border": border, "empty": square * 0, "full": square * 0 + 255},
        **{"soft": soft, "faint": faint, "soft border": np.tile(ramp, (SIZE, 1)), "soft everywhere": square // 2 + 60},
    }


HARD = ("square", "tiny", "border", "empty", "full")


class Case:
    """Composite and real, uint8; the network's output, float32 in [-1, 1] (T) and in [0, 255] (L); the mask, float32 (H, W, 1)."""

    def __init__(self, mask: np.ndarray) -> None:
        rng = np.random.default_rng(3)
        self.real = smooth(rng, 5, 225)
        self.composite = np.clip(self.real + rng.integers(-2, 3, self.real.shape) + 40.0 * (mask > 0)[..., None], 0, 255).astype(np.uint8)
        wanted = self.real + rng.normal(0, 6, self.real.shape) + 8
        self.output = np.clip(wanted / 127.5 - 1, -1, 1).astype(np.float32)
        self.levels = ((self.output.astype(np.float64) + 1) * 127.5).astype(np.float32)
        self.mask = (mask.astype(np.float32) / 255)[..., None]


def normalised(picture: np.ndarray) -> np.ndarray:
    """ToTensor, then Normalize(0.5, 0.5)."""
    return (picture.astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)


def tensor2im(picture: np.ndarray) -> np.ndarray:
    return ((picture + np.float32(1)) / np.float32(2) * np.float32(255)).astype(np.uint8).astype(np.float64)


def mean_squared(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))


def decibels(peak: float, error: float) -> float:
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(np.float64(peak) ** 2 / error))


def products(one: np.ndarray, other: np.ndarray, mask: np.ndarray, area: float) -> float | None:
    return mean_squared(one * mask, other * mask) * AREA / area if area else None


def dovenet(case: Case) -> Printed:
    output, real = tensor2im(case.output), tensor2im(normalised(case.real))
    error = mean_squared(output, real)
    return error, decibels(output.max() - output.min(), error), products(output, real, case.mask, case.mask.sum(dtype=np.float64))


def harmonizer(case: Case) -> Printed:
    output, real = (np.clip(picture * np.float32(255), 0, 255) for picture in (case.levels / np.float32(255), case.real / np.float32(255)))
    error = mean_squared(output, real)
    area = int(torch.sum(torch.from_numpy(case.mask[None, None, ..., 0]), dim=(2, 3))[0][0].numpy())
    return error, decibels(output.max() - output.min(), error), products(output, real, case.mask, area)


def samsung(case: Case) -> Printed:
    error = (case.levels - case.real.astype(np.float32)) ** 2
    whole = float(error.mean(dtype=np.float64))
    foreground = (case.mask * error).sum(dtype=np.float64) / (3 * case.mask.sum(dtype=np.float64) + 1e-6)
    return whole, decibels(case.real.max(), whole + 1e-6), float(foreground) if case.mask.any() else None


def blended_twice(case: Case) -> tuple[np.ndarray, np.ndarray]:
    real, rest = normalised(case.real), np.float32(1) - case.mask
    given = normalised(case.composite) * case.mask + real * rest
    return tensor2im(case.output * case.mask + given * rest), tensor2im(real)


def rainnet(case: Case) -> Printed:
    error = mean_squared(*blended_twice(case))
    return error, decibels(255, error), None


def hdnet(case: Case) -> Printed:
    error, area = mean_squared(*blended_twice(case)), case.mask.sum(dtype=np.float64)
    return error, decibels(255, error), error * AREA / area if area else None


def pctnet(case: Case) -> Printed:
    error = case.mask * (case.levels - case.real.astype(np.float32)) ** 2
    whole, area = float(error.mean(dtype=np.float64)), case.mask.sum(dtype=np.float64)
    return whole, decibels(255, whole + 1e-6), float(error.sum(dtype=np.float64) / (3 * area + 1e-6)) if area else None


def diffharmony(case: Case) -> Printed:
    file = (np.clip((case.output + np.float32(1)) / np.float32(2), 0, 1) * np.float32(255)).astype(np.uint8)
    real = case.real.astype(np.float32)
    output = file.astype(np.float32) * case.mask + real * (np.float32(1) - case.mask)
    error = mean_squared(output, real)
    return error, decibels(255, error), products(output, real, case.mask, case.mask.sum(dtype=np.float64))


CODES = {path.__name__: path for path in (dovenet, harmonizer, samsung, rainnet, hdnet, pctnet, diffharmony)}


def pasted(case: Case, background: np.ndarray) -> np.ndarray:
    return background + case.mask.astype(np.float64) * (case.levels - background.astype(np.float64))


def headline(case: Case) -> Printed:
    error = (np.rint(pasted(case, case.composite)) - case.real) ** 2
    area = case.mask.sum(dtype=np.float64)
    return error.mean(), decibels(255, error.mean()), float((case.mask * error).sum() / 3 / area) if area else None


def report_001(case: Case) -> Printed:
    error = mean_squared(np.rint(case.levels), case.real)
    return error, decibels(255, error), None


def report_002_unet3plus(case: Case) -> Printed:
    output = tensor2im(normalised(pasted(case, case.real).astype(np.float32)))
    error = mean_squared(output, tensor2im(normalised(case.real)))
    return error, decibels(output.max() - output.min(), error), None


def report_003(case: Case) -> Printed:
    error = mean_squared(case.levels, case.real)
    return error, decibels(255, error), None


PATHS = {**CODES, **{path.__name__: path for path in (headline, report_001, report_002_unet3plus, report_003)}}


def scored(case: Case) -> pa.Table:
    pictures = {"raw": case.levels, "composite": case.composite, "real": case.real}
    mask = torch.from_numpy(np.ascontiguousarray(case.mask[..., 0]))[None, None]
    rows = score_images(**{name: metric_tensor(picture) for name, picture in pictures.items()}, mask=mask)
    return pa.Table.from_pylist([{**NAMES, **row} for row in rows], schema=SCORES)


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[Case, pa.Table]]:
    return {name: (case := Case(mask), scored(case)) for name, mask in masks().items()}


@pytest.mark.parametrize("kind", masks())
@pytest.mark.parametrize("name", PATHS)
def test_a_convention_is_its_namesakes_formula(name, kind, cases):
    case, scores = cases[kind]
    mse, psnr, fmse = PATHS[name](case)
    (row,) = under(scores, name).to_pylist()
    assert row["mse"] == pytest.approx(mse, rel=1e-4, abs=1e-9)
    assert row["psnr"] == pytest.approx(psnr, abs=1e-3)
    unknown = row["fmse"] is None or np.isnan(row["fmse"])
    assert unknown if fmse is None else row["fmse"] == pytest.approx(fmse, rel=1e-4)


def test_every_convention_is_written_again():
    assert set(CONVENTIONS) == set(PATHS)


@pytest.mark.parametrize("kind", HARD)
def test_hard_masks_pass_their_loaders_unchanged(kind):
    mask = masks()[kind]
    loaded = np.array(Image.fromarray(mask).convert("1").resize((SIZE, SIZE)), np.uint8) * 255
    assert (loaded == mask).all()


def test_on_soft_masks_no_two_codes_agree(cases):
    _, scores = cases["soft"]
    found = {name: under(scores, name)["psnr"][0].as_py() for name in CODES if name != "hdnet"}  # which differs from rainnet in its fMSE
    assert min(np.diff(sorted(found.values()))) > 0.02


def test_pctnets_ssim_is_of_the_blend_over_the_real_photograph(cases):
    for kind in ("square", "soft", "soft border"):
        case, scores = cases[kind]
        real = case.real.astype(np.float64)
        blend = case.levels * case.mask + real * (1 - case.mask)
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255, "channel_axis": -1}
        _, similarity = structural_similarity(blend, real, full=True, **options)
        assert under(scores, "pctnet")["ssim"][0].as_py() == pytest.approx(similarity[5:-5, 5:-5].mean(), abs=1e-5)


@pytest.mark.parametrize("name", CODES)
def test_an_output_that_is_the_photograph_has_no_error(name):
    case = Case(masks()["square"])
    case.composite, case.levels, case.output = case.real, case.real.astype(np.float32), normalised(case.real)
    (row,) = under(scored(case), name).to_pylist()
    assert row["mse"] == 0
    peaks = {"samsung": case.real.max(), "pctnet": 255}
    assert row["psnr"] == (pytest.approx(decibels(peaks[name], 1e-6)) if name in peaks else np.inf)
