"""The page on a port of this machine, until Ctrl-C."""

import sys
from contextlib import closing

from imharmony.web.guarding import LOOPBACK, Guard, served_under
from imharmony.web.patience import PatientProtocol
from imharmony.web.server import Limits, app_of
from imharmony.web.serving import address_of, bound, run_until_told
from imharmony.web.work import Models


class Protocol(PatientProtocol):
    """Large photographs come slowly over a wireless line, and may wait for their turn."""

    arrival_s = 120.0
    answer_s = 600.0


def serve(*, host: str, port: int, model: str, device: str, limits: Limits) -> None:
    """Serves the page; says the address on standard error, and a warning where others than this machine can reach it."""
    served = served_under(host)
    with closing(bound(host, port)) as listener:
        app = Guard(app_of(Models(model, device=device), limits), served, what="page", option="--host", key="error")
        if not served.names & set(LOOPBACK) or served.any_address:
            sys.stderr.write(f"warning: whoever reaches {host} can use this page, and it asks for no password\n")
        sys.stderr.write(f"{address_of(host, listener)} (Ctrl-C ends it; nothing that is uploaded is written to a disk)\n")
        sys.stderr.flush()
        run_until_told(app, listener, protocol=Protocol)
