"""Where a file is to be written, looked at before hours of work and not after them."""

import os
from collections.abc import Iterable
from pathlib import Path

from imharmony.errors import InputError


def expect_place(path: Path, *, inputs: Iterable[Path]) -> None:
    """Raises an ``InputError`` or ``OSError`` unless a file can be written at ``path``: a name of its own, in a folder that may be changed.

    Folders that are not there yet are made when the file is written. None of the ``inputs`` may be the file: it would be lost.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder; expected the name of a file to write; add one to it")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: a pipe, socket or device; expected the name of a file to write; name another")
    if path.is_file() and any(each.is_file() and path.samefile(each) for each in inputs):
        raise InputError(f"{path}: is also what is read, and would be lost; expected a name of its own; name another file")
    folder = next(parent for parent in path.absolute().parents if parent.exists() or parent.is_symlink())
    if not folder.is_dir():
        raise InputError(f"{path}: {folder} is no folder; expected one to write into; name another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path}: nothing can be written into {folder}; expected a folder that may be changed; name another place")


def expect_there(path: Path, what: str) -> None:
    """Raises an ``InputError`` that says ``what`` is expected unless a file is at ``path``."""
    if not path.exists():
        raise InputError(f"{path}: no such file; expected {what}; check the name")
    if not path.is_file():
        raise InputError(f"{path}: not a file; expected {what}; name one")
