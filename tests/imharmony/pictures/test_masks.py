"""Masks: pycocotools' own, bit for bit, and what is measured on them."""

import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from imharmony.pictures.masks import DegenerateSegmentationError, border_fraction, decode_segmentation, foreground_ratio, part_count

WIDTH, HEIGHT = 70, 50


def reference(segmentation) -> np.ndarray:
    """What ``COCO.annToMask`` makes of it."""
    coco = COCO()
    coco.imgs = {1: {"width": WIDTH, "height": HEIGHT}}
    return coco.annToMask({"image_id": 1, "segmentation": segmentation})


def random_polygons(seed: int) -> list[list[float]]:
    rng = np.random.default_rng(seed)
    return [(rng.random(2 * rng.integers(3, 12)) * [WIDTH + 10, HEIGHT + 10][seed % 2] - 3).tolist() for _ in range(rng.integers(1, 4))]


@pytest.mark.parametrize("seed", range(60))
def test_polygons_are_drawn_as_pycocotools_draws_them(seed):
    polygons = random_polygons(seed)
    mask = decode_segmentation(json.dumps(polygons).encode(), width=WIDTH, height=HEIGHT)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, reference(polygons))


def test_one_polygon_without_the_list_around_it_is_read():
    polygon = random_polygons(3)[0]
    mask = decode_segmentation(json.dumps(polygon).encode(), width=WIDTH, height=HEIGHT)
    np.testing.assert_array_equal(mask, reference([polygon]))


@pytest.mark.parametrize(("width", "height"), [(65_536, 65_536), (65_535, 65_535), (1 << 31, 1), (0, 5), (-1, 5)])
def test_a_size_that_no_photograph_has_draws_nothing(width, height):
    with pytest.raises(DegenerateSegmentationError, match="expected at most"):
        decode_segmentation(b"[[1, 1, 9, 1, 9, 9]]", width=width, height=height)


def test_an_outline_of_gigabytes_draws_nothing():
    there_and_back = [0, 0, WIDTH, HEIGHT] * 200_000
    with pytest.raises(DegenerateSegmentationError, match="pixels around"):
        decode_segmentation(json.dumps([[*there_and_back, 0, HEIGHT]]).encode(), width=WIDTH, height=HEIGHT)


def test_deep_nesting_draws_nothing():
    with pytest.raises(DegenerateSegmentationError, match="not json"):
        decode_segmentation(b"[" * 100_000 + b"]" * 100_000, width=WIDTH, height=HEIGHT)


def test_run_lengths_plain_and_compressed_are_the_mask():
    mask = np.asfortranarray(np.random.default_rng(0).random((HEIGHT, WIDTH)) > 0.7, np.uint8)
    compressed = coco_mask.encode(mask)
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *edges, flat.size]).tolist()
    plain = {"size": [HEIGHT, WIDTH], "counts": counts if flat[0] == 0 else [0, *counts]}
    for segmentation in (plain, {"size": [HEIGHT, WIDTH], "counts": compressed["counts"].decode()}):
        decoded = decode_segmentation(json.dumps(segmentation).encode(), width=WIDTH, height=HEIGHT)
        np.testing.assert_array_equal(decoded, mask)
        np.testing.assert_array_equal(decoded, reference(segmentation))


@pytest.mark.parametrize(
    "segmentation",
    [
        [],
        [[1, 2, 3, 4]],
        [[1, 2, 3, 4, 5]],
        [[1, 2, 3, 4, 5, 6, 7]],
        [7],
        {"size": [HEIGHT, WIDTH], "counts": [1, 2, 3]},
        {"size": [WIDTH, HEIGHT], "counts": [WIDTH * HEIGHT]},
        {"size": [HEIGHT, WIDTH]},
        "polygon",
        None,
    ],
)
def test_what_encloses_nothing_is_degenerate(segmentation):
    with pytest.raises(DegenerateSegmentationError):
        decode_segmentation(json.dumps(segmentation).encode(), width=WIDTH, height=HEIGHT)


def test_coordinates_that_are_not_numbers_are_degenerate():
    with pytest.raises(DegenerateSegmentationError):
        decode_segmentation(b"[[1, 2, 3, 1e999, 5, 6]]", width=WIDTH, height=HEIGHT)


def rectangle(top: int, left: int, height: int, width: int) -> np.ndarray:
    mask = np.zeros((20, 20), np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def test_foreground_ratio_by_hand():
    assert foreground_ratio(rectangle(5, 5, 4, 10)) == 0.1


def test_border_fraction_by_hand():
    assert border_fraction(rectangle(5, 5, 4, 6)) == 0
    assert border_fraction(rectangle(0, 5, 4, 4)) == pytest.approx(4 / 12)
    assert border_fraction(rectangle(0, 0, 20, 20)) == 1
    assert border_fraction(np.zeros((20, 20), np.uint8)) == 0


def test_border_fraction_does_not_depend_on_which_side_cuts():
    masks = [np.rot90(rectangle(0, 5, 4, 7), turns).copy() for turns in range(4)]
    assert len({border_fraction(mask) for mask in masks}) == 1


def test_parts_touching_at_a_corner_are_one_and_specks_do_not_count():
    two = rectangle(2, 2, 8, 8) | rectangle(12, 12, 6, 6)
    assert part_count(two) == 2
    corner = rectangle(2, 2, 8, 8) | rectangle(10, 10, 6, 6)
    assert part_count(corner) == 1
    large = np.zeros((100, 100), np.uint8)
    large[:50] = 1
    large[80, 80] = 1
    assert part_count(large) == 1


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [HEIGHT, WIDTH], "counts": ""},
        {"size": [HEIGHT, WIDTH], "counts": "32:"},
        {"size": [HEIGHT, WIDTH], "counts": "PPPP"},
        {"size": [HEIGHT, WIDTH], "counts": "\x7fé"},
        {"size": [HEIGHT, WIDTH], "counts": None},
        {"size": [HEIGHT, WIDTH], "counts": [-5, WIDTH * HEIGHT + 5]},
        {"size": [HEIGHT, WIDTH], "counts": [0.5, WIDTH * HEIGHT - 0.5]},
        {"size": [HEIGHT, WIDTH], "counts": ["a", 3]},
        {"size": HEIGHT, "counts": [WIDTH * HEIGHT]},
        [["a", "b", "c", "d", "e", "f"]],
        [[0, 0, 3e9, 0, 3e9, 3e9]],
        [[0, 0, 1e300, 0, -1e300, 3]],
        [[0, 0, 20, 15, 10, 7.5]],
    ],
)
def test_what_pycocotools_would_read_beyond_its_memory_for_is_degenerate(segmentation):
    with pytest.raises(DegenerateSegmentationError):
        decode_segmentation(json.dumps(segmentation).encode(), width=WIDTH, height=HEIGHT)


@pytest.mark.parametrize("seed", range(20))
def test_compressed_run_lengths_of_any_mask_are_pycocotools_own(seed):
    rng = np.random.default_rng(seed)
    mask = np.asfortranarray(rng.random((HEIGHT, WIDTH)) < rng.random() ** 3, np.uint8)
    segmentation = {"size": [HEIGHT, WIDTH], "counts": coco_mask.encode(mask)["counts"].decode()}
    np.testing.assert_array_equal(decode_segmentation(json.dumps(segmentation).encode(), width=WIDTH, height=HEIGHT), mask)
