"""Processes of others that run side by side here, each in a session of its own so that all it started ends with it."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock

LOGS = Path(".work/logs")  # what those say that are started here
CHUNK_BYTES = 65536
PATIENCE = {signal.SIGINT: 20.0, signal.SIGTERM: 5.0, signal.SIGKILL: 5.0}  # seconds until the next, ruder one


class Children:
    """The processes that run now; after ``end`` no other begins."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self._ended = Event()

    @property
    def are_ended(self) -> bool:
        """Whether ``end`` was called."""
        return self._ended.is_set()

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond ``end``."""
        self._ended.wait(seconds)

    def run(
        self, command: Sequence[str], *, environment: Mapping[str, str], on_line: Callable[[str], None], on_bar: Callable[[str], None]
    ) -> int:
        """Runs one to its end and returns its exit code; ``on_line`` gets what it says, ``on_bar`` the states of progress bars.

        A bar's last state is a line too.
        """
        with self._lock:
            if self.are_ended:
                return -signal.SIGINT
            child = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(child)
        try:
            with child:
                try:
                    for text, is_line in _pieces(child):
                        (on_line if is_line else on_bar)(text)
                except BaseException:  # nobody reads it any longer
                    self._end_those([child])
                    raise
            return child.returncode
        finally:
            with self._lock:
                self._running.discard(child)

    def end(self) -> None:
        """Asks every running one to stop as Ctrl-C does, then less kindly; DVC gives its locks back when it is asked."""
        with self._lock:
            self._ended.set()
            running = list(self._running)
        self._end_those(running)

    def _end_those(self, running: list[subprocess.Popen[bytes]]) -> None:
        for kind, seconds in PATIENCE.items():
            for child in running:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, kind)
            running = [child for child in running if not _is_over(child, seconds)]


def _pieces(child: subprocess.Popen[bytes]) -> Iterator[tuple[str, bool]]:
    """What a process says, bit by bit, and whether it ends a line; a state of a bar is followed by the next one in its place."""
    if child.stdout is None:
        return
    rest = b""
    while chunk := os.read(child.stdout.fileno(), CHUNK_BYTES):
        pieces, rest = pieces_of(rest + chunk)
        yield from pieces
    if text := rest.decode(errors="replace").strip():
        yield text, True


def pieces_of(said: bytes) -> tuple[list[tuple[str, bool]], bytes]:
    """The whole pieces, each with whether it is a line or a state of a bar, and what may be the beginning of the next."""
    *whole, rest = re.split(rb"(?<=[\r\n])", said)
    texts = [(piece.decode(errors="replace").strip(), piece.endswith(b"\n")) for piece in whole]
    return [(text, is_line) for text, is_line in texts if text], rest


def _is_over(child: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
