"""A module in a process that has its libraries loaded already: the side of the one who asks.

The other side is ``pipeline.run.prepared``. This one loads next to nothing: it runs before each stage.
"""

import json
import os
import runpy
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

PREPARED = "HARMONIZATION_PREPARED"  # names the Unix socket of the process that is prepared for stages
PREPARED_DVC = "HARMONIZATION_PREPARED_DVC"  # the same, for DVC itself
LENGTH = struct.Struct("!I")  # of the request, in bytes
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What may differ between the prepared process and the one who asks: no library reads these when it is loaded.
MAY_DIFFER = {PREPARED, PREPARED_DVC, "CUDA_VISIBLE_DEVICES", "DVC_ROOT", "DVC_STAGE", "OLDPWD", "PWD", "SHLVL", "_"}
LOST = "error: the prepared process was ended from outside, and what ran in it; run again: finished parts are kept\n"


def run_program(module: str, arguments: Sequence[str], *, named: str = PREPARED) -> None:
    """Does what ``python -m module`` would with these arguments, there or else here, and ends as it does."""
    code = run_prepared(module, arguments, named=named)
    if code is not None:
        end_like(code)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def run_prepared(module: str, arguments: Sequence[str], *, named: str = PREPARED) -> int | None:
    """Has ``module`` run there as ``python -m`` would, with this process's files, folder, environment and signals.

    ``named`` is the variable that says where, and is gone from the environment afterwards.

    Returns its exit code, -N if signal N ended it. None if it has not begun: no prepared process is reached, or it is not like this one.
    """
    path = os.environ.pop(named, "")
    if not path or not hasattr(socket, "send_fds"):
        return None
    request = {"module": module, "arguments": list(arguments), "path": sys.path, "environment": dict(os.environ), "like": likeness()}
    body = json.dumps(request).encode()
    before = signal.signal(signal.SIGINT, signal.SIG_DFL) if signal.getsignal(signal.SIGINT) != signal.SIG_IGN else None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            socket.send_fds(connection, [LENGTH.pack(len(body))], [0, 1, 2])
            connection.sendall(body)
            answers = connection.makefile(encoding="ascii")
            group = int(answers.readline())
        except (OSError, ValueError):
            if before is not None:
                signal.signal(signal.SIGINT, before)
            return None
        for kind in FORWARDED:
            if signal.getsignal(kind) != signal.SIG_IGN:
                signal.signal(kind, lambda number, _frame: _tell(connection, number))
        try:
            return int(answers.readline())
        except (OSError, ValueError):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            sys.stderr.write(LOST)
            return 1


def end_like(code: int) -> None:
    """Ends this process as another one ended: by the exit code, or by the signal -``code``."""
    if code < 0:
        with suppress(OSError):  # some cannot be given another meaning
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code if code >= 0 else 128 - code)


def likeness(environment: Mapping[str, str] = os.environ) -> list[Any]:
    """What two processes have to have in common for a stage to run alike in both: interpreter, options, folder, environment."""
    with open(__file__, "rb") as file:  # noqa: PTH123 - pathlib is not needed here
        asking = os.fstat(file.fileno()).st_mtime_ns
    own = {name: value for name, value in environment.items() if name not in MAY_DIFFER}
    options = [list(sys.flags), sys.warnoptions, list(sys._xoptions.items())]
    return [sys.prefix, sys.base_prefix, sys.version, json.loads(json.dumps(options)), os.getcwd(), asking, own]  # noqa: PTH109


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(OSError):
        connection.send(bytes([number]))
