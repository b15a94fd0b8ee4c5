"""Outlines agree with the masks they describe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from imharmony.pictures.masks import run_lengths
from imharmony.studio.annotation import outline
from imharmony.studio.scene import render_scene

# pycocotools 2.0 still answers NumPy 2 with an old-style __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def decoded(segmentation, shape):
    if isinstance(segmentation, dict):
        return coco_mask.decode(coco_mask.frPyObjects(segmentation, *shape)).astype(bool)
    return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(segmentation, *shape))).astype(bool)


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


@given(arrays(bool, (5, 7)))
def test_run_lengths_decode_to_the_mask(mask):
    np.testing.assert_array_equal(decoded(run_lengths(mask), mask.shape), mask)


def test_run_lengths_of_a_column_by_hand():
    mask = np.zeros((3, 2), bool)
    mask[1:, 0] = True
    assert run_lengths(mask) == {"counts": [1, 2, 3], "size": [3, 2]}


def test_run_lengths_begin_with_zeros():
    assert run_lengths(np.ones((2, 2), bool))["counts"] == [0, 4]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(4, 12), st.integers(4, 12))
def test_a_rectangle_keeps_its_pixels_box_and_area(left, top, width, height):
    alpha = np.zeros((32, 32), np.float32)
    alpha[top : top + height, left : left + width] = 1
    found = outline(alpha, iscrowd=False)
    assert found.area == width * height
    assert found.bbox == pytest.approx((left, top, width, height), abs=0.5)
    assert overlap(decoded(found.segmentation, alpha.shape), alpha > 0.5) > 0.99


def test_a_hole_stays_a_hole():
    alpha = np.zeros((40, 40), np.float32)
    alpha[5:35, 5:35] = 1
    alpha[15:25, 15:25] = 0
    found = outline(alpha, iscrowd=False)
    assert len(found.segmentation) == 1
    assert overlap(decoded(found.segmentation, alpha.shape), alpha > 0.5) > 0.97


def test_parts_become_polygons_the_largest_first():
    alpha = np.zeros((40, 40), np.float32)
    alpha[2:10, 2:10] = 1
    alpha[20:38, 20:38] = 1
    found = outline(alpha, iscrowd=False)
    assert len(found.segmentation) == 2
    assert min(found.segmentation[0]) > 19


def test_fewer_than_twelve_pixels_are_not_annotated():
    alpha = np.zeros((20, 20), np.float32)
    alpha[3, 3:14] = 1
    assert outline(alpha, iscrowd=False) is None
    alpha[3, 14] = 1
    assert outline(alpha, iscrowd=False).area == 12


def test_polygons_of_scenes_agree_with_alpha():
    overlaps = []
    for index in range(12):
        for instance in render_scene(purpose="photographs", seed=1, index=index, width_px=160, height_px=120).instances:
            mask = instance.alpha > 0.5
            if mask.sum() > 200:
                found = outline(instance.alpha, iscrowd=instance.iscrowd)
                overlaps.append(overlap(decoded(found.segmentation, mask.shape), mask))
    assert len(overlaps) > 15
    assert min(overlaps) > 0.9
