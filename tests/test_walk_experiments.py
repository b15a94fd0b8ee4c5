"""Experiments on the whole walk: what they change is made again, and nothing else."""

import csv
import io
from pathlib import Path

import pytest

from tests.walk import ALWAYS, own_walk, ran
from tests.workspace import dvc, locked_hashes

pytestmark = pytest.mark.timeout(600)  # a slow machine that does other work needs half of it


@pytest.fixture(scope="module")
def workspace(session_folder, tmp_path_factory) -> Path:
    return own_walk(session_folder, tmp_path_factory.mktemp("own"))


def test_an_experiment_trains_and_scores_the_variant_that_it_changes_and_the_one_that_it_adds_alone(workspace):
    before = locked_hashes(workspace)
    output = dvc(workspace, "exp", "run", "-n", "heavier", "-S", "catalogue.unet.losses.l1=10", "-S", "variants=[unet,idih,affine]")
    assert ran(output) == ALWAYS | {"train@unet", "evaluate@unet", "train@affine", "evaluate@affine", "report"}
    after = locked_hashes(workspace)
    assert after["runs/sample/unet"] != before["runs/sample/unet"]
    assert after["runs/sample/idih"] == before["runs/sample/idih"]
    assert after["scores/sample/idih"] == before["scores/sample/idih"]
    shown = list(csv.DictReader(io.StringIO(dvc(workspace, "exp", "show", "--csv").split("\r\n\r\n")[0])))
    experiment = next(row for row in shown if row["Experiment"] == "heavier")
    assert float(experiment["catalogue.unet.losses.l1"]) == 10
    assert "catalogue.unet.losses.l1" in dvc(workspace, "exp", "diff")


def test_another_classifier_trains_no_variant_that_compares_no_features(workspace):
    output = dvc(workspace, "exp", "run", "-n", "classifier", "-S", "classifier.epochs=2")
    assert ran(output) == ALWAYS | {"train_classifier@people", "name_data"}


def test_other_semi_harmonized_pictures_train_no_variant_that_is_given_composites(workspace):
    output = dvc(workspace, "exp", "run", "-n", "semi", "-S", "defaults.intrinsic.edits=fitted")
    stages = {"train_edits@people", "preprocess_intrinsic@people", "name_data", "evaluate_intrinsic@people", "report"}
    assert ran(output) == ALWAYS | stages
