"""``python -m pipeline run``: what is stale, stages side by side, and how it went."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, get_args

from imharmony.errors import InputError
from imharmony.storage.locks import held
from pipeline.params.file import Params, load_params
from pipeline.run.child_processes import LOGS, Children
from pipeline.run.dvc_repro import TOLD, DvcRepro
from pipeline.run.graph import Step, read_graph
from pipeline.run.prepared import DVC, STAGES, prepared
from pipeline.run.scheduler import Outcome, State, run_graph
from pipeline.run.slots import Gpus, capacities, gpus_here
from pipeline.run.workspace import expect_workspace

LOCK = Path(".dvc/tmp/pipeline.lock")
STATES: tuple[State, ...] = get_args(State)
FAILED = 1
T = TypeVar("T")


Changed = Callable[[Params], frozenset[str]]  # names of steps, the first ones' own among them


class View(Protocol):
    """Something that shows a run while it goes on."""

    def step(self, step: Step, outcome: Outcome | None) -> None:
        """A step begins (None) or has ended."""
        ...

    def line(self, step: Step, text: str) -> None:
        """A step said something."""
        ...

    def progress(self, step: Step, text: str) -> None:
        """A step's bar moved."""
        ...


class Watch(Protocol):
    """The views of one run, told how it ended when the block ends."""

    def __call__(
        self, params: Params, targets: Sequence[str], *, steps: Sequence[Step], jobs: int, say: Callable[[str], None]
    ) -> AbstractContextManager[Sequence[View]]:
        """Opens them."""
        ...


def unwatched(
    params: Params,  # noqa: ARG001
    targets: Sequence[str],  # noqa: ARG001
    *,
    steps: Sequence[Step],  # noqa: ARG001
    jobs: int,  # noqa: ARG001
    say: Callable[[str], None],  # noqa: ARG001
) -> AbstractContextManager[Sequence[View]]:
    """No views."""
    return nullcontext([])


def run(
    targets: Sequence[str] = (),
    *,
    jobs: int | None = None,
    dry_run: bool = False,
    pull: bool = False,
    watch: Watch = unwatched,
    changed: Changed | None = None,
) -> int:
    """Brings the targets (all, if none are named) up to date and returns 0, or 1 if a stage failed.

    At most ``jobs`` stages run at once, one per core if it is None; ``dry_run`` only lists what is stale, on standard output.
    ``pull`` takes what DVC's remote has from there instead of making it. ``watch`` opens what shows the run.
    ``changed`` says of which steps the first ones would find something else than before; if of none, these need not run.
    """
    start, cores, gpus = time.monotonic(), os.cpu_count() or 1, gpus_here()
    jobs = cores if jobs is None else jobs
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: expected 1 or more")
    expect_workspace(say=say)
    params = load_params()
    slots = capacities(params, jobs=jobs, cores=cores, gpus=len(gpus))
    with only_run_here(say=say):
        steps, stale = read_graph(targets, say=say)
        if changed is not None and any(step.is_first for step in steps):
            found = changed(params)
            stale = (stale | found) & {step.name for step in steps if found or not step.is_first}
        if dry_run:
            _announce(steps, stale)
            return 0
        children, behind = Children(), _count_behind(steps, stale)
        environment = os.environ | TOLD  # as it is now: a library that is loaded later may change it
        with (
            _interrupted_by_sigterm(),
            watch(params, targets, steps=steps, jobs=jobs, say=say) as views,
            prepared(STAGES, behind, environment) as of_stages,
            prepared(DVC, behind, environment) as of_dvc,
        ):
            hear = _each(_print_line, *(view.line for view in views))
            bars = _each(*(view.progress for view in views))
            execute = DvcRepro(children, Gpus(gpus), hear=hear, watch=bars, environment=environment | of_stages | of_dvc, pull=pull)
            tell = _each(_print_step, *(view.step for view in views))
            go = partial(run_graph, execute=execute, slots=slots, jobs=jobs, tell=tell, stop=children.end)
            ended = go([step for step in steps if step.is_first and step.name in stale], stale)
            if ended:  # only now is known which of the others are stale
                steps, stale = read_graph(targets, say=say)
            outcomes = go(steps, stale, ended=ended)
    _sum_up(outcomes, seconds=time.monotonic() - start)
    return FAILED if any(outcome.is_bad for outcome in outcomes.values()) else 0


def _count_behind(steps: Sequence[Step], stale: frozenset[str]) -> int:
    """How many may run beside the first ones: what is stale, and all behind it."""
    names: set[str] = set()
    for step in steps:  # parents first
        if not step.is_first and (step.name in stale or step.parents & names):
            names.add(step.name)
    return len(names)


@contextmanager
def only_run_here(path: Path = LOCK, *, say: Callable[[str], None]) -> Iterator[None]:
    """One runner at a time in a workspace: a second one says so and waits for the first to end, however it ends."""
    path.parent.mkdir(exist_ok=True)
    with held(path, busy=lambda process: say(f"process {process} runs this workspace already; waiting until it ends")):
        yield


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _each(*functions: Callable[[Step, T], None]) -> Callable[[Step, T], None]:
    def call(step: Step, what: T) -> None:
        for function in functions:
            function(step, what)

    return call


def _print_line(step: Step, line: str) -> None:
    say(f"{step.name} | {line}")


def _print_step(step: Step, outcome: Outcome | None) -> None:
    """Says that a step begins or has ended; of those that nothing has to be done for, nothing."""
    if outcome is None:
        say(f"{step.name}: begins")
    elif outcome.state == "failed":
        say(f"{step.name}: failed after {outcome.seconds:.0f} s; all it said is in {LOGS / step.name}.log")
    elif outcome.state == "skipped":
        say(f"{step.name}: skipped, because what it needs failed")
    elif outcome.seconds:
        say(f"{step.name}: {outcome.state} in {outcome.seconds:.0f} s")


def _announce(steps: Sequence[Step], stale: frozenset[str]) -> None:
    behind: set[str] = set()
    for step in steps:
        if step.name in stale:
            _list(f"{step.name}: stale")
        elif step.parents & (stale | behind):
            behind.add(step.name)
            _list(f"{step.name}: if what it needs changes")
    _list(f"{len(steps)} stages: {len(stale)} stale, {len(behind)} behind them")


def _sum_up(outcomes: Mapping[str, Outcome], *, seconds: float) -> None:
    counts = Counter(outcome.state for outcome in outcomes.values())
    told = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    say(f"{len(outcomes)} stages: {told}, in {seconds:.0f} s")


def say(line: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _list(line: str) -> None:
    """A line of the answer that was asked for, which other programs may read."""
    sys.stdout.write(f"{line}\n")
