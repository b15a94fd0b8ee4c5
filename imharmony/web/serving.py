"""An application on a port of this machine, until Ctrl-C."""

import socket

import uvicorn
from starlette.types import ASGIApp

from imharmony.errors import InputError
from imharmony.web.patience import PatientProtocol

BACKLOG = 256  # connections that may wait
LONGEST_HEAD = 16_384  # bytes
LAST_SECONDS = 5  # for what is being answered when it is told to end


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any free one. An ``InputError`` says why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError, ValueError) as error:
        raise InputError(f"{host}, port {port}: cannot listen there ({error}); choose another --host or --port") from error


def address_of(host: str, listener: socket.socket) -> str:
    """What is typed into a browser."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}/"


def run_until_told(app: ASGIApp, listener: socket.socket, *, protocol: type[PatientProtocol] = PatientProtocol) -> None:
    """Answers until Ctrl-C or SIGTERM."""
    # No access log: it would hold addresses, which can be keys.
    config = uvicorn.Config(
        app,
        http=protocol,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        timeout_graceful_shutdown=LAST_SECONDS,
        log_level="error",  # a client's mistakes are told to the client
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:  # uvicorn has ended in order and passes the signal on
        return
