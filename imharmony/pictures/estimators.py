"""PyMatting's estimators (Germer et al. 2020), which the extra ``matting`` installs."""

import functools
import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.trimaps import UNKNOWN

log = logging.getLogger(__name__)

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
        printed = io.StringIO()
        with _same_threads(), redirect_stdout(printed):  # it prints how its equations are going
            found = function(*arguments)
        if printed.getvalue():
            log.info("%s: %s", purpose, " ".join(printed.getvalue().split()))
        return found

    return estimated


def estimated_alpha(picture: np.ndarray, trimap: np.ndarray, *, purpose: str, otherwise: str) -> np.ndarray:
    """The closed form's matte (Levin et al. 2008) of a picture uint8 (H, W, 3), float64 (H, W), by a trimap uint8 (H, W).

    Where PyMatting finds nothing, as of a trimap without certain foreground or background, that is an ``InputError``.
    """
    estimate = estimator("estimate_alpha_cf", purpose=purpose, otherwise=otherwise)
    try:
        return estimate(picture / 255, np.where(trimap == UNKNOWN, 0.5, trimap / 255))
    except ValueError as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{purpose}: {said}; expected a trimap with foreground and background; draw another") from error


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
