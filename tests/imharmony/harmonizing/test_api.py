"""What programs call: any kind of picture in, the same kind out, and nothing outside the mask touched."""

import doctest

import numpy as np
import pytest
import torch
from PIL import Image

import imharmony
from imharmony.baselines.reinhard import reinhard
from imharmony.errors import InputError
from imharmony.harmonizing import api, detection
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.models import LONGEST_PX, Said
from imharmony.pictures.images import encode_png
from imharmony.pictures.profiles import to_srgb
from tests.imharmony.pictures.test_photo_files import WIDE


@pytest.fixture(scope="module")
def photo():
    rng = np.random.default_rng(0)
    photo = np.clip(rng.normal((150, 120, 90), 25, (70, 90, 3)), 0, 255).astype(np.uint8)
    photo[20:50, 30:60] = (0.5 * photo[20:50, 30:60]).astype(np.uint8)
    return photo


@pytest.fixture(scope="module")
def mask():
    mask = np.zeros((70, 90), np.uint8)
    mask[20:50, 30:60] = 255
    mask[19, 30:60] = 100
    return mask


@pytest.fixture(scope="module")
def result(photo, mask):
    return imharmony.harmonize(photo, mask)


def test_the_starter_brightens_what_is_too_dark_and_leaves_the_rest(photo, mask, result):
    assert result.dtype == np.uint8
    assert (result[mask == 0] == photo[mask == 0]).all()
    assert result[mask == 255].mean() > photo[mask == 255].mean() + 20


def test_a_classical_method_is_what_it_is_by_its_own_function(photo, mask):
    wanted = reinhard(photo, mask.astype(np.float32) / 255)
    weight = mask[..., None] / 255
    made = np.clip(np.rint(photo + weight * (wanted - photo)), 0, 255)
    assert np.abs(imharmony.harmonize(photo, mask, model="reinhard") - made).max() <= 1


def test_of_a_large_photograph_a_classical_method_sees_a_smaller_one():
    large = np.full((LONGEST_PX * 2, 1200, 3), 100, np.uint8)
    region = np.zeros(large.shape[:2], np.uint8)
    region[200:900, 200:900] = 255
    large[region > 0] = 60
    made = imharmony.harmonize(large, region, model="reinhard")
    assert np.abs(made[300:800, 300:800].astype(int) - 100).max() <= 1
    assert (made[region == 0] == 100).all()


@pytest.mark.parametrize(
    ("kind", "back"),
    [
        (lambda p: Image.fromarray(p), np.array),
        (lambda p: torch.from_numpy(p).permute(2, 0, 1), lambda t: t.permute(1, 2, 0).numpy()),
        (lambda p: (p / 255).astype(np.float32), lambda a: np.rint(a * 255)),
        (lambda p: p / 255, lambda a: np.rint(a * 255)),
        (lambda p: p.astype(np.uint16) * 257, lambda a: np.rint(a / 257)),
        (lambda p: torch.from_numpy(p / 255).permute(2, 0, 1), lambda t: np.rint(t.permute(1, 2, 0).numpy() * 255)),
    ],
    ids=["PIL", "tensor of bytes", "float32", "float64", "uint16", "tensor of floats"],
)
def test_every_kind_comes_back_as_it_came_and_means_the_same(photo, mask, result, kind, back):
    given = kind(photo)
    made = imharmony.harmonize(given, mask)
    assert type(made) is type(given)
    assert getattr(made, "dtype", None) == getattr(given, "dtype", None)
    assert (back(made) == result).all()


def test_outside_the_mask_numbers_of_any_depth_stay_to_the_bit(photo, mask):
    rng = np.random.default_rng(1)
    deep = photo.astype(np.uint16) * 257 + rng.integers(0, 200, photo.shape).astype(np.uint16)
    floats = photo / 255 + rng.uniform(0, 1e-9, photo.shape)
    for given in (deep, floats):
        made = imharmony.harmonize(given, mask)
        assert (made[mask == 0] == given[mask == 0]).all()
        assert (made[mask == 255] != given[mask == 255]).any()


@pytest.mark.parametrize(
    "mask_of",
    [lambda m: m > 0, lambda m: m / 255, lambda m: Image.fromarray(m), lambda m: m[..., None], lambda m: torch.from_numpy(m)[None]],
)
def test_masks_of_every_kind_mean_the_same(photo, mask, mask_of):
    hard = np.where(mask == 255, 255, 0).astype(np.uint8)
    wanted = imharmony.harmonize(photo, hard)
    assert (imharmony.harmonize(photo, mask_of(hard)) == wanted).all()


def test_a_mask_of_zeros_and_ones_is_one(photo, mask):
    hard = np.where(mask == 255, 1, 0).astype(np.uint8)
    assert (imharmony.harmonize(photo, hard) == imharmony.harmonize(photo, 255 * hard)).all()


def test_alpha_and_grey_stay(photo, mask):
    alpha = np.random.default_rng(2).integers(1, 255, mask.shape).astype(np.uint8)
    made = imharmony.harmonize(np.dstack([photo, alpha]), mask)
    assert (made[..., 3] == alpha).all()
    picture = imharmony.harmonize(Image.fromarray(np.dstack([photo, alpha])), mask)
    assert (np.array(picture) == made).all()
    grey = imharmony.harmonize(photo[..., 0], mask)
    assert grey.shape[:2] == mask.shape
    assert imharmony.harmonize(Image.fromarray(photo[..., 0]), mask).mode == "L"


def test_files_and_colour_profiles(photo, mask, result, tmp_path):
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    (tmp_path / "mask.png").write_bytes(encode_png(mask))
    made = imharmony.harmonize(tmp_path / "photo.png", str(tmp_path / "mask.png"))
    assert (np.array(made) == result).all()
    picture = Image.fromarray(photo)
    picture.info["icc_profile"] = WIDE
    wide = imharmony.harmonize(picture, mask)
    assert wide.info["icc_profile"] == WIDE
    assert (np.array(wide)[mask == 0] == photo[mask == 0]).all()
    seen = imharmony.harmonize(to_srgb(photo, WIDE), mask)
    assert np.abs(to_srgb(np.array(wide), WIDE).astype(int) - seen)[mask == 255].mean() < 1


@pytest.mark.parametrize("model", ["starter", "reinhard"])
def test_a_gradient_of_more_than_8_bits_gets_no_steps(model):
    ramp = np.linspace(0.30, 0.34, 256)
    photo = np.full((64, 256, 3), 0.6)
    photo[16:48] = ramp[:, None] * [1.0, 0.9, 0.8]
    region = np.zeros((64, 256), bool)
    region[16:48, 8:-8] = True
    for given in (photo.astype(np.float32), np.rint(photo * 65535).astype(np.uint16)):
        made = imharmony.harmonize(given, region, model=model)
        assert len(np.unique(made[32, 8:-8, 0])) > 230


def test_a_mask_in_memory_means_what_its_file_means(photo, mask, tmp_path):
    drawn = Image.fromarray(np.where(mask > 0, 1, 0).astype(np.uint8), "P")
    drawn.putpalette([0, 0, 0, 128, 0, 0])
    cutout = Image.fromarray(np.dstack([photo, mask]))
    for name, image in (("labels.png", drawn), ("cutout.png", cutout)):
        image.save(tmp_path / name)
        by_file = imharmony.harmonize(photo, tmp_path / name)
        assert (imharmony.harmonize(photo, image) == by_file).all()
        assert (by_file != photo).any()
    for number in (100, 3):
        with pytest.raises(InputError, match=f"largest value is {number}"):
            imharmony.harmonize(photo, np.where(mask > 0, number, 0).astype(np.uint8))


def test_hidden_colours_play_no_part(photo, mask):
    alpha = np.full(mask.shape, 255, np.uint8)
    alpha[:, 40:50] = 0
    other = photo.copy()
    other[:, 40:50] = (255, 0, 255)
    made = [imharmony.harmonize(np.dstack([each, alpha]), mask) for each in (photo, other)]
    assert (made[0][alpha > 0] == made[1][alpha > 0]).all()
    assert (made[1][alpha == 0][:, :3] == other[alpha == 0]).all()


def test_pictures_of_one_row_and_grey_ones_keep_their_shape(photo):
    row = np.random.default_rng(0).integers(0, 256, (1, 500, 3), dtype=np.uint8)
    region = np.zeros((1, 500), np.uint8)
    region[:, 100:300] = 255
    assert imharmony.harmonize(row, region, model="reinhard").shape == row.shape
    assert imharmony.harmonize(photo[..., 0], np.eye(70, 90) > 0).shape == (70, 90)


@pytest.mark.parametrize(
    "wrong", [{"photo": np.zeros((70, 90, 4), np.uint8)}, {"photo": np.zeros((70, 90, 3))}, {"mask": np.zeros((70, 90, 1))}]
)
def test_a_proposal_takes_bytes_alone(photo, mask, wrong):
    with pytest.raises(InputError, match="expected uint8"):
        Harmonizer.load("reinhard").propose(**({"photo": photo, "mask": mask} | wrong))


def test_batches(photo, mask, result):
    other = photo[:, ::-1].copy()
    batch = imharmony.harmonize(np.stack([photo, other]), np.stack([mask, mask[:, ::-1]]))
    assert (batch[0] == result).all()
    assert (batch[1] == imharmony.harmonize(other, mask[:, ::-1])).all()
    same = imharmony.harmonize([photo, Image.fromarray(photo)], mask)
    assert isinstance(same[1], Image.Image)
    assert (same[0] == result).all()
    assert len(imharmony.explain([photo, other], [mask, mask[:, ::-1]])) == 2


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_strength_is_how_far_the_picture_goes(photo, mask, result, strength):
    made = imharmony.harmonize(photo, mask, strength=strength).astype(float)
    assert np.abs(made - (photo + strength * (result.astype(float) - photo))).max() <= 1


def test_direction_background_changes_all_around(photo, mask):
    made = imharmony.harmonize(photo, mask, direction="background")
    assert (made[mask == 255] == photo[mask == 255]).all()
    assert (made[mask == 0] != photo[mask == 0]).any()


class Doubtful:
    name = "doubtful"

    def say(self, photo, mask, *, direction):  # noqa: ARG002
        return Said(np.full((3, 1, 1), 0.2, np.float32), "change", trust=0.1)


def test_caution_leaves_what_is_not_trusted(photo, mask):
    harmonizer = Harmonizer(Doubtful())
    assert (harmonizer.harmonize(photo, mask, cautious=True) == photo).all()
    assert (harmonizer.harmonize(photo, mask) != photo).any()
    with pytest.raises(InputError, match="does not tell how sure it is"):
        imharmony.harmonize(photo, mask, model="reinhard", cautious=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": "photo"}, "no such file"),
        ({"image": 3}, "image: int; expected an array"),
        ({"image": np.zeros((5, 5, 2), np.uint8)}, r"an array of shape \(5, 5, 2\)"),
        ({"image": np.full((70, 90, 3), 3.0)}, "floats from 3 to 3; expected 0 to 1"),
        ({"image": np.full((70, 90, 3), np.nan)}, "floats from nan"),
        ({"image": np.zeros((70, 90, 3), np.int64)}, "numbers of type int64"),
        ({"image": torch.zeros(70, 90, 3)}, r"a tensor of shape \(70, 90, 3\)"),
        ({"image": Image.new("CMYK", (90, 70))}, "a PIL image of mode CMYK"),
        ({"mask": np.zeros((70, 90), np.uint8)}, "black everywhere"),
        ({"mask": np.full((70, 90), 255, np.uint8)}, "white everywhere"),
        ({"mask": np.ones((7, 9), np.uint8)}, "the mask is 9x7 pixels; expected 90x70"),
        ({"mask": np.zeros((70, 90, 5), np.uint8)}, r"shape \(70, 90, 5\); expected \(H, W\)"),
        ({"mask": np.arange(3 * 70 * 90).reshape(70, 90, 3) % 255}, r"shape \(70, 90, 3\) of channels that differ"),
        ({"image": [np.zeros((70, 90, 3), np.uint8)] * 2, "mask": [np.ones((70, 90), bool)]}, "1 masks for 2 pictures"),
        ({"mask": np.full((70, 90), -1)}, "numbers from -1 to -1"),
        ({"mask": np.full((70, 90), np.nan)}, "values from nan"),
        ({"mask": np.full((70, 90), 1.3)}, "largest value is 1.3"),
        ({"image": ""}, "is no name of a file"),
        ({"strength": "much"}, "strength 'much': expected 0"),
        ({"model": None}, "model: NoneType; expected starter"),
        ({"model": "unknown"}, "no such model; expected starter, reinhard"),
        ({"model": "none.onnx"}, "none.onnx"),
        ({"strength": 1.5}, "strength 1.5: expected 0"),
        ({"strength": float("nan")}, "strength nan"),
        ({"direction": "both"}, "direction 'both': expected foreground or background"),
        ({"device": "tpu9"}, "device 'tpu9': not to be had here"),
        ({"device": "cuda", "model": "reinhard"}, "reinhard runs on the cpu"),
    ],
)
def test_wrong_input_is_one_line(photo, mask, change, message):
    given = {"image": photo, "mask": mask} | change
    with pytest.raises(InputError, match=message) as error:
        imharmony.harmonize(**given)
    assert "\n" not in str(error.value)


def test_the_examples_in_the_docstrings_run():
    for module in (imharmony, api, detection):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed
