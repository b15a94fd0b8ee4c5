"""Unfinished work on a film, in a folder beside its output: what was asked of the model, and what was made of frames.

All of it is keyed by what the output depends on. What a killed process left half-written counts for nothing; what is whole is used again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import imharmony
from imharmony.errors import InputError
from imharmony.harmonizing.machine import version_of
from imharmony.pictures.pairs import UNSEEN
from imharmony.portable.facts import Kind
from imharmony.storage.files import sha256_of, write_text
from imharmony.storage.locks import held

KEY, ASKED, PIECES, MOVING, LOCK = "key", "asked.jsonl", "pieces", "moving", ".lock"
COMPUTING = ("opencv-python", "numpy", "pillow", "onnxruntime", "torch", "scipy")  # packages whose versions count


class Asked(NamedTuple):
    """What is known of a frame once the model was asked."""

    peak: int  # the largest level of its mask
    is_doubtful: bool = False  # the mask is probably inverted
    parameters: list[float] | None = None  # None: there was nothing to ask, or the change depends on the place and is made already
    kind: Kind | None = None
    trust: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to harmonize."""
        return self.peak <= UNSEEN


class Work:
    """The folder of one film's work, and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Asked] = [Asked(*row) for row in _whole_lines(folder / ASKED)]

    def add(self, asked: Asked) -> None:
        """Keeps what is known of the next frame."""
        with (self.folder / ASKED).open("a", encoding="ascii") as file:
            file.write(json.dumps(asked) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.asked.append(asked)

    def piece(self, name: str) -> Path:
        """Where what was made of a frame lies, or is to lie."""
        return self.folder / PIECES / name

    @property
    def is_moving(self) -> bool:
        """Whether all pieces were made, and are on their way to their places: one that is not there has found its own."""
        return (self.folder / MOVING).is_file()

    def begin_moving(self) -> None:
        """Says that all pieces are made."""
        (self.folder / MOVING).touch()


@contextmanager
def work_on(out: Path, key: str) -> Iterator[Work]:
    """The work on an output, alone; of another key it begins anew.

    It stays where the block ends by what is no fault of the input, such as a full disk; with other input it would be of no use.
    """
    folder = out.with_name(f".{out.name}.parts")
    if folder.is_dir() and not (folder / KEY).is_file() and any(path.name not in {LOCK, f"{LOCK}.process"} for path in folder.iterdir()):
        raise InputError(f"{folder}: a folder that is not of this command; expected none, or unfinished work of it; move it away")
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder / LOCK, busy=lambda process: _refuse(out, process)):
        if not (folder / KEY).is_file() or (folder / KEY).read_text(encoding="ascii") != key:
            (folder / KEY).unlink(missing_ok=True)  # first: what is half removed is of no key
            for name in (ASKED, MOVING):
                (folder / name).unlink(missing_ok=True)
            shutil.rmtree(folder / PIECES, ignore_errors=True)
            write_text(folder / KEY, key)
        (folder / PIECES).mkdir(exist_ok=True)
        try:
            yield Work(folder)
        except InputError:
            shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)


def key_of(inputs: list[list[Path]], options: dict[str, Any]) -> str:
    """SHA-256 of all that an output depends on: files with their names, options, and the code that reads and makes frames."""
    files = [[(path.name, sha256_of(path)) for path in paths] for paths in inputs]
    versions = [version_of(name) for name in COMPUTING]
    return hashlib.sha256(json.dumps([files, options, versions, _own_code()], sort_keys=True).encode()).hexdigest()


@cache
def _own_code() -> str:
    """SHA-256 of this package's modules: its version alone does not tell what a copy that is worked on would make of a frame."""
    root = Path(imharmony.__file__).parent
    modules = sorted(root.rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in modules)).hexdigest()


def _refuse(out: Path, process: str) -> None:
    raise InputError(f"{out}: process {process} is at work on it; expected nobody; wait for it, or name another output")


def _whole_lines(path: Path) -> Iterator[list[Any]]:
    """The rows of a journal; from one on that was left half-written, all is cut off."""
    whole = 0
    for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else []:
        try:
            row = json.loads(line)
        except ValueError:  # zeros, after a loss of power
            break
        if not line.endswith(b"\n"):
            break
        yield row
        whole += len(line)
    if path.is_file():
        os.truncate(path, whole)
