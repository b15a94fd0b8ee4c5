"""A mask is read as what its file means, or refused with a line that names what is in it."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.mask_files import decode_mask, read_mask

HARD = np.zeros((24, 32), np.uint8)
HARD[6:18, 8:22] = 255
SOFT = cv2.GaussianBlur(HARD, (9, 9), 0)
VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, *[7, 60, 200] * 251, 224, 224, 192]
GREYS = [level for level in range(256) for _ in range(3)]
NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def saved(pixels, kind="PNG", mode=None, **options) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def deep(pixels) -> bytes:
    return cv2.imencode(".png", pixels.astype(np.uint16))[1].tobytes()


def palette(indices, colours, **options) -> bytes:
    image = Image.fromarray(indices)
    image.putpalette(colours)
    return saved(image, **options)


def with_alpha(grey, alpha):
    return np.dstack([grey, grey, grey, alpha])


def specks(alpha, value):
    alpha = alpha.copy()
    alpha[0, :5] = value
    return alpha


SHADES = NOISE[..., 0] // 2 + 60
UNIT = HARD // 255
FULL = np.full_like(HARD, 255)
LABELS = UNIT * np.uint8(2)
LABELS[:, 16:] *= np.uint8(7)  # 0, 2 and 14
BORDERED = LABELS.copy()
BORDERED[5, 8:22] = 255

READ = {
    "0 and 1": (saved(UNIT), HARD),
    "0 and 1 in RGB": (saved(UNIT, mode="RGB"), HARD),
    "0 and 1 of 16 bits": (deep(UNIT), HARD),
    "0 and 1 of 16 bits in RGB": (deep(np.dstack([UNIT] * 3)), HARD),
    "0 and 1 in the red of RGB": (saved(np.dstack([UNIT, UNIT * 0, UNIT * 0])), HARD),
    "0 and 1 in the blue of RGB": (saved(np.dstack([UNIT * 0, UNIT * 0, UNIT])), HARD),
    "0 and 1 of 16 bits in RGB, TIFF": (cv2.imencode(".tif", np.dstack([UNIT] * 3).astype(np.uint16))[1].tobytes(), HARD),
    "0 and 1 of 32 bits": (saved(UNIT.astype(np.int32), "TIFF"), HARD),
    "0 and 1 in alpha": (saved(with_alpha(HARD * 0, UNIT)), HARD),
    "one bit": (saved(HARD, mode="1"), HARD),
    "one bit, TIFF": (saved(HARD, "TIFF", mode="1"), HARD),
    "one bit, GIF": (saved(HARD, "GIF", mode="1"), HARD),
    "BMP": (saved(HARD, "BMP"), HARD),
    "WebP": (saved(HARD, "WEBP", mode="RGB", lossless=True), HARD),
    "soft": (saved(SOFT), SOFT),
    "soft of 16 bits": (deep(SOFT.astype(np.uint16) * 257), SOFT),
    "soft of 16 bits, TIFF": (saved(SOFT.astype(np.uint16) * 257, "TIFF"), SOFT),
    "soft of 16 bits in RGB": (deep(np.dstack([SOFT] * 3).astype(np.uint16) * 257), SOFT),
    "255 of 16 bits": (deep(SOFT), SOFT),
    "floats to 1": (saved((SOFT / 255).astype(np.float32), "TIFF"), SOFT),
    "floats to 255": (saved(SOFT.astype(np.float32), "TIFF"), SOFT),
    "floats that overshoot": (saved((UNIT * 1.004 - 0.002).astype(np.float32), "TIFF"), HARD),
    "a palette of labels": (palette(UNIT * np.uint8(3), VOC), HARD),
    "several labels": (palette(LABELS, VOC), HARD),
    "labels with a void border": (palette(BORDERED, VOC), HARD),
    "0 and 255 under a palette of labels": (palette(HARD, VOC), HARD),
    "a palette of greys": (palette(SOFT, GREYS), SOFT),
    "a palette of greys, inverted": (palette(1 - UNIT, [255, 255, 255, 0, 0, 0]), HARD),
    "a palette of 0 and 1": (palette(UNIT, GREYS), HARD),
    "a palette that is black all over": (palette(UNIT, [0] * 768), HARD),
    "a transparent index": (palette(UNIT, [10, 200, 10, 90, 40, 200], transparency=0), HARD),
    "grey under opaque alpha": (saved(with_alpha(SOFT, FULL)), SOFT),
    "grey under nearly opaque alpha": (saved(with_alpha(HARD, specks(FULL, 251))), HARD),
    "grey under the same alpha everywhere": (saved(with_alpha(HARD, FULL // 2)), HARD),
    "alpha over black": (saved(with_alpha(HARD * 0, SOFT)), SOFT),
    "alpha over white": (saved(with_alpha(FULL, SOFT)), SOFT),
    "alpha over a drawing that is hidden outside": (saved(with_alpha(np.where(SOFT > 0, 255, 0).astype(np.uint8), SOFT)), SOFT),
    "alpha of grey with alpha": (saved(Image.merge("LA", [Image.fromarray(each) for each in (HARD * 0, SOFT)])), SOFT),
    "alpha of a cut-out": (saved(np.dstack([NOISE, SOFT])), SOFT),
    "alpha of a grey cut-out": (saved(with_alpha(SHADES, HARD)), HARD),
    "alpha of a grey cut-out, black outside": (saved(with_alpha(np.minimum(SHADES, HARD), HARD)), HARD),
    "alpha of a grey cut-out of 16 bits": (deep(with_alpha(SHADES, HARD).astype(np.uint16) * 257), HARD),
    "alpha that is the grey": (saved(with_alpha(SOFT, SOFT)), SOFT),
    "alpha of 16 bits": (deep(np.dstack([NOISE, SOFT]).astype(np.uint16) * 257), SOFT),
    "a transparent level": (saved(HARD, transparency=0), HARD),
    "black": (saved(HARD * 0), HARD * 0),
    "black under a palette": (palette(HARD * 0, VOC), HARD * 0),
}


@pytest.mark.parametrize("name", READ)
def test_a_mask_is_read_as_what_it_means(tmp_path, name):
    data, expected = READ[name]
    np.testing.assert_array_equal(decode_mask(data, name="m"), expected)
    (tmp_path / "m").write_bytes(data)
    np.testing.assert_array_equal(read_mask(tmp_path / "m"), expected)


def test_the_noise_of_jpeg_is_no_colour():
    assert abs(decode_mask(saved(HARD, "JPEG", mode="RGB", quality=90), name="m").astype(int) - HARD).max() < 60


REFUSED = {
    "labels": (saved(LABELS), "its largest value is 14, of 255"),
    "labels with a border": (saved(BORDERED), "most of what is not 0 is 14 or less"),
    "a palette of grey labels": (palette(LABELS, GREYS), "its largest value is 14, of 255"),
    "labels in the red of RGB": (saved(np.dstack([LABELS, UNIT * 0, UNIT * 0])), "its largest value is 14, of 255"),
    "labels of 16 bits in RGB, TIFF": (
        cv2.imencode(".tif", np.dstack([LABELS] * 3).astype(np.uint16))[1].tobytes(),
        "its largest value is 14, of 65535",
    ),
    "labels of 16 bits": (deep(LABELS), "its largest value is 14, of 65535"),
    "12 bits in 16": (deep(UNIT * np.uint16(4095)), "its largest value is 4095, of 65535"),
    "object numbers of 32 bits": (saved(UNIT.astype(np.int32) * 70000, "TIFF"), "its largest value is 70000"),
    "negative numbers": (saved(UNIT.astype(np.int32) - 1, "TIFF"), "its smallest value is -1"),
    "NaN": (saved(np.full((24, 32), np.nan, np.float32), "TIFF"), "values from nan to nan"),
    "one NaN": (saved(np.where(np.eye(24, 32), np.nan, UNIT).astype(np.float32), "TIFF"), "values from nan"),
    "infinite": (saved(np.where(UNIT, np.inf, 0).astype(np.float32), "TIFF"), "values from"),
    "floats of any range": (saved((UNIT * 1000.0).astype(np.float32), "TIFF"), "values from 0 to 1000"),
    "negative floats": (saved((UNIT * 2.0 - 1).astype(np.float32), "TIFF"), "values from -1 to 1"),
    "faint floats": (saved((UNIT * 0.25).astype(np.float32), "TIFF"), "its largest value is 0.25"),
    "a drawing in colours": (saved(np.dstack([HARD, HARD * 0, HARD * 0])), "a picture in colours"),
    "a photograph": (saved(NOISE), "a picture in colours"),
    "a palette that begins with a colour": (palette(UNIT, [200, 30, 30, 0, 0, 0]), r"is \(200, 30, 30\)"),
    "alpha against grey": (saved(with_alpha(SOFT, SOFT[:, ::-1])), "its alpha channel is one mask and its grey levels are another"),
    "grey labels under another alpha": (saved(with_alpha(SHADES // 64 * 64, HARD)), "its alpha channel is one mask"),
    "shades under an alpha that is soft": (saved(with_alpha(SHADES, SHADES[::-1])), "its alpha channel is one mask"),
    "alpha that hides the object": (saved(with_alpha(HARD, 255 - HARD)), "its alpha channel is one mask"),
    "alpha in one place": (saved(with_alpha(HARD, specks(FULL, 0))), "its alpha channel is one mask"),
    "labels under another alpha": (palette(LABELS, VOC, transparency=14), "its alpha channel is one mask"),
    "faint alpha": (saved(with_alpha(HARD * 0, HARD // 4)), "alpha channel: its largest value is 63"),
    "an animation": (saved(HARD, "GIF", save_all=True, append_images=[Image.fromarray(255 - HARD)]), "more than one picture"),
    "a stack": (saved(HARD, "TIFF", save_all=True, append_images=[Image.fromarray(255 - HARD)]), "more than one picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_mask_that_may_mean_anything_is_refused(name):
    data, message = REFUSED[name]
    with pytest.raises(InputError, match=f"^some.png.*{message}.*expected"):
        decode_mask(data, name="some.png")


def test_a_mask_is_turned_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    np.testing.assert_array_equal(decode_mask(saved(SOFT, exif=exif), name="m"), np.rot90(SOFT, -1))
