"""What tests of the dashboard share."""

import threading
from collections.abc import Iterator

import pytest

from tests.prefect_server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """Runs for one test."""
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
