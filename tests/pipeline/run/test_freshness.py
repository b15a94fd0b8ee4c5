"""Sharing answers between stages changes none: what is stale is what DVC's own status says, whatever was changed."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.dependency.param import read_param_file
from dvc.repo import Repo, lock_repo
from dvc.stage import PipelineStage

from pipeline.run.freshness import stale_among
from tests.workspace import dvc, environment

GRAPH = """\
stages:
  make:
    matrix: {name: [a, b]}
    cmd: mkdir -p made/${item.name} && cp code/x.py made/${item.name}/x && cp params.yaml made/${item.name}/y
    deps: [code, common.py]
    params:
      - sizes.${item.name}
      - sizes.list
      - other.yaml:
    outs: ["made/${item.name}"]
  tell:
    cmd: cat made/a/x made/b/x > told
    deps: [code/x.py, common.py, made]
    params: [sizes]
    outs: [told]
  free:
    cmd: cp common.py free
    deps: [common.py]
    outs: [{free: {cache: false}}]
"""
CHANGES = {
    "nothing": lambda _folder: None,
    "the code of all": lambda folder: (folder / "common.py").write_text("changed"),
    "one file of a folder": lambda folder: (folder / "code/x.py").write_text("changed"),
    "a new file in a folder": lambda folder: (folder / "code/z.py").write_text("new"),
    "a folder that is a file": lambda folder: (shutil.rmtree(folder / "code"), (folder / "code").write_text("file")),
    "code that is gone": lambda folder: (folder / "common.py").unlink(),
    "one parameter": lambda folder: edit(folder / "params.yaml", "a: 1", "a: 2"),
    "a parameter of equal value": lambda folder: edit(folder / "params.yaml", "a: 1", "a: 1.0"),
    "a parameter of another type": lambda folder: edit(folder / "params.yaml", "a: 1", "a: '1'"),
    "a parameter in a list": lambda folder: edit(folder / "params.yaml", "[1, 2]", "[1, 3]"),
    "a parameter that is gone": lambda folder: edit(folder / "params.yaml", "  a: 1\n", ""),
    "a parameter nobody reads": lambda folder: edit(folder / "params.yaml", "unread: 0", "unread: 1"),
    "another file of parameters": lambda folder: (folder / "other.yaml").write_text("x: 2\n"),
    "another file of parameters that is gone": lambda folder: (folder / "other.yaml").unlink(),
    "an output": lambda folder: replace(folder / "made/a/x", "by hand"),
    "an output that is gone": lambda folder: shutil.rmtree(folder / "made/b"),
    "an output outside the cache": lambda folder: replace(folder / "free", "by hand"),
    "a command": lambda folder: edit(folder / "dvc.yaml", "cp common.py free", "cp  common.py free"),
    "the lock": lambda folder: (folder / "dvc.lock").unlink(),
    "the cache": lambda folder: shutil.rmtree(folder / ".dvc/cache"),
    "a stage that always runs": lambda folder: edit(folder / "dvc.yaml", "  free:\n", "  free:\n    always_changed: true\n"),
    "a stage that is frozen": lambda folder: (
        edit(folder / "dvc.yaml", "  free:\n", "  free:\n    frozen: true\n"),
        (folder / "common.py").write_text("changed"),
    ),
}


def edit(path: Path, found: str, instead: str) -> None:
    assert found in path.read_text()
    path.write_text(path.read_text().replace(found, instead))


def replace(path: Path, text: str) -> None:
    """As an editor saves: the old file may be a link into the cache."""
    path.unlink()
    path.write_text(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "dvc.yaml").write_text(GRAPH)
    (folder / "params.yaml").write_text("sizes:\n  a: 1\n  b: 2\n  list: [1, 2]\nunread: 0\n")
    (folder / "other.yaml").write_text("x: 1\n")
    (folder / "code").mkdir()
    (folder / "code" / "x.py").write_text("x")
    (folder / "common.py").write_text("common")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=folder, env=environment(folder / ".home"), check=True)
    dvc(folder, "repro")
    return folder


def names(stages) -> set[str]:
    return {stage.addressing for stage in stages}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_stale_is_what_dvc_says(change, made, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(made, tmp_path / "workspace", symlinks=True))
    CHANGES[change](folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(folder / ".home"))
    logging.getLogger("dvc").setLevel(logging.ERROR)
    with Repo() as repo, lock_repo(repo):
        stages = [stage for stage in repo.index.stages if isinstance(stage, PipelineStage)]
        told = names(stage for stage in stages if stage.status())
    with Repo() as repo, lock_repo(repo):
        stages = [stage for stage in repo.index.stages if isinstance(stage, PipelineStage)]
        assert names(stale_among(repo, stages)) == told
    if change == "nothing":
        assert told == set()


def test_parameters_that_stages_share_are_parsed_once(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(made / ".home"))
    read: list[str] = []
    monkeypatch.setattr("pipeline.run.freshness.read_param_file", lambda fs, path: read.append(path) or read_param_file(fs, path))
    with Repo() as repo, lock_repo(repo):
        stale_among(repo, [stage for stage in repo.index.stages if isinstance(stage, PipelineStage)])
    assert read == [str(made / "params.yaml")]
