"""Stands for Prefect's server: keeps what it is told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RUN = "11111111-2222-3333-4444-555555555555"


class Server(ThreadingHTTPServer):
    """Answers as Prefect does and keeps what came; after ``dies_after`` requests it is gone."""

    dies_after = 10**6

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.requests: list[tuple[str, str, object]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api"

    def of(self, path: str) -> list:
        return [body for _, asked, body in self.requests if asked == path]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        self.server.may_answer.wait(30)
        if len(self.server.requests) >= self.server.dies_after:
            self.connection.close()
            return
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        self.server.requests.append((self.command, self.path.removeprefix("/api/"), body))
        data = json.dumps({"id": RUN}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *_arguments) -> None:
        pass
