"""One hostile input, tried in a process of its own, and what became of it."""

import contextlib
import hashlib
import os
import resource
import signal
import stat
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

HANG_SECONDS = 30
MOST_BYTES = 2 << 30  # that a try may take beyond what its parent holds
ADDRESSES_BYTES = 48 << 30  # beyond this the system gives nothing, so that no try takes the machine along
IN, OUT = "in", "out"  # folders of a try: what is in the first must stay as it is

GOOD = ("done", "refused")
BAD = ("traceback", "hang", "crash", "silent", "lost", "memory", "lines", "code")

Verdict = str | None  # what is wrong with what was made; None: nothing


@dataclass(frozen=True)
class Attempt:
    """One input. Everything happens in a new folder, which is the current one, with the folders ``in`` and ``out``.

    ``prepare`` fills ``in``; ``act`` is the program; ``judge`` looks at what it made where the exit code is one of ``codes``.
    ``is_wrong``: this input cannot be meant by anybody, so that to accept it is wrong whatever is made.
    """

    kind: str
    name: str
    prepare: Callable[[], object]
    act: Callable[[], int | None]
    judge: Callable[[], Verdict] = lambda: None
    codes: tuple[int, ...] = (0,)
    is_wrong: bool = False
    seconds: float = HANG_SECONDS


@dataclass(frozen=True)
class Outcome:
    """How a try ended: one of ``GOOD`` or ``BAD``, and what was said or is wrong."""

    state: str
    said: str = ""


def tried(attempt: Attempt) -> Outcome:
    """Runs an attempt in a child of this process and judges it."""
    with TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        for part in (IN, OUT):
            (folder / part).mkdir()
        attempt.prepare()
        before, memory = contents(folder / IN), psutil.Process().memory_info()
        held = memory.rss - memory.shared  # a child begins with these pages, but not with those of files
        child = os.fork()
        if child == 0:
            _be_the_child(attempt, folder)
        code, is_late, peak = _ended(child, attempt.seconds)
        outcome = _judged(attempt, folder, code, is_late=is_late)
        if outcome.state in GOOD and not before.items() <= contents(folder / IN).items():  # a server may add a lock
            return Outcome("lost", "an input is gone or another than before")
        if outcome.state in GOOD and peak > MOST_BYTES + held:
            return Outcome("memory", f"{peak >> 20} MiB")
        return outcome


def _be_the_child(attempt: Attempt, folder: Path) -> None:
    code = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES_BYTES, ADDRESSES_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), number)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # as Python opens them at its start
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        code = _exit_code(attempt.act)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _exit_code(act: Callable[[], int | None]) -> int:
    try:
        return act() or 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
            return 1
        return end.code or 0


def _ended(child: int, seconds: float) -> tuple[int, bool, int]:
    """A child's exit code, whether it had to be killed, and the most memory that it held, in bytes."""
    end, pause = time.monotonic() + seconds, 0.001
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), False, usage.ru_maxrss * 1024
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            return os.waitstatus_to_exitcode(status), True, usage.ru_maxrss * 1024
        time.sleep(pause)
        pause = min(2 * pause, 0.02)


def _judged(attempt: Attempt, folder: Path, code: int, *, is_late: bool) -> Outcome:
    said = (folder / "stderr").read_text(encoding="utf-8", errors="replace") if (folder / "stderr").exists() else ""
    last = " ".join(said.strip().splitlines()[-1:])
    if is_late:
        return Outcome("hang", f"after {attempt.seconds:g} s: {last}")
    if code < 0:
        return Outcome("crash", signal.Signals(-code).name)
    if "Traceback (most recent call last)" in said:
        return Outcome("traceback", last)
    if code in attempt.codes:
        if attempt.is_wrong:
            return Outcome("silent", "accepted")
        wrong = attempt.judge()
        return Outcome("silent", wrong) if wrong else Outcome("done", last)
    if code != 2:
        return Outcome("code", f"exit code {code}: {last}")
    errors = [line for line in said.splitlines() if line.startswith("error: ") or ": error: " in line]
    if len(errors) != 1 or not said.rstrip().endswith(errors[0]):
        return Outcome("lines", f"{len(errors)} error lines, {len(said.splitlines())} in all: {last}")
    if any(path.is_file() for path in (folder / OUT).rglob("*") if path.relative_to(folder / OUT).parts[0].startswith("result")):
        return Outcome("silent", "refused, but a result was written")
    return Outcome("refused", last)


def contents(folder: Path) -> dict[str, str]:
    """Every name below a folder, with the hash of what is in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        kind = stat.filemode(mode)[0]
        data = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(mode) else ""
        found[str(path.relative_to(folder))] = kind + data
    return found
