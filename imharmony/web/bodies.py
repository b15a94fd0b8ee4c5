"""The bodies of requests, bounded while they arrive: what is too long is refused before it has come."""

import asyncio

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from imharmony.web.turns import BusyError

DRAINING_S = 5.0  # a browser that still sends would otherwise see a broken connection in place of the refusal
MOST_UPLOADS = 4  # at once


class TooLongError(ValueError):
    """A body of more bytes than are taken."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"more than {most_bytes / 1e6:g} MB")


class Uploads:
    """Reads bodies of pictures, a few at once."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes, self._count = most_bytes, 0

    async def read(self, request: Request) -> bytes:
        """A whole body; raises ``TooLongError`` as soon as it is known to be too long, and ``BusyError``."""
        if self._count >= MOST_UPLOADS:
            raise BusyError
        self._count += 1
        try:
            return await body_of(request, most_bytes=self._most_bytes)
        finally:
            self._count -= 1


async def body_of(request: Request, *, most_bytes: int) -> bytes:
    """A body of at most so many bytes; raises ``TooLongError``."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > most_bytes:
        raise TooLongError(most_bytes)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise TooLongError(most_bytes)
    return bytes(body)


class EarlyRefusal(JSONResponse):
    """An answer that is sent at once; then what still comes is thrown away for a while, so that the answer is read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Sends the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(DRAINING_S):
                while (await receive()).get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b""})
