"""What a Prefect server is told of a run: all of it, in its own terms, and nothing that the run waits for."""

import time

import pytest
from prefect.server.schemas.actions import ArtifactCreate, ArtifactUpdate, FlowCreate, FlowRunCreate, LogCreate, StateCreate, TaskRunCreate
from pydantic import TypeAdapter

from pipeline.dashboard.client import Dashboard, answers, watched
from pipeline.params.file import load_params
from pipeline.run.graph import Step
from pipeline.run.scheduler import Outcome
from tests.prefect_server import RUN

SCHEMAS = {
    "flows": FlowCreate,
    "flow_runs": FlowRunCreate,
    "task_runs": TaskRunCreate,
    "artifacts": ArtifactCreate,
    "logs": list[LogCreate],
}


TRAIN = Step("train@idih-0", "gpu", 0, frozenset({"synthesize_composites@people"}))
COMPOSE = Step("synthesize_composites@people", "cpu", 0, frozenset())


def told(url: str, say) -> Dashboard:
    """A small run, told whole."""
    dashboard = Dashboard(url, name="sample-now", parameters={"profile": "sample"}, say=say)
    dashboard.step(COMPOSE, Outcome("up to date"))
    dashboard.step(TRAIN, None)
    dashboard.progress(TRAIN, "train:  40%|████      | 40/100 [00:10<00:15, 4.00 images/s]")
    dashboard.line(TRAIN, "train: 100%|██████████| 100/100 [00:25<00:00, 4.00 images/s, epoch 1/1]")
    dashboard.step(TRAIN, Outcome("ran", 25.0))
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


def test_states_edges_logs_and_progress(server):
    told(server.url, pytest.fail)
    first, second = server.of("task_runs/")
    assert (first["name"], first["state"]) == ("synthesize_composites@people", {"type": "COMPLETED", "name": "UpToDate"})
    assert (second["name"], second["state"]["type"]) == ("train@idih-0", "RUNNING")
    assert second["task_inputs"] == {"needs": [{"input_type": "task_run", "id": first["id"]}]}
    assert server.of(f"task_runs/{second['id']}/set_state")[0]["state"] == {"type": "COMPLETED", "name": "Ran"}
    assert [line["message"] for line in server.of("logs/")[0]] == [
        "train@idih-0: train: 100%|██████████| 100/100 [00:25<00:00, 4.00 images/s, epoch 1/1]"
    ]
    begun, table = server.of("artifacts/")
    assert (begun["key"], begun["type"], begun["data"]) == ("train-idih-0", "progress", 40.0)
    assert begun["description"] == "train@idih-0: 40/100 [00:10<00:15, 4.00 images/s]"
    assert server.of(f"artifacts/{RUN}")[0]["data"] == 100.0
    assert (table["key"], table["flow_run_id"]) == ("scores", RUN)
    assert server.of(f"flow_runs/{RUN}/set_state")[0]["state"] == {"type": "COMPLETED", "name": "Completed"}


def test_a_bar_is_told_now_and_then_only(server):
    dashboard = Dashboard(server.url, name="n", parameters={}, say=pytest.fail)
    for percent in range(50):
        dashboard.progress(TRAIN, f"train: {percent}%|██| {percent}/100 [00:10<00:15, 4.00 images/s]")
    dashboard.end("completed")
    assert len(server.of("artifacts/")) + len(server.of(f"artifacts/{RUN}")) == 1


@pytest.mark.parametrize("requests", [0, 1, 2, 4])
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
    monkeypatch.setattr("pipeline.dashboard.client.FLUSH_SECONDS", 0.1)
    start = time.monotonic()
    told(server.url, lambda _line: None)
    assert time.monotonic() - start < 3
    assert server.requests == []
    server.may_answer.set()


def test_whether_a_server_answers(server):
    assert answers(server.url)
    assert not answers("http://127.0.0.1:9/api")
    assert not answers("not an address")


@pytest.fixture
def params(root, monkeypatch):
    monkeypatch.chdir(root)
    return load_params()


def test_without_the_variable_nobody_is_told(params, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with watched(params, [], jobs=1, say=pytest.fail) as views:
        assert views == []


def test_an_unreachable_server_is_said_and_left_alone(params, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    said: list[str] = []
    with watched(params, [], jobs=1, say=said.append) as views:
        assert views == []
    assert said == ["no Prefect server answers at PREFECT_API_URL http://127.0.0.1:9/api; going on without it"]


@pytest.mark.parametrize(("outcome", "state"), [("ran", "COMPLETED"), ("failed", "FAILED"), ("skipped", "FAILED")])
def test_the_run_ends_as_its_steps_did(outcome, state, server, params, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    with watched(params, ["train"], jobs=2, say=pytest.fail) as (view,):
        view.step(TRAIN, Outcome(outcome, 1.0))
    assert server.of(f"flow_runs/{RUN}/set_state")[0]["state"]["type"] == state
    (run,) = server.of("flow_runs/")
    assert run["parameters"].keys() == {"targets", "jobs", "profile", "commit"}
    assert run["parameters"]["targets"] == ["train"]


def test_an_interrupted_run_ends_as_cancelled(server, params, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", server.url)
    with pytest.raises(KeyboardInterrupt), watched(params, [], jobs=2, say=pytest.fail):
        raise KeyboardInterrupt
    assert server.of(f"flow_runs/{RUN}/set_state")[0]["state"]["type"] == "CANCELLED"
