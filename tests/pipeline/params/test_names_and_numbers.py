"""Names become paths and words of commands, numbers become memory and time: both are bounded, in one line."""

import subprocess
from typing import Any

import pytest

from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.params.namespaces import STAGES
from pipeline.params.yaml_files import read_yaml
from tests.pipeline.params.edits import SHORT, replaced

WORKSPACES = ["cutter", "own", "portraits", "smoke", "starter"]
# Unquoted in YAML where they can be.
WRONG = [
    "../evil",
    "'x;touch PWNED'",
    "$(id)",
    "''",
    '"a\\nb"',
    '"a\\n"',
    "a b",
    "ünet",
    "-rf",
    "_a",
    "a.b",
    "a" * 65,
    "1",
    "null",
    "true",
    "1e3",
]


@pytest.fixture
def load(tmp_path):
    def load(*changes: tuple[str, str]):
        path = tmp_path / "params.yaml"
        path.write_text(replaced(SHORT, *changes))
        return load_params(path)

    return load


@pytest.fixture
def message_of(load):
    def message_of(*changes: tuple[str, str]) -> str:
        with pytest.raises(InputError) as error:
            load(*changes)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 700
        return str(error.value)

    return message_of


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_name_is_refused_as_a_key(name, message_of):
    message = message_of(("  idih:\n", f"  ? {name}\n  :\n"))
    assert "catalogue" in message


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize(
    "change",
    [
        ("studies: []", "studies: [{}]"),
        ("profile: small", "profile: {}"),
        ("subset: HCOCO", "subset: {}"),
    ],
)
def test_what_is_no_name_is_refused_as_a_value(name, change, message_of):
    old, new = change
    assert message_of((old, new.format(name)))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (("    dataset: people\n", "    dataset: ../p\n"), "catalogue"),
        (("sources: [photographs]", "sources: [../p]"), "sources"),
        (("datasets: [people,", "datasets: [../p,"), "datasets"),
        (("baselines: [identity,", "baselines: [../i,"), "baselines"),
        (("      photographs: {kind: studio,", "      ../p: {kind: studio,"), "profiles"),
        (("imported: {}", "imported: {../a: {folder: b, outputs: {people: c}}}"), "imported"),
        (("imported: {}", "imported: {a: {folder: b, outputs: {../people: c}}}"), "imported"),
        (("decomposers: []", "decomposers: [../p]"), "decomposers"),
        (("preprocessed: []", "preprocessed: [../p]"), "preprocessed"),
        (("classifiers: [objects]", "classifiers: [../p]"), "classifiers"),
    ],
)
def test_every_kind_of_name_is_checked(change, kind, message_of):
    message = message_of(change)
    assert kind in message
    assert "expected 1 to 64 letters, digits, _ and -" in message


@pytest.mark.parametrize(
    "name", ["reinhard", "Reinhard", "train", "Report", "composite", "real", "none", "untouched", "intrinsic", "people", "GAN"]
)
def test_a_name_that_another_thing_has_is_refused(name, message_of):
    assert "has the name of" in message_of(("  idih:\n", f"  {name}:\n"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("datasets: [people,", "datasets: [train,")], "datasets.train has the name of a stage"),
        ([("studies: []", "studies: [report]")], "studies.report has the name of a stage"),
        ([("studies: []", "studies: [a, A]")], "studies: 'a' comes twice, counting small and large letters as equal"),
        ([("seeds: [0]", "seeds: [0, 0]")], "seeds: '0' comes twice"),
        ([("datasets: [people,", "datasets: [people, people,")], "datasets: 'people' comes twice"),
        ([("sources: [photographs]", "sources: [photographs, photographs]")], "sources: 'photographs' comes twice"),
        ([("baselines: [identity,", "baselines: [identity, identity,")], "baselines: 'identity' comes twice"),
        ([("baselines: [identity,", "baselines: [")], "expected 'identity' among them"),
        ([("transfers: [lut]", "transfers: [lut, lut]")], "transfers: 'lut' comes twice"),
        ([("categories: [person]", "categories: [person, person]")], "selection.categories has 'person' twice"),
        ([("splits: [val2017]", "splits: [val2017, val2017]")], "splits: 'val2017' comes twice"),
        ([("resynthesis: null", "resynthesis: {transfers: [lut, lut], share: 0.5}")], "resynthesis.transfers has 'lut' twice"),
        (
            [("resynthesis: null", "resynthesis: {transfers: [lut], share: 0.5, graded: 1, grades: [mkl, mkl]}")],
            "resynthesis.grades has 'mkl' twice",
        ),
        ([("  idih:\n", "  idih:\n    resynthesis: null\n  idih:\n")], "duplicate key"),
        ([("profile: small", "profile: small\nprofile: coco")], "duplicate key"),
    ],
)
def test_what_comes_twice_is_refused(changes, told, message_of):
    assert told in message_of(*changes)


@pytest.mark.parametrize(
    "seed", ["-1", "1" * 30, "0x" + "f" * 40, "4294967296", "1.5", "true", "'0'", ".inf", ".nan", "null", "[0]", "9" * 10_000]
)
@pytest.mark.parametrize("place", ["seeds: [0]", "learning_rate: 2e-3, seed: 0", "height_px: 144, seed: 0"])
def test_a_seed_that_no_generator_takes_is_refused(seed, place, message_of):
    assert message_of((place, place[: -len("0]" if place.endswith("]") else "0")] + seed + ("]" if place.endswith("]") else "")))


@pytest.mark.parametrize("seed", [0, 1, 4294967295])
def test_a_seed_that_all_generators_take_is_kept(seed, load):
    assert load(("seeds: [0]", f"seeds: [{seed}]")).seeds == [seed]


@pytest.mark.parametrize(
    "change",
    [
        ("losses: {l1: 100.0}", "losses: {l1: .inf}"),
        ("losses: {l1: 100.0}", "losses: {l1: .nan}"),
        ("losses: {l1: 100.0}", "losses: {l1: -1}"),
        ("losses: {l1: 100.0}", "losses: {l1: 1e30}"),
        ("losses: {l1: 100.0}", "losses: {l1: true}"),
        ("losses: {l1: 100.0}", "losses: {l1: '100'}"),
        ("losses: {mask_weighted_mse: 1.0}", "losses: {mask_weighted_mse: 0}"),
        ("losses: {l1: 1.0, feature: 10.0}", "losses: {l1: 1.0, feature: 0}"),
        ("{name: bce, weight: 1.0", "{name: bce, weight: 0"),
        ("{name: bce, weight: 1.0", "{name: bce, weight: .inf"),
        ("domain_codes: {name: bargainnet, weight: 0.01}", "domain_codes: {name: bargainnet, weight: 0}"),
        ("{classifier: {relu3: 1.0}", "{classifier: {relu3: 0}"),
        ("gradient_penalty: 0.0", "gradient_penalty: .inf"),
        ("learning_rate: 2e-4", "learning_rate: .inf"),
        ("betas: [0.5, 0.999]", "betas: [.nan, 0.999]"),
        ("epochs: 1}", "epochs: 1000000000}"),
        ("epochs: 1}", "epochs: true}"),
        ("batch_size: 8", "batch_size: 100000000"),
        ("width: 64, mask_input", "width: 1000000, mask_input"),
        ("mask_input: false", "mask_input: 'false'"),
        ("mask_input: false", "mask_input: no"),
        ("mask_input: false", "mask_input: 0"),
        ("epochs_factor: 5.0", "epochs_factor: .inf"),
        ("delta_e: [2, 35]", "delta_e: [2, .inf]"),
        ("hue_shift_degrees: 90", "hue_shift_degrees: .nan"),
        ("radius_px: 15.0", "radius_px: .inf"),
        ("timeout_seconds: 60", "timeout_seconds: .inf"),
        ("scenes: 300", "scenes: 100000000000"),
        ("val: 0.1, test", "val: .nan, test"),
        ("schedule: {name: linear}", "schedule: {name: step}"),
        ("schedule: {name: linear}", "schedule: {name: cosine, at: [0.1, 0.5]}"),
        ("mirror: http://localhost", 'mirror: "a\\0b"'),
        ("mirror: http://localhost", "mirror: ''"),
    ],
)
def test_a_number_or_value_that_makes_no_sense_is_refused(change, message_of):
    assert message_of(change)


def test_whole_numbers_may_be_written_as_others(load):
    params = load(("losses: {l1: 100.0}", "losses: {l1: 100}"), ("epochs: 1}", "epochs: 1.0}"))
    assert params.catalogue["gan"].losses == {"l1": 100.0}
    assert params.active.training.epochs == 1


def test_the_stages_are_those_of_the_graph(root):
    graph = read_yaml(root / "dvc.yaml", dict[str, Any])
    assert set(graph["stages"]) | {"pack", "pack_clips", "pack_portraits", "pack_things", "pictures", "statistics"} == set(STAGES)


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_the_other_workspaces_are_valid(workspace, root):
    assert load_params(root / workspace / "params.yaml").profile == workspace
    assert (root / workspace / "dvc.yaml").read_bytes() == (root / "dvc.yaml").read_bytes()


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_git_does_not_ignore_what_dvc_refuses_to_write_where_it_is_ignored(workspace, root):
    asked = ["git", "check-ignore", "--no-index", f"{workspace}/dvc.lock", f"{workspace}/dvc.yaml"]
    assert subprocess.run(asked, cwd=root).returncode == 1  # none of them; 0: one
