"""Steps with critics of other kinds, with domain codes and with side outputs: they move what they should."""

import math

import pytest
import torch

from imharmony.losses import ADVERSARIAL_LOSSES, DOMAIN_TRIPLETS, l1
from imharmony.losses.triplet import DomainCodes
from imharmony.networks import DISCRIMINATORS
from imharmony.networks.harmonizer import build_discriminator, build_harmonizer
from imharmony.training.batches import Batch, Batches
from imharmony.training.participants import CodeTerm, Critic, Objective, Players, Reconstruction, set_up
from imharmony.training.steps import disharmony_step, gan_step, step_of
from imharmony.training.views import VIEWS
from tests.composites import packed

CPU = torch.device("cpu")
L1 = {"l1": Reconstruction(l1, 1.0)}


@pytest.fixture
def batch() -> Batch:
    return next(Batches(packed(4, 32), device=CPU).in_order(4))


def critic_of(name: str, loss: str, **changes) -> Critic:
    torch.manual_seed(1)
    network = build_discriminator(name=name, width=4, size_px=32, field_px=34 if name == "patchgan" else None)
    return Critic(network, ADVERSARIAL_LOSSES[loss], 1.0, DISCRIMINATORS[name].sees, **changes)


def players(objective: Objective, critic: Critic | None = None, *, generator: str = "unet", harmonizer=None, **changes) -> Players:
    torch.manual_seed(0)
    made = harmonizer or build_harmonizer(name=generator, width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval")
    return set_up(made.train(), objective, critic, precision=changes.get("precision", "fp32"), betas=(0.5, 0.999), device=CPU)


def moved(network: torch.nn.Module, step) -> dict[str, bool]:
    """Which parameters a step changes, by name."""
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    step()
    return {name: not torch.equal(parameter, before[name]) for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    ("name", "loss"),
    [("fcn", "bce_sum"), ("self_attention", "hinge"), ("domain_verification", "hinge"), ("disharmony", "disharmony"), ("patchgan", "bce")],
)
def test_every_critic_learns_and_teaches(name, loss, precision, batch):
    critic = critic_of(name, loss)
    game = players(Objective(L1), critic, precision=precision)
    step = step_of(critic)
    assert step is (disharmony_step if name == "disharmony" else gan_step)
    losses, harmonizer = {}, {}

    def once() -> None:
        losses.update(step(game, batch))

    learned = moved(critic.network, lambda: harmonizer.update(moved(game.harmonizer, once)))
    # Hinge cancels the last bias while no score is beyond its margin, and attention begins with a weight of 0.
    assert sum(learned.values()) > 0.6 * len(learned)
    assert any(harmonizer.values())
    assert set(losses) == {"g_loss", "l1", "g_adversarial", "d_loss"}
    assert all(loss.isfinite() for loss in losses.values())


def test_a_critic_of_two_heads_is_judged_by_their_sum(batch):
    critic = critic_of("domain_verification", "wasserstein")
    game = players(Objective(L1), critic)
    game.harmonizer.eval()
    critic.network.eval()  # a spectral norm goes on converging with each call in training
    with torch.no_grad():
        output = game.harmonizer(batch.composite, batch.mask)
        real, fake = (critic.network(picture, batch.mask) for picture in (batch.real, output))
    expected = sum((one - other).mean() for one, other in zip(fake, real, strict=True))
    assert gan_step(game, batch)["d_loss"].item() == pytest.approx(expected.item(), abs=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_gradient_penalty_is_added_to_the_critics_loss(precision, batch):
    losses = []
    for weight in (0.0, 10.0):
        game = players(Objective(L1), critic_of("domain_verification", "hinge", penalty_weight=weight), precision=precision)
        losses.append(gan_step(game, batch)["d_loss"].item())
    assert losses[1] > losses[0]


def test_a_wrong_step_for_a_critic_is_an_error(batch):
    with pytest.raises(ValueError, match="a critic that scores pictures"):
        gan_step(players(Objective(L1), critic_of("disharmony", "disharmony")), batch)
    with pytest.raises(ValueError, match="a critic that marks pixels"):
        disharmony_step(players(Objective(L1), critic_of("patchgan", "bce")), batch)


def test_a_disharmony_critic_learns_the_mask(batch):
    critic = critic_of("disharmony", "disharmony")
    game = players(Objective(L1), critic)
    for group in game.critic_optimizer.param_groups:
        group["lr"] = 1e-2
    losses = [disharmony_step(game, batch)["d_loss"].item() for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_extractor_of_domain_codes_learns_with_the_harmonizer(batch):
    harmonizer = build_harmonizer(name="bargain", width=4, size_px=32, mask_input=True, paste=False, inference_mode="eval").train()
    network = harmonizer.network
    objective = Objective(L1, CodeTerm(DOMAIN_TRIPLETS["bargainnet"], network.codes, 1.0))
    game = players(objective, harmonizer=harmonizer)
    losses = {}
    changed = moved(network.extractor, lambda: losses.update(step_of(None)(game, batch)))
    assert all(changed.values())
    assert losses["g_loss"].item() == pytest.approx(losses["l1"].item() + losses["domain_codes"].item(), rel=1e-5)


def test_the_background_is_described_from_the_composite(batch):
    seen = []

    def encoder(picture: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen.append((picture, mask))
        return picture.mean((2, 3))

    def loss(codes: DomainCodes) -> torch.Tensor:
        return codes.output_foreground.mean()

    game = players(Objective(L1, CodeTerm(loss, encoder, 1.0)))
    step_of(None)(game, batch)
    pictures = [picture for picture, _ in seen]
    assert torch.equal(pictures[0], batch.real)
    assert torch.equal(pictures[2], batch.composite)
    assert torch.equal(pictures[3], batch.composite)
    assert [torch.equal(mask, batch.mask) for _, mask in seen] == [True, True, True, False]


def test_side_outputs_are_weighted_and_all_heads_learn(batch):
    game = players(Objective(L1, side_weights=(1.0, 0.5, 0.5, 0.5, 0.5)), generator="unet3plus")
    losses = {}
    changed = moved(game.harmonizer, lambda: losses.update(step_of(None)(game, batch)))
    assert all(moved for name, moved in changed.items() if "heads" in name)
    with pytest.raises(ValueError, match="5 side outputs and 2 weights"):
        step_of(None)(players(Objective(L1, side_weights=(1.0, 1.0)), generator="unet3plus"), batch)


@pytest.mark.parametrize(("name", "loss"), [("patchgan", "bce"), ("fcn", "bce_sum"), ("domain_verification", "hinge")])
def test_composites_as_fakes_weigh_as_much_as_outputs_and_together_as_the_real(name, loss, batch):
    critic = critic_of(name, loss, composite_is_fake=True)
    game = players(Objective(L1), critic)
    game.harmonizer.eval()
    critic.network.eval()
    with torch.no_grad():
        output = game.harmonizer(batch.composite, batch.mask)
        shown = [critic.network(*VIEWS[critic.view](batch, picture)) for picture in (batch.real, output, batch.composite)]
    expected = 0.0
    for real, fake, other in zip(*([scores] if isinstance(scores, torch.Tensor) else scores for scores in shown), strict=True):
        if loss == "hinge":
            half = (1 + fake).clamp(min=0).mean() / 2 + (1 + other).clamp(min=0).mean() / 2
            expected += ((1 - real).clamp(min=0).mean() + half).item()
        else:
            chances = [scores.double().sigmoid() for scores in (real, fake, other)]
            terms = -chances[0].log().mean() - ((1 - chances[1]).log().mean() + (1 - chances[2]).log().mean()) / 2
            expected += terms.item() * (0.5 if loss == "bce" else 1)
    assert gan_step(game, batch)["d_loss"].item() == pytest.approx(expected, rel=1e-5)


def test_composites_as_fakes_change_nothing_of_the_harmonizers_losses(batch):
    losses = []
    for flag in (False, True):
        critic = critic_of("patchgan", "squared_score", composite_is_fake=flag)
        game = players(Objective(L1), critic)
        for group in game.critic_optimizer.param_groups:
            group["lr"] = 0.0  # the critic that judges the outputs is the same
        losses.append(gan_step(game, batch))
    assert losses[0]["g_loss"] == losses[1]["g_loss"]
    assert losses[0]["d_loss"] != losses[1]["d_loss"]


def test_a_critic_that_cannot_tell_scores_both_kinds_of_fakes_alike(batch):
    """An exact value: a critic that says 0 to everything has cross-entropies of log 2, halved."""
    critic = critic_of("patchgan", "bce", composite_is_fake=True)
    for parameter in critic.network.parameters():
        torch.nn.init.zeros_(parameter)
    losses = gan_step(players(Objective(L1), critic), batch)
    assert losses["d_loss"].item() == pytest.approx(math.log(2))
