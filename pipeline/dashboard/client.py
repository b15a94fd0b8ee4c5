"""A run as Prefect's dashboard shows it: told over the server's REST API, never waited for, and without a part in the run.

Prefect's own engine is not used: it would retry for minutes and then fail the run when its server goes away. Here a server that
does not answer is left alone from then on, and the run goes on as if nobody watched.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Thread
from uuid import uuid4

import httpx

from pipeline.params.file import Params
from pipeline.run.graph import Step
from pipeline.run.scheduler import Outcome
from pipeline.steps.paths import REPORTS
from pipeline.steps.provenance import code_commit

FLOW = "harmonization"
TIMEOUT_SECONDS = 5.0
FLUSH_SECONDS = 10.0  # that the end of a run waits for what has not been told yet
PROGRESS_SECONDS = 2.0  # between two states of one bar
LOGS_AT_ONCE = 200
INFO = 20
BAR = re.compile(r"(\d+)%\|.*\|\s*(.*)$")
STATES = {  # Prefect's type and the name that is shown
    "ran": ("COMPLETED", "Ran"),
    "restored": ("COMPLETED", "Restored"),
    "up to date": ("COMPLETED", "UpToDate"),
    "failed": ("FAILED", "Failed"),
    "skipped": ("CANCELLED", "Skipped"),
}


def unanswered(url: str) -> str:
    """What is said where no server answers."""
    return f"no Prefect server answers at PREFECT_API_URL {url}; going on without it"


def run_name(profile: str) -> str:
    """A run's name on the dashboard."""
    return f"{profile}-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}"


def answers(url: str) -> bool:
    """Whether a Prefect server answers at this API address."""
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=TIMEOUT_SECONDS).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


class Dashboard:
    """Tells a server of one run, in the order of events, from a thread of its own.

    The run becomes a flow run that begins and ends here, or is told as part of ``flow_run``, whose state is its owner's.
    """

    def __init__(
        self, url: str, *, name: str, parameters: Mapping[str, object], say: Callable[[str], None], flow_run: str | None = None
    ) -> None:
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/", timeout=TIMEOUT_SECONDS)
        self._say = say
        self._events: SimpleQueue[Callable[[], object] | None] = SimpleQueue()  # None: all is told
        self._tasks: dict[str, str] = {}  # step -> task run
        self._bars: dict[str, tuple[str | None, float]] = {}  # step -> its bar's artifact, and when it was told last
        self._logs: list[dict[str, object]] = []
        self._flow_run = flow_run
        self._owns_flow_run = flow_run is None
        self._is_lost = False
        self.has_failures = False
        if self._owns_flow_run:
            self._tell(lambda: self._begin(name, parameters))
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def step(self, step: Step, outcome: Outcome | None) -> None:
        """A step begins (None) or has ended."""
        self.has_failures |= outcome is not None and outcome.is_bad
        self._tell(lambda: self._step(step, outcome))

    def line(self, step: Step, text: str) -> None:
        """A step said something."""
        stamp = datetime.now(UTC).isoformat()
        self._tell(lambda: self._line(step, text, stamp))
        self._tell(lambda: self._progress(step, text, is_last=True))

    def progress(self, step: Step, text: str) -> None:
        """A step's bar moved."""
        self._tell(lambda: self._progress(step, text, is_last=False))

    def end(self, state: str, *, artifacts: Sequence[Mapping[str, object]] = ()) -> None:
        """The run has ended, as ``completed``, ``failed`` or ``cancelled``; waits a little until everything is told."""
        for artifact in artifacts:
            self._tell(lambda artifact=artifact: self._post("artifacts/", {**artifact, "flow_run_id": self._flow_run}))
        if self._owns_flow_run:
            self._tell(lambda: self._set_state("flow_runs", self._flow_run, state.upper(), state.capitalize()))
        self._events.put(None)
        self._thread.join(FLUSH_SECONDS)

    def _tell(self, event: Callable[[], object]) -> None:
        if not self._is_lost:
            self._events.put(event)

    def _work(self) -> None:
        try:
            while True:
                try:
                    event = self._events.get(timeout=1)
                except Empty:
                    self._flush()
                    continue
                if event is None:
                    return self._flush()
                event()
        except (httpx.HTTPError, KeyError, ValueError) as error:
            self._is_lost = True
            self._say(f"Prefect's server no longer answers ({type(error).__name__}); the run goes on without it")

    def _begin(self, name: str, parameters: Mapping[str, object]) -> None:
        flow = self._post("flows/", {"name": FLOW})["id"]
        run = {"flow_id": flow, "name": name, "parameters": dict(parameters), "state": {"type": "RUNNING"}}
        self._flow_run = str(self._post("flow_runs/", run)["id"])

    def _step(self, step: Step, outcome: Outcome | None) -> None:
        kind, name = ("RUNNING", "Running") if outcome is None else STATES[outcome.state]
        if step.name in self._tasks:
            self._set_state("task_runs", self._tasks[step.name], kind, name)
            return
        self._tasks[step.name] = str(uuid4())
        above = [{"input_type": "task_run", "id": self._tasks[parent]} for parent in sorted(step.parents) if parent in self._tasks]
        task = {"id": self._tasks[step.name], "name": step.name, "flow_run_id": self._flow_run, "task_inputs": {"needs": above}}
        stage, _, _ = step.name.partition("@")
        self._post("task_runs/", {**task, "task_key": f"stages.{stage}", "dynamic_key": step.name, "state": {"type": kind, "name": name}})

    def _line(self, step: Step, text: str, stamp: str) -> None:
        about = {"flow_run_id": self._flow_run, "task_run_id": self._tasks.get(step.name)}
        self._logs.append({"name": FLOW, "level": INFO, "message": f"{step.name}: {text}", "timestamp": stamp, **about})
        if len(self._logs) >= LOGS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._logs:
            self._post("logs/", self._logs)
            self._logs = []

    def _progress(self, step: Step, text: str, *, is_last: bool) -> None:
        found, (bar, told) = BAR.search(text), self._bars.get(step.name, (None, float("-inf")))
        if found is None or (time.monotonic() - told < PROGRESS_SECONDS and not is_last):
            return
        state = {"data": float(found[1]), "description": f"{step.name}: {found[2]}"}
        if bar is None:
            key = re.sub(r"[^a-z0-9]+", "-", step.name.lower())
            about = {"flow_run_id": self._flow_run, "task_run_id": self._tasks.get(step.name)}
            bar = str(self._post("artifacts/", {"key": key, "type": "progress", **state, **about})["id"])
        else:
            self._client.patch(f"artifacts/{bar}", json=state).raise_for_status()
        self._bars[step.name] = bar, time.monotonic()

    def _set_state(self, kind: str, identity: str | None, state: str, name: str) -> None:
        self._post(f"{kind}/{identity}/set_state", {"state": {"type": state, "name": name}, "force": True})

    def _post(self, path: str, body: object) -> dict:
        answer = self._client.post(path, json=body).raise_for_status()
        return answer.json() if answer.content else {}


@contextmanager
def watched(
    params: Params, targets: Sequence[str], *, jobs: int, say: Callable[[str], None], flow_run: str | None = None
) -> Iterator[list[Dashboard]]:
    """The dashboard of ``PREFECT_API_URL`` for one run, if that is set and a server answers there; it is told how the run ended."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        yield []
        return
    if not answers(url):
        say(unanswered(url))
        yield []
        return
    parameters = {"targets": list(targets), "jobs": jobs, "profile": params.profile, "commit": code_commit()}
    dashboard = Dashboard(url, name=run_name(params.profile), parameters=parameters, say=say, flow_run=flow_run)
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
