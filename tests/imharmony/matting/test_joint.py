"""Both networks against one critic: what reaches which, what drifts, and the twin that sees no critic."""

import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.matting.batches import draw_batch
from imharmony.matting.joint import FAKES, OBJECTIVES, JointTeaching, accuracy, fit_joint, laid, made_of, signed
from imharmony.matting.training import Rates
from imharmony.running.seeds import numpy_rng
from tests.imharmony.matting.scenes import CPU, bits, drawing, scenes_of, system_of

TEACHING = JointTeaching(
    steps=2,
    batch_size=3,
    objective="balanced",
    lambda_matting=0.02,
    lambda_harmonizer=0.01,
    reconstruction_reaches_matting=False,
    matting_rates=Rates(learning_rate=0.01, groups="equal"),
    harmonizer_rate=1e-3,
    critic_rate=1e-3,
    critic_width=4,
    seed=0,
)


def teaching(**changes: object) -> JointTeaching:
    return JointTeaching(**(vars(TEACHING) | changes))


def taught(**changes: object):
    system = system_of()
    return system, fit_joint(system, drawing(), teaching=teaching(**changes), device=CPU)


def batch_of():
    return draw_batch(scenes_of(), numpy_rng(0, "test"), 4)


def gradients(loss: torch.Tensor, network: nn.Module) -> list[bool]:
    found = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    return [each is not None and bool(each.any()) for each in found]


def test_pictures_are_those_of_the_equations():
    system, batch = system_of(), batch_of()
    made = made_of(system, batch, reaches=False)
    unknown = batch.unknown.bool()
    assert torch.equal(made.alpha[~unknown], batch.trimap[~unknown])
    for found, behind in ((made.composite, batch.background), (made.disharmonious, batch.behind)):
        torch.testing.assert_close((found + 1) / 2, made.alpha * batch.picture + (1 - made.alpha) * behind)
    torch.testing.assert_close(made.harmonized, system.harmonizer(made.disharmonious, 1 - made.alpha))
    assert laid(torch.ones(1), torch.zeros(1), torch.tensor([0.25])).item() == -0.5


def test_with_a_changed_foreground_the_mask_is_the_person():
    system, batch = system_of("foreground"), batch_of()
    made = made_of(system, batch, reaches=False)
    torch.testing.assert_close(made.harmonized, system.harmonizer(made.disharmonious, made.alpha))


@pytest.mark.parametrize("reaches", [False, True])
def test_the_harmonizers_loss_reaches_the_matting_network_where_it_is_asked_to(reaches):
    system, batch = system_of(), batch_of()
    made = made_of(system, batch, reaches=reaches)
    loss = (made.harmonized - signed(batch.picture)).abs().mean()
    assert any(gradients(loss, system.matting)) == reaches


def test_the_harmonizers_loss_teaches_the_matting_network_where_it_is_asked_to():
    alone, told = (taught(reconstruction_reaches_matting=reaches)[0] for reaches in (False, True))
    assert bits(alone.matting) != bits(told.matting)


@pytest.mark.parametrize(("weight", "changed"), [("lambda_matting", "matting"), ("lambda_harmonizer", "harmonizer")])
def test_each_weight_of_the_critic_teaches_its_own_network_alone(weight, changed):
    none = {"lambda_matting": 0.0, "lambda_harmonizer": 0.0}
    twin, told = (taught(steps=1, **(none | more))[0] for more in ({}, {weight: 5.0}))
    for part in ("matting", "harmonizer"):
        assert (bits(getattr(twin, part)) != bits(getattr(told, part))) == (part == changed)


def test_the_twin_has_no_critic_and_sees_the_same_pictures():
    seen: list[list[torch.Tensor]] = []

    def keeping(rng, count):
        batch = drawing()(rng, count)
        seen[-1].append(batch.picture.clone())
        return batch

    for weights in ({"lambda_matting": 0.0, "lambda_harmonizer": 0.0}, {}):
        seen.append([])
        rows = fit_joint(system_of(), keeping, teaching=teaching(**weights), device=CPU)
        assert (rows[0]["critic"] is None) == bool(weights)
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))


def test_each_kind_of_fake_has_an_accuracy_of_its_own():
    _, rows = taught(steps=12, critic_rate=0.02, lambda_matting=0.0, lambda_harmonizer=1e-9)
    assert all(0 <= row[f"accuracy_{name}"] <= 1 for row in rows for name in FAKES)
    late = {name: sum(row[f"accuracy_{name}"] for row in rows[-4:]) / 4 for name in FAKES}
    assert late["disharmonious"] > 0.8  # half as bright behind the person
    real, fake = torch.tensor([[1.0], [2.0], [3.0], [4.0]]), torch.tensor([[0.0], [3.0], [2.0], [4.0]])
    assert accuracy(real, fake) == 0.5
    assert accuracy(real + 7, fake + 7) == 0.5


def test_a_constant_added_to_the_critic_changes_the_papers_objective_and_not_the_balanced_one():
    """The printed sum falls by twice the constant; the critic's bias sinks without end."""
    scores = [torch.randn(8, generator=torch.Generator().manual_seed(seed)) * 0.3 for seed in range(4)]
    real, fakes = scores[0], scores[1:]
    lowered = {
        name: (each.critic(real, fakes) - each.critic(real - 0.1, [fake - 0.1 for fake in fakes])).item()
        for name, each in OBJECTIVES.items()
    }
    assert lowered["paper"] == pytest.approx(2 * 0.1, rel=1e-4)
    assert lowered["balanced"] == pytest.approx(0, abs=1e-6)


def test_the_bias_of_the_papers_critic_drifts_and_that_of_the_balanced_one_does_not():
    """A critic of nothing but a bias: by gradient descent the one sinks as long as it is taught, the other stays."""

    class Level(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(1))

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return pictures.flatten(1).mean(1, keepdim=True) * 0 + self.bias

    ends = {}
    for name, objectives in OBJECTIVES.items():
        critic = Level()
        optimizer = torch.optim.SGD(critic.parameters(), lr=0.05)
        for _ in range(20):
            loss = objectives.critic(critic(torch.rand(2, 3, 4, 4)), [critic(torch.rand(2, 3, 4, 4)) for _ in FAKES])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        ends[name] = critic.bias.item()
    assert ends["paper"] == pytest.approx(-20 * 0.05 * 2, rel=1e-4)
    assert ends["balanced"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_same_arguments_give_the_same_bits_and_another_seed_others(objective):
    assert bits(taught(objective=objective)[0]) == bits(taught(objective=objective)[0])
    assert bits(taught(objective=objective)[0]) != bits(taught(objective=objective, seed=1)[0])


def test_afterwards_it_stands_in_its_inference_mode_and_no_steps_leave_it_as_it_is():
    system, rows = taught()
    assert not any(module.training for module in system.modules())
    assert [row["step"] for row in rows] == [0, 1]
    system, rows = taught(steps=0)
    assert (bits(system), rows) == (bits(system_of()), [])


def test_a_training_of_nothing_is_one_line():
    with pytest.raises(InputError, match="2 steps of 0 portraits: expected at least 1 of each"):
        taught(batch_size=0)
