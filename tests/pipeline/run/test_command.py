"""The runner over a real DVC graph of small commands: the same result as ``dvc repro``, whatever happens on the way."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.run import command
from pipeline.run.child_processes import Children
from pipeline.run.dvc_repro import DvcRepro
from pipeline.run.graph import Step
from pipeline.run.slots import Gpus
from tests.conftest import ROOT
from tests.pipeline.run.small_graph import called, change, last, run, started
from tests.workspace import dvc, environment, locked_hashes

# A first stage that looks at `asked`, and two that depend on one each of the things that it found.
LOOKING = """\
stages:
  look:
    cmd: mkdir -p seen && head -1 asked > seen/a && tail -1 asked > seen/b
    deps: [asked]
    outs: [seen]
    meta: {slot: cpu, first: true}
  make:
    matrix: {name: [a, b]}
    cmd: cp seen/${item.name} made-${item.name}
    deps: ["seen/${item.name}"]
    outs: ["made-${item.name}"]
    meta: {slot: cpu}
"""


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


def test_the_result_is_that_of_dvc_repro(made, tmp_path):
    other = Path(shutil.copytree(made, tmp_path / "other", ignore=shutil.ignore_patterns("fetched", "made", "told", "dvc.lock", "cache")))
    dvc(other, "repro")
    assert locked_hashes(other) == locked_hashes(made)
    assert (other / "told").read_text() == (made / "told").read_text() == "tellmake-afetchmake-bfetch"


def test_a_second_run_runs_nothing(workspace):
    code, said = run(workspace)
    assert (code, said.count("\n")) == (0, 1)
    assert last(said) == "4 stages: 4 up to date"


def test_what_an_earlier_run_made_is_restored(workspace):
    (workspace / "dvc.lock").unlink()
    (workspace / "told").unlink()
    code, said = run(workspace)
    assert (code, last(said)) == (0, "4 stages: 4 restored")
    assert (workspace / "told").exists()


def test_a_dry_run_tells_and_changes_nothing(workspace):
    (workspace / "fetched").write_text("by hand")
    before = (workspace / "dvc.lock").read_bytes()
    code, said = run(workspace, "--dry-run")
    assert code == 0
    assert last(said) == "4 stages: 3 stale, 1 behind them"
    assert (workspace / "dvc.lock").read_bytes() == before
    assert (workspace / "fetched").read_text() == "by hand"


def test_the_list_of_a_dry_run_is_on_standard_output_and_nothing_else_is(workspace):
    (workspace / "fetched").write_text("by hand")
    code, output, errors = called(workspace, "run", "--dry-run")
    assert code == 0
    assert output.splitlines()[-1] == "4 stages: 3 stale, 1 behind them"
    assert "tell: if what it needs changes" in output
    assert errors == ""
    code, output, _ = called(workspace, "run")
    assert (code, output) == (0, "")


def test_a_target_brings_what_it_needs(workspace):
    change(workspace)
    assert last(run(workspace, "make@a")[1]) == "2 stages: 2 ran"
    assert last(run(workspace, "make")[1]) == "3 stages: 1 ran, 2 up to date"


def test_a_failing_stage_stops_only_what_needs_it(workspace):
    change(workspace)
    (workspace / "make-a.fails").write_text("9")
    code, said = run(workspace)
    assert (code, last(said)) == (1, "4 stages: 2 ran, 1 failed, 1 skipped")
    assert "tell: skipped, because what it needs failed" in said
    assert "make-a fails" in (workspace / ".work" / "logs" / "make@a.log").read_text()
    (workspace / "make-a.fails").unlink()
    assert last(run(workspace)[1]) == "4 stages: 2 ran, 2 up to date"


def test_only_what_a_first_stage_changed_is_executed(workspace):
    (workspace / "dvc.yaml").write_text(LOOKING)
    (workspace / "asked").write_text("a\nb\n")
    assert last(run(workspace)[1]) == "3 stages: 3 ran"
    (workspace / "asked").write_text("a\nbb\n")
    code, said = run(workspace)
    assert (code, last(said)) == (0, "3 stages: 2 ran, 1 up to date")
    assert "make@a: begins" not in said
    (workspace / "asked").unlink()
    code, said = run(workspace)
    assert (code, last(said)) == (1, "3 stages: 1 failed, 2 skipped")


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # of the trie in which DVC looks up outputs
def test_without_a_first_stage_nobody_asks_what_it_would_find(workspace, monkeypatch):
    """All code is read for the answer, which takes seconds."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(workspace / ".home"))
    asked: list[object] = []
    assert command.run(dry_run=True, changed=lambda params: asked.append(params) or frozenset()) == 0
    assert asked == []


def test_what_comes_over_a_network_is_tried_again(workspace, monkeypatch):
    change(workspace)
    (workspace / "fetch.fails").write_text("2")
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(workspace / ".home"))
    said: list[str] = []
    execute = DvcRepro(Children(), Gpus([]), hear=lambda _step, line: said.append(line), watch=lambda *_: None, retry_after=0)
    assert execute(Step("fetch", "network", 1, frozenset())).state == "failed"
    (workspace / "fetch.fails").write_text("2")
    assert execute(Step("fetch", "network", 2, frozenset())).state == "ran"
    assert [line for line in said if "again" in line] == ["failed; again in 0 s"] * 3


def hold(folder: Path, name: str) -> None:
    """Makes a stage wait, once it has begun, until it is released."""
    (folder / f"{name}.began").unlink(missing_ok=True)
    (folder / f"{name}.waits").write_text("")


def release(folder: Path, name: str) -> None:
    (folder / f"{name}.waits").unlink()


def wait_for_line(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return line.strip()
    raise AssertionError(f"it ended without saying {words!r}")


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_leaves_a_workspace_that_goes_on(kind, workspace):
    change(workspace)
    hold(workspace, "make-b")
    process = started(workspace, "--jobs", "2")
    wait_for(workspace / "make-b.began")
    process.send_signal(kind)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what was finished is kept" in said
    release(workspace, "make-b")
    assert run(workspace)[0] == 0
    assert (workspace / "told").read_text() == "tellmake-afetchmake-bfetch"


def test_a_killed_run_leaves_a_workspace_that_goes_on(workspace):
    """What it had started ends by itself, and the next run waits for that."""
    change(workspace)
    hold(workspace, "make-b")
    process = started(workspace, "--jobs", "2")
    wait_for(workspace / "make-b.began")
    process.kill()
    process.communicate(timeout=60)
    second = started(workspace)
    wait_for_line(second, "waiting for another DVC")
    release(workspace, "make-b")
    second.communicate(timeout=120)
    assert second.returncode == 0
    assert (workspace / "told").read_text() == "tellmake-afetchmake-bfetch"


def test_a_second_runner_says_so_and_waits(workspace):
    change(workspace)
    hold(workspace, "fetch")
    first = started(workspace)
    wait_for(workspace / "fetch.began")
    second = started(workspace)
    assert wait_for_line(second, "runs this") == f"process {first.pid} runs this workspace already; waiting until it ends"
    release(workspace, "fetch")
    said, _ = second.communicate(timeout=120)
    first.communicate(timeout=60)
    assert (first.returncode, second.returncode, last(said)) == (0, 0, "4 stages: 4 up to date")


def test_dvc_at_work_in_the_same_workspace_is_waited_for(workspace):
    change(workspace)
    hold(workspace, "fetch")
    own = environment(workspace / ".home")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-m", "dvc", "repro", "fetch"], cwd=workspace, env=own, **quiet) as other:
        wait_for(workspace / "fetch.began")
        process = started(workspace)
        assert "fetched' is busy" in wait_for_line(process, "waiting for another DVC")
        release(workspace, "fetch")
        said, _ = process.communicate(timeout=120)
        assert other.wait(60) == 0
    assert (process.returncode, last(said)) == (0, "4 stages: 3 ran, 1 up to date"), said


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["nothing"], "error: 'nothing': no stage and no output of one; expected one of fetch, make, tell"),
        (["--jobs", "0"], "error: --jobs 0: expected 1 or more"),
    ],
)
def test_bad_arguments_are_one_line(arguments, wanted, made):
    code, said = run(made, *arguments)
    assert code == 2
    assert re.search(wanted, said)
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("found", "instead", "wanted"),
    [
        ("slot: gpu", "slot: tpu", "error: dvc.yaml: stage tell has meta.slot 'tpu'; expected one of cpu, network, gpu"),
        ("outs: [told]", "outs: [fetched]", "error: DVC: .*fetched"),
        ("stages:", "stages", "error: DVC: "),
    ],
)
def test_a_bad_graph_is_one_line(found, instead, wanted, workspace):
    (workspace / "dvc.yaml").write_text((workspace / "dvc.yaml").read_text().replace(found, instead))
    code, said = run(workspace)
    assert code == 2
    assert re.search(wanted, said)
    assert len(said.strip().splitlines()) == 1


def test_outside_a_workspace_of_dvc(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    own = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "pipeline", "run"], cwd=tmp_path, env=own, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.strip().startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
