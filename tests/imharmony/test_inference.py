"""The user's photograph: any size in, the same size out, background untouched, orientation kept, mistakes in one line."""

import numpy as np
import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.evaluation.methods import NetworkMethod
from imharmony.inference import harmonize, own_picture
from imharmony.networks.affine import affine
from imharmony.networks.blocks import Generator
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.published.pct_net import pctnet_cnn
from imharmony.networks.published.white_box import harmonizer as white_box


class Brighten(Generator):
    """Adds 0.2 on the network's scale (25.5 levels) to the first three channels."""

    depth = 0  # takes every size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :3] + 0.2


@pytest.fixture
def harmonizer():
    return Harmonizer(Brighten(), mask_input=True, paste=True, inference_mode="eval").infer()


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 200, (90, 130, 3), dtype=np.uint8)


@pytest.fixture
def mask():
    mask = np.zeros((90, 130), np.uint8)
    mask[20:60, 30:80] = 255
    return mask


def test_size_is_kept_and_the_background_untouched(harmonizer, photo, mask):
    output = harmonize(photo, mask, harmonizer=harmonizer, size_px=64)
    assert output.shape == photo.shape
    assert (output[mask == 0] == photo[mask == 0]).all()


def pasted(own: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    alpha = mask[..., None] / 255
    return np.rint(own * alpha + photo * (1 - alpha))


@pytest.mark.parametrize("size_px", [32, 64])
@pytest.mark.parametrize("build", [affine, pctnet_cnn, white_box], ids=["affine", "pctnet_cnn", "harmonizer"])
def test_the_own_picture_of_the_whole_photograph_is_what_is_pasted(build, size_px, photo, mask):
    torch.manual_seed(0)
    network = build(in_channels=4, width=8, size_px=size_px)
    harmonizer = Harmonizer(network, mask_input=True, paste=True, inference_mode="eval").infer()
    own = own_picture(photo, mask, harmonizer=harmonizer, size_px=size_px)
    assert (own.shape, own.dtype, own.min() >= 0, own.max() <= 255) == (photo.shape, np.float32, True, True)
    by_command = harmonize(photo, mask, harmonizer=harmonizer, size_px=size_px)
    assert np.abs(pasted(own, photo, mask) - by_command).max() <= 1
    assert np.abs(own[mask == 0] - photo[mask == 0]).max() > 0.5  # it is the network's there too


def test_a_picture_of_the_networks_own_size_is_what_the_network_says(photo, mask):
    torch.manual_seed(0)
    harmonizer = Harmonizer(affine(in_channels=4, width=8, size_px=64), mask_input=True, paste=True, inference_mode="eval").infer()
    square, cut = photo[:64, :64].copy(), mask[:64, :64].copy()
    own = own_picture(square, cut, harmonizer=harmonizer, size_px=64)
    direct = NetworkMethod(harmonizer, device=torch.device("cpu"))(square, cut.astype(np.float32) / 255)
    np.testing.assert_allclose(own, direct, atol=1e-3)


def test_an_own_picture_needs_no_mask_that_shows_anything(harmonizer, photo):
    own = own_picture(photo, np.zeros(photo.shape[:2], np.uint8), harmonizer=harmonizer, size_px=64)
    np.testing.assert_allclose(own, np.minimum(photo + 25.5, 255), atol=0.01)


def test_detail_finer_than_the_networks_grid_stays(harmonizer, photo, mask):
    output = harmonize(photo, mask, harmonizer=harmonizer, size_px=64)
    change = output[mask == 255].astype(int) - photo[mask == 255]
    assert set(np.unique(change)) <= {25, 26}


def test_a_half_transparent_pixel_changes_half_as_much(harmonizer, photo, mask):
    output = harmonize(photo, mask // 2, harmonizer=harmonizer, size_px=64)
    change = output[mask == 255].astype(float) - photo[mask == 255]
    np.testing.assert_allclose(change.mean(), 25.5 * 127 / 255, atol=0.6)


def test_a_picture_smaller_than_the_network_works(harmonizer):
    photo = np.full((9, 7, 3), 100, np.uint8)
    mask = np.zeros((9, 7), np.uint8)
    mask[3:6, 2:5] = 255
    assert harmonize(photo, mask, harmonizer=harmonizer, size_px=64)[4, 3].tolist() in ([125] * 3, [126] * 3)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((90, 130), np.uint8), "black everywhere"),
        (np.full((90, 130), 255, np.uint8), "white everywhere"),
        (np.zeros((130, 90), np.uint8), "the mask is 90x130 pixels; expected 130x90"),
    ],
)
def test_a_wrong_mask_is_one_line(harmonizer, photo, mask, message):
    with pytest.raises(InputError, match=message):
        harmonize(photo, mask, harmonizer=harmonizer, size_px=64)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_network_that_says_no_number_is_refused(photo, mask, value):
    class Broken(Brighten):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * value

    broken = Harmonizer(Broken(), mask_input=True, paste=True, inference_mode="eval").infer()
    with pytest.raises(InputError, match="NaN or infinite"):
        harmonize(photo, mask, harmonizer=broken, size_px=64)


def test_colour_maps_recolour_detail_that_the_network_does_not_see(photo, mask):
    """Fine noise keeps its contrast under an added change and doubles it under a map that doubles."""
    network = affine(in_channels=4, width=4, size_px=64)
    nn.init.zeros_(network.parameters_at.weight)
    with torch.no_grad():
        network.parameters_at.bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]))
    harmonizer = Harmonizer(network, mask_input=True, paste=True, inference_mode="eval").infer()
    output = harmonize(photo // 8 + 116, mask, harmonizer=harmonizer, size_px=64)
    expected = np.clip(np.rint(2 * (photo // 8 + 116 - 127.5) + 127.5), 0, 255)
    assert np.abs(output - expected)[mask == 255].max() <= 1
