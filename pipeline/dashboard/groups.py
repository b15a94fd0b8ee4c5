"""The nodes of a run on Prefect's page: a task for each stage, or, where a stage has several cells, a run of its own that holds them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from pipeline.run.graph import Step

WAITING = "waiting"
RUNNING = "running"
CANCELLED = "cancelled"
# Prefect's type and the name that is shown. A group is what the last of these is that one of its cells is.
STATES = {
    WAITING: ("PENDING", "Pending"),
    "up to date": ("COMPLETED", "UpToDate"),
    "restored": ("COMPLETED", "Restored"),
    "ran": ("COMPLETED", "Ran"),
    "skipped": ("CANCELLED", "Skipped"),
    CANCELLED: ("CANCELLED", "Cancelled"),
    "failed": ("FAILED", "Failed"),
    RUNNING: ("RUNNING", "Running"),
}
ORDER = list(STATES)


def new_identity() -> str:
    """An identity for a run or a task that the server does not know yet."""
    return str(uuid4())


@dataclass
class Node:
    """One stage on the page of a run."""

    name: str
    needs: frozenset[str]  # names of other nodes
    cells: frozenset[str]  # names of steps
    task: str = field(default_factory=new_identity)
    run: str | None = None  # that holds the cells, once the server knows it
    tasks: dict[str, str] = field(default_factory=dict)  # of the cells that have begun
    states: dict[str, str] = field(default_factory=dict)  # of the same, keys of STATES
    told: str | None = None  # of a group: its own state

    @property
    def is_group(self) -> bool:
        """Whether it holds tasks; otherwise it is one."""
        return len(self.cells) > 1

    def state(self, *, is_whole: bool) -> str:
        """A key of ``STATES``. It runs while a cell does and, if all cells will be told of (``is_whole``), until the last has ended."""
        if is_whole and self.states and self.states.keys() < self.cells:
            return RUNNING
        return max(self.states.values(), key=ORDER.index, default=WAITING)

    def summary(self) -> str:
        """How many cells are in which state."""
        counts = Counter(self.states.values())
        return ", ".join(f"{counts[state]} {state}" for state in ORDER if counts[state])

    def cancel(self, *, is_whole: bool) -> list[str]:
        """The run is over: cells that run have not ended and will not, nor will others begin. Returns those that ran."""
        left = [cell for cell, state in self.states.items() if state == RUNNING]
        waiting = self.cells - self.states.keys() if is_whole else frozenset()
        self.states |= dict.fromkeys([*left, *waiting], CANCELLED)
        return left


def nodes_of(steps: Iterable[Step]) -> dict[str, Node]:
    """The nodes of a graph, by stage. One needs what no other that it needs leads to: more arrows than that nobody can read."""
    steps = list(steps)
    cells: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    for step in steps:
        cells.setdefault(stage_of(step.name), set()).add(step.name)
        needs.setdefault(stage_of(step.name), set()).update(map(stage_of, step.parents))
    further = {stage: _leading_to(needs, stage) for stage in cells}
    nearest = {stage: {one for one in needs[stage] if not any(one in further.get(other, ()) for other in needs[stage])} for stage in cells}
    return {stage: Node(stage, frozenset(nearest[stage]), frozenset(cells[stage])) for stage in cells}


def node_of(nodes: dict[str, Node], step: Step) -> Node:
    """The node of a step; one that the graph does not have becomes a node of its own."""
    known = nodes.get(stage_of(step.name))
    if known and step.name in known.cells:
        return known
    return nodes.setdefault(step.name, Node(step.name, _above(nodes, step), frozenset({step.name})))


def nearest_of(nodes: Mapping[str, Node], node: Node, is_shown: Callable[[Node], bool]) -> list[Node]:
    """The shown nodes that a node needs; in place of one that is not shown, those that it needs."""
    found, seen, left = list[Node](), {node.name}, sorted(node.needs, reverse=True)
    while left:
        other = nodes.get(name := left.pop())
        if other is None or name in seen:
            continue
        seen.add(name)
        if is_shown(other):
            found.append(other)
        else:
            left += sorted(other.needs, reverse=True)
    return found


def _leading_to(needs: Mapping[str, set[str]], stage: str) -> set[str]:
    found, left = set[str](), [stage]
    while left:
        new = needs.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def stage_of(name: str) -> str:
    """The stage that a step is a cell of."""
    return name.partition("@")[0]


def cell_of(name: str) -> str:
    """Which of its stage's cells a step is."""
    return name.partition("@")[2]


def _above(nodes: Mapping[str, Node], step: Step) -> frozenset[str]:
    return frozenset(name for parent in step.parents for name in (parent, stage_of(parent)) if name in nodes)
