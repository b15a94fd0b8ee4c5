"""Presets of experiments: every one can be run, and a name that is none says which there are."""

import itertools

import pytest
from ruamel.yaml import YAML

from imharmony.errors import InputError
from pipeline.params.defaults import with_defaults
from pipeline.params.file import Params, load_params
from pipeline.params.offers import check_choices
from pipeline.run import sweep as module
from pipeline.run.sweep import load_sweeps, sweep, trained_in
from tests.conftest import ROOT

SWEEPS = load_sweeps(ROOT / "sweeps.yaml")
PARAMS = load_params(ROOT / "params.yaml")


def experiments(name: str) -> list[dict[str, object]]:
    """What each experiment sets, as DVC reads it."""
    yaml = YAML(typ="safe", pure=True)
    settings = [setting.split("=", 1) for setting in SWEEPS[name].set]
    grid = itertools.product(*(values.split(",") for _, values in settings))
    return [{key: yaml.load(value) for (key, _), value in zip(settings, values, strict=True)} for values in grid]


@pytest.mark.parametrize("name", SWEEPS)
def test_a_preset_sets_what_is_there_to_what_is_allowed(name):
    for settings in experiments(name):
        tree = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
        tree["variants"] = trained_in(SWEEPS[name], PARAMS)
        for key, value in settings.items():
            *folders, last = key.split(".")
            section = tree
            for folder in folders:
                section = section[folder]
            assert last in section, f"{key} is not in params.yaml"
            section[last] = value
        check_choices(Params.model_validate(with_defaults(tree)))
        varied = {key.split(".")[1] for key in settings if key.startswith("catalogue.")}
        assert varied <= set(SWEEPS[name].variants), "it would vary what is not trained"


@pytest.mark.parametrize("name", SWEEPS)
def test_a_preset_tries_more_than_one_thing(name):
    tried = [repr(settings) for settings in experiments(name)]
    assert len(tried) > 1
    assert len(set(tried)) == len(tried)


def options(*settings: str) -> list[str]:
    return [argument for setting in settings for argument in ("--set-param", setting)]


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, ...]]:
    """What DVC was asked, in the project's folder."""
    monkeypatch.chdir(ROOT)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(module, "_dvc", lambda *arguments: asked.append(arguments) or 0)
    return asked


def test_a_preset_is_queued_under_its_name_and_then_started(asked):
    assert sweep("lambda_content", jobs=2) == 0
    first, second = SWEEPS["lambda_content"].set
    # The preset's, then those of systems.
    trained = "variants=[fcn_mask_text_11,dih_luminance,regions,unet_attention_hmh]"
    assert asked == [
        ("exp", "run", "--queue", "--name", "lambda_content", *options(trained, first, second)),
        ("queue", "start", "--jobs", "2"),
    ]


def test_what_cannot_be_queued_is_not_started(monkeypatch):
    monkeypatch.chdir(ROOT)
    asked: list[str] = []
    monkeypatch.setattr(module, "_dvc", lambda *arguments: asked.append(arguments[0]) or 255)
    assert sweep("lambda_mask") == 255
    assert asked == ["exp"]


def test_an_unknown_name_says_which_there_are(asked):
    with pytest.raises(InputError, match=r"sweep is 'lambda'; expected one of \[.*'lambda_mask'.*\], which sweeps.yaml describes"):
        sweep("lambda")
    assert asked == []


def test_no_workers_are_an_error(asked):
    with pytest.raises(InputError, match="--jobs 0: expected 1 or more"):
        sweep("lambda_mask", jobs=0)
    assert asked == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: {about: x, variants: [b], set: [key]}", "a.set.0: .*; got 'key'"),
        ("a: {about: x, variants: [b], set: []}", "a.set: "),
        ("a: {about: x, variants: [b]}", "a.set: Field required"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_bad_file_is_one_line(text, wanted, tmp_path):
    path = tmp_path / "sweeps.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=wanted) as raised:
        load_sweeps(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        "../x: {about: a, set: [b=1]}",
        "-x: {about: a, set: [b=1]}",
        "1: {about: a, set: [b=1]}",
        "x: {about: a, set: [b=1, b=1]}",
        "x: {about: a, set: [--run-all=1]}",
        "x: {about: a, set: ['b=1 --force']}",
        "x: {about: a, set: b=1}",
        "x: {about: a, set: []}",
        "x: {about: 1, set: [b=1]}",
        "x: [1]",
        "- x",
        "",
    ],
)
def test_a_preset_that_cannot_be_is_one_line(content, tmp_path):
    (tmp_path / "sweeps.yaml").write_text(content)
    with pytest.raises(InputError) as error:
        load_sweeps(tmp_path / "sweeps.yaml")
    assert "\n" not in str(error.value)
