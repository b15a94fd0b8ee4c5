"""Servers that misbehave towards the download, and visitors who misbehave towards the study's server."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

import opinion_study.serving  # noqa: F401  # so that no try has to load it
from benchmarks.hostile.annotations import SPLIT, content, listed, mirror, texts
from benchmarks.hostile.attempts import IN, OUT, Attempt, Verdict
from benchmarks.hostile.damage import damaged
from benchmarks.hostile.pictures import called, photograph
from benchmarks.hostile.sets import written
from benchmarks.hostile.settings import study_files
from imharmony.errors import exit_code_of
from imharmony.pictures.images import encode_jpeg
from imharmony.sources.coco import fetch_coco
from imharmony.sources.wanted import read_wanted

PATIENCE_SECONDS = 1.0  # of the download with a silent server
LATEST_SECONDS = 150  # until which everything must have ended
PORT = 8123
Speech = Callable[[socket.socket, bytes], object]  # what a server says to a request


def _said(head: str, body: bytes = b"", *, length: int | None = None) -> Speech:
    lines = [f"HTTP/1.1 {head}", "Connection: close"]
    lines += [] if length == -1 else [f"Content-Length: {len(body) if length is None else length}"]
    data = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body
    return lambda connection, _: connection.sendall(data)


def _without_end(head: bytes, part: bytes, *, pause_seconds: float = 0.0) -> Speech:
    """A beginning, and then the same part again and again."""

    def speak(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(part)
            time.sleep(pause_seconds)

    return speak


def _silent(_connection: socket.socket, _: bytes) -> None:
    time.sleep(3600)


def _in_circles(connection: socket.socket, request: bytes) -> None:
    path = request.split(b" ")[1]
    connection.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + path + b"a\r\n\r\n")


def downloads() -> Iterator[Attempt]:
    """A mirror that gives something else than the photograph, slowly, without end, or odd headers."""
    jpeg = encode_jpeg(photograph())
    given: dict[str, Speech] = {"sound": _said("200 OK", jpeg)}
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wrong: dict[str, Speech] = {
        "asks to wait for an hour": _said("503 Busy\r\nRetry-After: 3600"),
        "asks to wait for superscript two": _said("503 Busy\r\nRetry-After: ²"),
        "asks to wait for 10^30": _said("429 Busy\r\nRetry-After: " + "9" * 30),
        "asks to wait until a date without sense": _said("503 Busy\r\nRetry-After: Mon, 99 Foo 2026"),
        "asks to wait for less than nothing": _said("503 Busy\r\nRetry-After: -5"),
        "a byte now and then": _without_end(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", pause_seconds=0.5),
        "a body without end": _without_end(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1 << 16)),
        "chunks without end": _without_end(chunked, b"10000\r\n" + bytes(1 << 16) + b"\r\n"),
        "headers without end": _without_end(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", pause_seconds=0.01),
        "silent": _silent,
        "in circles": _in_circles,
        "closes at once": lambda connection, _: connection.close(),
        "a page": _said("200 OK\r\nContent-Type: text/html", b"<html>not found</html>"),
        "nothing": _said("200 OK"),
        "ends too soon": _said("200 OK", jpeg[:500], length=len(jpeg)),
        "no HTTP": lambda connection, _: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"),
        "length of superscript two": _said("200 OK\r\nContent-Length: ²", jpeg, length=-1),
        "length below nothing": _said("200 OK", jpeg, length=-5),
        "length of 10^30": _said("200 OK", jpeg, length=10**30),
        "a status of 999": _said("999 Odd"),
        "a status that is none": _said("abc Odd"),
        "packed, but is not": _said("200 OK\r\nContent-Encoding: gzip", b"hello"),
        "elsewhere, to a file": _said("302 Found\r\nLocation: file:///etc/passwd"),
        "elsewhere, nowhere": _said("302 Found\r\nLocation: http://"),
        "elsewhere, without a place": _said("302 Found"),
        "not modified": _said("304 Not Modified"),
        "forbidden": _said("403 Forbidden"),
        "gone": _said("404 Not Found"),
        "broken": _said("500 Oops"),
        "half a header": lambda connection, _: (connection.sendall(b"HTTP/1.1 200 OK\r\nConte"), connection.close()),
        "a header of 1 MB": _said("200 OK\r\nX-A: " + "b" * (1 << 20), jpeg),
        "an odd tag": _said('200 OK\r\nETag: "' + "0" * 32 + '"', jpeg),
        "400 MB": lambda connection, _: _said("200 OK", bytes(400 << 20))(connection, b""),
    }
    for what, speech in wrong.items():
        yield Attempt("mirrors", what, _photographs_listed, partial(_downloaded, speech), is_wrong=True, seconds=LATEST_SECONDS)
    for what, speech in given.items():
        yield Attempt("mirrors", what, _photographs_listed, partial(_downloaded, speech), _stored)
    for what, data in damaged(jpeg, seed=30, flips=40, cuts=8):
        act = partial(_downloaded, _said("200 OK", data))
        yield Attempt("mirrors", f"photograph: {what}", _photographs_listed, act, _stored, seconds=LATEST_SECONDS)


def _photographs_listed() -> None:
    mirror(texts(content()))()
    listed()
    for name in ("photographs", "instances"):
        Path(OUT, f"{name}.parquet").rename(Path(IN, f"{name}.parquet"))


def _downloaded(speech: Speech) -> int:
    wanted = read_wanted(Path(IN, "photographs.parquet"), Path(IN, "instances.parquet"))
    with _served(speech) as port:
        return exit_code_of(
            lambda: fetch_coco(
                wanted.photographs.slice(0, 1),
                listed=wanted.listed,
                source=Path(IN),
                out=Path(OUT, "images"),
                work=Path(OUT, "work"),
                mirror=f"http://127.0.0.1:{port}",
                parallel=1,
                attempts=2,
                timeout_seconds=PATIENCE_SECONDS,
                workers=1,
            )
        )


def _stored() -> Verdict:
    rows = pq.read_table(Path(OUT, "images", "photographs.parquet")).num_rows
    return None if rows == 1 else f"{rows} photographs; expected one"


@contextmanager
def _served(speech: Speech) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_all, args=(listener, speech), daemon=True).start()
        yield listener.getsockname()[1]


def _answer_all(listener: socket.socket, speech: Speech) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, speech), daemon=True).start()


def _answer(connection: socket.socket, speech: Speech) -> None:
    with suppress(OSError), closing(connection):
        request = connection.recv(65536)
        if f"/{SPLIT}/".encode() in request or b"/evil" in request:
            speech(connection, request)
        else:
            _said("404 Not Found")(connection, request)


def visits() -> Iterator[Attempt]:
    """Requests to the study's server: what a page elsewhere, a scanner or a broken browser sends."""
    own = f"Host: 127.0.0.1:{PORT}"
    body = '{"token": "x", "trial": 0, "score": 1}'

    def post(path: str, *headers: str, content: str = "", host: str = own) -> bytes:
        size = len(content.encode("utf-8", "surrogateescape"))
        lines = [f"POST {path} HTTP/1.1", host, f"Content-Length: {size}", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n" + content).encode("utf-8", "surrogateescape")

    def get(path: str, *headers: str, host: str = own) -> bytes:
        return ("\r\n".join([f"GET {path} HTTP/1.1", host, *headers]) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    sound = {
        "the page": (get("/"), 200),
        "a new rater": (post("/api/raters", f"Origin: http://127.0.0.1:{PORT}"), 201),
        "a new rater, without a browser": (post("/api/raters"), 201),
    }
    refused = {
        "a rater from a foreign page": post("/api/raters", "Origin: http://evil.example"),
        "a rater from no page": post("/api/raters", "Origin: null"),
        "a rater from another port": post("/api/raters", "Origin: http://127.0.0.1:1"),
        "a rater from another site, by its mark": post("/api/raters", "Sec-Fetch-Site: cross-site"),
        "a vote from a foreign page": post("/api/votes", "Origin: http://evil.example", content=body),
        "a foreign host": get("/", host="Host: evil.example"),
        "a foreign host, rebound": post("/api/raters", host=f"Host: evil.example:{PORT}"),
        "no host": get("/", host="X: y"),
        "two hosts": get("/", "Host: evil.example"),
        "a vote that is none": post("/api/votes", content="[" * 900),
        "a vote of 1 MB": post("/api/votes", content="x" * (1 << 20)),
        "a vote in Latin-1": post("/api/votes", content='{"token": "\udce4"}'),
        "a vote with NUL": post("/api/votes", content=body.replace("x", "\\u0000")),
        "a vote with a lone surrogate": post("/api/votes", content=body.replace("x", "\\ud800")),
        "a vote of 10^30": post("/api/votes", content=body.replace("1}", "9" * 30 + "}")),
        "a path up": get("/pictures/../votes.sqlite"),
        "a path up, coded": get("/pictures/%2e%2e%2fvotes.sqlite"),
        "a path with NUL": get("/pictures/%00"),
        "another method": b"BREW / HTTP/1.1\r\n" + own.encode() + b"\r\n\r\n",
        "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "a header of 1 MB": get("/", "X-A: " + "b" * (1 << 20)),
        "a path of 100,000": get("/" + "a" * 100_000),
        "an unknown token": get("/api/raters/x"),
    }
    for what, (request, status) in sound.items():
        yield Attempt("visitors", what, _study_there, partial(_visited, request, {status}))
    for what, request in refused.items():
        yield Attempt("visitors", what, _study_there, partial(_visited, request, {*range(400, 500), 0}))
    for what, request in {"half a request": get("/")[:20], "half a vote": post("/api/votes", content=body)[:-9], "nothing": b""}.items():
        yield Attempt("visitors", f"{what}, and then silence", _study_there, partial(_visited, request, {*range(400, 500), 0}), seconds=120)
    yield Attempt("visitors", "goes away", _study_there, partial(_left, post("/api/votes", content=body)[:-9]))
    yield Attempt("visitors", "goes away in the middle of a picture", _study_there, partial(_left, get("/")))


def _study_there() -> None:
    written(study_files(), Path(OUT))


def _visited(request: bytes, expected: set[int]) -> int:
    """Sends it and compares the answer's status (0: closed without one); then the page must still be there."""
    with _serving() as port:
        request = request.replace(str(PORT).encode(), str(port).encode())
        came = _status(port, request)
        after = _status(port, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    if came in expected and after == 200:
        return 0
    sys.stderr.write(f"status {came}; expected one of {sorted(expected)[:3]} ...; then {after}; expected 200\n")
    return 1


def _left(request: bytes) -> int:
    with _serving() as port:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(request)
        time.sleep(0.3)
        after = _status(port, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return 0 if after == 200 else 1


def _status(port: int, request: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=100) as connection:
        with suppress(OSError):
            connection.sendall(request)
        try:
            answer = connection.recv(4096)
        except TimeoutError:
            return -1
        except OSError:
            return 0
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.") else 0


@contextmanager
def _serving() -> Iterator[int]:
    """The study's server in a process of its own; what it says on standard error is judged with the rest, and must be little."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = os.fork()
    if child == 0:
        with suppress(SystemExit):
            called("study", "serve", Path(OUT, "study"), "--port", port)()
        sys.stderr.flush()
        os._exit(0)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


def attempts() -> Iterator[Attempt]:
    """All of them."""
    for kind in (downloads, visits):
        yield from kind()
