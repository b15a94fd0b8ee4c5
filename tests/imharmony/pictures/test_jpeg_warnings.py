"""What libjpeg warns about is heard, and nothing else is."""

import numpy as np
import pytest

from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.pictures.jpeg_warnings import JpegJudge


@pytest.fixture(scope="module")
def judge():
    with JpegJudge() as judge:
        yield judge


def jpeg() -> bytes:
    return encode_jpeg(np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8))


def test_whole_pictures_are_not_warned_of(judge):
    assert judge.warning(jpeg()) is None
    assert judge.warning(encode_png(np.zeros((8, 8, 3), np.uint8))) is None
    assert judge.warning(b"no picture") is None


def test_damage_that_still_decodes_is_warned_of(judge):
    data = jpeg()
    middle = len(data) // 2
    assert "JPEG" in judge.warning(data[:middle] + b"\xff\xd3" + data[middle:])
    assert "extraneous bytes" in judge.warning(data[:-2] + b"1234567890" + data[-2:])


def test_flipped_bits_are_heard_of_more_often_than_not_at_all(judge):
    data, heard = jpeg(), 0
    for at in range(700, 900, 10):
        flipped = bytearray(data)
        flipped[at] ^= 0x18
        heard += judge.warning(bytes(flipped)) is not None
    assert heard > 0
    assert judge.warning(data) is None
