"""A classifier learns what can be learned, to the same bits, and its accuracy is counted honestly."""

import numpy as np
import pytest
import torch
from torch import nn

from imharmony.classification.crops import ForegroundCrops, foreground_crops
from imharmony.classification.training import accuracy_of, fit_classifier
from imharmony.errors import InputError
from tests.things import things

CPU = torch.device("cpu")


def fitted(train: ForegroundCrops, *, epochs: int = 2, seed: int = 0):
    return fit_classifier(train, width=4, epochs=epochs, batch_size=8, learning_rate=5e-3, seed=seed, device=CPU)


@pytest.fixture(scope="module")
def train():
    return foreground_crops(things(48), size_px=24)


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([tensor.double().flatten() for tensor in network.state_dict().values()])


def test_discs_and_bars_of_any_colour_are_told_apart(train):
    network, categories = fitted(train, epochs=40)
    val = foreground_crops(things(24, seed=1), size_px=24)
    found = accuracy_of(network, categories, train, val)
    assert categories == ["bar", "disc"]
    assert found.accuracy > 0.9
    assert (found.majority, found.things, found.categories) == (0.5, 24, 2)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(train):
    torch.manual_seed(1)
    first = weights(fitted(train)[0])
    torch.manual_seed(2)
    assert torch.equal(first, weights(fitted(train)[0]))
    assert not torch.equal(first, weights(fitted(train, seed=1)[0]))


def test_torchs_own_random_numbers_are_left_as_they_were(train):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    fitted(train, epochs=1)
    assert torch.equal(torch.rand(1), expected)


def test_a_classifier_comes_back_in_its_evaluation_mode(train):
    assert not fitted(train, epochs=1)[0].training


def test_one_category_is_nothing_to_learn():
    with pytest.raises(InputError, match=r"of the category \['disc'\]; expected two or more; name another data set or backbone"):
        fitted(foreground_crops(things(4, kinds=("disc",)), size_px=24))


class AlwaysFirst(nn.Module):
    def forward(self, pictures):
        return torch.tensor([1.0, 0.0, 0.0]).expand(len(pictures), 3)


def crops(*categories: str) -> ForegroundCrops:
    blank = np.zeros((len(categories), 8, 8), np.uint8)
    return ForegroundCrops(np.zeros((*blank.shape, 3), np.uint8), blank, list(categories))


def test_accuracy_is_counted_beside_the_guess_of_trainings_most_frequent_category():
    found = accuracy_of(AlwaysFirst(), ["a", "b", "c"], crops("a", "b", "b", "c"), crops("a", "a", "a", "b", "c"))
    assert found.accuracy == 3 / 5
    assert found.majority == 1 / 5  # "b" was the most frequent one
    assert found.balanced == pytest.approx(1 / 3)


def test_a_category_that_training_lacks_counts_as_not_named():
    found = accuracy_of(AlwaysFirst(), ["a", "b", "c"], crops("a"), crops("a", "zebra"))
    assert (found.accuracy, found.balanced, found.categories) == (0.5, 0.5, 2)
