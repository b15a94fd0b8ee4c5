"""HTTP with a deadline: a request that does not arrive, and an answer that nobody takes, end their connection."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVING = {h11.IDLE, h11.SEND_BODY}


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, which would wait for ever for the rest of a head or of a body."""

    arrival_s = 15.0  # until a request is here whole, from when it could begin
    answer_s = 120.0  # from then until its answer is taken: a picture over a slow line
    most_connections = 500  # those beyond are closed at once

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._has_arrived = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Begins to wait for a first request."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
        else:
            self._wait(self.arrival_s)

    def handle_events(self) -> None:
        """Takes what has come; once that is a whole request, its answer has a deadline of its own."""
        super().handle_events()
        if not self._has_arrived and self.conn.their_state not in ARRIVING and not self.transport.is_closing():
            self._has_arrived = True
            self._wait(self.answer_s)

    def on_response_complete(self) -> None:
        """Begins to wait for a next request."""
        self._has_arrived = False
        self._wait(self.arrival_s)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)
