"""What a stage says, kept where another process can read it along, so that a plain ``dvc repro`` is seen on Prefect's dashboard too.

The stage itself never speaks to a server: it writes to a file what it writes to standard error, and starts
``pipeline.dashboard.follower`` if the ``dvc`` that started it has none yet. Without ``PREFECT_API_URL``, or where
``python -m pipeline run`` shows its stages itself, nothing of this happens. Nothing here raises: what is shown is no result.
"""

import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from io import TextIOBase
from pathlib import Path
from typing import BinaryIO, TextIO

from imharmony.storage.files import write_text

MIRROR = Path(".work/mirror")
SHOWN = "HARMONIZATION_SHOWN"  # set by what shows the stages that it starts
ENDED = ".ended"  # after a stage's name: the file with its exit code
UNHEARD = "unheard.ended"  # there where no server answers
CRASHED = 1
DVC_WITHIN = 8  # arguments of a command, among which is `dvc` if it is one of DVC's


@contextmanager
def mirrored() -> Iterator[None]:
    """Everything that is written to standard error meanwhile, and the exit code, is told to a Prefect server if one is asked for."""
    spool = _spool() if _is_wanted() else None
    if spool is None:
        yield
        return
    with spool.open("wb", buffering=0) as file, redirect_stderr(Tee(sys.stderr, file)):
        code = CRASHED
        try:
            yield
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else CRASHED
            raise
        except BaseException:
            file.write(traceback.format_exc().encode())
            raise
        finally:
            _end(spool, code)


class Tee(TextIOBase):
    """A text stream that hands on what it gets, and keeps a copy for as long as the disk takes one."""

    def __init__(self, stream: TextIO, copy: BinaryIO) -> None:
        self._stream = stream
        self._copy: BinaryIO | None = copy

    def write(self, text: str) -> int:
        """Hands it on and copies it."""
        if self._copy:
            try:
                self._copy.write(text.encode(errors="replace"))
            except (OSError, ValueError):
                self._copy = None
        return self._stream.write(text)

    def flush(self) -> None:
        """Flushes what it hands on to."""
        self._stream.flush()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Of what it hands on to: bars are drawn in blocks where it has them."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether what it hands on to is a terminal: bars look at it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The file of what it hands on to: bars ask it for the terminal's width."""
        return self._stream.fileno()


def _is_wanted() -> bool:
    return bool(os.environ.get("PREFECT_API_URL")) and SHOWN not in os.environ and os.environ.get("RANK", "0") == "0"


def _spool() -> Path | None:
    """The file for what this stage says, in the folder of its run; whoever makes that folder starts its follower. None: cannot be had."""
    root = _dvc_above() or os.getpid()
    folder = MIRROR / f"{root}-{started(root)}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            pass
        else:
            follower = [sys.executable, "-m", "pipeline.dashboard.follower", str(folder), " ".join(_command(root))]
            subprocess.Popen(follower, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"not shown on the dashboard: {folder}: {error.strerror}\n")
        return None
    return None if (folder / UNHEARD).exists() else folder / _name()


def _end(spool: Path, code: int) -> None:
    with suppress(OSError):  # without the file the follower sees that DVC has ended
        write_text(spool.with_name(f"{spool.name}{ENDED}"), str(code))


def _name() -> str:
    """As DVC names it; by hand, as it would."""
    cell = "-".join(sys.argv[1:])
    return os.environ.get("DVC_STAGE") or Path(sys.argv[0]).stem + (f"@{cell}" if cell else "")


def _dvc_above() -> int | None:
    """The nearest ``dvc`` that this process comes from; None if there is none, or no ``/proc`` to look it up in."""
    pid = os.getppid()
    while pid > 1:
        if any(argument.rpartition("/")[2] == "dvc" for argument in _command(pid)[:DVC_WITHIN]):
            return pid
        pid = int(_facts(pid)[1])
    return None


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def started(pid: int) -> str:
    """When a process started, in ticks, which tells it from a later one of the same number; "" if it has ended."""
    state, *facts = _facts(pid)
    return "" if state == "Z" else facts[18]


def _facts(pid: int) -> list[str]:
    """A process as ``/proc`` tells of it, from its state on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ["Z", *["0"] * 19]
