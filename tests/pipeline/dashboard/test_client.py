"""What a Prefect server is told of a run: all of it, in its own terms, and nothing that the run waits for."""

import time

import pytest
from prefect.server.schemas.actions import ArtifactCreate, ArtifactUpdate, FlowCreate, FlowRunCreate, LogCreate, StateCreate, TaskRunCreate
from pydantic import TypeAdapter

from pipeline.dashboard.client import Dashboard, watched
from pipeline.params.file import load_params
from pipeline.run.graph import Step
from pipeline.run.scheduler import Outcome
from tests.prefect_server import identity

SCHEMAS = {
    "flows": FlowCreate,
    "flow_runs": FlowRunCreate,
    "task_runs": TaskRunCreate,
    "artifacts": ArtifactCreate,
    "logs": list[LogCreate],
}


COMPOSE = Step("synthesize_composites@people", "cpu", 0, frozenset())
TRAIN = Step("train@idih", "gpu", 0, frozenset({COMPOSE.name}))
OTHER = Step("train@unet", "gpu", 0, frozenset({COMPOSE.name}))
REPORT = Step("report", "cpu", 0, frozenset({TRAIN.name, OTHER.name}))
STEPS = [COMPOSE, TRAIN, OTHER, REPORT]


def begun(url: str, say, *, is_whole: bool = True) -> Dashboard:
    return Dashboard(url, name="sample-now", parameters={"profile": "sample"}, say=say, steps=STEPS, is_whole=is_whole)


def told(url: str, say) -> Dashboard:
    """A small run, told whole."""
    dashboard = begun(url, say)
    dashboard.step(COMPOSE, Outcome("up to date"))
    dashboard.step(TRAIN, None)
    dashboard.step(OTHER, Outcome("restored", 1.0))
    dashboard.progress(TRAIN, "train:  40%|████      | 40/100 [00:10<00:15, 4.00 images/s]")
    dashboard.line(TRAIN, "train: 100%|██████████| 100/100 [00:25<00:00, 4.00 images/s, epoch 1/1]")
    dashboard.step(TRAIN, Outcome("ran", 25.0))
    dashboard.step(REPORT, Outcome("ran", 2.0))
    dashboard.end("completed", artifacts=[{"key": "scores", "type": "table", "data": "[]"}])
    return dashboard


def test_everything_is_told_in_the_servers_own_terms(server):
    told(server.url, pytest.fail)
    for method, path, body in server.requests:
        kind, *rest = path.strip("/").split("/")
        if method == "PATCH":
            TypeAdapter(ArtifactUpdate).validate_python(body)
        elif rest:
            TypeAdapter(StateCreate).validate_python(body["state"])
        else:
            TypeAdapter(SCHEMAS[kind]).validate_python(body)


def test_a_run_has_a_node_for_each_stage_with_edges_between_them(server):
    told(server.url, pytest.fail)
    tasks = {task["name"]: task for task in server.of("task_runs/") if task["flow_run_id"] == server.run_named("sample-now")}
    assert list(tasks) == ["synthesize_composites", "train", "report"]
    assert tasks["synthesize_composites"]["state"] == {"type": "COMPLETED", "name": "UpToDate"}
    group = server.run_named("2 cells")  # the page draws edges from what holds the cells
    above = {name: [one["id"] for one in task["task_inputs"]["needs"]] for name, task in tasks.items()}
    assert above == {"synthesize_composites": [], "train": [tasks["synthesize_composites"]["id"]], "report": [group]}


def test_a_stage_of_several_cells_is_a_run_that_holds_them(server):
    told(server.url, pytest.fail)
    (stage,) = [task for task in server.of("task_runs/") if task["name"] == "train"]
    (run,) = [run for run in server.of("flow_runs/") if run["name"] == "2 cells"]
    assert run["parent_task_run_id"] == stage["id"]
    assert [flow["name"] for flow in server.of("flows/")] == ["harmonization", "train"]
    group = server.run_named("2 cells")
    cells = {task["name"]: task for task in server.of("task_runs/") if task["flow_run_id"] == group}
    assert {name: cell["state"]["name"] for name, cell in cells.items()} == {"idih": "Running", "unet": "Restored"}
    assert server.of(f"task_runs/{cells['idih']['id']}/set_state")[0]["state"] == {"type": "COMPLETED", "name": "Ran"}
    running, ended = server.states_of(group)
    assert running == {"type": "RUNNING", "name": "Running"}
    assert ended == {"type": "COMPLETED", "name": "Ran", "message": "1 restored, 1 ran"}


def test_logs_and_progress_belong_to_the_cell_and_how_it_ended_to_the_run(server):
    told(server.url, pytest.fail)
    run, group = server.run_named("sample-now"), server.run_named("2 cells")
    logs = [(line["flow_run_id"], line["message"]) for lines in server.of("logs/") for line in lines]
    assert logs == [
        (run, "train@unet: restored in 1 s"),
        (group, "train@idih: train: 100%|██████████| 100/100 [00:25<00:00, 4.00 images/s, epoch 1/1]"),
        (run, "train@idih: ran in 25 s"),
        (run, "report: ran in 2 s"),
    ]
    begun, table = server.of("artifacts/")
    assert (begun["key"], begun["type"], begun["data"], begun["flow_run_id"]) == ("train-idih", "progress", 40.0, group)
    assert begun["description"] == "train@idih: 40/100 [00:10<00:15, 4.00 images/s]"
    assert server.patched() == [100.0]
    assert (table["key"], table["flow_run_id"]) == ("scores", run)
    assert server.states_of(run) == [{"type": "COMPLETED", "name": "Completed"}]


@pytest.mark.parametrize(
    ("outcomes", "name"),
    [
        (["ran", "failed"], "Failed"),
        (["skipped", "ran"], "Skipped"),
        (["up to date", "up to date"], "UpToDate"),
        (["failed", "skipped"], "Failed"),
    ],
)
def test_a_group_ends_as_the_gravest_of_its_cells(outcomes, name, server):
    dashboard = begun(server.url, pytest.fail)
    for step, outcome in zip((TRAIN, OTHER), outcomes, strict=True):
        dashboard.step(step, Outcome(outcome))
    dashboard.end("completed")
    assert [state["name"] for state in server.states_of(server.run_named("2 cells"))] == ["Running", name]


def test_where_not_all_cells_are_told_of_a_group_runs_while_one_does(server):
    dashboard = begun(server.url, pytest.fail, is_whole=False)
    for step in (TRAIN, OTHER):
        dashboard.step(step, None)
        dashboard.step(step, Outcome("ran"))
    dashboard.end("completed")
    assert [state["name"] for state in server.states_of(server.run_named("2 cells"))] == ["Running", "Ran", "Running", "Ran"]


def test_what_runs_or_waits_when_the_run_is_cancelled_is_cancelled(server):
    dashboard = begun(server.url, pytest.fail)
    dashboard.step(TRAIN, None)
    dashboard.end("cancelled")
    (cell,) = [task for task in server.of("task_runs/") if task["name"] == "idih"]
    assert [body["state"]["type"] for body in server.of(f"task_runs/{cell['id']}/set_state")] == ["CANCELLED"]
    assert [state["name"] for state in server.states_of(server.run_named("2 cells"))] == ["Running", "Cancelled"]


def test_a_step_that_the_graph_does_not_have_is_told_by_its_whole_name(server):
    dashboard = begun(server.url, pytest.fail)
    dashboard.step(Step("train@mine", "cpu", 0, frozenset({COMPOSE.name})), Outcome("ran"))
    dashboard.end("completed")
    assert [task["name"] for task in server.of("task_runs/")] == ["train@mine"]


def test_a_bar_is_told_now_and_then_only(server):
    dashboard = Dashboard(server.url, name="n", parameters={}, say=pytest.fail)
    for percent in range(50):
        dashboard.progress(TRAIN, f"train: {percent}%|██| {percent}/100 [00:10<00:15, 4.00 images/s]")
    dashboard.end("completed")
    assert len(server.of("artifacts/")) + len(server.patched()) == 1


@pytest.mark.parametrize("requests", [0, 1, 2, 4, 9])
def test_a_server_that_dies_is_said_once_and_stops_nothing(requests, server):
    server.dies_after = requests
    said: list[str] = []
    start = time.monotonic()
    told(server.url, said.append)
    told_of = {f"Prefect's server no longer answers ({name}); the run goes on without it" for name in ("RemoteProtocolError", "ReadError")}
    assert len(said) == 1
    assert said[0] in told_of  # which of the two the socket sees first is chance
    assert time.monotonic() - start < 10


def test_events_do_not_wait_for_a_slow_server(server, monkeypatch):
    server.may_answer.clear()
    monkeypatch.setattr("pipeline.dashboard.server.END_SECONDS", 0.1)
    start = time.monotonic()
    told(server.url, lambda _line: None)
    assert time.monotonic() - start < 3
    assert server.requests == []
    server.may_answer.set()


@pytest.fixture
def params(root, monkeypatch):
    monkeypatch.chdir(root)
    return load_params()


def test_without_the_variable_nobody_is_told(params, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with watched(params, [], steps=STEPS, jobs=1, say=pytest.fail) as views:
        assert views == []


def test_an_unreachable_server_is_said_and_left_alone(params, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    said: list[str] = []
    with watched(params, [], steps=STEPS, jobs=1, say=said.append) as views:
        assert views == []
    assert said == ["no Prefect server answers at PREFECT_API_URL http://127.0.0.1:9/api (ConnectError); going on without it"]


def test_a_server_that_stays_busy_for_long_is_said_with_its_status(server, params, monkeypatch):
    monkeypatch.setattr("pipeline.dashboard.server.BEGIN_SECONDS", 0)
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    server.refusals = [429]
    said: list[str] = []
    with watched(params, [], steps=STEPS, jobs=1, say=said.append) as views:
        assert views == []
    assert said == [f"no Prefect server answers at PREFECT_API_URL {server.url} (status 429); going on without it"]


def last_states(server) -> dict[str, str]:
    """The type of the last state of every run and task, by its identity."""
    asked = [(path, body) for _, path, body in server.requests if path.endswith("/set_state")]
    return {path.split("/")[1]: body["state"]["type"] for path, body in asked}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("place", range(2, 16))
def test_no_run_stays_running_where_the_server_was_given_up(place, status, server, monkeypatch):
    """Busy for longer than anybody waits, somewhere on the way, and back when the run ends."""
    monkeypatch.setattr("pipeline.dashboard.server.PATIENCE_SECONDS", 0)
    monkeypatch.setattr("pipeline.dashboard.server.BUSY_SECONDS", (0.001,))
    server.busy = (status, range(place, place + 3))
    said: list[str] = []
    dashboard = begun(server.url, said.append)
    for step in (COMPOSE, TRAIN, OTHER):
        dashboard.step(step, None)
        dashboard.step(step, Outcome("ran"))
    dashboard.end("completed")
    assert len(said) <= 1
    assert all(f"HTTPStatusError {status}" in line for line in said)
    runs = {identity(number) for number, (_, path, _) in enumerate(server.requests) if path == "flow_runs/"}
    ended = last_states(server)
    assert {ended.get(run) for run in runs} <= {"COMPLETED", "CANCELLED"}


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422, 500])
def test_what_is_refused_is_said_once_and_the_rest_is_told(status, server):
    server.busy = (status, [4])
    said: list[str] = []
    dashboard = begun(server.url, said.append)
    for step in (COMPOSE, TRAIN, OTHER):
        dashboard.step(step, None)
        dashboard.step(step, Outcome("ran"))
    dashboard.end("completed")
    assert said == [f"Prefect's server refused a part (HTTPStatusError {status}); its page lacks that, and the run goes on"]
    assert server.states_of(server.own_run())[-1]["type"] == "COMPLETED"


@pytest.mark.parametrize(("outcome", "state"), [("ran", "COMPLETED"), ("failed", "FAILED"), ("skipped", "FAILED")])
def test_the_run_ends_as_its_steps_did(outcome, state, server, params, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    with watched(params, ["train"], steps=STEPS, jobs=2, say=pytest.fail) as (view,):
        view.step(TRAIN, Outcome(outcome, 1.0))
    assert server.states_of(server.own_run())[-1]["type"] == state
    (run, _) = server.of("flow_runs/")
    assert run["parameters"].keys() == {"targets", "jobs", "profile", "commit"}
    assert run["parameters"]["targets"] == ["train"]


def test_an_interrupted_run_ends_as_cancelled(server, params, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    with pytest.raises(KeyboardInterrupt), watched(params, [], steps=STEPS, jobs=2, say=pytest.fail):
        raise KeyboardInterrupt
    assert server.states_of(server.own_run())[-1]["type"] == "CANCELLED"
