"""One step moves what it should, the right way, and nothing else."""

import math

import pytest
import torch

from imharmony.losses import ADVERSARIAL_LOSSES, l1
from imharmony.networks.harmonizer import build_discriminator, build_harmonizer
from imharmony.training.batches import Batch, Batches
from imharmony.training.participants import Critic, Objective, Players, Reconstruction, set_up
from imharmony.training.steps import gan_step, reconstruction_step
from tests.composites import packed

CPU = torch.device("cpu")
LOSSES = (Objective({"l1": Reconstruction(l1, 10.0)}), None)
PLAIN = {"precision": "fp32", "betas": (0.5, 0.999), "device": CPU}


@pytest.fixture
def batch() -> Batch:
    return next(Batches(packed(4, 32), device=CPU).in_order(4))


def players(*, adversarial: str | None, weight: float = 1.0, reconstruction_weight: float = 10.0, precision="fp32") -> Players:
    torch.manual_seed(0)
    harmonizer = build_harmonizer(name="unet", width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval")
    critic = None
    if adversarial:
        critic = Critic(build_discriminator(name="patchgan", width=4, size_px=32, field_px=34), ADVERSARIAL_LOSSES[adversarial], weight)
    objective = Objective({"l1": Reconstruction(l1, reconstruction_weight)})
    return set_up(harmonizer.train(), objective, critic, precision=precision, betas=(0.5, 0.999), device=CPU)


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> list[bool]:
    return [torch.equal(one, other) for one, other in zip(first, second, strict=True)]


class Recorder:
    """An optimiser that does not step but notes both networks' gradients when it is asked to."""

    def __init__(self, optimizer: torch.optim.Optimizer, game: Players) -> None:
        self.optimizer, self.game, self.seen = optimizer, game, {}

    def zero_grad(self) -> None:
        self.optimizer.zero_grad()

    def step(self) -> None:
        networks = {"harmonizer": self.game.harmonizer, "critic": self.game.critic.network}
        self.seen = {name: [p.grad for p in network.parameters() if p.grad is not None] for name, network in networks.items()}


def test_the_critics_step_gives_the_harmonizer_no_gradient(batch):
    game = players(adversarial="bce")
    recorder = Recorder(game.critic_optimizer, game)
    gan_step(Players(**{**vars(game), "critic_optimizer": recorder}), batch)
    assert recorder.seen["harmonizer"] == []
    assert len(recorder.seen["critic"]) == len(list(game.critic.network.parameters()))


def test_the_harmonizers_step_leaves_the_critic_as_it_was(batch):
    """With a critic's optimiser that does not step, whatever moves the critic is the harmonizer's step."""
    game = players(adversarial="bce")
    before = weights(game.critic.network), weights(game.harmonizer)
    gan_step(Players(**{**vars(game), "critic_optimizer": Recorder(game.critic_optimizer, game)}), batch)
    assert all(same(before[0], weights(game.critic.network)))
    assert not any(same(before[1], weights(game.harmonizer)))


def test_a_game_step_moves_every_parameter_of_both_networks_and_leaves_the_critic_free(batch):
    game = players(adversarial="hinge")
    before = weights(game.critic.network), weights(game.harmonizer)
    gan_step(game, batch)
    assert not any(same(before[0], weights(game.critic.network)))
    assert not any(same(before[1], weights(game.harmonizer)))
    assert all(parameter.requires_grad for parameter in game.critic.network.parameters())


@pytest.mark.parametrize(("adversarial", "direction"), [("least_squares", 1), ("bce", 1), ("hinge", 1), ("squared_score", -1)])
def test_harmonizer_steps_move_the_outputs_score_as_the_loss_says(adversarial, direction, batch):
    """The critic stands still in eval mode and only the adversarial term counts: up is towards real."""
    game = players(adversarial=adversarial, reconstruction_weight=0.0)
    game.critic.network.eval()
    game = Players(**{**vars(game), "critic_optimizer": Recorder(game.critic_optimizer, game)})

    def score() -> float:
        game.harmonizer.eval()
        with torch.no_grad():
            output = game.harmonizer(batch.composite, batch.mask)
            return game.critic.network(torch.cat([batch.composite, output], 1)).mean().item()

    before = score()
    game.harmonizer.train()
    for _ in range(5):
        gan_step(game, batch)
    assert (score() - before) * direction > 0


def test_losses_are_reported_unweighted_and_their_total_weighted(batch):
    losses = gan_step(players(adversarial="bce", weight=0.5), batch)
    assert set(losses) == {"g_loss", "l1", "g_adversarial", "d_loss"}
    assert losses["g_loss"].item() == pytest.approx(10 * losses["l1"].item() + 0.5 * losses["g_adversarial"].item(), rel=1e-6)
    assert not any(loss.requires_grad for loss in losses.values())


def test_without_a_critic_there_is_only_reconstruction(batch):
    losses = reconstruction_step(players(adversarial=None), batch)
    assert losses["g_loss"].item() == pytest.approx(10 * losses["l1"].item(), rel=1e-6)
    with pytest.raises(ValueError, match="needs players with a critic"):
        gan_step(players(adversarial=None), batch)


def test_losses_are_float32_under_bfloat16(batch):
    losses = gan_step(players(adversarial="bce", precision="bf16"), batch)
    exact = gan_step(players(adversarial="bce"), batch)
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
    assert losses["l1"].item() == pytest.approx(exact["l1"].item(), rel=0.05)


def test_the_average_is_the_weighted_mean_of_every_steps_weights(batch):
    """The oracle: with the recency 8, polynomial-decay averaging weighs step t by a product of falling factors."""
    game = set_up(players(adversarial=None).harmonizer.module, *LOSSES, average_weights="recent", **PLAIN)
    seen = []
    for _ in range(5):
        reconstruction_step(game, batch)
        seen.append(torch.cat([value.flatten().double() for value in weights(game.harmonizer)]))
    shares = [9 / (step + 8) * math.prod(1 - 9 / (later + 8) for later in range(step + 1, 6)) for step in range(1, 6)]
    assert sum(shares) == pytest.approx(1)
    average = torch.cat([value.flatten().double() for value in weights(game.average.module)])
    expected = sum(share * step for share, step in zip(shares, seen, strict=True))
    torch.testing.assert_close(average, expected, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(average, seen[-1], rtol=1e-4, atol=1e-6)


def test_the_average_changes_no_step(batch):
    games = [set_up(players(adversarial=None).harmonizer.module, *LOSSES, average_weights=flag, **PLAIN) for flag in (None, "recent")]
    for game in games:
        torch.manual_seed(0)  # the U-Net's dropout
        for _ in range(3):
            reconstruction_step(game, batch)
    assert all(same(*(weights(game.harmonizer) for game in games)))
    assert games[0].average is None
