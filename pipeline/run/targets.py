"""What a user names on the command line, as stages of DVC's graph."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage import PipelineStage
from dvc.stage.exceptions import StageFileDoesNotExistError, StageNotFound

from imharmony.errors import InputError

NEAR = 3


def collected(repo: Repo, target: str) -> set[Any]:
    """The stages that ``target`` names, with all that they need.

    It is a stage (``train@idih-0``), all cells of one (``train``), a file of stages, or what a stage makes: an output, a folder that holds
    some, or a file in one.
    """
    if makers := _makers_of(repo, target):
        return {stage for maker in makers for stage in repo.stage.collect(maker.addressing, with_deps=True)}
    try:
        found = set(repo.stage.collect(target, with_deps=True)) if target.strip() else set()
    except (StageNotFound, StageFileDoesNotExistError):
        found = set()
    except DvcException:
        if Path(target).exists():  # a file that is no file of stages
            found = set()
        else:
            raise
    if not found:
        raise InputError(_unknown(repo, target))
    return found


def _makers_of(repo: Repo, target: str) -> list[PipelineStage]:
    """The stages whose outputs are, lie in or hold the path; a stage's own name comes first."""
    stages = [stage for stage in repo.index.stages if isinstance(stage, PipelineStage)]
    names = {name for stage in stages for name in (str(stage.addressing), str(stage.addressing).partition("@")[0])}
    if target in names or not target.strip():
        return []
    path = os.path.abspath(target)  # noqa: PTH100  # not resolved: outputs may be links into the cache
    return [stage for stage in stages if any(_is_near(path, str(out.fs_path)) for out in stage.outs)]


def _is_near(path: str, output: str) -> bool:
    return path == output or path.startswith(f"{output}{os.sep}") or output.startswith(f"{path}{os.sep}")


def _unknown(repo: Repo, target: str) -> str:
    stages = [cast("str", stage.addressing) for stage in repo.index.stages if isinstance(stage, PipelineStage)]
    outputs = [os.path.relpath(str(out.fs_path)) for stage in repo.index.stages for out in stage.outs]
    known = dict.fromkeys([*(name.partition("@")[0] for name in stages), *stages, *outputs])
    near = get_close_matches(target, known, n=NEAR, cutoff=0.5)
    advice = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"expected one of {', '.join(sorted({name.partition('@')[0] for name in stages}))}"
    )
    return f"{target!r}: no stage and no output of one; {advice} (python -m pipeline run --dry-run lists all)"
