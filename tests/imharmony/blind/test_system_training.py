"""Each way of teaching changes what it is said to change, and nothing else; the same arguments give the same bits."""

import numpy as np
import pytest
import torch

from imharmony.blind import system_training
from imharmony.blind.shifts import MANY
from imharmony.blind.system_training import SystemTeaching, fit_system
from imharmony.blind.systems import BlindSystem
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.losses.reconstruction import l2
from tests.imharmony.blind.pictures import CPU, bits, detector_of, harmonizer_of, in_tensors, split_of

TEACHING = SystemTeaching(
    steps=2, batch_size=3, learning_rate=1e-3, detection_weight=1.0, untouched=0.3, gamma=2.0, alpha=0.5, seed=0
)  # fmt: skip
TWO = ("corrupted", "joint")


def begun(way: str) -> BlindSystem:
    if way == "single":
        return BlindSystem(detector_of(changes=True), None, colour=True)
    return BlindSystem(detector_of(), harmonizer_of(), colour=True)


def taught(way: str, splits: list[PackedSplit] | None = None, **changes: object) -> BlindSystem:
    teaching = SystemTeaching(**(vars(TEACHING) | changes))
    return fit_system(begun(way), splits or [split_of(6)], way=way, teaching=teaching, device=CPU)


def parts(system: BlindSystem) -> tuple[dict[str, bytes], dict[str, bytes]]:
    return bits(system.detector), bits(system.harmonizer) if system.harmonizer else {}


@pytest.mark.parametrize("way", [*TWO, "single"])
def test_each_way_changes_what_it_teaches_alone(way):
    before, after = parts(begun(way)), parts(taught(way))
    assert (before[0] == after[0]) == (way == "corrupted")
    assert (before[1] == after[1]) == (way == "single")


@pytest.mark.parametrize("way", [*TWO, "single"])
def test_the_same_arguments_give_the_same_bits_and_another_seed_others(way):
    assert bits(taught(way)) == bits(taught(way))
    assert bits(taught(way)) != bits(taught(way, seed=1))


def test_dropout_draws_from_the_seed_too():
    def dropping() -> BlindSystem:
        harmonizer = harmonizer_of(name="unet", mask_input=True, paste=True)
        assert any(isinstance(module, torch.nn.Dropout) for module in harmonizer.modules())
        return BlindSystem(detector_of(), harmonizer, colour=True)

    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(bits(fit_system(dropping(), [split_of(6)], way="joint", teaching=TEACHING, device=CPU)))
    assert found[0] == found[1]


def test_after_its_training_a_system_is_in_its_inference_mode_and_may_be_taught_on():
    system = taught("corrupted")
    assert not any(module.training for module in system.modules())
    assert all(parameter.requires_grad for parameter in system.parameters())


def test_one_network_learns_to_mend_what_it_was_shown():
    split = split_of(8)
    composite, real, mask = in_tensors(split)

    def error(system: BlindSystem) -> float:
        with torch.inference_mode():
            return float(l2(system(composite * 2 - 1).picture, real * 2 - 1, mask))

    trained = taught("single", [split], steps=80, batch_size=8, learning_rate=1e-2, untouched=0.0)
    assert error(trained) < 0.8 * error(begun("single").infer())


def test_a_batch_is_of_stored_pictures_with_the_targets_of_their_labels():
    split = split_of(6)
    teaching = SystemTeaching(**(vars(TEACHING) | {"batch_size": 64, "untouched": 0.25}))
    batch = system_training._Pool([split], None).batch(teaching, 0, CPU)
    assert batch.is_labelled.all()
    untouched = (batch.given == batch.real).flatten(1).all(1)
    assert 0.1 < untouched.float().mean() < 0.45
    assert batch.targets[untouched].max() == 0
    seen = batch.targets[~untouched]
    inside = (batch.mask >= MANY).float()[~untouched]
    holds = inside.flatten(1).any(1)
    assert torch.equal(seen.amax(1, keepdim=True)[holds], inside[holds])
    shades = (batch.given - batch.real)[~untouched].mean(1, keepdim=True)
    for place, sign in ((0, -1), (1, 1)):
        assert (sign * shades[seen[:, place : place + 1] > 0]).median() > 0


def test_without_labels_photographs_as_they_are_alone_teach_the_detector():
    split = split_of(6)
    position = split.rows.schema.get_field_index("transfer")
    graded = PackedSplit(split.rows.set_column(position, "transfer", [["lut"] * 6]), split.composite, split.real, split.mask)
    pool = system_training._Pool([graded], None)
    batch = pool.batch(SystemTeaching(**(vars(TEACHING) | {"batch_size": 32})), 0, CPU)
    assert torch.equal(batch.is_labelled, (batch.given == batch.real).flatten(1).all(1))
    assert batch.targets.max() == 0
    none = SystemTeaching(**(vars(TEACHING) | {"untouched": 0.0}))
    assert not pool.batch(none, 0, CPU).is_labelled.any()
    assert bits(taught("joint", [graded], untouched=0.0)) == bits(taught("joint", [graded], untouched=0.0, detection_weight=9.0))


def test_several_data_sets_are_one_pool():
    pool = system_training._Pool([split_of(2), split_of(3, seed=1)], None)
    assert pool.places == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]


def test_stored_pictures_are_left_as_they_were():
    split = split_of(4)
    before = [np.array(each) for each in (split.composite, split.real, split.mask)]
    taught("joint", [split], untouched=0.9)
    assert all(np.array_equal(*pair) for pair in zip(before, (split.composite, split.real, split.mask), strict=True))


def test_a_training_of_nothing_is_one_line():
    with pytest.raises(InputError, match="0 steps of 3 composites: expected at least 1 of each"):
        taught("joint", steps=0)
