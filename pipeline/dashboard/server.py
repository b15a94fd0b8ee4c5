"""A Prefect server over its REST API: told in the order of events, from a thread of its own, and left alone once it does not answer.

Prefect's own engine is not used: it would retry for minutes and then fail the run when its server goes away.
"""

import math
import time
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from queue import Empty, SimpleQueue
from threading import Thread

import httpx

TIMEOUT_SECONDS = 5.0
BUSY = frozenset({408, 425, 429, 502, 503, 504})  # answers that another attempt may mend; Prefect gives 503 while its SQLite is locked
BUSY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)  # before it is asked again, where it does not say how long
LONGEST_BUSY_SECONDS = 8.0  # where it does
PATIENCE_SECONDS = 20.0  # that one request is repeated, all in all
BEGIN_SECONDS = 4.0  # the same of the first one, which the run waits for
END_SECONDS = 25.0  # that the end of a run waits for what has not been told yet
LAST_SECONDS = 12.0  # of these, for asking a server that was given up once more to note that the run has ended
REFUSALS = 3  # one after the other, after which a server is left alone


def unanswered(url: str, why: str) -> str:
    """What is said where no server answers."""
    return f"no Prefect server answers at PREFECT_API_URL {url} ({why}); going on without it"


def trouble_at(url: str) -> str | None:
    """Why no Prefect server can be told at this API address; None if one answers. One that is busy is asked again for some seconds."""
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            answer = _patiently(lambda: client.get(f"{url.rstrip('/')}/health"), until=time.monotonic() + BEGIN_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return _name(error)
    return None if answer.is_success else f"status {answer.status_code}"


class Server:
    """Events that send requests, worked off one after the other; who hands one in never waits. ``idle`` is called when there are none."""

    def __init__(self, url: str, *, say: Callable[[str], None], idle: Callable[[], None]) -> None:
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/", timeout=TIMEOUT_SECONDS)
        self._say = say
        self._idle = idle
        self._events: SimpleQueue[Callable[[], object] | None] = SimpleQueue()  # None: all is told
        self._last: Sequence[Callable[[], object]] = ()
        self._is_lost = False
        self._refused = 0  # events in a row
        self._is_refusal_said = False
        self._is_last = False
        self._until = math.inf  # when nothing is repeated any longer
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def tell(self, event: Callable[[], object]) -> None:
        """Hands in an event."""
        if not self._is_lost:
            self._events.put(event)

    def end(self, last: Sequence[Callable[[], object]] = ()) -> None:
        """There will be no more events but the ``last`` ones, which a server that was given up is asked to take all the same.

        Waits a little until all are worked off, and says so where they are not.
        """
        self._last = last
        self._until = time.monotonic() + END_SECONDS - LAST_SECONDS
        self._events.put(None)
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            self._say(f"Prefect's server has not taken the end of the run in {END_SECONDS:.0f} s; its page may show it as running")

    def post(self, path: str, body: object) -> dict:
        """Sends a request from within an event and returns the answer."""
        answer = self._request("POST", path, body)
        return answer.json() if answer.content else {}

    def patch(self, path: str, body: object) -> None:
        """The same for what exists."""
        self._request("PATCH", path, body)

    def _request(self, method: str, path: str, body: object) -> httpx.Response:
        until = min(self._until, math.inf if self._is_last else time.monotonic() + PATIENCE_SECONDS)
        return _patiently(lambda: self._client.request(method, path, json=body), until=until).raise_for_status()

    def _work(self) -> None:
        while True:
            try:
                event = self._events.get(timeout=1)
            except Empty:
                event = self._idle
            if event is None:
                break
            if not self._is_lost:
                self._try(event)
        self._is_last = True
        self._until += LAST_SECONDS - TIMEOUT_SECONDS
        for event in (self._idle, *self._last):
            if not self._try(event):
                break

    def _try(self, event: Callable[[], object]) -> bool:
        """Whether the server answered. What it refuses is said once and left out; one that stays busy, or refuses all, is given up."""
        try:
            event()
            self._refused = 0
        except (httpx.HTTPError, KeyError, ValueError) as error:
            is_refusal = isinstance(error, httpx.HTTPStatusError) and error.response.status_code not in BUSY
            self._refused += 1
            if self._is_lost:
                return isinstance(error, httpx.HTTPStatusError)
            if is_refusal and self._refused < REFUSALS:
                if not self._is_refusal_said:
                    self._say(f"Prefect's server refused a part ({_name(error)}); its page lacks that, and the run goes on")
                self._is_refusal_said = True
                return True
            self._is_lost = True
            self._say(f"Prefect's server no longer answers ({_name(error)}); the run goes on without it")
            return isinstance(error, httpx.HTTPStatusError)
        return True


def _patiently(request: Callable[[], httpx.Response], *, until: float) -> httpx.Response:
    """The answer, of a server that is busy its first other one before ``until``."""
    for seconds in chain(BUSY_SECONDS, repeat(BUSY_SECONDS[-1])):
        answer = request()
        wait = _asked_to_wait(answer, seconds)
        if answer.status_code not in BUSY or time.monotonic() + wait > until:
            return answer
        time.sleep(wait)
    raise AssertionError("the waits have no end")


def _name(error: Exception) -> str:
    status = f" {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
    return f"{type(error).__name__}{status}"


def _asked_to_wait(answer: httpx.Response, otherwise: float) -> float:
    try:
        seconds = float(answer.headers.get("Retry-After", otherwise))
    except ValueError:  # a date
        return otherwise
    return min(max(seconds, 0.0), LONGEST_BUSY_SECONDS) if seconds == seconds else otherwise  # not a number
