"""Runs what is stale in the graph, side by side: DVC owns order, inputs and freshness, this owns when and how many at once."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Literal

from pipeline.run.graph import Slot, Step

LONG = 3  # steps behind one, one after the other
State = Literal["ran", "restored", "up to date", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """How a step ended, and how long it took."""

    state: State
    seconds: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether what comes after cannot be made."""
        return self.state in ("failed", "skipped")


Execute = Callable[[Step], Outcome]
Tell = Callable[[Step, Outcome | None], None]


def run_graph(
    steps: Sequence[Step],
    stale: Collection[str],
    *,
    execute: Execute,
    slots: Mapping[Slot, int],
    jobs: int,
    tell: Tell,
    stop: Callable[[], None],
    ended: Mapping[str, Outcome] = MappingProxyType({}),
) -> dict[str, Outcome]:
    """Executes the stale steps and those behind what they change, at most ``jobs`` at once and ``slots`` of each kind.

    Steps that had ``ended`` before it was asked which are stale are not executed again, and what they changed is in the answer.
    A step behind one that failed is skipped; the others go on. ``tell`` is called when a step begins (None) and when it ends.
    ``stop`` is called where anything, Ctrl-C included, ends the run early: it has to end what ``execute`` waits for.
    """
    by_name = {step.name: step for step in steps}
    chains = _chains(by_name)
    sorter = TopologicalSorter({step.name: step.parents for step in steps})
    sorter.prepare()
    outcomes: dict[str, Outcome] = {}
    ready: list[Step] = []
    running: dict[Future[Outcome], Step] = {}

    def settle(step: Step, outcome: Outcome) -> None:
        outcomes[step.name] = outcome
        if step.name not in ended:
            tell(step, outcome)
        sorter.done(step.name)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            while sorter.is_active():
                while names := sorter.get_ready():
                    fresh = [by_name[name] for name in names]
                    for step in fresh:
                        if outcome := _without_running(step, stale, outcomes, ended):
                            settle(step, outcome)
                    # What was begun is finished first; but long chains are begun early, or they alone are left at the end.
                    ready = [step for step in fresh if step.name not in outcomes] + ready
                    ready.sort(key=lambda step: chains[step.name] < LONG)
                for step in _startable(ready, list(running.values()), slots, jobs):
                    ready.remove(step)
                    tell(step, None)
                    running[pool.submit(execute, step)] = step
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    settle(running.pop(future), future.result())
        except BaseException:
            stop()
            raise
    return outcomes


def _chains(steps: Mapping[str, Step]) -> dict[str, int]:
    """How many steps are behind each, one after the other."""
    chains = dict.fromkeys(steps, 0)
    for name in reversed([*TopologicalSorter({step.name: step.parents for step in steps.values()}).static_order()]):
        for parent in steps[name].parents:
            chains[parent] = max(chains[parent], chains[name] + 1)
    return chains


def _without_running(step: Step, stale: Collection[str], outcomes: Mapping[str, Outcome], ended: Mapping[str, Outcome]) -> Outcome | None:
    if step.name in ended:
        return ended[step.name]
    if any(outcomes[name].is_bad for name in step.parents):
        return Outcome("skipped")
    if step.name in stale or any(outcomes[name].state != "up to date" for name in step.parents - ended.keys()):
        return None
    return Outcome("up to date")


def _startable(ready: Sequence[Step], running: Sequence[Step], slots: Mapping[Slot, int], jobs: int) -> Iterator[Step]:
    busy = [step.slot for step in running]
    for step in list(ready):
        if len(busy) < jobs and busy.count(step.slot) < slots[step.slot]:
            busy.append(step.slot)
            yield step
