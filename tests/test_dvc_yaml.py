"""dvc.yaml tells DVC the truth: every stage lists the code that it runs and reads the parameters that exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.code import code_reached_from, folded, unfolded, update_deps
from pipeline.graph import Step, read_graph
from tests.workspace import environment

ROOT = Path(__file__).resolve().parent.parent
STAGES = {name: stage.get("do", stage) for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items()}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", STAGES)
def test_stage_depends_on_the_code_it_runs_and_on_no_other(name):
    assert unfolded(STAGES[name]["deps"]) == code_reached_from(f"stages.{name}"), "run `python -m pipeline deps`"


@pytest.mark.parametrize("name", STAGES)
def test_stage_is_named_like_its_file_and_carries_scheduling_hints(name):
    assert f"python -m stages.{name}" in STAGES[name]["cmd"]
    assert STAGES[name]["meta"]["slot"] in {"cpu", "network", "gpu"}


def test_every_stage_file_is_a_stage():
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert files == set(STAGES)


def steps_with(folder: Path, outside: dict[str, object]) -> dict[str, Step]:
    """The graph that DVC reads when params.yaml has these entries."""
    yaml = YAML()
    tree = yaml.load(ROOT / "params.yaml")
    tree["outside"] = outside
    yaml.dump(tree, folder / "params.yaml")
    shutil.copy(ROOT / "dvc.yaml", folder)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=folder, env=environment(folder / ".home"), check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / ".home"))
        return {step.name: step for step in read_graph()[0]}


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # of the trie in which DVC looks up outputs
def test_results_from_elsewhere_are_stages_before_the_report_and_none_is_no_stage(tmp_path):
    for name in ("none", "some"):
        (tmp_path / name).mkdir()
    entries = {name: {"folder": f"../{name}", "outputs": {"people": "png"}} for name in ("theirs", "others")}
    none, some = steps_with(tmp_path / "none", {}), steps_with(tmp_path / "some", entries)
    added = {"import_scores@theirs", "import_scores@others"}
    assert set(some) - set(none) == added
    assert some["report"].parents - none["report"].parents == added
    assert some["import_scores@theirs"].parents == {name for name in none if name.startswith("synthesize_composites@")}


def test_a_new_import_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "stages").mkdir()
    (tmp_path / "harmonization").mkdir()
    (tmp_path / "harmonization" / "inner.py").write_text("X = 1\n")
    (tmp_path / "harmonization" / "outer.py").write_text("def f():\n    from harmonization.inner import X\n    return X\n")
    (tmp_path / "stages" / "one.py").write_text("import harmonization.outer\n")
    (tmp_path / "dvc.yaml").write_text("stages:\n  one:\n    cmd: python -m stages.one\n    deps:\n      - stages/one.py\n      - data/x\n")
    monkeypatch.chdir(tmp_path)
    assert code_reached_from("stages.one") == {"stages/one.py", "harmonization/outer.py", "harmonization/inner.py"}
    assert update_deps() == ["one"]
    deps = YAML(typ="safe").load(tmp_path / "dvc.yaml")["stages"]["one"]["deps"]
    assert deps == ["harmonization/inner.py", "harmonization/outer.py", "stages/one.py", "data/x"]
    assert update_deps() == []


def test_a_folder_stands_for_its_files_only_where_all_are_reached(tmp_path, monkeypatch):
    for name in ("whole/a.py", "whole/b.py", "whole/inner/c.py", "part/a.py", "part/b.py", "text/a.py", "text/notes.txt"):
        path = tmp_path / "harmonization" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("X = 1\n")
    (tmp_path / "harmonization" / "whole" / "__init__.py").write_text("")
    (tmp_path / "harmonization" / "whole" / "__pycache__").mkdir()
    (tmp_path / "harmonization" / "whole" / "__pycache__" / "a.pyc").write_text("x")
    monkeypatch.chdir(tmp_path)
    files = {f"harmonization/{name}" for name in ("whole/a.py", "whole/b.py", "whole/inner/c.py", "part/a.py", "text/a.py")}
    assert folded(files) == ["harmonization/part/a.py", "harmonization/text/a.py", "harmonization/whole"]
    assert unfolded([*folded(files), "data/x"]) == files
