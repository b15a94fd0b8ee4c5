"""Files that are read whole: only where they are files, and not longer than such a file can be."""

import stat
from pathlib import Path

from imharmony.errors import InputError


def read_small(path: Path, *, at_most: int) -> bytes:
    """The bytes of a file. A folder, a pipe (which would be waited for) or more than ``at_most`` bytes are an ``InputError``."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InputError(f"{path}: {'a folder' if path.is_dir() else 'not a file'}; expected a file; remove it or name another")
    with path.open("rb") as file:
        data = file.read(at_most + 1)
    if len(data) > at_most:
        raise InputError(f"{path}: more than {at_most:,} bytes; expected a file of that kind to be smaller; check what it is")
    return data
