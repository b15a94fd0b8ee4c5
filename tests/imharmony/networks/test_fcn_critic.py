"""Report 001's critic: its size against the report's code, and one score for a picture of any size."""

import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.networks.fcn_critic import FCNCritic


def test_parameters_equal_the_critic_of_report_001():
    with torch.device("meta"):
        critic = FCNCritic(width=64, in_channels=3)
    assert sum(parameter.numel() for parameter in critic.parameters()) == 2_758_849


def test_the_first_convolution_alone_is_not_normalised():
    kinds = [type(layer) for layer in FCNCritic(width=2).layers]
    assert kinds == [nn.Conv2d, nn.LeakyReLU] + 3 * [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]


@pytest.mark.parametrize("shape", [(96, 96), (128, 96), (75, 101)])
def test_a_picture_of_any_size_gets_one_score(shape):
    assert FCNCritic(width=2)(torch.randn(2, 3, *shape)).shape == (2, 1)


def test_scores_are_not_squashed():
    critic = FCNCritic(width=2)
    nn.init.constant_(critic.head.bias, -7.0)
    assert critic(torch.randn(2, 3, 32, 32)).max() < 0


def test_every_parameter_gets_a_gradient_but_the_biases_that_a_norm_takes_away():
    critic = FCNCritic(width=4)
    critic(torch.randn(2, 3, 64, 64)).square().sum().backward()
    idle = {name for name, parameter in critic.named_parameters() if parameter.grad.abs().max() < 1e-6}
    assert idle == {f"layers.{index}.bias" for index, layer in enumerate(critic.layers) if isinstance(layer, nn.Conv2d) and index}


def test_in_evaluation_a_score_does_not_depend_on_the_call_or_the_batch():
    critic, pictures = FCNCritic(width=2).eval(), torch.randn(2, 3, 64, 64)
    assert torch.equal(critic(pictures), critic(pictures))
    torch.testing.assert_close(critic(pictures)[:1], critic(pictures[:1]))


def test_a_picture_is_large_enough_or_refused():
    critic = FCNCritic(width=2)
    assert critic(torch.randn(1, 3, 32, 32)).shape == (1, 1)
    with pytest.raises(InputError, match="needs pictures of 32 px or more; got 32 x 31 px"):
        critic(torch.randn(1, 3, 31, 32))
