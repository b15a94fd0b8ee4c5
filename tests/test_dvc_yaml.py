"""dvc.yaml tells DVC the truth: its graph has the cells that the parameters make, and each depends on its own fingerprint."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.params.file import load_params
from pipeline.run.graph import Step, read_graph
from pipeline.steps.cells import cells_of
from pipeline.steps.fingerprints import OURS
from pipeline.steps.paths import Places
from tests.workspace import environment

ROOT = Path(__file__).resolve().parent.parent
STAGES = {name: stage.get("do", stage) for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items()}
WITHOUT_STAGE = {
    "pack",
    "pack_clips",
    "pack_portraits",
    "pack_things",
    "statistics",
    "pictures",
}  # kept under .work/ for several stages or runs


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", sorted(STAGES.keys() - {"fingerprint"}))
def test_a_cell_depends_on_its_own_fingerprint_and_on_no_code_or_parameter_beside_it(name):
    stage = STAGES[name]
    (own,) = [path for path in stage["deps"] if "/fingerprints/" in path]
    cell = stage["cmd"].removeprefix(f"python -m stages {name}").strip()
    assert own == Places("${profile}").fingerprint(name, cell).as_posix()
    assert not [path for path in stage["deps"] if path.split("/")[0] in {*OURS, "params.yaml"}]
    assert "params" not in stage


def test_fingerprints_are_written_first_every_time_and_depend_on_nothing():
    stage = STAGES["fingerprint"]
    assert (stage["always_changed"], stage["meta"]["first"]) == (True, True)
    assert not stage.keys() & {"deps", "params"}
    assert Places("${profile}").fingerprints().as_posix() in stage["outs"]


def test_code_is_followed_wherever_code_of_ours_lies():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "benchmarks"} == set(OURS)


@pytest.mark.parametrize("name", STAGES)
def test_stage_is_named_like_its_file_and_carries_scheduling_hints(name):
    assert STAGES[name]["cmd"].split()[:4] == ["python", "-m", "stages", name]
    assert STAGES[name]["meta"]["slot"] in {"cpu", "network", "gpu"}


def test_every_stage_file_is_a_stage():
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__", "__main__"}
    assert files == set(STAGES)


def steps_with(folder: Path, **changes: object) -> dict[str, Step]:
    """The graph that DVC reads when params.yaml has these values."""
    folder.mkdir(exist_ok=True)
    yaml = YAML()
    tree = yaml.load(ROOT / "params.yaml")
    tree.update(changes)
    yaml.dump(tree, folder / "params.yaml")
    shutil.copy(ROOT / "dvc.yaml", folder)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=folder, env=environment(folder / ".home"), check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / ".home"))
        return {step.name: step for step in read_graph()[0]}


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # of the trie in which DVC looks up outputs
def test_the_graph_has_a_cell_for_each_fingerprint_and_no_other(tmp_path):
    steps = steps_with(tmp_path)
    cells = {cell.address for cell in cells_of(load_params(tmp_path / "params.yaml"))}
    assert cells - WITHOUT_STAGE == steps.keys() - {"fingerprint"}
    assert {name for name, step in steps.items() if "fingerprint" not in step.parents} == {"fingerprint"}
    assert {name for name, step in steps.items() if step.is_first} == {"fingerprint"}


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")
def test_what_is_drawn_is_trained_and_scored_and_nothing_else_is(tmp_path):
    steps = steps_with(tmp_path, variants=["unet", "idih"])
    assert {name for name in steps if name.startswith(("train@", "evaluate@"))} == {
        f"{stage}@{variant}" for stage in ("train", "evaluate") for variant in ("unet", "idih")
    }


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")
def test_a_training_waits_for_the_names_which_wait_for_all_that_a_training_may_read(tmp_path):
    steps, datasets = steps_with(tmp_path, classifiers=["objects"]), load_params().datasets
    assert steps["train@unet"].parents == {"fingerprint", "name_data"}
    made = {f"{stage}@{name}" for stage in ("synthesize_composites", "preprocess_intrinsic") for name in datasets}
    assert steps["name_data"].parents == {"fingerprint", "train_classifier@objects", *made}


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")
def test_results_from_elsewhere_are_stages_before_the_report_and_none_is_no_stage(tmp_path):
    entries = {name: {"folder": f"../{name}", "outputs": {"people": "png"}} for name in ("theirs", "others")}
    none, some = steps_with(tmp_path / "none"), steps_with(tmp_path / "some", imported=entries)
    added = {"import_scores@theirs", "import_scores@others"}
    assert set(some) - set(none) == added
    assert some["report"].parents - none["report"].parents == added
    assert some["import_scores@theirs"].parents == {"fingerprint"} | {name for name in none if name.startswith("synthesize_composites@")}


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")
def test_models_from_elsewhere_are_scored_from_their_files(tmp_path):
    steps = steps_with(tmp_path, published={"theirs": {"file": "models/theirs.safetensors"}})
    cell = steps["evaluate_published@theirs"]
    assert cell.parents == {"fingerprint"} | {name for name in steps if name.startswith("synthesize_composites@")}
    assert "evaluate_published@theirs" in steps["report"].parents
    (stage,) = (stage for stage in STAGES if stage == "evaluate_published")
    assert "${item.file}" in STAGES[stage]["deps"]


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")
def test_without_variants_that_need_them_there_is_no_classifier_and_no_preprocessing(tmp_path):
    catalogue = {"idih": YAML().load(ROOT / "params.yaml")["catalogue"]["idih"]}
    steps = steps_with(tmp_path, variants=["idih"], catalogue=catalogue, preprocessed=[], decomposers=[], classifiers=[])
    left = {name.partition("@")[0] for name in steps}
    assert left.isdisjoint({"train_classifier", "train_shading", "train_edits", "preprocess_intrinsic", "evaluate_intrinsic"})
