"""Which stages are stale: DVC's own answer, each question of which is asked once instead of once for every stage that asks it.

Two dozen trainings depend on the same code and on the same ``params.yaml``. ``Stage.status`` hashes and parses them again for each, which
was four fifths of the time of a run with nothing to do. What a file's hash is and what it holds does not change while DVC's locks
are held, so one answer stands for all; comparing it with the lock, and everything else that makes a stage stale, stays DVC's.
"""

import sys
from collections.abc import Mapping, Sequence
from inspect import unwrap
from typing import Any

from dvc.dependency import Dependency, ParamsDependency
from dvc.dependency.param import read_param_file
from dvc.repo import Repo
from dvc.rwlock import rwlock
from dvc.stage import PipelineStage


def stale_among(repo: Repo, stages: Sequence[PipelineStage]) -> set[PipelineStage]:
    """Those that DVC's ``Stage.status`` calls changed. The repository is locked by the caller, for as long as this takes."""
    answers: dict[tuple[str, str, str], dict[str, str]] = {}
    files: dict[str, Mapping[str, Any]] = {}
    for stage in stages:
        for dep in stage.deps:
            if isinstance(dep, ParamsDependency):
                _share_file(dep, files)
            elif type(dep) is Dependency:
                _share_answer(dep, answers)
    status = unwrap(PipelineStage.status)  # without the lock on a stage's paths: it writes a file, and here it is held for all
    paths = sorted({entry.fs_path for stage in stages for entry in (*stage.deps, *stage.outs)})
    with rwlock(repo.tmp_dir, repo.fs, " ".join(sys.argv), paths, [], repo.config["core"].get("hardlink_lock", False)):
        return {stage for stage in stages if status(stage)}


def _share_answer(dep: Dependency, answers: dict[tuple[str, str, str], dict[str, str]]) -> None:
    """What a path holds now, compared with what the lock says of it, depends on nothing but the two."""
    key, ask = (dep.fs.protocol, dep.fs_path, str(dep.hash_info)), dep.status

    def answer() -> dict[str, str]:
        if key not in answers:
            answers[key] = ask()
        return answers[key]

    dep.status = answer


def _share_file(dep: ParamsDependency, files: dict[str, Mapping[str, Any]]) -> None:
    ask = dep.read_params

    def read(flatten: bool = True, **_options: object) -> dict[str, Any]:
        if not flatten or not dep.params or not dep.exists:
            return ask(flatten=flatten)
        if dep.fs_path not in files:
            files[dep.fs_path] = read_param_file(dep.fs, dep.fs_path)
        try:
            return {key: _value(files[dep.fs_path], key) for key in dep.params}
        except (KeyError, TypeError):  # a key that is missing, or one that only DVC's own search understands
            return ask(flatten=flatten)

    dep.read_params = read


def _value(tree: Any, key: str) -> Any:
    for part in key.split("."):
        tree = tree[part]
    return tree
