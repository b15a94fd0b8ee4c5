"""What libjpeg warns about while it decodes a JPEG: bits that cannot have been written so, though pixels come out.

Pillow keeps these warnings to itself and OpenCV prints them on standard error, so a process of its own decodes and reads what was
printed. A flipped bit that gives another valid code is not seen by anyone.
"""

import multiprocessing
import os
import signal
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Any, Self

JPEG_START = b"\xff\xd8"
LONGEST_SECONDS = 120.0


class JpegJudge:
    """Decodes JPEGs one after the other in a process that starts with the first; any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: BaseProcess | None = None
        self._connection: Connection[Any, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._end()

    def warning(self, data: bytes) -> str | None:
        """The first thing that libjpeg warns about, or None; of a file that is no JPEG too."""
        if not data.startswith(JPEG_START):
            return None
        with self._lock:
            connection = self._connection or self._start()
            try:
                connection.send_bytes(data)
                if not connection.poll(LONGEST_SECONDS):
                    raise EOFError
                return connection.recv_bytes().decode(errors="replace") or None
            except (EOFError, OSError):
                self._end()
                return "decoding it ends the decoder"

    def _start(self) -> "Connection[Any, Any]":
        context = multiprocessing.get_context("spawn")
        pipe: Any = context.Pipe()  # of two kinds, by the system
        connection, other = pipe
        process = context.Process(target=_answer, args=(other,), daemon=True)
        process.start()
        other.close()
        self._process, self._connection = process, connection
        return connection

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self._process.close()
        self._process = self._connection = None


def _answer(connection: Connection) -> None:
    """The process: bytes come, what was printed goes back."""
    import cv2  # here, because what it prints when it is loaded is none of our business
    import numpy as np

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    cv2.setNumThreads(1)
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 2)
        while True:
            try:
                data = connection.recv_bytes()
            except EOFError:
                return
            printed.seek(0)
            printed.truncate()
            try:
                cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            except cv2.error as error:
                connection.send_bytes(" ".join(str(error).split()).encode()[:300])
                continue
            printed.seek(0)
            lines = [line for line in printed.read(1 << 16).decode(errors="replace").splitlines() if line.strip() and line[0] != "["]
            connection.send_bytes(lines[0].strip().encode() if lines else b"")
