"""Each method is given the picture that it was trained on, and cannot change what it is judged by."""

from types import SimpleNamespace

import numpy as np
import pytest

from reporting.methods import Method


def returned(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    output = picture.astype(np.float32)
    picture[:], mask[:] = 0, 0
    return output


@pytest.fixture
def split():
    composite, semi, real = (np.full((2, 4, 4, 3), level, np.uint8) for level in (10, 20, 30))
    return SimpleNamespace(composite=composite, semi_harmonized=semi, real=real, mask=np.full((2, 4, 4), 255, np.uint8))


@pytest.mark.parametrize(("given", "level"), [("composite", 10), ("intrinsic", 20)])
def test_a_method_sees_the_picture_that_it_is_given(split, given, level):
    assert (Method(returned, given).output(split, 1) == level).all()
    assert (split.composite.max(), split.semi_harmonized.max(), split.mask.min()) == (10, 20, 255)


def test_a_split_without_semi_harmonized_pictures_is_refused(split):
    split.semi_harmonized = None
    assert (Method(returned).output(split, 0) == 10).all()
    with pytest.raises(ValueError, match="without its semi-harmonized pictures"):
        Method(returned, "intrinsic").output(split, 0)
