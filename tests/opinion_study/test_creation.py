"""What a new study holds: hidden references, untouched pictures, names that tell nothing, the same each time."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.composing.packed_split import pack_split
from imharmony.errors import InputError
from imharmony.evaluation.methods import NetworkMethod
from imharmony.evaluation.protocols import Scene
from imharmony.evaluation.scoring import pictures_of
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.pictures.images import read_rgb
from imharmony.storage.tables import read_table
from opinion_study.creation import chosen_rows
from opinion_study.definition import definition_path, expect_pictures, picture_path, read_study
from tests.opinion_study.small import IMAGES, METHODS, PLAN, SIZE, make, shown


def pixels_of(folder, study, sample, method):
    names = [name for name, one in study.pictures.items() if one.method == method and study.images[one.image].sample_id == sample]
    return read_rgb(picture_path(folder, names[0]))


def test_composite_and_real_stand_hidden_among_the_methods(rating):
    study = read_study(rating)
    assert study.methods == ["composite", "real", *METHODS]
    for rater in range(PLAN.raters):
        steps = [step for step in shown(study, rater) if not isinstance(step, int)]
        assert sorted(steps) == sorted((method,) for method in study.methods * IMAGES)


def test_pictures_are_those_that_the_headline_protocol_scores(rating, composites, tmp_path):
    study = read_study(rating)
    packed = pack_split(composites, tmp_path, split="test", size_px=SIZE)
    samples = packed.rows["sample_id"].to_pylist()
    for image in study.images:
        composite, real, mask = pictures_of(packed, samples.index(image.sample_id))
        assert np.array_equal(pixels_of(rating, study, image.sample_id, "composite"), composite)
        assert np.array_equal(pixels_of(rating, study, image.sample_id, "real"), real)
        for method, level in METHODS.items():
            scene = Scene.of(np.full((SIZE, SIZE, 3), level, np.uint8), composite, real, mask[0, 0].numpy())
            scored = scene.pictures("composite", "uint8").output
            assert np.array_equal(pixels_of(rating, study, image.sample_id, method), scored)


def test_a_model_is_shown_as_the_pipeline_scores_it(composites, tmp_path):
    architecture = {"name": "unet", "width": 4, "size_px": SIZE, "mask_input": True, "paste": False, "inference_mode": "eval"}
    torch.manual_seed(0)
    save_harmonizer(tmp_path / "model.safetensors", build_harmonizer(**architecture), architecture, {"size_px": str(SIZE)})
    folder = make(composites, {"net": tmp_path / "model.safetensors"}, tmp_path / "study")
    study, packed = read_study(folder), pack_split(composites, tmp_path / "cache", split="test", size_px=SIZE)
    harmonize = NetworkMethod(load_harmonizer(tmp_path / "model.safetensors")[0], device=torch.device("cpu"))
    for image in study.images:
        composite, real, mask = pictures_of(packed, packed.rows["sample_id"].to_pylist().index(image.sample_id))
        opacity = mask[0, 0].numpy()
        scored = Scene.of(harmonize(composite, opacity), composite, real, opacity).pictures("composite", "uint8").output
        assert np.array_equal(pixels_of(folder, study, image.sample_id, "net"), scored)


def test_a_model_of_semi_harmonized_pictures_is_refused(composites, tmp_path):
    architecture = {"name": "unet", "width": 4, "size_px": SIZE, "mask_input": True, "paste": True, "inference_mode": "eval"}
    preprocessing = {"backend": "luminance", "edits": "fitted", "strength": 0.5, "feather_px": 0.0, "seed": 0, "networks_sha256": None}
    facts = {"size_px": str(SIZE), "input": "intrinsic", "preprocessing": preprocessing}
    save_harmonizer(tmp_path / "model.safetensors", build_harmonizer(**architecture), architecture, facts)
    with pytest.raises(InputError, match="trained on semi-harmonized pictures, which a study does not make; give a folder"):
        make(composites, {"net": tmp_path / "model.safetensors"}, tmp_path / "study")


def test_no_name_of_a_picture_tells_its_method(rating):
    study = read_study(rating)
    names = sorted(path.name for path in (rating / "pictures").iterdir())
    assert names == sorted(study.pictures)
    assert all(re.fullmatch(r"[0-9a-f]{16}\.png", name) for name in names)
    assert len(names) == IMAGES * (2 + len(METHODS))


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(rating, composites, outputs, tmp_path):
    again = make(composites, outputs, tmp_path / "twin" / "opinions")
    other = make(composites, outputs, tmp_path / "other" / "opinions", replace(PLAN, seed=6))
    assert definition_path(again).read_bytes() == definition_path(rating).read_bytes()
    assert read_study(other).orders != read_study(rating).orders
    assert set(read_study(other).pictures).isdisjoint(read_study(rating).pictures)


def test_each_image_is_of_a_photograph_of_its_own_and_a_larger_choice_holds_the_smaller(composites):
    images = [row["image_id"] for row in chosen_rows(composites, count=4, split="test", seed=0)]
    assert len(set(images)) == 4
    assert [row["image_id"] for row in chosen_rows(composites, count=2, split="test", seed=0)] == images[:2]
    manifest = read_table(composites / "manifest.parquet").to_pylist()
    assert set(images) <= {row["image_id"] for row in manifest if row["split"] == "test"}


def test_in_pairs_every_pair_of_methods_is_shown_and_checks_ask_for_a_side(pairs):
    study = read_study(pairs)
    for rater in range(PLAN.raters):
        steps = shown(study, rater)
        assert len([step for step in steps if not isinstance(step, int)]) == IMAGES * 6
        assert [step for step in steps if isinstance(step, int)] == [step for step in steps if step in (1, 2)]
        assert len([step for step in steps if isinstance(step, int)]) == PLAN.checks


def test_raters_beyond_the_planned_number_begin_again_with_the_first_order(rating):
    study = read_study(rating)
    assert study.order_of(PLAN.raters + 1) == study.order_of(1)
    assert study.order_of(0) != study.order_of(1)


def test_a_picture_that_was_changed_or_lost_is_noticed(rating):
    study = read_study(rating)
    expect_pictures(rating, study)
    path = picture_path(rating, min(study.pictures))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="the picture was changed"):
        expect_pictures(rating, study)
    path.unlink()
    with pytest.raises(InputError, match="no such picture; expected all 12"):
        expect_pictures(rating, study)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"version": 1', '"version": 2', "version 2; expected 'harmonization-study', version 1"),
        ('"mode": "rating"', '"mode": "guess"', "Invalid enum value 'guess'"),
        ('"mode": "rating"', '"mode": "pairs"', "a trial of 1 pictures .* expected 2, or a check"),
        ('"method": "sombre"', '"method": "sober"', "is of method 'sober'"),
        ('"asked": ', '"asked": 9', "a trial of 0 pictures that asks for 9"),
        ("{", "", "not the definition of a study"),
    ],
)
def test_a_spoilt_definition_is_named(rating, old, new, message):
    path = definition_path(rating)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        read_study(rating)


def test_orders_that_show_unknown_pictures_are_refused(rating):
    path, name = definition_path(rating), min(read_study(rating).pictures)
    path.write_text(path.read_text().replace(f'"{name}": {{', f'"{"0" * 16}.png": {{', 1))
    with pytest.raises(InputError, match=rf"the orders show {name}, which is not among the pictures"):
        read_study(rating)
