"""A run as Prefect's dashboard shows it: told over the server's REST API, never waited for, and without a part in the run.

A run is a flow run with a node for each stage. A stage of several cells is a flow run below it, with a task for each cell.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.dashboard.groups import (
    CANCELLED,
    RUNNING,
    STATES,
    WAITING,
    Node,
    cell_of,
    nearest_of,
    new_identity,
    node_of,
    nodes_of,
    stage_of,
)
from pipeline.dashboard.server import Server, trouble_at, unanswered
from pipeline.params.file import Params
from pipeline.run.graph import Step
from pipeline.run.scheduler import Outcome
from pipeline.steps.paths import REPORTS
from pipeline.steps.provenance import code_commit

FLOW = "harmonization"
PROGRESS_SECONDS = 2.0  # between two states of one bar
LOGS_AT_ONCE = 200
INFO, ERROR = 20, 40
BAR = re.compile(r"(\d+)%\|.*\|\s*(.*)$")


def run_name(profile: str) -> str:
    """A run's name on the dashboard."""
    return f"{profile}-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}"


class Dashboard:
    """Tells a server of one run.

    The run becomes a flow run that begins and ends here, or is told as part of ``flow_run``, whose state is its owner's. ``steps`` is its
    graph; ``is_whole`` says that the run tells of all of them, so that a stage goes on until its last cell has ended.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        parameters: Mapping[str, object],
        say: Callable[[str], None],
        steps: Iterable[Step] = (),
        is_whole: bool = False,
        flow_run: str | None = None,
    ) -> None:
        self._nodes = nodes_of(steps)
        self._is_whole = is_whole
        self._bars: dict[str, tuple[str | None, float]] = {}  # step -> its bar's artifact, and when it was told last
        self._logs: list[dict[str, object]] = []
        self._flow_run = flow_run
        self._owns_flow_run = flow_run is None
        self.has_failures = False
        self._outcomes: dict[str, Outcome] = {}  # of steps that have ended, whether the server knows it or not
        self._server = Server(url, say=say, idle=self._flush)
        if self._owns_flow_run:
            self._server.tell(lambda: self._begin(name, parameters))

    def step(self, step: Step, outcome: Outcome | None) -> None:
        """A step begins (None) or has ended."""
        self.has_failures |= outcome is not None and outcome.is_bad
        if outcome:
            self._outcomes[step.name] = outcome
        stamp = _now()
        self._server.tell(lambda: self._step(step, outcome, stamp))

    def line(self, step: Step, text: str) -> None:
        """A step said something."""
        stamp = _now()
        self._server.tell(lambda: self._log(f"{step.name}: {text}", stamp, self._place_of(step)))
        self._server.tell(lambda: self._progress(step, text, is_last=True))

    def progress(self, step: Step, text: str) -> None:
        """A step's bar moved."""
        self._server.tell(lambda: self._progress(step, text, is_last=False))

    def end(self, state: str, *, artifacts: Sequence[Mapping[str, object]] = ()) -> None:
        """The run has ended, as ``completed``, ``failed`` or ``cancelled``; waits a little until everything is told."""
        for artifact in artifacts:
            self._server.tell(lambda artifact=artifact: self._server.post("artifacts/", {**artifact, "flow_run_id": self._flow_run}))
        self._server.end([lambda: self._end_run(state), self._end_nodes])

    def _end_run(self, state: str) -> None:
        if self._owns_flow_run and self._flow_run:
            self._set_state("flow_runs", self._flow_run, {"type": state.upper(), "name": state.capitalize()})

    def _begin(self, name: str, parameters: Mapping[str, object]) -> None:
        self._flow_run = self._new_run(FLOW, name, RUNNING, parameters=dict(parameters))

    def _new_run(self, flow: str, name: str, state: str, **more: object) -> str:
        flow_id = self._server.post("flows/", {"name": flow})["id"]
        return str(self._server.post("flow_runs/", {"flow_id": flow_id, "name": name, "state": _state(state), **more})["id"])

    def _step(self, step: Step, outcome: Outcome | None, stamp: str) -> None:
        node = node_of(self._nodes, step)
        node.states[step.name] = state = RUNNING if outcome is None else outcome.state
        if step.name in node.tasks:
            self._set_state("task_runs", node.tasks[step.name], _state(state))
        elif node.is_group:
            self._make_group(node)
            node.tasks[step.name] = new_identity()
            self._new_task(node.tasks[step.name], cell_of(step.name), node, state, flow_run=node.run)
        else:
            node.tasks[step.name] = node.task
            self._new_task(node.task, node.name, node, state, flow_run=self._flow_run, above=self._above(node))
        if node.is_group:
            self._tell_group(node)
        if outcome and outcome.state != "up to date":
            took = f" in {outcome.seconds:.0f} s" if outcome.seconds else ""
            level = ERROR if outcome.state == "failed" else INFO
            self._log(f"{step.name}: {outcome.state}{took}", stamp, {"flow_run_id": self._flow_run}, level)

    def _make_group(self, node: Node) -> None:
        """A task of the run, and a run below it, which takes the task's place on the page."""
        if node.told is None:
            node.told = WAITING
            self._new_task(node.task, node.name, node, WAITING, flow_run=self._flow_run, above=self._above(node))
            node.run = self._new_run(node.name, f"{len(node.cells)} cells", WAITING, parent_task_run_id=node.task)

    def _above(self, node: Node) -> list[str]:
        """What the page draws edges from. Only the server names a run, so a group is made when the first that needs it begins."""
        others = nearest_of(self._nodes, node, lambda other: self._is_whole or bool(other.states))
        for other in others:
            if other.is_group:
                self._make_group(other)
        return [other.run or other.task for other in others]

    def _tell_group(self, node: Node) -> None:
        """The group's state follows from its cells; the server gives it to the task that stands for the group in the run."""
        state = node.state(is_whole=self._is_whole)
        if state != node.told:
            message = {} if state == RUNNING else {"message": node.summary()}
            self._set_state("flow_runs", node.run, _state(state) | message)
            node.told = state

    def _end_nodes(self) -> None:
        for node in self._nodes.values():  # of which a server that was given up has not heard how they ended
            for cell in [cell for cell, state in node.states.items() if state == RUNNING and cell in self._outcomes]:
                node.states[cell] = self._outcomes[cell].state
                self._set_state("task_runs", node.tasks[cell], _state(node.states[cell]))
        for node in self._nodes.values():
            for cell in node.cancel(is_whole=self._is_whole):
                self._set_state("task_runs", node.tasks[cell], _state(CANCELLED))
            if node.run:
                self._tell_group(node)

    def _new_task(self, identity: str, name: str, node: Node, state: str, *, flow_run: str | None, above: Sequence[str] = ()) -> None:
        inputs = {"needs": [{"input_type": "task_run", "id": other} for other in above]}
        about = {"id": identity, "name": name, "task_key": f"stages.{stage_of(node.name)}", "dynamic_key": name}
        self._server.post("task_runs/", {**about, "flow_run_id": flow_run, "task_inputs": inputs, "state": _state(state)})

    def _place_of(self, step: Step) -> dict[str, str | None]:
        """The run and the task to which something that a step said belongs."""
        node = node_of(self._nodes, step)
        return {"flow_run_id": node.run if node.is_group else self._flow_run, "task_run_id": node.tasks.get(step.name)}

    def _log(self, message: str, stamp: str, place: Mapping[str, str | None], level: int = INFO) -> None:
        self._logs.append({"name": FLOW, "level": level, "message": message, "timestamp": stamp, **place})
        if len(self._logs) >= LOGS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._logs:
            self._server.post("logs/", self._logs)
            self._logs = []

    def _progress(self, step: Step, text: str, *, is_last: bool) -> None:
        found, (bar, told) = BAR.search(text), self._bars.get(step.name, (None, float("-inf")))
        if found is None or (time.monotonic() - told < PROGRESS_SECONDS and not is_last):
            return
        state = {"data": float(found[1]), "description": f"{step.name}: {found[2]}"}
        if bar is None:
            key = re.sub(r"[^a-z0-9]+", "-", step.name.lower())
            bar = str(self._server.post("artifacts/", {"key": key, "type": "progress", **state, **self._place_of(step)})["id"])
        else:
            self._server.patch(f"artifacts/{bar}", state)
        self._bars[step.name] = bar, time.monotonic()

    def _set_state(self, kind: str, identity: str | None, state: Mapping[str, str]) -> None:
        self._server.post(f"{kind}/{identity}/set_state", {"state": state, "force": True})


def _state(state: str) -> dict[str, str]:
    kind, name = STATES[state]
    return {"type": kind, "name": name}


def _now() -> str:
    return datetime.now(UTC).isoformat()


@contextmanager
def watched(
    params: Params, targets: Sequence[str], *, steps: Sequence[Step], jobs: int, say: Callable[[str], None], flow_run: str | None = None
) -> Iterator[list[Dashboard]]:
    """The dashboard of ``PREFECT_API_URL`` for one run, if that is set and a server answers there; it is told how the run ended."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        yield []
        return
    if why := trouble_at(url):
        say(unanswered(url, why))
        yield []
        return
    parameters = {"targets": list(targets), "jobs": jobs, "profile": params.profile, "commit": code_commit()}
    name = run_name(params.profile)
    dashboard = Dashboard(url, name=name, parameters=parameters, say=say, steps=steps, is_whole=True, flow_run=flow_run)
    try:
        yield [dashboard]
    except BaseException:
        dashboard.end("cancelled")
        raise
    dashboard.end("failed" if dashboard.has_failures else "completed", artifacts=results())


def results() -> list[dict[str, object]]:
    """The numbers of the last report as a table, and a link to its page."""
    page, metrics = REPORTS / "index.html", sorted((REPORTS / "metrics").glob("*.json"))
    if not (page.is_file() and metrics):
        return []
    trees = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in metrics}
    rows = [{"data set": dataset, "method": method, **scores} for method, tree in trees.items() for dataset, scores in tree.items()]
    link = f"[The report]({page.resolve().as_uri()})"
    return [
        {"key": "scores", "type": "table", "data": json.dumps(rows), "description": "Means over the test images, headline protocol"},
        {"key": "report", "type": "markdown", "data": link, "description": "The page of this run"},
    ]
