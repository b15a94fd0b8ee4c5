"""Several pictures at once, as each alone and whatever is beside it."""

import numpy as np
import pytest
import torch

from imharmony.errors import InputError
from imharmony.evaluation.methods import MOST_AT_ONCE, Given, NetworkMethod, each_output, pictures_at_once
from imharmony.networks.harmonizer import build_harmonizer

SIZE = 32


def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, SIZE, SIZE, 3), np.uint8), rng.random((count, SIZE, SIZE), np.float32)


@pytest.fixture(params=["eval", "train"])
def method(request) -> NetworkMethod:
    torch.manual_seed(0)
    network = build_harmonizer(name="unet", width=4, size_px=SIZE, mask_input=True, paste=False, inference_mode=request.param)
    return NetworkMethod(network.infer(), device=torch.device("cpu"))


def test_several_are_what_each_is_alone(method):
    composites, masks = pictures(MOST_AT_ONCE + 3)
    alone = [method(*pair) for pair in zip(composites, masks, strict=True)]
    assert method.several(composites, masks) == pytest.approx(np.stack(alone), abs=1e-3)


def test_no_picture_depends_on_what_is_beside_it_or_on_how_many_there_are(method):
    composites, masks = pictures(MOST_AT_ONCE + 3)
    whole = method.several(composites, masks)
    assert (method.several(composites[::-1], masks[::-1])[::-1] == whole).all()
    for index in (0, MOST_AT_ONCE - 1, MOST_AT_ONCE + 2):
        assert (method.several(composites[index : index + 1], masks[index : index + 1])[0] == whole[index]).all()


def test_large_pictures_are_taken_one_by_one():
    assert [pictures_at_once((side, side)) for side in (64, 128, 256, 512, 1024)] == [8, 8, 2, 1, 1]


def test_one_that_takes_a_picture_is_asked_for_one_at_a_time():
    asked = []

    def harmonize(composite, mask):
        asked.append(int(composite[0, 0, 0]))
        composite[:], mask[:] = 0, 0
        return composite.astype(np.float32)

    given = [Given(np.full((2, 2, 3), index, np.uint8), np.ones((2, 2), np.float32), "") for index in range(3)]
    outputs = each_output(harmonize, given)
    next(outputs)
    assert asked == [0]
    assert all(each.mask.all() for each in given)
    assert len(list(outputs)) == 2


def test_an_output_that_is_not_finite_is_named():
    given = [Given(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), f"image {index}") for index in range(2)]

    class Broken:
        def __call__(self, _composite, _mask):
            raise AssertionError

        def several(self, composites, _masks):
            outputs = composites.astype(np.float32)
            outputs[1] = np.nan
            return outputs

    with pytest.raises(InputError, match="image 1: 3 of 3 values"):
        list(each_output(Broken(), given))
