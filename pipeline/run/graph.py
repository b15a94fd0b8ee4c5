"""The graph of stages, as DVC reads it from ``dvc.yaml``, and which of them are stale."""

import gc
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Literal, cast, get_args

from dvc.dvcfile import PROJECT_FILE
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo
from dvc.stage import PipelineStage

from imharmony.errors import InputError
from pipeline.run.dvc_errors import dvc_errors
from pipeline.run.targets import collected

Slot = Literal["cpu", "network", "gpu"]
BUSY_SECONDS = 1.0  # between two looks at what another DVC holds
SLOTS: tuple[Slot, ...] = get_args(Slot)


@dataclass(frozen=True)
class Step:
    """One stage: what kind of work it is (``meta.slot``), how often it is tried again, and what it waits for.

    What ``is_first`` (``meta.first``) is waited for by all others, and decides which of them are stale.
    """

    name: str
    slot: Slot
    retries: int
    parents: frozenset[str]
    is_first: bool = False


def read_graph(targets: Sequence[str] = (), *, say: Callable[[str], None] = lambda _line: None) -> tuple[list[Step], frozenset[str]]:
    """The steps that lead to ``targets`` (all, if none are named), parents first, and the names of those that are stale.

    A target is a stage (``train@idih-0``), all cells of one (``train``) or an output. Stale is what DVC says has changed; a
    step that is not may become so when one before it writes something new.
    """
    logging.getLogger("dvc").setLevel(logging.ERROR)  # warns of every output that is not there yet
    is_told = False
    while True:
        try:
            with dvc_errors():
                return _read(targets)
        except LockError as error:  # a stage of somebody else's `dvc repro` is at work
            if not is_told:
                say(f"waiting for another DVC: {' '.join(str(error).split())}")
            is_told = True
            time.sleep(BUSY_SECONDS)


def _read(targets: Sequence[str]) -> tuple[list[Step], frozenset[str]]:
    with _collecting_no_garbage(), Repo(_wait_for_lock=True) as repo, lock_repo(repo):
        if not any(isinstance(stage, PipelineStage) for stage in repo.index.stages):
            raise InputError("dvc.yaml: no stages; expected the project's graph; take the last commit's (git checkout dvc.yaml)")
        everything = [] if targets else repo.stage.collect(PROJECT_FILE, with_deps=True)
        wanted = {*everything, *(stage for target in targets for stage in collected(repo, target))}
        stages = [stage for stage in repo.index.stages if isinstance(stage, PipelineStage) and stage in wanted]
        steps = _steps(repo, stages)
        stale = frozenset(_name(stage) for stage in stages if stage.status(check_updates=True))
    order = TopologicalSorter({name: step.parents for name, step in steps.items()}).static_order()
    return [steps[name] for name in order], stale


def read_steps() -> dict[str, Step]:
    """Every step by its name. What is stale is not asked, so nothing that others hold is waited for."""
    with dvc_errors(), Repo() as repo:
        return _steps(repo, [stage for stage in repo.index.stages if isinstance(stage, PipelineStage)])


def _steps(repo: Repo, stages: Iterable[PipelineStage]) -> dict[str, Step]:
    graph = repo.index.graph
    return {_name(stage): _step(stage, graph.successors(stage)) for stage in stages}


@contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """A graph is many thousand objects that all stay; looking among them for garbage takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _step(stage: PipelineStage, parents: Iterable[PipelineStage]) -> Step:
    meta = stage.meta or {}
    slot = meta.get("slot")
    if slot not in SLOTS:
        raise InputError(f"dvc.yaml: stage {_name(stage)} has meta.slot {slot!r}; expected one of {', '.join(SLOTS)}")
    return Step(_name(stage), cast("Slot", slot), int(meta.get("retries", 0)), frozenset(map(_name, parents)), bool(meta.get("first")))


def _name(stage: PipelineStage) -> str:
    return cast("str", stage.addressing)
