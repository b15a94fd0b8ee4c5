"""What a run changes in files that git tracks is said, and the way back from an experiment loses nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.pipeline.run.small_graph import called
from tests.workspace import dvc, environment

# A result that DVC caches and a number that git tracks, both made of one parameter.
GRAPH = """\
stages:
  make:
    cmd: python work.py
    deps: [work.py]
    params: [profile]
    outs: [made, alike]
    metrics:
      - reports/metrics:
          cache: false
    meta: {slot: cpu}
"""
WORK = """\
from pathlib import Path
profile = Path("params.yaml").read_text().split("profile: ")[1].split()[0]
Path("made").mkdir()
Path("made/text").write_text(profile)
Path("alike").write_text("of every profile")
Path("reports/metrics").mkdir(parents=True)
Path("reports/metrics/a.json").write_text(f'{{"length": {len(profile)}}}')
Path(f"reports/metrics/{profile}.json").write_text('{"length": 1}')
"""


@pytest.fixture(scope="module")
def committed(tmp_path_factory) -> Path:
    """A workspace whose results are those of its last commit."""
    folder = tmp_path_factory.mktemp("committed")
    (folder / "dvc.yaml").write_text(GRAPH)
    (folder / "work.py").write_text(WORK)
    (folder / ".gitignore").write_text("/made\n/alike\n.home\n.work\n__pycache__\n")
    shutil.copy(ROOT / "params.yaml", folder)
    git(folder, "init", "-q")
    dvc(folder, "init", "-q")
    dvc(folder, "repro", "-q")
    commit(folder)
    return folder


@pytest.fixture
def workspace(committed, tmp_path) -> Path:
    """A copy of it, to be disturbed."""
    return Path(shutil.copytree(committed, tmp_path / "workspace", symlinks=True))


def git(folder: Path, *arguments: str) -> str:
    own = environment(folder / ".home")
    return subprocess.run(["git", *arguments], cwd=folder, env=own, capture_output=True, text=True, check=True).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "results")


def pipeline(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit code and what was said."""
    code, _, errors = called(folder, *arguments)
    return code, errors.strip().splitlines()


def experiment(folder: Path) -> None:
    """Another parameter and what it makes."""
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("profile: sample", "profile: coco"))
    dvc(folder, "repro", "-q")
    assert (folder / "made" / "text").read_text() == "coco"


def contents(folder: Path) -> dict[str, str]:
    """All that an experiment changes."""
    names = ("params.yaml", "dvc.lock", "made/text", "alike", "reports/metrics/a.json")
    return {name: (folder / name).read_text() for name in names}


def test_going_back_restores_parameters_lock_metrics_and_outputs(workspace):
    before = contents(workspace)
    experiment(workspace)
    after = contents(workspace)
    assert {name for name in before if after[name] != before[name]} == set(before) - {"alike"}
    code, said = pipeline(workspace, "back")
    assert (code, said) == (0, ["params.yaml, dvc.lock, reports/metrics and all outputs are those of the last commit"])
    assert contents(workspace) == before
    assert git(workspace, "status", "--porcelain") == ""


def test_it_refuses_and_loses_nothing_where_the_cache_lacks_what_was(workspace):
    experiment(workspace)
    after = contents(workspace)
    shutil.rmtree(workspace / ".dvc" / "cache")
    code, said = pipeline(workspace, "back")
    assert code == 2
    assert len(said) == 1
    assert said[0].startswith("error: DVC's cache lacks 1 outputs of the last commit (made); ")
    assert contents(workspace) == after


def test_it_refuses_where_a_file_of_a_folder_is_missing_in_the_cache(workspace):
    experiment(workspace)
    after = contents(workspace)
    for path in (workspace / ".dvc" / "cache").rglob("*"):
        if path.is_file() and path.read_bytes() == b"sample":
            path.unlink()
    code, said = pipeline(workspace, "back")
    assert code == 2, said
    assert contents(workspace) == after


def test_it_refuses_where_the_last_commit_has_no_results(workspace):
    git(workspace, "rm", "-q", "--cached", "dvc.lock")
    git(workspace, "commit", "-q", "-m", "without")
    before = contents(workspace)
    code, said = pipeline(workspace, "back")
    assert code == 2
    assert said[0].startswith("error: HEAD has no dvc.lock to go back to; ")
    assert contents(workspace) == before


def test_outputs_that_are_those_of_the_last_commit_need_no_cache(workspace):
    before = contents(workspace)
    (workspace / "params.yaml").write_text("profile: mistyped\n")
    shutil.rmtree(workspace / ".dvc" / "cache")
    assert pipeline(workspace, "back")[0] == 0
    assert contents(workspace) == before


def test_a_run_says_which_tracked_files_it_left_changed(workspace):
    params = workspace / "params.yaml"
    params.write_text(params.read_text().replace("profile: sample", "profile: coco"))
    code, said = pipeline(workspace, "run")
    assert code == 0
    changed = "dvc.lock, reports/metrics/a.json, reports/metrics/sample.json"
    assert said[-1].startswith(f"changed in git: {changed}; commit what is here (git add dvc.lock reports/metrics && git commit)")
    commit(workspace)
    assert not any("changed in git" in line for line in pipeline(workspace, "run")[1])
