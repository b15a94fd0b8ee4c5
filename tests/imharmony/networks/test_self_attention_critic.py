"""SAGAN's critic: attention against a computation by hand, and which maps attend."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.networks.self_attention_critic import SelfAttention, SelfAttentionCritic


def attention_with(gamma: float) -> SelfAttention:
    layer = SelfAttention(16).eval()
    nn.init.constant_(layer.gamma, gamma)
    return layer


def test_attention_agrees_with_a_computation_by_hand():
    layer, features = attention_with(0.7), torch.randn(2, 16, 3, 4)
    x = features.numpy().reshape(2, 16, 12)
    f, g, h = (np.einsum("oc,bcn->bon", part.weight.detach().numpy()[:, :, 0, 0], x) for part in (layer.query, layer.key, layer.value))
    similarity = np.exp(np.einsum("bci,bcj->bij", f, g))
    attention = similarity / similarity.sum(2, keepdims=True)
    expected = 0.7 * np.einsum("bij,bcj->bci", attention, h) + x
    assert_close(layer(features), torch.from_numpy(expected.reshape(2, 16, 3, 4)))


def test_attention_starts_as_the_identity():
    features = torch.randn(2, 16, 3, 4)
    assert torch.equal(SelfAttention(16)(features), features)


def test_attention_does_not_know_where_a_position_is():
    layer, features, order = attention_with(0.7), torch.randn(1, 16, 1, 12), torch.randperm(12)
    assert_close(layer(features[..., order]), layer(features)[..., order])


def test_equal_positions_attend_to_their_own_value():
    layer, features = attention_with(1.0), torch.randn(1, 16, 1, 1).expand(1, 16, 3, 4)
    assert_close(layer(features), features + layer.value(features))


def test_parameters_are_those_of_the_layers():
    convolutions = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 1) + 64 + 128 + 256 + 512 + 1
    attentions = 256 * (2 * 32 + 256) + 1 + 512 * (2 * 64 + 512) + 1
    counted = sum(parameter.numel() for parameter in SelfAttentionCritic(width=64).parameters())
    assert counted == convolutions + attentions == 3_174_339


def test_two_maps_attend_at_an_eighth_and_a_sixteenth_of_the_size():
    critic, sides = SelfAttentionCritic(width=1), []
    for layer in critic.layers:
        if isinstance(layer, SelfAttention):
            layer.register_forward_hook(lambda _layer, _inputs, output: sides.append(output.shape[3]))
    critic(torch.zeros(1, 3, 128, 128))
    assert sides == [16, 8]


def test_every_convolution_is_spectrally_normalised():
    convolutions = [layer for layer in SelfAttentionCritic(width=2).modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 11
    assert all(is_parametrized(layer, "weight") for layer in convolutions)


@pytest.mark.parametrize(("size_px", "side"), [(32, 1), (96, 5), (128, 7), (256, 15)])
def test_scores_form_a_map(size_px, side):
    assert SelfAttentionCritic(width=1)(torch.randn(2, 3, size_px, size_px)).shape == (2, 1, side, side)


def test_a_picture_that_is_too_small_is_refused():
    with pytest.raises(InputError, match="needs pictures of 32 px or more; got 32 x 31 px"):
        SelfAttentionCritic(width=1)(torch.randn(2, 3, 31, 32))


def test_once_attention_has_begun_every_parameter_gets_a_gradient():
    critic = SelfAttentionCritic(width=4)
    for layer in critic.layers:
        if isinstance(layer, SelfAttention):
            nn.init.constant_(layer.gamma, 0.5)
    critic(torch.randn(2, 3, 64, 64)).square().sum().backward()
    assert not [name for name, parameter in critic.named_parameters() if not parameter.grad.abs().sum() > 0]


def test_in_evaluation_a_score_does_not_depend_on_the_call_or_the_batch():
    critic, pictures = SelfAttentionCritic(width=2).eval(), torch.randn(2, 3, 64, 64)
    assert torch.equal(critic(pictures), critic(pictures))
    assert_close(critic(pictures)[:1], critic(pictures[:1]))
