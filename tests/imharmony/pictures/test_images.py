"""Images are read upright and whole; an error names the file."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.images import decode_png, decode_rgb, decode_trusted, encode_jpeg, encode_patch, encode_png, read_rgb


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_png_is_lossless_for_pictures_and_masks(picture):
    assert (decode_png(encode_png(picture), name="x") == picture).all()
    assert (decode_png(encode_png(picture[..., 0]), name="x") == picture[..., 0]).all()
    assert (decode_rgb(encode_png(picture), name="x") == picture).all()


def test_the_fast_decoder_agrees_with_pillow():
    smooth = np.stack([*np.meshgrid(np.arange(64), np.arange(48), indexing="xy"), np.full((48, 64), 90)], axis=-1).astype(np.uint8)
    data = encode_jpeg(smooth)
    difference = decode_trusted(data, name="x").astype(int) - decode_rgb(data, name="x")
    assert abs(difference).max() <= 1


def test_exif_orientation_is_applied(picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    data = saved(Image.fromarray(picture), "PNG", exif=exif)
    assert (decode_rgb(data, name="x") == np.rot90(picture, -1)).all()


@pytest.mark.parametrize(("mode", "kind"), [("L", "PNG"), ("CMYK", "JPEG"), ("P", "PNG"), ("RGBA", "PNG")])
def test_every_colour_mode_becomes_rgb(picture, mode, kind):
    decoded = decode_rgb(saved(Image.fromarray(picture).convert(mode), kind), name="x")
    assert decoded.shape == (20, 30, 3)
    assert decoded.dtype == np.uint8


@pytest.mark.parametrize("cut", [0, 10, 500])
def test_a_broken_file_is_named(picture, cut):
    data = encode_jpeg(picture)
    with pytest.raises(InputError, match=r"cut\.jpg: not a readable image"):
        decode_rgb(data[:cut], name="cut.jpg")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.jpg: no such file"):
        read_rgb(tmp_path / "none.jpg")


def test_a_patch_is_lossless_and_no_larger_than_a_png():
    rng = np.random.default_rng(0)
    patch = np.zeros((60, 80, 3), np.uint8)
    patch[10:50, 20:70] = np.clip(rng.normal(120, 5, (40, 50, 3)), 0, 255)
    assert (decode_png(encode_patch(patch), name="patch") == patch).all()
    assert (decode_png(encode_patch(patch[..., 0].copy()), name="mask") == patch[..., 0]).all()
    assert len(encode_patch(patch)) <= 1.05 * len(encode_png(patch))
