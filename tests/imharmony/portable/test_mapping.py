"""Maps applied without torch: the numbers of the torch path, nothing where nothing is asked, and the same however it is cut up."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from imharmony.colour.ranges import network_from_uint8
from imharmony.errors import InputError
from imharmony.networks.affine import mapped as affine_mapped
from imharmony.networks.published.pct_net import PCTNet
from imharmony.networks.published.white_box import WhiteBox
from imharmony.networks.regions import mapped as lab_mapped
from imharmony.pictures.images import read_rgb
from imharmony.portable import mapping
from imharmony.portable.facts import CHANNELS
from imharmony.portable.mapping import mapped, strips
from tests.conftest import ROOT

OF_TORCH = {
    "change": lambda pictures, maps: pictures + maps,
    "affine": affine_mapped,
    "lab": lab_mapped,
    "clamped": PCTNet().mapped,
    "filters": WhiteBox(width=8).mapped,
}
SCALES = {"change": 0.3, "affine": 0.3, "lab": 1.0, "clamped": 0.3, "filters": 0.3}
WITHOUT_A_GRID = {"filters"}  # which hold for the whole photograph
CLOSE = 0.02  # levels; torch's own two orders of summation lie about half of it apart


def maps_of(kind: str, *shape: int, seed: int = 0) -> np.ndarray:
    shape = (1, 1) if kind in WITHOUT_A_GRID else shape
    maps = np.random.default_rng(seed).normal(0, SCALES[kind], (CHANNELS[kind], *shape)).astype(np.float32)
    if kind == "lab":
        maps[:3] *= 0.3
        maps[3:] *= 10
    return maps


def noise(height: int, width: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def soft_mask(height: int, width: int) -> np.ndarray:
    mask = np.random.default_rng(2).integers(0, 256, (height, width), dtype=np.uint8)
    mask[: height // 3], mask[:, : width // 4], mask[-1] = 0, 0, 255
    return mask


def by_torch(photo: np.ndarray, mask: np.ndarray, maps: np.ndarray, kind: str) -> np.ndarray:
    """The oracle: maps enlarged by torch and applied by the networks' own function, all at once."""
    full = network_from_uint8(torch.from_numpy(photo)[None])
    enlarged = interpolate(torch.from_numpy(maps)[None], photo.shape[:2], mode="bicubic", align_corners=False)
    change = (OF_TORCH[kind](full, enlarged) - full)[0].permute(1, 2, 0).numpy() * 127.5
    return np.clip(photo + mask[..., None] / np.float32(255) * change, 0, 255)


@pytest.mark.parametrize("kind", CHANNELS)
@pytest.mark.parametrize("grid", [(1, 1), (32, 32)])
@pytest.mark.parametrize("size", [(1, 1), (1, 90), (90, 1), (20, 31), (32, 32), (97, 32), (150, 211), (3, 1500)])
def test_the_picture_is_torchs(kind, grid, size):
    photo, mask, maps = noise(*size), soft_mask(*size), maps_of(kind, *grid)
    expected = by_torch(photo, mask, maps, kind)
    np.testing.assert_allclose(mapped(photo, mask, maps, kind), expected, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(mapped(photo.astype(np.float32), mask, maps, kind), expected, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(mapped(photo, mask, maps, kind, rounded=True), np.rint(expected), rtol=0, atol=1)


def test_photographs_are_recoloured_as_by_torch():
    photo = read_rgb(ROOT / "docs" / "before_after.jpg")
    mask = np.full(photo.shape[:2], 255, np.uint8)
    for seed in range(4):
        maps = maps_of("lab", 1, 1, seed=seed)
        np.testing.assert_allclose(mapped(photo, mask, maps, "lab"), by_torch(photo, mask, maps, "lab"), rtol=0, atol=CLOSE)


def test_every_grey_and_the_gamuts_corners_are_torchs():
    ramp = np.arange(256, dtype=np.uint8)
    zero, full = np.zeros_like(ramp), np.full_like(ramp, 255)
    photo = np.stack([np.stack(planes, 1) for planes in ([ramp] * 3, [ramp, zero, zero], [zero, full, ramp], [full, ramp, full])])
    mask = np.full(photo.shape[:2], 255, np.uint8)
    for offset in (-200, -40, 0.01, 40, 200):  # also what no light has
        maps = np.zeros((6, 1, 1), np.float32)
        maps[3:] = offset
        np.testing.assert_allclose(mapped(photo, mask, maps, "lab"), by_torch(photo, mask, maps, "lab"), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("kind", CHANNELS)
@pytest.mark.parametrize("rounded", [False, True])
def test_maps_of_zeros_and_a_strength_of_zero_change_no_bit(kind, rounded):
    photo, mask, maps = noise(40, 50), soft_mask(40, 50), maps_of(kind, 8, 8)
    assert (mapped(photo, mask, np.zeros_like(maps), kind, rounded=rounded) == photo).all()
    assert (mapped(photo, mask, maps, kind, strength=0, rounded=rounded) == photo).all()
    assert mapped(photo, mask, maps, kind, rounded=rounded).dtype == (np.uint8 if rounded else np.float32)


@pytest.mark.parametrize("kind", CHANNELS)
def test_what_the_mask_leaves_out_is_the_photograph_and_half_the_strength_is_half_the_change(kind):
    photo, mask = noise(60, 70) // 4 + 96, soft_mask(60, 70)
    maps = maps_of(kind, 8, 8) * np.float32(0.1)
    given = photo.copy(), mask.copy(), maps.copy()
    whole, half = (mapped(photo, mask, maps, kind, strength=strength) for strength in (1.0, 0.5))
    assert (whole[mask == 0] == photo[mask == 0]).all()
    assert (mapped(photo, mask, maps, kind, rounded=True)[mask == 0] == photo[mask == 0]).all()
    np.testing.assert_allclose(half - photo, (whole - photo) / 2, rtol=0, atol=1e-3)
    assert all((left == right).all() for left, right in zip(given, (photo, mask, maps), strict=True))


def test_exact_values():
    """An added change is in units of 127.5 levels; a matrix that doubles doubles the distance to middle grey; both are clipped."""
    photo, mask = np.full((4, 5, 3), 140, np.uint8), np.full((4, 5), 255, np.uint8)
    mask[0] = 51
    change = np.full((3, 2, 2), 0.2, np.float32)
    assert mapped(photo, mask, change, "change", rounded=True)[:, 0, 0].tolist() == [145, 166, 166, 166]
    assert mapped(photo, mask, 10 * change, "change", rounded=True)[:, 0, 0].tolist() == [191, 255, 255, 255]
    doubled = np.zeros((12, 2, 2), np.float32)
    doubled[[0, 4, 8]] = 1
    np.testing.assert_allclose(mapped(photo, mask, doubled, "affine")[1], 152.5, atol=1e-4)
    np.testing.assert_allclose(mapped(photo, mask, -doubled, "affine")[1], 127.5, atol=1e-4)
    grey = np.zeros((6, 1, 1), np.float32)
    grey[[1, 2]] = -1  # no a and no b are left, and the lightness stays
    colour = np.full((4, 5, 3), (200, 90, 40), np.uint8)
    greyed = mapped(colour, mask, grey, "lab", rounded=True)[1, 0]
    assert np.ptp(greyed.astype(int)) <= 1
    assert 110 < greyed.mean() < 125  # of linear light 0.18


@pytest.mark.parametrize("kind", CHANNELS)
def test_however_it_is_cut_up_the_picture_is_the_same(kind, monkeypatch):
    photo, mask, maps = noise(50, 61), soft_mask(50, 61), maps_of(kind, 16, 16)
    whole = mapped(photo, mask, maps, kind)
    monkeypatch.setattr(mapping, "STRIP_PX", 61 * 7)
    np.testing.assert_allclose(mapped(photo, mask, maps, kind), whole, rtol=0, atol=1e-3)
    monkeypatch.setattr(mapping, "STRIP_PX", 1)
    np.testing.assert_allclose(mapped(photo, mask, maps, kind), whole, rtol=0, atol=1e-3)


def test_strips_are_rows_in_order_and_only_where_the_mask_is(monkeypatch):
    monkeypatch.setattr(mapping, "STRIP_PX", 10 * 40)
    photo, mask = noise(60, 40), np.zeros((60, 40), np.uint8)
    mask[12:18, 5:9], mask[45, 30] = 255, 1
    found = list(strips(photo, mask, maps_of("change", 8, 8), "change"))
    assert [(rows, columns) for rows, columns, _ in found] == [(slice(10, 20), slice(5, 9)), (slice(40, 50), slice(30, 31))]
    assert [values.shape for _, _, values in found] == [(10, 4, 3), (10, 1, 3)]
    assert not list(strips(photo, np.zeros_like(mask), maps_of("change", 8, 8), "change"))


def test_views_of_other_arrays_are_taken_as_they_are():
    photo, mask, maps = noise(30, 40), soft_mask(30, 40), maps_of("lab", 1, 1)
    turned = mapped(photo[:, ::-1, ::-1], mask[:, ::-1], maps, "lab")
    expected = mapped(photo[:, ::-1, ::-1].copy(), mask[:, ::-1].copy(), maps, "lab")
    assert (turned == expected).all()


PHOTO, MASK, MAPS = noise(8, 9), soft_mask(8, 9), maps_of("change", 4, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photo": PHOTO[..., 0]}, r"a photograph is uint8 \(8, 9\); expected"),
        ({"photo": PHOTO.astype(np.float64)}, "a photograph is float64"),
        ({"photo": PHOTO[:0], "mask": MASK[:0]}, r"a photograph is uint8 \(0, 9, 3\)"),
        ({"mask": MASK[:, :8]}, r"a mask is uint8 \(8, 8\); expected uint8 \(8, 9\)"),
        ({"mask": MASK > 0}, "a mask is bool"),
        ({"kind": "hsv"}, "kind is 'hsv'; expected one of"),
        ({"kind": "lab"}, r"are \(3, 4, 4\); expected \(6, h, w\)"),
        ({"maps": MAPS * np.nan}, "of numbers up to"),
        ({"maps": MAPS * np.float32(1e9)}, "of numbers up to"),
        ({"maps": MAPS[:, :0]}, "of numbers up to"),
        (
            {"kind": "filters", "maps": np.zeros((6, 4, 4), np.float32)},
            r"arguments of filters are \(6, 4, 4\) up to 0; expected \(6, 1, 1\)",
        ),
        ({"kind": "filters", "maps": np.full((6, 1, 1), 1.5, np.float32)}, r"up to 1.5; expected \(6, 1, 1\) in \[-1, 1\]"),
        ({"strength": 1.1}, "strength is 1.1; expected 0 to 1"),
        ({"strength": float("nan")}, "strength is nan"),
    ],
)
def test_wrong_input_is_one_line(change, message):
    arguments = {"photo": PHOTO, "mask": MASK, "maps": MAPS, "kind": "change"} | change
    with pytest.raises(InputError, match=message) as caught:
        mapped(**arguments)
    assert "\n" not in str(caught.value)
