"""``.work/``: what must survive a killed stage, keyed by everything that the result depends on.

DVC deletes a stage's outputs before it runs, so partial downloads, finished shards and training checkpoints live here. Beside what a folder
is for lies what it was made by. When a stage has ended, folders of its kinds that no present fingerprint would take up are dropped, but
for those that a process uses.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

from imharmony.storage.files import write_text

WORK = Path(".work")
DOWNLOADS = "downloads"
ABOUT, IN_USE = ".about.json", ".in_use"
FINGERPRINTS = "fingerprints"  # the folder that they are in, whatever the profile
SEEDS = "seeds"  # of a fingerprint: which seeds are trained decides on no folder

_used: dict[Path, int] = {}  # folders that this process uses, with the file by which it holds them


@dataclass
class About:
    """What made a folder: marks of its fingerprints, and of those of the cells that used it; and hashes of other files it was made of.

    Nothing can be said of a profile whose fingerprints are not here, so what it made is wanted.
    """

    cells: list[str] = field(default_factory=list)
    fingerprints: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def is_wanted(self, text_of: Callable[[Path], str | None]) -> bool:
        """Whether the present code, parameters and files would take the folder up; ``text_of`` gives a present fingerprint."""

        def holds(marks: Mapping[str, str]) -> Iterator[bool]:
            for path, mark in marks.items():
                text = text_of(Path(path))
                yield not _profile_of(Path(path)).is_dir() if text is None else _mark(text) == mark

        is_used = any(holds(self.users)) if self.users else True
        return is_used and all(holds(self.fingerprints)) and not any(_is_other(Path(path), digest) for path, digest in self.files.items())


def work_folder(stage: str, *inputs: object, made_by: Path | None = None) -> Path:
    """The folder for this stage's partial results with these inputs, created. Equal inputs give the same folder.

    An input may be a parameter section, a plain value or the path of a file or folder, whose contents count: of code, the cell's
    fingerprint, which is ``made_by`` where another input stands for it. The folder is this process's until it ends.
    """
    digest = sha256()
    for item in inputs:
        digest.update(_fingerprint(item).encode())
    folder = WORK / stage / digest.hexdigest()[:24]
    _take(folder)
    _tell(folder, [item for item in (*inputs, made_by) if isinstance(item, Path)])
    return folder


def download_folder(*inputs: object) -> Path:
    """The folder for downloads from a source, created. Code does not count: what was fetched and verified stays valid."""
    folder = WORK / DOWNLOADS / sha256("".join(_fingerprint(item) for item in inputs).encode()).hexdigest()[:24]
    _take(folder)
    return folder


def folders() -> list[Path]:
    """All that hold partial results or downloads, by kind."""
    found = (path for path in WORK.glob("*/*") if path.is_dir() and len(path.name) == 24)
    return sorted(path for path in found if not path.is_symlink())


def about(folder: Path) -> About | None:
    """What made a folder; None where that is not known, as of older ones."""
    try:
        return About(**json.loads((folder / ABOUT).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def is_wanted(folder: Path, text_of: Callable[[Path], str | None]) -> bool:
    """Whether what is present would take a folder up; downloads are always wanted."""
    known = about(folder)
    return folder.parent.name == DOWNLOADS or (known is not None and known.is_wanted(text_of))


def drop(folder: Path) -> bool:
    """Removes a folder unless a process uses it; whether it did."""
    with suppress(OSError):
        descriptor = os.open(folder / IN_USE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
            return True
        finally:
            os.close(descriptor)
    return False


def drop_older() -> list[Path]:
    """What a stage that has ended leaves behind: folders of the kinds that it used which the fingerprints here would not take up."""
    kinds = {folder.parent for folder in _used}
    others = [folder for folder in folders() if folder.parent.absolute() in kinds and folder.absolute() not in _used]
    return [folder for folder in others if not is_wanted(folder, present) and drop(folder)]


def present(path: Path) -> str | None:
    """A fingerprint as its stage left it."""
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _take(folder: Path) -> None:
    """Makes a folder and holds it, so that no other process drops it, until this one ends."""
    while folder.absolute() not in _used or not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(folder / IN_USE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:  # dropped since it was made
            continue
        with suppress(OSError):  # a disk that knows no locks
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if (folder / IN_USE).exists():
            _used[folder.absolute()] = descriptor
        else:  # dropped while we waited
            os.close(descriptor)


def _tell(folder: Path, paths: list[Path]) -> None:
    """Writes what made the folder, and who uses it: the cell whose stage this process is."""
    known = about(folder) or About()
    for path in paths:
        if FINGERPRINTS in path.parts:
            known.fingerprints[str(path)] = _mark(present(path) or "")
        elif path.exists():
            known.files[str(path)] = _fingerprint(path)
    cell = os.environ.get("DVC_STAGE")
    if cell:
        known.cells = sorted({*known.cells, cell})
        for own in Path("features").glob(f"*/{FINGERPRINTS}/{'/'.join(filter(None, cell.partition('@')[::2]))}"):
            if not known.fingerprints or any(_profile_of(own) == _profile_of(Path(path)) for path in known.fingerprints):
                known.users[str(own)] = _mark(present(own) or "")
    write_text(folder / ABOUT, json.dumps(asdict(known), indent=1, sort_keys=True))


def _profile_of(fingerprint: Path) -> Path:
    """The folder of all fingerprints of its profile."""
    return Path(*fingerprint.parts[: fingerprint.parts.index(FINGERPRINTS) + 1])


def _mark(text: str) -> str:
    with suppress(ValueError, TypeError, AttributeError):
        tree = json.loads(text)
        tree.get("values", {}).pop(SEEDS, None)
        text = json.dumps(tree, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:24]


def _is_other(path: Path, digest: str) -> bool:
    return path.exists() and _fingerprint(path) != digest


def _fingerprint(item: object) -> str:
    if isinstance(item, BaseModel):
        return item.model_dump_json()
    if isinstance(item, Path):
        return _tree_digest([path for path in item.rglob("*") if path.is_file()] if item.is_dir() else [item])
    return json.dumps(item, sort_keys=True)


def _tree_digest(paths: list[Path]) -> str:
    digest = sha256()
    for path in sorted(paths):
        digest.update(str(path).encode())
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()
