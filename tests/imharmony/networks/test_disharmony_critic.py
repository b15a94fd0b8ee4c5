"""The pixel-wise critic: its size, its label convention, its independence of the batch."""

import pytest
import torch
from torch.nn.functional import mse_loss
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.networks.disharmony_critic import DisharmonyCritic


@pytest.mark.parametrize("shape", [(96, 96), (128, 128), (32, 48)])
def test_every_pixel_gets_a_score(shape):
    assert DisharmonyCritic(width=2)(torch.randn(2, 3, *shape)).shape == (2, 1, *shape)


def test_more_outputs_change_the_head_alone():
    torch.manual_seed(0)
    one = DisharmonyCritic(width=2)
    torch.manual_seed(0)
    two = DisharmonyCritic(width=2, outputs=2)
    pictures = torch.randn(2, 3, 32, 48)
    assert two(pictures).shape == (2, 2, 32, 48)
    wider = {name for name, tensor in two.state_dict().items() if not torch.equal(tensor, one.state_dict()[name])}
    assert wider == {"head.weight", "head.bias"}
    two.head.load_state_dict({name: tensor.expand(2, *tensor.shape[1:]) for name, tensor in one.head.state_dict().items()})
    assert_close(two(pictures), one(pictures).expand(2, 2, 32, 48))


@pytest.mark.parametrize("shape", [(96, 100), (16, 32)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(InputError, match=f"multiples of 16 px, 32 px or more; got {shape[1]} x {shape[0]} px"):
        DisharmonyCritic(width=2)(torch.randn(2, 3, *shape))


def test_trained_with_the_mask_as_its_target_it_is_high_on_fake_pixels_only():
    torch.manual_seed(0)
    real, mask = torch.rand(1, 3, 32, 32) * 0.4 - 0.2, torch.zeros(1, 1, 32, 32)
    mask[:, :, 8:20, 10:26] = 1
    composite = real + 0.6 * mask
    critic = DisharmonyCritic(width=8)
    optimizer = torch.optim.Adam(critic.parameters(), lr=5e-3)
    for _ in range(40):
        optimizer.zero_grad()
        (mse_loss(critic(composite), mask) + mse_loss(critic(real), torch.zeros_like(mask))).backward()
        optimizer.step()
    scores = critic(composite)
    assert scores[mask == 1].mean() > 0.6
    assert scores[mask == 0].mean() < 0.3
    assert critic(real).mean() < 0.3


def test_scores_are_not_squashed():
    critic = DisharmonyCritic(width=2)
    torch.nn.init.constant_(critic.head.bias, -7.0)
    assert critic(torch.randn(2, 3, 32, 32)).mean() < -1


def test_every_parameter_gets_a_gradient():
    critic = DisharmonyCritic(width=4)
    critic(torch.randn(2, 3, 64, 64)).square().sum().backward()
    assert not [name for name, parameter in critic.named_parameters() if not parameter.grad.abs().sum() > 0]


@pytest.mark.parametrize("training", [True, False])
def test_a_score_does_not_depend_on_the_call_or_the_batch(training):
    critic, pictures = DisharmonyCritic(width=2).train(training), torch.randn(2, 3, 64, 64)
    assert torch.equal(critic(pictures), critic(pictures))
    assert_close(critic(pictures)[:1], critic(pictures[:1]))
