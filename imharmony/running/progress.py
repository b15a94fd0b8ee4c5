"""Progress bars on standard error: live on a terminal, a line now and then in a log."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def track(items: Iterable[T], *, total: int, what: str, unit: str) -> Iterator[T]:
    """The items, with a bar that shows what is done, the rate and the time left."""
    return iter(bar(items, total=total, what=what, unit=unit))


def bar(
    items: Iterable | None = None,
    *,
    total: int,
    what: str,
    unit: str,
    unit_scale: bool = False,
    initial: int = 0,
    is_shown: bool = True,
    delay: float = 0.0,
) -> tqdm:
    """A tqdm bar with our settings; ``unit_scale`` writes 12.3M instead of 12300000; before ``delay`` seconds nothing is shown."""
    interval = 0.2 if sys.stderr.isatty() else 10.0
    options = {"unit": f" {unit}", "unit_scale": unit_scale, "mininterval": interval, "dynamic_ncols": True}
    return tqdm(items, total=total, desc=what, initial=initial, disable=not is_shown, delay=delay, **options)
