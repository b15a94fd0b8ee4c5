"""Training on points of the regions: the loop, its rates, its resuming, and what it is given to."""

import math
from dataclasses import replace

import pytest
from tqdm import tqdm

from imharmony.errors import InputError
from imharmony.losses import l2
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.training.batches import Batches
from imharmony.training.loop import Recipe
from imharmony.training.participants import Objective, Reconstruction, set_up
from imharmony.training.schedules import cosine
from imharmony.training.state import best_row
from imharmony.training.steps import reconstruction_step
from imharmony.training.validation import validate
from imharmony.training.ways import WAYS
from tests.imharmony.training.test_loop import CPU, TRAIN, VAL, KilledError, killed_after, same_weights, train
from tests.imharmony.training.test_point_composites import PLAIN

POINTS = replace(
    PLAIN,
    transfers=("reinhard_lab", "photometric"),
    grades=("photometric",),
    untouched=0.2,
    graded=0.4,
    left_as_it_was=0.6,
    hidden_edges=0.25,
    steps=5,
)
ON_POINTS = {"name": "regions", "adversarial": None, "points": POINTS, "weight_decay": 0.02, "clip_norm": 1.0, "average_weights": 0.9}


def test_points_are_learned_in_float32_whatever_the_precision(tmp_path):
    """Their colours are told apart by less than bfloat16 holds."""
    single, expected = train(tmp_path / "fp32", epochs=1, **ON_POINTS)
    half, history = train(tmp_path / "bf16", epochs=1, precision="bf16", **ON_POINTS)
    assert history == expected
    assert same_weights(half, single)


def test_a_killed_training_on_points_resumes_to_the_same_bits(tmp_path):
    straight, expected = train(tmp_path / "straight", **ON_POINTS)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", on_epoch=killed_after(2), **ON_POINTS)
    resumed, history = train(tmp_path / "killed", **ON_POINTS)
    assert history == expected
    assert same_weights(resumed, straight)
    other, _ = train(tmp_path / "other", seed=1, **ON_POINTS)
    assert not same_weights(other, straight)


def killed_in_step(number: int, monkeypatch) -> None:
    """The training dies as it takes this step, counted over all epochs."""
    taken = []

    def dying(*arguments: object):
        taken.append(1)
        if len(taken) == number:
            raise KilledError
        return reconstruction_step(*arguments)

    monkeypatch.setattr("imharmony.training.ways.reconstruction_step", dying)


def test_an_ensemble_killed_at_ten_moments_ends_in_the_same_bits(tmp_path, monkeypatch):
    ensemble = ON_POINTS | {"members": 2}
    straight, expected = train(tmp_path / "straight", **ensemble)
    for number in range(1, 21, 2):
        with monkeypatch.context() as patch:
            killed_in_step(number, patch)
            with pytest.raises(KilledError):
                train(tmp_path / f"killed{number}", **ensemble)
        resumed, history = train(tmp_path / f"killed{number}", **ensemble)
        assert history == expected
        assert same_weights(resumed, straight)


def test_each_member_learns_from_composites_of_its_own(tmp_path):
    harmonizer, history = train(tmp_path, **ON_POINTS | {"members": 2, "average_weights": None})
    one, other = (member.state_dict() for member in harmonizer.network.members)
    assert all((one[f"norms.0.{name}"] != other[f"norms.0.{name}"]).any() for name in ("mean", "square"))
    assert one["norms.0.seen"] == other["norms.0.seen"] == POINTS.steps * best_row(history)["epoch"] == 15


def test_a_batch_must_have_a_foreground_for_each_member(tmp_path):
    with pytest.raises(InputError, match=r"points.batch_size is 4 for 5 members on 1 processes; expected a foreground for each, 5 or more"):
        train(tmp_path, **ON_POINTS | {"members": 5})


def test_on_points_it_learns_to_mend_the_stored_composites(tmp_path):
    harmonizer, history = train(tmp_path, **ON_POINTS | {"epochs": 5, "points": replace(POINTS, steps=20)})
    assert history[-1]["val_fmse"] < 0.9 * history[0]["val_fmse"]
    assert history[-1]["l1"] is not None
    harmonizer.network.doubt.fill_(0)
    harmonizer.network.floor.fill_(0)
    assert validate(harmonizer, Batches(VAL, device=CPU), batch_size=4).fmse == min(row["val_fmse"] for row in history)


def test_on_points_the_rate_rises_and_falls_within_an_epoch():
    """Every step's own, and the first epoch's row says the rate before warming."""
    harmonizer = build_harmonizer(name="regions", width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval")
    recipe = Recipe(
        learning_rate=1.0,
        betas=(0.9, 0.999),
        schedule=cosine(),
        batch_size=4,
        epochs=2,
        precision="fp32",
        augment=False,
        points=POINTS,
        seed=0,
    )
    players = set_up(harmonizer, Objective({"l2": Reconstruction(l2, 1.0)}), None, precision="fp32", betas=(0.9, 0.999), device=CPU)
    way = WAYS["points"](TRAIN, replace(recipe, points=replace(POINTS, warm_up=0.2)), players, device=CPU)
    rates = [players.optimizer.param_groups[0]["lr"] for epoch in (1, 2) for _ in way.steps(players, epoch, tqdm(disable=True))]
    expected = [0.5 * (1 + math.cos(math.pi * step / 10)) * min(1, (step + 1) / 2) for step in range(10)]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "message"), [({"name": "unet", "adversarial": None}, "begins with regions"), ({"name": "regions"}, "critic")]
)
def test_points_take_a_network_of_regions_and_no_critic(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        train(tmp_path, **{"points": POINTS} | changes)


def test_gradients_are_shortened_and_weights_decay(tmp_path):
    free, _ = train(tmp_path / "a", adversarial=None, epochs=1)
    short, _ = train(tmp_path / "b", adversarial=None, epochs=1, clip_norm=1e-9)
    decayed, _ = train(tmp_path / "c", adversarial=None, epochs=1, weight_decay=0.5)
    assert not same_weights(free, short)
    assert not same_weights(free, decayed)
