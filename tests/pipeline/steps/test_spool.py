"""A plain ``dvc repro`` on a dashboard: shown where a server is named, and otherwise, and whatever happens to it, as if there were none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.steps.spool import MIRROR, SHOWN
from tests.conftest import ROOT
from tests.prefect_server import Server
from tests.workspace import environment

GRAPH = """\
stages:
  first:
    cmd: python first.py made
    deps: [first.py]
    outs: [made]
    meta: {slot: cpu}
  second:
    matrix: {name: [a, b]}
    cmd: python second.py told-${item.name}
    deps: [second.py, made]
    outs: ["told-${item.name}"]
    meta: {slot: cpu}
"""
STAGE = """\
import sys, time
from pathlib import Path
from imharmony.running.progress import track
from pipeline.steps.entry import run_stage
def main(out: str) -> None:
    for _ in track(range(2), total=2, what="works", unit="images"):
        pass
    if Path("fails").exists():
        raise ValueError("a defect")
    end = time.monotonic() + 60
    while Path("waits").exists() and time.monotonic() < end:
        Path("began").touch()
        time.sleep(0.05)
    Path(out).write_text(out)
if __name__ == "__main__":
    run_stage(main, None, {"out": str})
"""


@pytest.fixture
def workspace(tmp_path) -> Path:
    (tmp_path / "dvc.yaml").write_text(GRAPH)
    (tmp_path / "first.py").write_text(STAGE)
    (tmp_path / "second.py").write_text(STAGE)
    (tmp_path / "params.yaml").symlink_to(ROOT / "params.yaml")
    (tmp_path / ".gitignore").write_text(".home\n.work\nmade\ntold-*\n")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=tmp_path, env=own(tmp_path), check=True)
    return tmp_path


def own(folder: Path, url: str | None = None) -> dict[str, str]:
    """The environment of a workspace; a server is named or is not."""
    named = {} if url is None else {"PREFECT_API_URL": url}
    inherited = {name: value for name, value in os.environ.items() if name not in ("PREFECT_API_URL", SHOWN)}
    return inherited | environment(folder / ".home") | {"PYTHONPATH": str(ROOT)} | named


def repro(folder: Path, url: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dvc", "repro"]
    return subprocess.run(command, cwd=folder, env=own(folder, url) | more, capture_output=True, text=True, timeout=120)


def until(what, seconds: float = 60):
    """What is true in the end."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


def end_of(server: Server) -> str:
    """The state in which the run ended."""
    until(lambda: server.of("flow_runs/"))
    return until(lambda: server.states_of(server.own_run()))[0]["type"]


def state_of(server: Server, name: str) -> str:
    """The last state of a stage."""
    (task,) = [task for task in server.of("task_runs/") if task["name"] == name]
    return [task["state"]["type"], *(body["state"]["type"] for body in server.of(f"task_runs/{task['id']}/set_state"))][-1]


def test_a_run_is_one_flow_run_with_a_node_for_each_stage(workspace, server):
    assert repro(workspace, server.url).returncode == 0
    assert end_of(server) == "COMPLETED"
    run, group = server.of("flow_runs/")
    assert run["parameters"]["profile"] == "sample"
    assert run["parameters"]["command"].endswith("-m dvc repro")
    first, second, *cells = server.of("task_runs/")
    assert (first["name"], second["name"], group["name"]) == ("first", "second", "2 cells")
    assert second["task_inputs"] == {"needs": [{"input_type": "task_run", "id": first["id"]}]}
    assert group["parent_task_run_id"] == second["id"]
    assert {cell["name"] for cell in cells} == {"a", "b"}
    assert {state_of(server, name) for name in ("first", "a", "b")} == {"COMPLETED"}
    assert server.states_of(server.run_named("2 cells"))[-1]["type"] == "COMPLETED"
    assert any("works: 100%" in line["message"] for lines in server.of("logs/") for line in lines)
    until(lambda: not any((workspace / MIRROR).iterdir()))


def test_a_stage_that_fails_ends_its_run_and_tells_why(workspace, server):
    (workspace / "fails").touch()
    assert repro(workspace, server.url).returncode != 0
    assert end_of(server) == "FAILED"
    assert state_of(server, "first") == "FAILED"
    assert any("a defect" in line["message"] for lines in server.of("logs/") for line in lines)


def test_a_killed_run_is_told_as_failed(workspace, server):
    (workspace / "waits").touch()
    command = [sys.executable, "-m", "dvc", "repro"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=workspace, env=own(workspace, server.url), start_new_session=True, **quiet) as process:
        until((workspace / "began").exists)
        until(lambda: server.of("task_runs/"))
        os.killpg(process.pid, signal.SIGKILL)
    assert end_of(server) == "FAILED"
    assert state_of(server, "first") == "FAILED"


def test_without_the_variable_nothing_is_kept_or_started(workspace):
    assert repro(workspace).returncode == 0
    assert not (workspace / MIRROR).exists()


def test_what_the_runner_shows_is_not_shown_twice(workspace, server):
    assert repro(workspace, server.url, **{SHOWN: "1"}).returncode == 0
    assert not (workspace / MIRROR).exists()
    assert server.requests == []


def test_an_unreachable_server_is_said_once_and_left_alone(workspace):
    done = repro(workspace, "http://127.0.0.1:9/api")
    assert done.returncode == 0
    assert (workspace / "told-b").read_text() == "told-b"
    assert done.stderr.count("no Prefect server answers at PREFECT_API_URL http://127.0.0.1:9/api (ConnectError); going on without it") == 1


@pytest.mark.parametrize("requests", [2, 5])
def test_a_server_that_dies_changes_no_result(requests, workspace, server):
    server.dies_after = requests
    assert repro(workspace, server.url).returncode == 0
    assert (workspace / "told-b").read_text() == "told-b"
    log = workspace / ".work" / "logs" / "follower.log"
    until(lambda: log.exists() and "no longer answers" in log.read_text())


def test_a_stage_imports_nothing_for_the_dashboard():
    shown = {"httpx", "dvc", "prefect", "pipeline.dashboard.client", "pipeline.dashboard.follower"}
    code = f"import sys, pipeline.steps.entry; print({shown} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
