"""dvc.yaml tells DVC the truth: every stage depends on the code that it runs and reads the parameters that exist."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.run.graph import Step, read_graph
from pipeline.steps.fingerprints import OURS, code_reached_from
from pipeline.steps.paths import Layout
from stages import trace_code
from tests.workspace import environment

ROOT = Path(__file__).resolve().parent.parent
STAGES = {name: stage.get("do", stage) for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items()}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", sorted(STAGES.keys() - {"trace_code"}))
def test_stage_depends_on_the_code_it_runs(name):
    assert f"features/${{profile}}/code/{name}" in STAGES[name]["deps"]


def test_code_is_traced_wherever_code_of_ours_lies():
    assert set(STAGES["trace_code"]["deps"]) == set(OURS)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "benchmarks"} == set(OURS)


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
    assert some["import_scores@theirs"].parents == {"trace_code"} | {name for name in none if name.startswith("synthesize_composites@")}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A stage, what it imports, and what it does not."""
    files = {
        "stages/__init__.py": "",
        "stages/one.py": "import imharmony.outer\n",
        "stages/other.py": "import numpy\n",
        "imharmony/__init__.py": "",
        "imharmony/inner.py": "X = 1\n",
        "imharmony/outer.py": "def f():\n    from imharmony.inner import X\n    return X\n",
        "imharmony/unused.py": "X = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def traced() -> dict[str, str]:
    trace_code.main()
    return {path.name: path.read_text() for path in Layout("sample").code().iterdir()}


@pytest.mark.usefixtures("project")
def test_a_stage_runs_what_it_imports_directly_or_not():
    assert code_reached_from("stages.one") == {"stages/one.py", "imharmony/outer.py", "imharmony/inner.py"}


def test_a_file_that_is_started_by_its_path_counts(project):
    (project / "harmonization" / "unused.py").write_text("from pathlib import Path\nRUNNER = Path(__file__).with_name('started.py')\n")
    (project / "harmonization" / "started.py").write_text("print(1)\n")
    assert code_reached_from("imharmony.unused") == {"imharmony/unused.py", "imharmony/started.py"}


@pytest.mark.usefixtures("project")
def test_what_is_traced_is_what_sha256sum_says():
    lines = traced()["one"].splitlines()
    assert [line.split()[1] for line in lines] == ["imharmony/inner.py", "imharmony/outer.py", "stages/one.py"]
    assert lines[0].split()[0] == hashlib.sha256(b"X = 1\n").hexdigest()


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("imharmony/inner.py", {"one"}),
        ("imharmony/unused.py", set()),
        ("stages/other.py", {"other"}),
        ("stages/new.py", {"new"}),
        ("imharmony/__init__.py", {"one"}),  # no longer empty
    ],
)
def test_a_change_concerns_the_stages_that_run_it_and_no_others(file, changed, project):
    before = traced()
    (project / file).write_text("X = 2\n")
    after = traced()
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == changed


def test_a_new_import_is_noticed(project):
    before = traced()
    (project / "stages" / "other.py").write_text("import imharmony.unused\n")
    assert traced()["other"] != before["other"]
    assert "imharmony/unused.py" in traced()["other"]
