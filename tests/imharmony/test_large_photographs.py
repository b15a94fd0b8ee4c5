"""Large photographs: worked on by parts with the bits of the whole, measured by samples, and within a bounded memory."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from imharmony import inference
from imharmony.colour.ranges import mask_from_uint8, network_from_uint8
from imharmony.colour.spaces import srgb_from_linear
from imharmony.inference import harmonize
from imharmony.intrinsic import strips
from imharmony.intrinsic.compositing import semi_harmonize
from imharmony.intrinsic.decomposition import decompose, linear_of
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.edits import Layers, Pasted, fitted_edits
from imharmony.intrinsic.learned import learned_edits
from imharmony.networks.affine import AffineMaps, mapped
from imharmony.networks.harmonizer import Harmonizer, InferenceMode, build_harmonizer
from imharmony.running.randomness import torch_seed
from tests.imharmony.intrinsic.test_decomposition import WAYS

SIZES = [(90, 130), (33, 101), (1, 40), (40, 1), (2, 3), (32, 32), (64, 128)]
KINDS = ["affine", "fcn", "idih", "rain"]
SIZE_PX = 32

with torch_seed(0, torch.device("cpu")):
    CHOOSING = EditNetwork(width=8).eval()
    torch.nn.init.normal_(CHOOSING.choose.weight, std=0.1)
EDITS = {"fitted": fitted_edits(strength=0.5), "learned": learned_edits(CHOOSING, size_px=16)}


def pair(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy photograph and a mask that is soft in parts, 0 in some pixel and 255 in some."""
    rng = np.random.default_rng(height * width)
    photo = np.clip(rng.normal(np.linspace(60, 180, width)[None, :, None], 25, (height, width, 3)), 0, 255).astype(np.uint8)
    mask = np.zeros((height, width), np.float32)
    mask[height // 4 : max(3 * height // 4, height // 4 + 1), width // 3 : max(2 * width // 3, width // 3 + 1)] = 255
    mask = cv2.GaussianBlur(mask, (5, 5), 0).astype(np.uint8)
    mask.flat[0], mask.flat[mask.size // 2] = 0, 255
    return photo, mask


def harmonizer(kind: str, mode: InferenceMode = "eval") -> Harmonizer:
    with torch_seed(1, torch.device("cpu")):
        built = build_harmonizer(name=kind, width=8, size_px=SIZE_PX, mask_input=True, paste=True, inference_mode=mode)
        for weights in built.parameters():
            torch.nn.init.normal_(weights, std=0.15)
    return built.infer()


def whole(photo: np.ndarray, mask: np.ndarray, built: Harmonizer) -> np.ndarray:
    """What ``harmonize`` is to give, with everything at full size at once."""
    way = cv2.INTER_AREA if min(mask.shape) >= SIZE_PX else cv2.INTER_LINEAR
    small, share = (cv2.resize(picture, (SIZE_PX, SIZE_PX), interpolation=way) for picture in (photo, mask))
    composite, weight = network_from_uint8(torch.from_numpy(small)[None]), mask_from_uint8(torch.from_numpy(share)[None])
    full = network_from_uint8(torch.from_numpy(photo)[None])
    network, inputs = built.network, torch.cat([composite, weight], 1)
    with torch.inference_mode():
        is_affine = isinstance(network, AffineMaps)
        maps = network.maps(inputs) if is_affine else built.raw(composite, weight) - composite
        maps = interpolate(maps, mask.shape, mode="bicubic", align_corners=False)
        change = (mapped(full, maps) if is_affine else full + maps) - full
    mixed = photo + mask[..., None].astype(np.float32) / 255 * (change[0].permute(1, 2, 0).numpy() * 127.5)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("tile_px", [1, 500])
@pytest.mark.parametrize("kind", KINDS)
def test_a_photograph_harmonized_by_tiles_is_the_one_harmonized_at_once(monkeypatch, kind, tile_px):
    monkeypatch.setattr(inference, "TILE_PX", tile_px)
    built = harmonizer(kind)
    for height, width in SIZES:
        photo, mask = pair(height, width)
        before = photo.copy()
        output = harmonize(photo, mask, harmonizer=built, size_px=SIZE_PX)
        assert (output == whole(photo, mask, built)).all()
        assert (output != photo).any()
        assert (photo == before).all()


def test_dropout_after_training_is_the_same_in_all_tiles(monkeypatch):
    monkeypatch.setattr(inference, "TILE_PX", 500)
    photo, mask = pair(90, 130)
    built = harmonizer("rain", mode="train")
    assert (harmonize(photo, mask, harmonizer=built, size_px=SIZE_PX) == whole(photo, mask, built)).all()


def test_a_photograph_that_cannot_be_written_to_is_harmonized_too():
    photo, mask = pair(90, 130)
    photo.flags.writeable = mask.flags.writeable = False
    built = harmonizer("affine")
    with pytest.warns(UserWarning, match="not writable"):
        expected = whole(photo, mask, built)
    assert (harmonize(photo, mask, harmonizer=built, size_px=SIZE_PX) == expected).all()


def semi_whole(composite: np.ndarray, mask: np.ndarray, way: str, edits: str) -> np.ndarray:
    """What ``semi_harmonize`` is to give, with all layers at full size at once."""
    albedo, shading = decompose(composite, WAYS[way])
    light = shading.astype(np.float64)
    edit, light_edit = EDITS[edits](Pasted(Layers(albedo, light), mask > 0.5 * mask.max()))
    levels = 255 * srgb_from_linear(np.clip(edit(albedo) * light_edit(light)[..., None], 0, 1))
    return np.clip(np.rint(composite + mask.astype(np.float64)[..., None] * (levels - composite)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("way", WAYS)
def test_a_picture_semi_harmonized_by_strips_is_the_one_semi_harmonized_at_once(monkeypatch, way, edits):
    for height, width in SIZES:
        photo, matte = pair(height, width)
        mask = matte.astype(np.float32) / 255
        monkeypatch.setattr(strips, "STRIP_PX", 10**9)
        expected = semi_whole(photo, mask, way, edits)
        feathered = semi_harmonize(photo, mask, shading_of=WAYS[way], edits_of=EDITS[edits], with_lights=False, feather_px=2.5).image
        monkeypatch.setattr(strips, "STRIP_PX", 150)  # from one row to three
        found, soft = (
            semi_harmonize(photo, mask, shading_of=WAYS[way], edits_of=EDITS[edits], with_lights=False, feather_px=px).image
            for px in (0, 2.5)
        )
        assert (found == expected).all()
        assert (soft == feathered).all()


@pytest.mark.parametrize("edits", EDITS)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_measured_of_a_sample_is_nearly_what_is_measured_of_all(monkeypatch, way, edits):
    photo, matte = pair(150, 203)
    mask = matte.astype(np.float32) / 255
    monkeypatch.setattr(strips, "STRIP_PX", 1000)
    every, some = (_measured(monkeypatch, at_most, photo, mask, way, edits) for at_most in (10**9, 3000))
    assert (every != photo).any()
    assert np.abs(every.astype(int) - some).mean() < 0.5  # a tenth of so small a picture leaves the scale of the layers open to 1 %


def _measured(monkeypatch, at_most: int, photo: np.ndarray, mask: np.ndarray, way: str, edits: str) -> np.ndarray:
    monkeypatch.setattr(strips, "MEASURED_PX", at_most)
    return semi_harmonize(photo, mask, shading_of=WAYS[way], edits_of=EDITS[edits], with_lights=False).image


@pytest.mark.parametrize("edits", EDITS)
def test_a_speck_of_a_foreground_is_measured_whole_in_the_largest_picture(monkeypatch, edits):
    photo, _ = pair(150, 203)
    mask = np.zeros((150, 203), np.float32)
    mask[71, 118:121] = 1
    monkeypatch.setattr(strips, "MEASURED_PX", 50)
    monkeypatch.setattr(strips, "STRIP_PX", 1000)
    layers = Layers(*decompose(photo, WAYS["luminance"]))
    albedo, _ = Pasted(layers, mask > 0).own
    assert (albedo == layers.albedo[mask > 0]).all()
    image = _measured(monkeypatch, 50, photo, mask, "luminance", edits)
    assert (image[mask == 0] == photo[mask == 0]).all()


@pytest.mark.parametrize(("count", "at_most", "step"), [(0, 8, 1), (8, 8, 1), (9, 8, 2), (16, 8, 2), (17, 8, 3)])
def test_of_too_many_pixels_each_so_manieth_is_measured(monkeypatch, count, at_most, step):
    monkeypatch.setattr(strips, "MEASURED_PX", at_most)
    monkeypatch.setattr(strips, "STRIP_PX", 7)
    region = np.zeros((9, 5), bool)
    region.flat[np.random.default_rng(0).permutation(45)[:count]] = True
    picked = np.concatenate([chosen + 5 * rows.start for rows, chosen in strips.picked(region)])
    assert strips.step_of(count) == step
    assert picked.tolist() == np.flatnonzero(region)[::step].tolist()


@pytest.mark.parametrize(("height", "width", "tolerance"), [(150, 203, 0), (96, 160, 1e-5)])
def test_layers_are_shrunk_by_strips_as_at_once(monkeypatch, height, width, tolerance):
    rng = np.random.default_rng(0)
    layers = rng.random((height, width, 3), np.float32), rng.random((height, width), np.float32)
    monkeypatch.setattr(strips, "MEASURED_PX", 50)
    monkeypatch.setattr(strips, "STRIP_PX", 1000)
    found = strips.shrunk(lambda rows: tuple(layer[rows] for layer in layers), (height, width), 32)
    for layer, small in zip(layers, found, strict=True):
        assert np.abs(small - cv2.resize(layer, (32, 32), interpolation=cv2.INTER_AREA)).max() <= tolerance


CHILD = """
import pathlib, resource, sys
import cv2, numpy as np, torch
from imharmony.inference import harmonize
from imharmony.intrinsic.recipe import Recipe, preprocessor
from imharmony.networks.harmonizer import build_harmonizer
photo = cv2.resize(np.random.default_rng(0).integers(20, 236, (8, 12, 3), dtype=np.uint8), (6000, 4000))
matte = np.zeros((4000, 6000), np.uint8)
matte[1700:2300, 2600:3400] = 255
if sys.argv[1] == "affine":
    built = build_harmonizer(name="affine", width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval").infer()
    torch.nn.init.normal_(built.network.parameters_at.weight)
    image = harmonize(photo, matte, harmonizer=built, size_px=32)
else:
    image = preprocessor(Recipe(sys.argv[1]))(photo, matte, "foreground").image
assert (image != photo).any()
if sys.platform == "linux":  # where ru_maxrss begins at the peak of the process that started this one
    status = pathlib.Path("/proc/self/status").read_text()
    print(1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # bytes on macOS
"""


@pytest.mark.parametrize(("kind", "most"), [("affine", 1.7e9), ("luminance", 2.4e9)])
def test_24_megapixels_stay_within_a_bounded_memory(kind, most):
    """Libraries included. The whole picture in float would take twice as much."""
    done = subprocess.run([sys.executable, "-c", CHILD, kind], capture_output=True, text=True, check=True)
    assert int(done.stdout) < most


def test_layers_of_a_result_are_those_of_the_whole_picture():
    photo, matte = pair(90, 130)
    result = semi_harmonize(photo, matte.astype(np.float32) / 255, shading_of=WAYS["luminance"], with_lights=False)
    albedo, shading = decompose(photo, WAYS["luminance"])
    assert (result.albedo == albedo).all()
    assert (result.shading == shading).all()
    assert np.abs(albedo * shading[..., None] - linear_of(photo)).max() < 1e-5
