"""A Prefect server over its REST API: told in the order of events, from a thread of its own, and left alone once it does not answer.

Prefect's own engine is not used: it would retry for minutes and then fail the run when its server goes away.
"""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread

import httpx

TIMEOUT_SECONDS = 5.0
FLUSH_SECONDS = 10.0  # that the end of a run waits for what has not been told yet
BUSY = 503  # Prefect's answer while its SQLite is locked
BUSY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)  # before it is asked again, where it does not say how long
LONGEST_BUSY_SECONDS = 8.0  # where it does


def unanswered(url: str) -> str:
    """What is said where no server answers."""
    return f"no Prefect server answers at PREFECT_API_URL {url}; going on without it"


def answers(url: str) -> bool:
    """Whether a Prefect server answers at this API address."""
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=TIMEOUT_SECONDS).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


class Server:
    """Events that send requests, worked off one after the other; who hands one in never waits. ``idle`` is called when there are none."""

    def __init__(self, url: str, *, say: Callable[[str], None], idle: Callable[[], None]) -> None:
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/", timeout=TIMEOUT_SECONDS)
        self._say = say
        self._idle = idle
        self._events: SimpleQueue[Callable[[], object] | None] = SimpleQueue()  # None: all is told
        self._is_lost = False
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def tell(self, event: Callable[[], object]) -> None:
        """Hands in an event."""
        if not self._is_lost:
            self._events.put(event)

    def end(self) -> None:
        """There will be no more events; waits a little until all are worked off."""
        self._events.put(None)
        self._thread.join(FLUSH_SECONDS)

    def post(self, path: str, body: object) -> dict:
        """Sends a request from within an event and returns the answer."""
        answer = self._request("POST", path, body)
        return answer.json() if answer.content else {}

    def patch(self, path: str, body: object) -> None:
        """The same for what exists."""
        self._request("PATCH", path, body)

    def _request(self, method: str, path: str, body: object) -> httpx.Response:
        answer = self._client.request(method, path, json=body)
        for seconds in BUSY_SECONDS:
            if answer.status_code != BUSY:
                break
            time.sleep(_asked_to_wait(answer, seconds))
            answer = self._client.request(method, path, json=body)
        return answer.raise_for_status()

    def _work(self) -> None:
        try:
            while True:
                try:
                    event = self._events.get(timeout=1)
                except Empty:
                    self._idle()
                    continue
                if event is None:
                    return self._idle()
                event()
        except (httpx.HTTPError, KeyError, ValueError) as error:
            self._is_lost = True
            self._say(f"Prefect's server no longer answers ({_name(error)}); the run goes on without it")


def _name(error: Exception) -> str:
    status = f" {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
    return f"{type(error).__name__}{status}"


def _asked_to_wait(answer: httpx.Response, otherwise: float) -> float:
    try:
        seconds = float(answer.headers.get("Retry-After", otherwise))
    except ValueError:  # a date
        return otherwise
    return min(max(seconds, 0.0), LONGEST_BUSY_SECONDS)
