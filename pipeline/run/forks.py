"""The prepared process: ``python -m pipeline.run.forks SOCKET LIBRARY ...`` loads libraries, then forks as often as it is asked.

A fork runs a module as ``python -m`` would. The libraries are those of others alone, so the code of ours that a fork runs is what is on
disk when it begins. The process has one thread, opens no GPU and draws no random numbers. It ends when its standard input does.
``pipeline.steps.prepared`` asks it.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipeline.steps.prepared import LENGTH, likeness

PATIENCE_SECONDS = 5.0
FLUSH_FAILED = 120  # as an interpreter says it
OURS = ("imharmony", "opinion_study", "pipeline", "reporting", "stages")
GPUS = ("/dev/nvidia", "/dev/kfd", "/dev/dri")


@dataclass
class Fork:
    """One that runs. Its number stays its own until it is waited for, which only ``_settle`` does."""

    pid: int
    ended: int  # a descriptor that can be read once it has ended
    asking: socket.socket | None  # who asked for it; None: is gone

    def tell(self, number: int) -> None:
        """Sends a signal to it and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def main() -> None:
    """Loads, answers, and in each fork runs the module that was asked for."""
    path, *libraries = sys.argv[1:]
    like, before = likeness(), dict(os.environ)
    _load(libraries)
    added = {name: value for name, value in os.environ.items() if before.get(name) != value}
    request = _serve(path, like)
    os.environ.clear()
    os.environ.update(request["environment"] | added)
    sys.path[:] = request["path"]
    sys.argv[1:] = request["arguments"]
    importlib.invalidate_caches()
    os._exit(_ended(_run(request["module"])))


def _run(module: str) -> int:
    """Runs a module as the program. The exit code is what an interpreter makes of how it ends."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _ended(code: int) -> int:
    """What a process does before it ends, as forks of ``multiprocessing`` do. Taking all libraries apart would be long, and copy them."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or FLUSH_FAILED
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code & 0xFF


def _load(libraries: Sequence[str]) -> None:
    """Loads those that are installed, and forgets the modules of ours that this process itself is made of."""
    gc.disable()
    for name in libraries:
        with suppress(ImportError):
            importlib.import_module(name)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()  # or each fork would look for garbage among all of it, and so copy it
    gc.enable()
    if not (pid := os.fork()):  # before a fork OpenBLAS ends its threads
        os._exit(0)
    os.waitpid(pid, 0)
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    gpus = [file for file in map(_opened, os.listdir("/proc/self/fd")) if file.startswith(GPUS)]  # noqa: PTH208
    if threads > 1 or gpus:
        sys.exit(f"not used: {threads} threads, GPUs {gpus}; expected one thread and no GPU")


def _opened(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:  # the list's own
        return ""


def _serve(path: str, like: list[Any]) -> dict[str, Any]:
    """Answers until standard input ends, and exits. Returns in forks alone, with what was asked for."""
    forks: list[Fork] = []
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{path}.new")
        door.listen()
        os.rename(f"{path}.new", path)  # noqa: PTH104 - who finds it is heard
        while 0 not in (ready := _ready([0, door.fileno(), *_watched(forks)])):
            forks = [fork for fork in forks if not _is_settled(fork, ready)]
            if door.fileno() in ready and (request := _admit(door, like, forks)):
                return request
    for number in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + PATIENCE_SECONDS
        for fork in forks:
            fork.tell(number)
        while forks and (left := end - time.monotonic()) > 0:
            ready = _ready(_watched(forks), left)
            forks = [fork for fork in forks if not _is_settled(fork, ready)]
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108
        os.rmdir(os.path.dirname(path))  # noqa: PTH106, PTH120 - where who made it was killed
    os._exit(0)


def _watched(forks: Sequence[Fork]) -> list[int]:
    return [number for fork in forks for number in (fork.ended, fork.asking.fileno() if fork.asking else -1) if number >= 0]


def _ready(descriptors: Sequence[int], seconds: float | None = None) -> set[int]:
    """Those that can be read or have ended, as soon as one has."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(None if seconds is None else 1000 * seconds)}


def _is_settled(fork: Fork, ready: set[int]) -> bool:
    """Whether a fork has ended, and with it all that it left; who asked is told how. Passes the asker's signals on otherwise."""
    if fork.ended in ready:
        fork.tell(signal.SIGTERM)
        code = os.waitstatus_to_exitcode(os.waitpid(fork.pid, 0)[1])
        os.close(fork.ended)
        if fork.asking:
            with fork.asking, suppress(OSError):
                fork.asking.sendall(f"{code}\n".encode())
        return True
    if fork.asking and fork.asking.fileno() in ready:
        try:
            numbers = fork.asking.recv(16)
        except OSError:
            numbers = b""
        for number in numbers or [signal.SIGKILL]:
            fork.tell(number)
        if not numbers:  # nobody waits for it any longer
            fork.asking.close()
            fork.asking = None
    return False


def _admit(door: socket.socket, like: list[Any], forks: list[Fork]) -> dict[str, Any] | None:
    """Forks for one who asks, if it is like this process. In the fork: what was asked for. Who gets no answer does it without."""
    asking, _ = door.accept()
    request, files = _heard(asking)
    pid = -1
    if request and _is_like(request["like"], like):
        with suppress(OSError):  # no memory, or too many processes
            pid = os.fork()
    if pid == 0:
        door.close()
        _become(asking, files, forks)
        return request
    for file in files:
        os.close(file)
    if pid > 0:
        with suppress(OSError):
            os.setpgid(pid, pid)  # as it does itself, whoever is first
        forks.append(Fork(pid, os.pidfd_open(pid), asking))
    else:
        asking.close()
    return None


def _heard(asking: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """What is asked for, and the asker's input, output and errors."""
    files: list[int] = []
    asking.settimeout(PATIENCE_SECONDS)
    try:
        head, files, _, _ = socket.recv_fds(asking, LENGTH.size, 3)
        with asking.makefile("rb") as body:
            request = json.loads(body.read(*LENGTH.unpack(head)))
    except (OSError, ValueError, struct.error):
        return None, files
    asking.settimeout(None)
    return request, files


def _is_like(asking: list[Any], own: list[Any]) -> bool:
    """Whether one who asks has the same interpreter, folder and environment; says what differs, without its values."""
    if asking == own:
        return True
    names = sorted(name for name in {*asking[-1], *own[-1]} if asking[-1].get(name) != own[-1].get(name))
    sys.stderr.write(f"one asked that is not like this process; environment: {names}, else: {asking[:-1] != own[:-1]}\n")
    sys.stderr.flush()
    return False


def _become(asking: socket.socket, files: Sequence[int], forks: Sequence[Fork]) -> None:
    """In a fork: a group of its own, the asker's files, and nothing of the process that it comes from."""
    os.setpgid(0, 0)
    for fork in forks:
        os.close(fork.ended)
        if fork.asking:
            fork.asking.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    try:
        asking.sendall(f"{os.getpid()}\n".encode())
    except OSError:
        os._exit(1)  # nobody waits for it
    asking.close()
    sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())  # pyright: ignore[reportAttributeAccessIssue]


if __name__ == "__main__":
    main()
