"""PyMatting's estimators (Germer et al. 2020), which the extra ``matting`` installs."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from imharmony.errors import InputError

LACKING = "pymatting is not installed"
ADVICE = "install it with `pip install 'imharmony[matting]'`"


def estimator(name: str, *, purpose: str, otherwise: str) -> Callable[..., np.ndarray]:
    """The function ``name`` of PyMatting; an ``InputError`` says what needs it and what to do ``otherwise`` where it is not installed.

    Loads a compiler, which the first time on a machine compiles for a minute or more.
    """
    try:
        with _same_threads():
            import pymatting  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError(f"{LACKING}; expected it for {purpose}; {ADVICE} or {otherwise}") from error
    function = getattr(pymatting, name)

    @functools.wraps(function)
    def estimated(*arguments: np.ndarray) -> np.ndarray:
        with _same_threads():
            return function(*arguments)

    return estimated


@contextmanager
def _same_threads() -> Iterator[None]:
    """Loading and first using it sets OpenMP's threads for the whole process: torch's too, whose number the last bits depend on."""
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else None
    try:
        yield
    finally:
        if torch and threads:
            torch.set_num_threads(threads)
