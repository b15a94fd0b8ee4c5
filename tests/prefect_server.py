"""Stands for Prefect's server: keeps what it is told."""

import json
import threading
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID


class Server(ThreadingHTTPServer):
    """Answers as Prefect does and keeps what came; after ``dies_after`` requests it is gone, and ``refusals`` are its first answers."""

    dies_after = 10**6
    retry_after: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.refusals: list[int] = []
        self.busy: tuple[int, Collection[int]] = (503, ())  # a status, and the numbers of the requests that get it
        self.asked = 0
        self.requests: list[tuple[str, str, object]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api"

    def of(self, path: str) -> list:
        return [body for _, asked, body in self.requests if asked == path]

    def patched(self) -> list[float]:
        """What bars were moved to."""
        return [body["data"] for method, _, body in self.requests if method == "PATCH" and isinstance(body, dict)]

    def run_named(self, name: str) -> str:
        """The identity that a flow run got."""
        (found,) = [number for number, (_, path, body) in enumerate(self.requests) if path == "flow_runs/" and body["name"] == name]
        return identity(found)

    def own_run(self) -> str:
        """The identity of the first flow run."""
        return identity([path for _, path, _ in self.requests].index("flow_runs/"))

    def states_of(self, run: str) -> list[dict]:
        """Those that a flow run was set to, in order."""
        return [body["state"] for body in self.of(f"flow_runs/{run}/set_state")]


def identity(number: int) -> str:
    """What the answer to a request calls what it made."""
    return str(UUID(int=number))


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        self.server.may_answer.wait(30)
        if len(self.server.requests) >= self.server.dies_after:
            self.connection.close()
            return
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        status, numbers = self.server.busy
        self.server.asked += 1
        if self.server.refusals or self.server.asked in numbers:
            self.send_response(self.server.refusals.pop(0) if self.server.refusals else status)
            if self.server.retry_after:
                self.send_header("Retry-After", self.server.retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.requests.append((self.command, self.path.removeprefix("/api/"), body))
        data = json.dumps({"id": identity(len(self.server.requests) - 1)}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *_arguments) -> None:
        pass
