"""The deployments: Prefect reads them, their flow is there, it runs what ``python -m pipeline run`` runs, and is one flow run."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from prefect.cli.deploy._config import _load_deploy_configs_and_actions
from prefect.flows import load_flow_from_entrypoint
from rich.console import Console

from imharmony.errors import InputError
from pipeline.dashboard import flow
from pipeline.dashboard.client import Dashboard
from pipeline.run.graph import Step
from pipeline.run.scheduler import Outcome
from tests.conftest import ROOT
from tests.pipeline.steps.test_spool import own
from tests.workspace import dvc

# DVC reads the graph in this process, with a library that calls a part of itself deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")
GRAPH = """\
stages:
  tell:
    cmd: cp asked told && echo ran >> times
    deps: [asked]
    outs: [told]
    meta: {slot: cpu}
  hand_on:
    matrix: {name: [a, b]}
    cmd: cp told heard-${item.name}
    deps: [told]
    outs: ["heard-${item.name}"]
    meta: {slot: cpu}
"""
# Prefect's engine with a server of its own, in a process of its own: it sets signals, loggers and warnings. Then the commands of
# docs/running.md, against that server, where that pool alone exists.
SERVED = """\
import os, sys
from prefect.client.orchestration import get_client
from prefect.testing.cli import invoke_and_assert
from prefect.testing.utilities import prefect_test_harness
from prefect.settings import get_current_settings
from pipeline.dashboard.flow import reproduce
with prefect_test_harness(server_startup_timeout=150):
    os.environ["PREFECT_API_URL"] = get_current_settings().api.url  # as a worker sets it
    state = reproduce(return_state=True)
    with get_client(sync_client=True) as client:
        runs, tasks = client.read_flow_runs(), client.read_task_runs()
        (run,), (group,) = ([one for one in runs if (one.parent_task_run_id is None) is is_top] for is_top in (True, False))
        nodes = dict(client._client.get(f"/flow_runs/{run.id}/graph-v2").json()["nodes"])
    print(run.state_name, sorted((task.name, task.state_name) for task in tasks if task.flow_run_id == run.id))
    print(group.state_name, sorted((task.name, task.state_name) for task in tasks if task.flow_run_id == group.id))
    print([(node["label"], [nodes[parent["id"]]["label"] for parent in node["parents"]]) for node in nodes.values()], flush=True)
    for command in ("work-pool create --type process harmonization-process", "--no-prompt deploy --all"):
        print(command, invoke_and_assert(command, expected_code=None, temp_dir=sys.argv[1]).exit_code, flush=True)
"""


def make_workspace(folder: Path) -> Path:
    (folder / "dvc.yaml").write_text(GRAPH)
    (folder / "asked").write_text("what was asked")
    (folder / "params.yaml").symlink_to(ROOT / "params.yaml")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=folder, env=own(folder), check=True)
    return folder


@pytest.fixture
def workspace(tmp_path) -> Path:
    return make_workspace(tmp_path)


@pytest.fixture
def here(workspace, monkeypatch) -> Path:
    """The workspace, as the folder and the environment of this process."""
    monkeypatch.chdir(workspace)
    for name, value in own(workspace).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return workspace


def deployments(name: str) -> list[dict]:
    found, _ = _load_deploy_configs_and_actions(ROOT / name, console=Console())
    return found


def all_deployments() -> list[dict]:
    return deployments("prefect.yaml") + deployments("prefect-containers.yaml")


def test_deploying_all_needs_no_pool_but_that_of_processes():
    assert [(found["name"], found["work_pool"]["name"]) for found in deployments("prefect.yaml")] == [("process", "harmonization-process")]


def test_containers_have_a_file_of_their_own():
    assert [(found["name"], found["work_pool"]["name"]) for found in deployments("prefect-containers.yaml")] == [
        ("docker", "harmonization-docker"),
        ("kubernetes", "harmonization-kubernetes"),
    ]


def test_every_deployment_starts_a_flow_that_takes_its_parameters(monkeypatch):
    monkeypatch.chdir(ROOT)
    for found in all_deployments():
        flow = load_flow_from_entrypoint(found["entrypoint"])
        assert flow.name == "harmonization"
        flow.validate_parameters(found["parameters"])


def test_containers_work_where_the_image_has_the_project():
    (folder,) = re.findall(r"^WORKDIR (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for found in all_deployments():
        if "image" in found["work_pool"]["job_variables"]:
            assert found["pull"] == [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}]


def test_the_image_is_built_from_the_lock_and_what_git_has():
    """No Docker is at hand in the tests: instructions are known ones, what is copied exists, the versions are those of the project."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    assert {instruction for instruction, _ in lines} == {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "CMD"}
    (base,) = [rest for instruction, rest in lines if instruction == "FROM"]
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert re.fullmatch(rf"python:{re.escape(wanted.removeprefix('>='))}\.\d+-slim-\w+@sha256:[0-9a-f]{{64}}", base)
    assert all((ROOT / source).exists() for kind, rest in lines if kind == "COPY" for source in rest.split()[:-1] if source[:2] != "--")
    assert "--require-hashes" in text
    assert "requirements-uv.lock" in text
    assert "requirements-uv.lock" in (ROOT / "Makefile").read_text()
    assert re.search(r"^uv==[\d.]+ ", (ROOT / "requirements-uv.lock").read_text(), re.MULTILINE)


def test_what_git_ignores_stays_out_of_the_image():
    kept_out = {line.removeprefix("**/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    made_by_tools = {"*.pyc", "*.egg-info", "dist"}  # in folders that are kept out, or made for a release alone
    for folder in ("", "own/", "smoke/", "starter/", "portraits/", "cutter/"):
        ignored = [line.strip("/") for line in (ROOT / folder / ".gitignore").read_text().splitlines() if line[:1] != "#"]
        assert [name for name in ignored if not {name, folder + name} & (kept_out | made_by_tools)] == []


def test_the_flow_brings_the_workspace_up_to_date(here):
    flow.reproduce.fn()
    assert (here / "told").read_text() == "what was asked"


def test_a_failing_stage_makes_the_flow_fail(here):
    (here / "asked").unlink()
    (here / "asked").mkdir()
    with pytest.raises(RuntimeError, match="a stage failed"):
        flow.reproduce.fn()


@pytest.mark.usefixtures("here")
def test_bad_input_makes_the_flow_fail_with_its_line():
    with pytest.raises(InputError, match="nothing"):
        flow.reproduce.fn(targets=["nothing"])


def test_what_one_machine_made_another_restores_from_the_remote(here, tmp_path_factory):
    dvc(here, "remote", "add", "--quiet", "--default", "shared", str(tmp_path_factory.mktemp("remote")))
    flow.reproduce.fn(share=True)
    # What another clone lacks; the lock too, since a flow commits nothing.
    for name in ("told", "dvc.lock"):
        (here / name).unlink()
    shutil.rmtree(here / ".dvc" / "cache")
    flow.reproduce.fn(share=True)
    assert (here / "told").read_text() == "what was asked"
    assert (here / "times").read_text() == "ran\n"


def test_a_run_inside_a_flow_run_is_told_as_its_part(server):
    dashboard = Dashboard(server.url, name="n", parameters={}, say=pytest.fail, flow_run="a-flow-run")
    step = Step("train@idih-0", "gpu", 0, frozenset())
    dashboard.step(step, Outcome("ran"))
    dashboard.end("completed")
    assert server.of("flow_runs/") == server.of("flow_runs/a-flow-run/set_state") == []
    assert [task["flow_run_id"] for task in server.of("task_runs/")] == ["a-flow-run"]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> tuple[Path, str]:
    """A workspace that Prefect's engine has brought up to date, and what the process said that then deployed all."""
    folder = make_workspace(tmp_path_factory.mktemp("served"))
    environment = own(folder) | {"PREFECT_HOME": str(folder / ".home"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-c", SERVED, str(ROOT)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=220)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, done.stdout


@pytest.mark.slow
def test_prefects_engine_shows_one_flow_run_with_the_stages_and_below_it_their_cells(served):
    workspace, said = served
    assert (workspace / "told").read_text() == "what was asked"
    assert (
        "\n".join(
            [
                "Completed [('hand_on', 'Ran'), ('tell', 'Ran')]",
                "Ran [('a', 'Ran'), ('b', 'Ran')]",
                "[('tell', []), ('hand_on / 2 cells', ['tell'])]",
            ]
        )
        in said
    )


@pytest.mark.slow
def test_deploying_all_succeeds_where_only_the_pool_of_processes_exists(served):
    assert "--no-prompt deploy --all 0" in served[1].splitlines(), served[1][-3000:]
