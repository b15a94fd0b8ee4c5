"""A batch in parts gives the gradients and losses of the whole one."""

import pytest
import torch
from torch import nn

from imharmony.losses import ADVERSARIAL_LOSSES, DOMAIN_TRIPLETS, l1, mask_weighted_mse
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.training.batch_parts import parts_of
from imharmony.training.batches import Batch, Batches
from imharmony.training.participants import CodeTerm, Critic, Objective, Players, Reconstruction, set_up
from imharmony.training.steps import gan_step, reconstruction_step, step_of
from tests.composites import packed

CPU = torch.device("cpu")
MEANS = Objective({"l1": Reconstruction(l1, 10.0), "mask_weighted_mse": Reconstruction(mask_weighted_mse, 1.0)})


@pytest.fixture
def batch() -> Batch:
    return next(Batches(packed(5, 32), device=CPU).in_order(5))


def critic() -> Critic:
    """A critic that does not mix the pictures of a batch."""
    torch.manual_seed(1)
    return Critic(nn.Sequential(nn.Conv2d(6, 4, 4, 2), nn.LeakyReLU(), nn.Conv2d(4, 1, 4)), ADVERSARIAL_LOSSES["bce"], 1.0)


def players(accumulate: int, judge: Critic | None = None, *, generator: str = "fcn", objective: Objective = MEANS) -> Players:
    torch.manual_seed(0)
    harmonizer = build_harmonizer(name=generator, width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval")
    return set_up(harmonizer.train(), objective, judge, precision="fp32", betas=(0.5, 0.999), accumulate=accumulate, device=CPU)


def gradients(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: parameter.grad for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("accumulate", [2, 3, 5, 9])
@pytest.mark.parametrize("plays", [False, True])
def test_parts_add_up_to_the_whole_batch(plays, accumulate, batch):
    whole, parted = (players(parts, critic() if plays else None) for parts in (1, accumulate))
    for game in (whole, parted):
        for optimizer in game.optimizers.values():
            optimizer.param_groups[0]["lr"] = 0.0  # the harmonizer's gradients then belong to the same critic
    expected, losses = (step_of(game.critic)(game, batch) for game in (whole, parted))
    torch.testing.assert_close(losses, expected)
    for name, network in whole.networks.items():
        torch.testing.assert_close(gradients(parted.networks[name]), gradients(network), rtol=1e-4, atol=1e-7)


def test_parts_are_of_nearly_equal_size_and_their_shares_sum_to_one(batch):
    parts = parts_of(players(3), batch)
    assert [len(part.batch.mask) for part in parts] == [2, 2, 1]
    assert [part.share for part in parts] == pytest.approx([0.4, 0.4, 0.2])
    assert torch.equal(torch.cat([part.batch.real for part in parts]), batch.real)


def test_both_updates_see_the_same_dropout(batch):
    """The U-Net drops half of its features; a part's fake is computed without a graph, its output later with one."""
    first, second = parts_of(players(2, critic(), generator="unet"), batch)
    assert torch.equal(first.fake(), first.outputs()[0].detach())
    assert torch.equal(second.outputs()[0], second.outputs()[0])
    assert not first.fake().requires_grad
    assert first.outputs()[0].requires_grad


def test_batch_statistics_are_gathered_once_for_each_part(batch):
    game = players(2, critic(), generator="unet")
    gan_step(game, batch)
    counted = {int(value) for name, value in game.harmonizer.state_dict().items() if name.endswith("num_batches_tracked")}
    assert counted == {2}


def test_domain_codes_are_accumulated_too(batch):
    games = []
    for accumulate in (1, 2):
        torch.manual_seed(0)
        harmonizer = build_harmonizer(name="bargain", width=4, size_px=32, mask_input=True, paste=False, inference_mode="eval").train()
        term = CodeTerm(DOMAIN_TRIPLETS["bargainnet"], harmonizer.network.codes, 1.0)
        without_batch_norms(harmonizer)
        objective = Objective({"l1": Reconstruction(l1, 1.0)}, term)
        games.append(set_up(harmonizer, objective, None, precision="fp32", betas=(0.5, 0.999), accumulate=accumulate, device=CPU))
    losses = [reconstruction_step(game, batch) for game in games]
    torch.testing.assert_close(losses[1], losses[0])
    torch.testing.assert_close(gradients(games[1].harmonizer), gradients(games[0].harmonizer), rtol=1e-3, atol=1e-6)


def without_batch_norms(harmonizer: Harmonizer) -> None:
    for module in harmonizer.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d | nn.Dropout):
                setattr(module, name, nn.Identity())
