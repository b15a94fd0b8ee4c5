"""A DVC graph of small commands, and the runner over it."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from pipeline import __main__ as pipeline
from tests.conftest import ROOT
from tests.workspace import environment

GRAPH = """\
stages:
  fetch:
    cmd: python work.py fetched fetch
    deps: [work.py]
    params: [profile]
    outs: [fetched]
    meta: {slot: network, retries: 2}
  make:
    matrix: {name: [a, b]}
    cmd: python work.py made/${item.name} make-${item.name} fetched
    deps: [work.py, fetched]
    outs: ["made/${item.name}"]
    meta: {slot: cpu}
  tell:
    cmd: python work.py told tell made/a made/b
    deps: [work.py, made]
    outs: [told]
    meta: {slot: gpu}
"""
# Writes its inputs, one after the other; a file `NAME.fails` holds how often it fails first, and it waits while there is a `NAME.waits`.
WORK = """\
import sys, time
from pathlib import Path
out, name, *inputs = sys.argv[1:]
fails, waits = Path(f"{name}.fails"), Path(f"{name}.waits")
if fails.exists() and (left := int(fails.read_text())):
    fails.write_text(str(left - 1))
    sys.exit(f"{name} fails")
Path(f"{name}.began").write_text("")
end = time.monotonic() + 120
while waits.exists() and time.monotonic() < end:
    time.sleep(0.05)
Path(out).parent.mkdir(exist_ok=True)
Path(out).write_text(name + "".join(Path(path).read_text() for path in inputs))
"""


def make_workspace(folder: Path) -> Path:
    """A workspace in which everything is up to date."""
    (folder / "dvc.yaml").write_text(GRAPH)
    (folder / "work.py").write_text(WORK)
    shutil.copy(ROOT / "params.yaml", folder)
    (folder / ".gitignore").write_text("*.fails\n*.waits\n*.began\n.home\n.work\n")
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, cwd=folder, env=environment(folder / ".home"), check=True)
    code, said = run(folder)
    assert code == 0, said
    return folder


def _heed_interrupts() -> None:
    """A shell that starts the tests in the background has all that they start ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def started(folder: Path, *arguments: str, command: str = "run") -> subprocess.Popen[str]:
    command_line = [sys.executable, "-m", "pipeline", command, *arguments]
    own = environment(folder / ".home") | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command_line, cwd=folder, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=_heed_interrupts
    )


def run(folder: Path, *arguments: str, command: str = "run") -> tuple[int, str]:
    """The exit code and all that was said, errors first."""
    code, output, errors = called(folder, command, *arguments)
    return code, errors + output


def called(folder: Path, *words: str) -> tuple[int, str, str]:
    """``python -m pipeline WORDS`` as a call, without the seconds that a process takes to begin: exit code, output, errors.

    What it starts are processes as ever.
    """
    own, output, errors = environment(folder / ".home") | {"PYTHONPATH": str(ROOT)}, io.StringIO(), io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(chdir(folder))
        stack.enter_context(mock.patch.dict(os.environ, own))
        stack.enter_context(mock.patch.object(sys, "argv", ["pipeline", *words]))
        stack.enter_context(redirect_stdout(output))
        stack.enter_context(redirect_stderr(errors))
        stack.enter_context(warnings.catch_warnings(action="ignore"))  # of DVC's libraries
        with pytest.raises(SystemExit) as ended:
            pipeline.main()
    return int(ended.value.code or 0), output.getvalue(), errors.getvalue()


def last(said: str) -> str:
    return re.sub(r", in \d+ s$", "", said.splitlines()[-1])


def change(folder: Path) -> None:
    """Makes every stage stale."""
    (folder / "work.py").write_text(WORK + "# changed\n")
