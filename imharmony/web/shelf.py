"""What visitors gave and what was made of it: in memory alone, a few most recent, for some minutes. Nothing is written to a disk."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Kind = TypeVar("Kind")


class GoneError(LookupError):
    """There is nothing under a key, or no more."""


class Kept(NamedTuple):
    """Something, its bytes and when it was last asked for."""

    thing: Any
    size: int
    at: float


class Shelf:
    """Keeps at most so many things of at most so many bytes together, the newest in any case; each until nobody asked for ``seconds``."""

    def __init__(self, *, most: int, most_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._most, self._most_bytes, self._clock = most, most_bytes, clock
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, thing: Any, *, size: int) -> str:
        """Its key, which nobody can guess."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = Kept(thing, size, self._clock())
        self.clear_old()
        while len(self._kept) > 1 and (len(self._kept) > self._most or sum(each.size for each in self._kept.values()) > self._most_bytes):
            self._kept.popitem(last=False)
        return key

    def get(self, key: str, kind: type[Kind]) -> Kind:
        """What is under a key; raises ``GoneError``."""
        self.clear_old()
        kept = self._kept.get(key)
        if kept is None or not isinstance(kept.thing, kind):
            raise GoneError(key)
        self._kept[key] = kept._replace(at=self._clock())
        self._kept.move_to_end(key)
        return kept.thing

    def clear_old(self) -> None:
        """Forgets what nobody asked for."""
        oldest = self._clock() - self.seconds
        for key in [key for key, kept in self._kept.items() if kept.at <= oldest]:
            del self._kept[key]
