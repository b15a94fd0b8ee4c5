"""The same photograph is found again after what people do to photographs; different ones are not taken for it."""

import cv2
import numpy as np
import pytest
from scipy.fft import dctn

from imharmony.datasets.perceptual_hash import BLANK, RADIUS, near_pairs, perceptual_hash
from imharmony.pictures.images import decode_rgb, encode_jpeg
from imharmony.studio.scene import render_scene

PICTURES = [render_scene(purpose="photographs", seed=3, index=index, width_px=192, height_px=144).image for index in range(40)]
HASHES = np.array([perceptual_hash(picture) for picture in PICTURES])


def bits(first: np.uint64, second: np.uint64) -> int:
    return (int(first) ^ int(second)).bit_count()


CHANGES = {
    "half": lambda picture: cv2.resize(picture, (96, 72), interpolation=cv2.INTER_AREA),
    "squared": lambda picture: cv2.resize(picture, (256, 256), interpolation=cv2.INTER_LINEAR),
    "re-encoded": lambda picture: decode_rgb(encode_jpeg(picture, quality=50), name="x"),
    "brighter": lambda picture: np.clip(picture * 1.08, 0, 255).astype(np.uint8),
    "darker": lambda picture: np.clip(picture * 0.9, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_photograph_is_near(change):
    assert max(bits(perceptual_hash(change(picture)), own) for picture, own in zip(PICTURES, HASHES, strict=True)) <= RADIUS


def test_different_photographs_are_far():
    distances = [bits(first, second) for number, first in enumerate(HASHES) for second in HASHES[:number]]
    assert min(distances) > RADIUS + 4
    assert np.mean(distances) == pytest.approx(32, abs=1)


def test_bits_are_the_waves_above_their_median():
    small = cv2.resize(cv2.cvtColor(PICTURES[0], cv2.COLOR_RGB2GRAY).astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    waves = dctn(small, norm="ortho")
    order = sorted(((down + across, down, across) for down in range(32) for across in range(32)), key=lambda wave: wave[:2])[1:65]
    slow = np.array([waves[down, across] for _, down, across in order])
    expected = sum(1 << position for position, wave in enumerate(slow) if wave > np.median(slow))
    assert int(HASHES[0]) == expected
    assert expected.bit_count() == 32


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_picture_of_nothing_is_near_to_nothing(level):
    blank = perceptual_hash(np.full((50, 60, 3), level, np.uint8))
    assert blank == BLANK
    assert len(near_pairs(np.array([blank, blank]), np.array([0, 1])).first) == 0


def test_pairs_are_those_that_comparing_one_by_one_finds():
    rng = np.random.default_rng(0)
    base = rng.integers(1, 2**64, 300, np.uint64)
    flips = np.array([np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, count).astype(np.uint64)) for count in range(1, 13)])
    hashes = np.concatenate([base, base[:200] ^ flips[rng.integers(0, 12, 200)], base[:50]])
    groups = rng.integers(0, 3, len(hashes))
    expected = {
        tuple(sorted((a, b), key=lambda position: groups[position]))
        for a in range(len(hashes))
        for b in range(a)
        if groups[a] != groups[b] and bits(hashes[a], hashes[b]) <= RADIUS
    }
    found = near_pairs(hashes, groups)
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert len(found.first) == len(expected) > 60
    assert [bits(hashes[a], hashes[b]) for a, b in zip(found.first, found.second, strict=True)] == found.distance.tolist()


def test_no_hashes_have_no_pairs():
    assert len(near_pairs(np.empty(0, np.uint64), np.empty(0, np.int64)).first) == 0
