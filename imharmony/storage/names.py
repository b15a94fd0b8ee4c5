"""Names that become parts of paths, words of a shell and cells of tables: one rule for all of them."""

import re
from collections import Counter
from collections.abc import Iterable

from imharmony.errors import InputError

LONGEST = 64  # the suffixes of files and partial results fit beside it into the 255 bytes of a file's name
WHAT_IS_EXPECTED = f"1 to {LONGEST} letters, digits, _ and -, beginning with a letter or a digit"
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST - 1}}}")
SHOWN = 80  # characters of a wrong name in a message


def problem_of(name: object) -> str | None:
    """What is wrong with a name, as the end of a sentence; None where nothing is."""
    if isinstance(name, str) and NAME.fullmatch(name):
        return None
    came = repr(name[:SHOWN]) + ("..." if len(name) > SHOWN else "") if isinstance(name, str) else f"of the type {type(name).__name__}"
    return f"is {came}; expected {WHAT_IS_EXPECTED}"


def expect_name(name: str, *, of: str) -> str:
    """The name itself; an ``InputError`` where it is none, with ``of`` as what was to be called so."""
    if problem := problem_of(name):
        raise InputError(f"{of} {problem}; choose another")
    return name


def alike(names: Iterable[str]) -> str | None:
    """The first name that comes again, be it in other letters: small and large ones are the same to many disks. None: all differ."""
    every = list(names)
    counts = Counter(name.casefold() for name in every)
    return next((name for name in every if counts[name.casefold()] > 1), None)
