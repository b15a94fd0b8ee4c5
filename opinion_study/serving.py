"""A study's service on a port, one at a time for each study."""

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import uvicorn

from imharmony.errors import InputError
from imharmony.storage.files import sha256_of
from imharmony.storage.locks import held
from opinion_study.definition import definition_path, expect_pictures, read_study
from opinion_study.guarding import Guard, served_under
from opinion_study.patience import PatientProtocol
from opinion_study.server import app_of
from opinion_study.store import VoteStore, votes_path

BACKLOG = 256  # connections that may wait
LONGEST_HEAD = 16_384  # bytes
LAST_SECONDS = 5  # for what is being answered when it is told to end


def serve(folder: Path, *, host: str, port: int, public: Sequence[str] = ()) -> None:
    """Serves the study in a folder until Ctrl-C or SIGTERM; says the address on standard error. Port 0 is any free one.

    It answers under the names of ``host`` and under ``public`` addresses, those of a proxy before it.
    """
    served = served_under(host, public)
    study = read_study(folder)
    expect_pictures(folder, study)
    digest = sha256_of(definition_path(folder))
    with (
        _alone(folder),
        closing(_bound(host, port)) as listener,
        closing(VoteStore(votes_path(folder), study_sha256=digest)) as store,
    ):
        name = f"[{host}]" if ":" in host else host
        sys.stderr.write(f"study {study.name}: http://{name}:{listener.getsockname()[1]}/ (Ctrl-C ends it; votes are kept)\n")
        sys.stderr.flush()
        # No access log: it would hold addresses and tokens.
        config = uvicorn.Config(
            Guard(app_of(study, folder, store), served),
            http=PatientProtocol,
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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the study's lock."""

    def refuse(process: str) -> None:
        raise InputError(f"{folder}: this study is being served already (process {process}); end that one first")

    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder / "serving.lock", busy=refuse))
        except OSError as error:
            raise InputError(f"{folder}: cannot write there ({error}); expected a folder that can hold the votes") from error
        yield


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError, ValueError) as error:
        raise InputError(f"{host}, port {port}: cannot listen there ({error}); choose another --host or --port") from error
