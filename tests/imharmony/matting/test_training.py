"""A matting network alone: it learns, in two groups of rates, the same bits each time."""

import pytest
import torch

from imharmony.errors import InputError
from imharmony.losses.matting import alpha_l1, alpha_loss, composition_loss
from imharmony.matting.batches import draw_batch
from imharmony.matting.checkpoint import MattingArchitecture
from imharmony.matting.training import SLOWER, Lesson, Rates, fit_matting, loss_of, parameter_groups
from imharmony.networks.matting import predict_alpha
from imharmony.running.seeds import numpy_rng
from tests.imharmony.matting.scenes import CPU, bits, drawing, network_of, scenes_of

EQUAL = Rates(learning_rate=0.01, groups="equal")
LESSON = Lesson(name="portraits", steps=2, batch_size=3, rates=EQUAL, composition=0.0, seed=0)
OTHERS = [MattingArchitecture(name="dim_lite", width=0.0625), MattingArchitecture(name="portrait", width=0.125)]


def taught(architecture: MattingArchitecture | None = None, **changes: object):
    network = network_of(architecture) if architecture else network_of()
    return network, fit_matting(network, drawing(), lesson=Lesson(**(vars(LESSON) | changes)), device=CPU)


def batch_of(count: int = 3):
    return draw_batch(scenes_of(), numpy_rng(0, "test"), count)


def test_it_learns_to_cut_out():
    network, rows = taught(MattingArchitecture(name="indexnet", width=0.125, index="m2o", nonlinear=True, context=True), steps=16)
    losses = [row["loss"] for row in rows]
    assert sum(losses[-4:]) < 0.65 * sum(losses[:4])
    assert not network.training
    assert [row["step"] for row in rows] == list(range(16))


@pytest.mark.parametrize("architecture", OTHERS, ids=lambda one: one.name)
def test_the_other_networks_are_taught_too(architecture):
    network, rows = taught(architecture)
    assert len(rows) == 2
    assert bits(network) != bits(network_of(architecture))


def test_the_same_arguments_give_the_same_bits_and_another_seed_or_lesson_others():
    first = bits(taught()[0])
    assert first == bits(taught()[0])
    assert first != bits(taught(seed=1)[0])
    assert first != bits(taught(name="things")[0])


@pytest.mark.parametrize(("groups", "quick"), [("as_in_code", "head"), ("as_printed", "backbone")])
def test_one_group_learns_at_a_hundredth(groups, quick):
    network = network_of()
    fast, slow = parameter_groups(network, Rates(learning_rate=0.02, groups=groups))
    assert (fast["lr"], slow["lr"]) == (0.02, 0.02 * SLOWER)
    own = network.head_parameters() if quick == "head" else network.backbone_parameters()
    assert [id(each) for each in fast["params"]] == [id(each) for each in own]
    assert len(fast["params"]) + len(slow["params"]) == len(list(network.parameters()))
    before = {name: value.clone() for name, value in network.named_parameters()}
    fit_matting(
        network, drawing(), lesson=Lesson(**(vars(LESSON) | {"steps": 1, "rates": Rates(learning_rate=0.02, groups=groups)})), device=CPU
    )
    moved = {name: (value - before[name]).abs().max().item() for name, value in network.named_parameters()}
    is_head = {name: name.partition(".")[0] in network.heads for name in moved}
    largest = {side: max(value for name, value in moved.items() if is_head[name] == side) for side in (True, False)}
    # Adam's first step is as long as the rate, whatever the gradient.
    assert largest[quick == "head"] == pytest.approx(0.02, rel=0.01)
    assert largest[quick != "head"] == pytest.approx(0.02 * SLOWER, rel=0.01)


def test_the_loss_of_portraits_is_that_of_alpha_and_of_things_half_of_each():
    network, batch = network_of(), batch_of()
    alpha = predict_alpha(network, batch.picture, batch.trimap, clipped=False)
    torch.testing.assert_close(loss_of(network, batch, composition=0.0), alpha_l1(alpha, batch.alpha, batch.unknown))
    composed = composition_loss(alpha, batch.foreground, batch.background, batch.picture, batch.unknown)
    expected = 0.75 * alpha_loss(alpha, batch.alpha, batch.unknown) + 0.25 * composed
    torch.testing.assert_close(loss_of(network, batch, composition=0.25), expected)


def test_no_steps_leave_it_as_it_is_and_no_batch_is_one_line():
    network, rows = taught(steps=0)
    assert (bits(network), rows) == (bits(network_of()), [])
    with pytest.raises(InputError, match="2 steps of 0 portraits: expected at least 1 of each"):
        taught(batch_size=0)
