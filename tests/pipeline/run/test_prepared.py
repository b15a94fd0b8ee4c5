"""What runs as a fork of the prepared process does as it does alone, and whoever is killed leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.run import command
from pipeline.run.prepared import DVC, LEAST_STAGES, STAGES, Kind, prepared
from pipeline.steps.kernels import fix_kernels
from pipeline.steps.prepared import LOST, PREPARED, PREPARED_DVC
from tests.conftest import ROOT
from tests.pipeline.run.small_graph import run

ASK = """\
import sys
from pipeline.steps.prepared import end_like, run_prepared
code = run_prepared("work", sys.argv[1:])
end_like(99 if code is None else code)
"""
FACTS = """\
import json, os, signal, sys
main = sys.modules["__main__"]
print(json.dumps([
    __name__, main.__spec__.name, main.__file__, sys.argv, sys.path, os.getcwd(), sys.stdin.read(), sys.stdout.encoding, sys.stderr.errors,
    sys.stdout.line_buffering, *(str(signal.getsignal(kind)) for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)), dict(os.environ),
], sort_keys=True))
"""
PROCESSES = """\
import multiprocessing

def double(number):
    return 2 * number

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(double, [1, 2, 3]))
"""
ENDS = {
    "well": FACTS,
    "after processes of its own": PROCESSES,
    "with a code": "import sys; print('before'); sys.exit(2)",
    "with a word": "import sys; sys.exit('a word')",
    "with a traceback": "print('before'); {}['missing']",
    "by Ctrl-C": "raise KeyboardInterrupt",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "with something to do at its end": "import atexit; atexit.register(print, 'the end')",
    "with a thread": "import threading, time; threading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()",
}
WAITS = """\
import os, pathlib, sys, time
try:
    pathlib.Path("began.part").write_text(f"{os.getpid()} {os.getppid()}")
    os.rename("began.part", "began")
    time.sleep(120)
except KeyboardInterrupt:
    sys.exit(130)
"""
# Holds a prepared process until it is killed.
HOLDS = """\
import os, time
from pathlib import Path
from pipeline.run.prepared import STAGES, prepared
with prepared(STAGES._replace(libraries=()), 99, os.environ) as found:
    (path,) = found.values()
    while not os.path.exists(path):
        time.sleep(0.01)
    Path("path.part").write_text(path)
    os.rename("path.part", "path")
    time.sleep(120)
"""

GRAPH = """\
stages:
  ask:
    cmd: tr '\\0' ' ' < /proc/$PPID/cmdline > dvc; python -m ask
    outs: [dvc, parent]
    meta: {slot: cpu}
"""
PARENT = (
    "import os, pathlib; pathlib.Path('parent').write_bytes(pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_bytes()); print('a line')"
)


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Whether a process runs no longer, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for variable in (PREPARED, PREPARED_DVC):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Path("ask.py").write_text(ASK)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have all that it starts in the background ignore it
    yield
    signal.signal(signal.SIGINT, before)


def own() -> dict[str, str]:
    """The environment, without what pytest changes while a test runs."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture
def found() -> Iterator[dict[str, str]]:
    """What a stage finds a prepared process by, in which next to nothing is prepared."""
    with prepared(STAGES._replace(libraries=["decimal", "no_such_library"]), LEAST_STAGES, own()) as found:
        until(Path(found[PREPARED]).exists)
        yield found
    assert not Path(found[PREPARED]).parent.exists()


def started(*words: str, **others: str) -> subprocess.Popen[str]:
    environment = own() | others
    if words[0] != "pipeline.run.dvc":
        fix_kernels(environment)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", *words], env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    """Its exit code, all that it printed, and the last line of its errors."""
    said, errors = process.communicate("read")
    return process.returncode, said, errors.splitlines()[-1:]


def waiting(found: dict[str, str]) -> tuple[subprocess.Popen[str], int, int]:
    """A fork that waits: who asked for it, the fork, the prepared process."""
    Path("work.py").write_text(WAITS)
    asking = started("ask", **found)
    until(Path("began").exists)
    fork, server = map(int, Path("began").read_text().split())
    return asking, fork, server


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS)
def test_a_fork_ends_as_a_process_of_its_own(found, code):
    Path("work.py").write_text(code)
    assert ended(started("ask", "-a", "b c", **found)) == ended(started("work", "-a", "b c"))


def test_what_is_prepared_is_loaded_already_and_code_of_ours_is_that_on_disk(found):
    Path("work.py").write_text("import sys; print('decimal' in sys.modules, 'pipeline' in sys.modules)")
    assert ended(started("ask", **found))[1] == "True False\n"
    Path("work.py").write_text("print('changed since')")
    assert ended(started("ask", **found))[1] == "changed since\n"


def test_an_output_that_is_read_meanwhile_comes_line_by_line(found):
    Path("work.py").write_text("import sys; sys.stderr.write('a bar\\n'); sys.stdin.read()")
    asking = started("ask", **found)
    assert asking.stderr is not None
    assert asking.stderr.readline() == "a bar\n"
    assert ended(asking)[0] == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)])
def test_signals_reach_the_fork(found, number, code):
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip(f"{number.name} is ignored by all that is started from here, as nohup does")
    asking, fork, _ = waiting(found)
    asking.send_signal(number)
    assert ended(asking)[0] == code
    assert has_ended(fork)


def test_nobody_waits_for_a_fork_whose_asker_was_killed(found):
    asking, fork, server = waiting(found)
    asking.kill()
    until(lambda: has_ended(fork))
    asking.communicate()
    assert not has_ended(server)


def test_with_the_prepared_process_its_forks_end_in_one_line(found):
    asking, fork, server = waiting(found)
    os.kill(server, signal.SIGKILL)
    assert ended(asking) == (1, "", [LOST.rstrip()])
    until(lambda: has_ended(fork))


def test_with_the_runner_all_end_and_nothing_is_left():
    Path("holds.py").write_text(HOLDS)
    runner = started("holds")
    until(Path("path").exists)
    path = Path(Path("path").read_text())
    asking, fork, server = waiting({PREPARED: str(path)})
    runner.kill()
    assert ended(asking)[0] == -signal.SIGTERM
    until(lambda: has_ended(fork) and has_ended(server) and not path.parent.exists())
    runner.communicate()


@pytest.mark.parametrize(
    "unlike",
    [
        {"OMP_NUM_THREADS": "7"},
        {"SOMETHING_ELSE": "set"},
        {"PYTHONOPTIMIZE": "1"},
        {PREPARED: "/no/such/socket"},
        {PREPARED: "off"},
        {PREPARED: ""},
    ],
    ids=str,
)
def test_who_is_unlike_or_finds_nobody_does_it_alone(found, unlike):
    Path("work.py").write_text("print('a fork')")
    assert ended(started("ask", **(found | unlike))) == (99, "", [])


def test_which_gpu_and_which_stage_may_differ(found):
    Path("work.py").write_text("import os; print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['DVC_STAGE'])")
    assert ended(started("ask", CUDA_VISIBLE_DEVICES="3", DVC_STAGE="train@unet", **found))[1] == "3 train@unet\n"


def test_a_process_of_several_threads_is_not_forked():
    Path("threaded.py").write_text("import threading, time; threading.Thread(target=time.sleep, args=[60], daemon=True).start()")
    with prepared(STAGES._replace(libraries=["threaded"]), LEAST_STAGES, own()) as found:
        until(lambda: "2 threads" in STAGES.log.read_text())
        assert not Path(found[PREPARED]).exists()


def test_for_a_few_stages_and_where_the_user_says_so_there_is_none():
    with prepared(STAGES, LEAST_STAGES - 1, os.environ) as few, prepared(STAGES, LEAST_STAGES, os.environ | {PREPARED: "off"}) as off:
        assert few == off == {}
    assert not STAGES.log.exists()


@contextmanager
def prepared_at_once(kind: Kind, _stages: int, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    with prepared(kind._replace(libraries=()), LEAST_STAGES, environment) as found:
        until(Path(found[kind.variable]).exists)
        yield found


def test_dvc_and_the_stage_that_it_runs_are_forks(workspace, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # it changes while what is started lives
    monkeypatch.setattr(command, "prepared", prepared_at_once)
    ask = f"from pipeline.steps.kernels import fix_kernels\nfix_kernels()\n{ASK}"
    for name, text in {"ask.py": ask, "work.py": PARENT, "dvc.yaml": GRAPH}.items():
        (workspace / name).write_text(text)
    code, said = run(workspace)
    assert (code, "ask | a line\n" in said) == (0, True)
    sockets = [(workspace / name).read_text().replace("\0", " ").partition("pipeline.run.forks ")[2] for name in ("dvc", "parent")]
    assert all(sockets), sockets
    assert sockets[0] != sockets[1]
    assert [(workspace / kind.log).read_text() for kind in (STAGES, DVC)] == ["", ""]


def test_dvc_ends_alike_in_a_fork_and_alone(workspace, monkeypatch):
    monkeypatch.chdir(workspace)
    Path("dvc.yaml").write_text("stages:\n  fails:\n    cmd: echo said; exit 3\n")

    def said(**others: str) -> tuple[int, str, list[str]]:
        return ended(started("pipeline.run.dvc", "repro", "--single-item", "fails", **others))

    alone = said()
    with prepared(DVC, LEAST_STAGES, own()) as found:
        until(Path(found[PREPARED_DVC]).exists)
        assert said(**found) == alone
    assert (alone[0], "said" in alone[1]) == (255, True)
