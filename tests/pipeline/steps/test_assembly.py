"""Every variant of the real params.yaml is built, learns a batch by heart and survives saving."""

import pytest
import torch

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.classification.checkpoint import save_classifier
from imharmony.classification.network import Classifier
from imharmony.errors import InputError
from imharmony.training.batches import Batches
from imharmony.training.participants import set_up
from imharmony.training.rules import Resynthesis
from imharmony.training.steps import step_of
from pipeline.params.file import load_params
from pipeline.params.training import Backbone, Schedule, Training, Variant
from pipeline.steps.architectures import architecture_of
from pipeline.steps.assembly import critic_of, harmonizer_of, objective_of, recipe_of
from pipeline.steps.backbone_choice import write_backbone
from pipeline.steps.paths import MODEL
from tests.composites import packed
from tests.conftest import ROOT

CPU = torch.device("cpu")
VARIANTS = load_params(ROOT / "params.yaml").catalogue
TINY = Training(
    size_px=64,
    width_factor=0.125,
    batch_size=4,
    epochs=1,
    precision="fp32",
    augment=(),
    accumulate=1,
    patience=None,
    compile=False,
    channels_last=False,
)


MOST_STEPS = 200


def is_learned(losses: list[float]) -> bool:
    return len(losses) >= 10 and sum(losses[-5:]) < 0.7 * sum(losses[:5])


@pytest.fixture(scope="module")
def batch():
    return next(Batches(packed(4, 64), device=CPU).in_order(4))


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """The folder of a classifier of random weights for losses on features to look through."""
    folder = tmp_path_factory.mktemp("backbone")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_classifier(folder / MODEL, Classifier(categories=3, width=4), categories="abc", width=4, metadata={})
    write_backbone(folder, Backbone(name="classifier", file=None))
    return folder


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_learns_a_batch_by_heart_and_survives_saving(name, batch, backbone, tmp_path):
    variant = VARIANTS[name]
    harmonizer, critic = harmonizer_of(variant, TINY, seed=0), critic_of(variant, TINY, seed=0)
    objective = objective_of(variant, harmonizer, device=CPU, backbone=backbone)
    players = set_up(harmonizer, objective, critic, precision="fp32", betas=variant.optimizer.betas, device=CPU)
    for optimizer in filter(None, (players.optimizer, players.critic_optimizer)):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3
    harmonizer.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        losses: list[float] = []
        while len(losses) < MOST_STEPS and not is_learned(losses):
            losses.append(step_of(critic)(players, batch)[next(iter(variant.losses))].item())
    assert is_learned(losses)
    harmonizer.infer()
    save_harmonizer(tmp_path / "model.safetensors", harmonizer, architecture_of(variant, TINY), {"size_px": str(TINY.size_px)})
    loaded, _ = load_harmonizer(tmp_path / "model.safetensors")
    with torch.no_grad():
        assert torch.equal(loaded(batch.composite, batch.mask), harmonizer(batch.composite, batch.mask))


def test_widths_are_scaled_and_no_network_is_narrower_than_four():
    variant = VARIANTS["unet"]
    assert architecture_of(variant, TINY)["width"] == 8
    assert architecture_of(variant, TINY.model_copy(update={"width_factor": 0.01}))["width"] == 4


def test_first_weights_depend_on_the_seed_and_not_on_the_critic():
    variant = VARIANTS["unet"]
    alone = variant.model_copy(update={"discriminator": None, "adversarial": None})
    weights = [harmonizer_of(spec, TINY, seed=seed).network.first[0].weight for spec, seed in ((variant, 0), (alone, 0), (variant, 1))]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_critic_of_the_code_variant_sees_142_pixels_and_its_harmonizer_no_mask():
    variant = VARIANTS["unet_code"]
    critic = critic_of(variant, TINY, seed=0)
    assert critic.network.field_px == 142
    assert not harmonizer_of(variant, TINY, seed=0).mask_input
    assert critic_of(VARIANTS["idih"], TINY, seed=0) is None


def test_the_recipe_is_the_variants_over_the_profiles_epochs():
    falling = Schedule(name="step", at=(0.7, 0.9), factor=0.1)
    variant = VARIANTS["idih"].model_copy(update={"schedule": falling, "epochs_factor": 6.0, "average_weights": "recent"})
    recipe = recipe_of(variant, TINY, seed=3)
    assert [recipe.schedule(done) for done in (0.0, 0.8, 0.99)] == pytest.approx([1, 0.1, 0.01])
    assert (recipe.epochs, recipe.batch_size, recipe.seed, recipe.average_weights) == (6, 4, 3, "recent")


def test_the_recipe_takes_what_the_profile_says_of_the_loop():
    training = TINY.model_copy(update={"accumulate": 2, "patience": 5, "compile": True, "channels_last": True})
    recipe = recipe_of(VARIANTS["dovenet"], training, seed=0)
    assert (recipe.accumulate, recipe.patience, recipe.compiled, recipe.channels_last) == (2, 5, True, True)
    plain = recipe_of(VARIANTS["dovenet"], TINY, seed=0)
    assert (plain.accumulate, plain.patience, plain.compiled, plain.channels_last) == (1, None, False, False)
    assert (plain.average_weights, plain.resynthesis) == (None, None)


def test_averages_and_fresh_composites_are_the_variants_choice():
    data = VARIANTS["unet"].model_dump()
    data |= {"average_weights": {"ema": 0.999}, "resynthesis": {"transfers": ["lut", "mkl"], "share": 0.5}}
    recipe = recipe_of(Variant.model_validate(data), TINY, seed=0)
    assert recipe.average_weights == 0.999
    assert recipe.resynthesis == Resynthesis(("lut", "mkl"), 0.5)


def changed(**changes) -> Variant:
    return VARIANTS["unet"].model_copy(update=changes)


def test_unknown_losses_are_refused_with_the_key():
    with pytest.raises(InputError, match=r"losses is 'l3'; expected one of \['background_l1', 'box_style', 'foreground_l1'"):
        objective_of(changed(losses={"l3": 1.0}), harmonizer_of(VARIANTS["unet"], TINY, seed=0), device=CPU)
    adversarial = VARIANTS["unet"].adversarial.model_copy(update={"name": "wgan"})
    with pytest.raises(InputError, match=r"adversarial\.name is 'wgan'; expected one of \['bce'"):
        critic_of(changed(adversarial=adversarial), TINY, seed=0)


def test_points_reach_the_recipe_with_their_optimizers_numbers_and_ask_for_a_network_of_regions():
    recipe = recipe_of(VARIANTS["regions"], TINY, seed=0)
    assert (recipe.points, recipe.weight_decay, recipe.clip_norm) == (VARIANTS["regions"].points, 0.01, 1.0)
    with pytest.raises(InputError, match=r"points with generator 'unet', which sees pictures; expected one whose name begins with regions"):
        harmonizer_of(changed(points=VARIANTS["regions"].points), TINY, seed=0)


def test_points_stand_beside_no_critic_and_no_other_pictures():
    data = VARIANTS["regions"].model_dump()
    with pytest.raises(ValueError, match="`points` beside `resynthesis`"):
        Variant.model_validate(data | {"resynthesis": {"transfers": ["lut"], "share": 0.5}})
    with pytest.raises(ValueError, match="`points` makes fresh composites, not input 'intrinsic'"):
        Variant.model_validate(data | {"input": "intrinsic"})
