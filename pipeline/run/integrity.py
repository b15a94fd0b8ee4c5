"""Whether outputs and DVC's cache hold what ``dvc.lock`` says, by the hash of every file.

DVC trusts a cached file that is write-protected, and a file in the workspace whose size and time are as before. So a flipped bit is
restored, and named up to date.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from dvc.repo import Repo, lock_repo

from imharmony.errors import InputError
from pipeline.run.dvc_errors import dvc_errors
from pipeline.run.lock_file import LOCK_FILE, Output, read_lock

ONE_AT_A_TIME = Lock()  # of the threads that wait for stages
FOLDER = ".dir"  # the end of a hash of a folder's listing


@dataclass(frozen=True)
class Wrong:
    """A file, in the workspace or in the cache, that is not what the lock says."""

    path: Path
    output: Output
    what: str
    is_cached: bool = False

    @property
    def line(self) -> str:
        """What is wrong and how to mend it."""
        remedy = f"delete it{' and ' + self.output.path if self.is_cached else ''}, then run the pipeline again or dvc pull"
        return f"{self.path}: {self.what} (of {self.output.path}, stage {self.output.stage}); {remedy}"


@dataclass
class Reader:
    """Hashes files, each once however many names it has. ``uncached`` outputs are in the workspace alone."""

    cache: Path
    uncached: frozenset[str] = frozenset()
    is_left_out: Callable[[Path], bool] = lambda _path: False
    _known: dict[tuple[int, int], str] = field(default_factory=dict)

    def is_absent(self, output: Output) -> bool:
        """Whether an output is neither in the workspace nor in the cache; the next run makes it."""
        return not Path(output.path).exists() and not self.entry(output.md5).exists()

    def wrong(self, output: Output) -> Iterator[Wrong]:
        """What of an output is wrong, in the cache and in the workspace."""
        listing = self._listing(output)
        if isinstance(listing, Wrong):
            yield listing
            listing = None
        elif output.path not in self.uncached:
            yield from self._wrong_in_cache(output, listing)
        if Path(output.path).exists():
            yield from self._wrong_here(output, listing)

    def _wrong_in_cache(self, output: Output, listing: Mapping[str, str] | None) -> Iterator[Wrong]:
        if listing is None:
            listing = {output.path: output.md5}
        for md5 in dict.fromkeys(listing.values()):
            entry = self.entry(md5)
            if not entry.exists():
                yield Wrong(entry, output, "missing in DVC's cache", is_cached=True)
            elif (found := self._md5(entry)) != md5 and not md5.endswith(FOLDER):
                yield Wrong(entry, output, f"in DVC's cache, but its MD5 is {found}", is_cached=True)

    def entry(self, md5: str) -> Path:
        """The file of the cache that has this hash."""
        return self.cache / md5[:2] / md5[2:]

    def has(self, md5: str) -> bool:
        """Whether the cache has an output, whole and as it was."""
        output = Output("", "", md5)
        listing = self._listing(output)
        if isinstance(listing, Wrong) or (listing is None and md5.endswith(FOLDER)):
            return False
        return all(self.entry(each).exists() and self._md5(self.entry(each)) == each for each in (listing or {"": md5}).values())

    def _listing(self, output: Output) -> dict[str, str] | Wrong | None:
        """The files of a folder as the cache lists them; None where it has no listing, or the output is a file."""
        entry = self.entry(output.md5)
        if not output.md5.endswith(FOLDER) or not entry.exists():
            return None
        if (found := f"{self._md5(entry)}{FOLDER}") != output.md5:
            return Wrong(entry, output, f"in DVC's cache, but its MD5 is {found}", is_cached=True)
        listed: list[dict[str, str]] = json.loads(entry.read_bytes())
        return {file["relpath"]: file["md5"] for file in listed}

    def _wrong_here(self, output: Output, listing: Mapping[str, str] | None) -> Iterator[Wrong]:
        path = Path(output.path)
        if path.is_dir() != output.md5.endswith(FOLDER):
            yield Wrong(path, output, "a folder where dvc.lock has a file" if path.is_dir() else "a file where dvc.lock has a folder")
        elif not path.is_dir():
            if (found := self._md5(path)) != output.md5:
                yield Wrong(path, output, f"its MD5 is {found}; dvc.lock says {output.md5}")
        elif listing is None:
            if (found := listing_hash(self._tree(path))) != output.md5:
                yield Wrong(path, output, f"its files give {found}; dvc.lock says {output.md5}, and the cache has no list of them")
        else:
            here = self._tree(path)
            for name in sorted(here.keys() - listing.keys()):
                yield Wrong(path / name, output, "no part of it")
            for name, md5 in listing.items():
                if here.get(name) != md5:
                    yield Wrong(path / name, output, f"its MD5 is {here[name]}; expected {md5}" if name in here else "missing")

    def _tree(self, folder: Path) -> dict[str, str]:
        files = (path for path in folder.rglob("*") if path.is_file() and not self.is_left_out(path))
        return {path.relative_to(folder).as_posix(): self._md5(path) for path in files}

    def _md5(self, path: Path) -> str:
        told = path.stat()
        key = told.st_dev, told.st_ino
        if key not in self._known:
            with path.open("rb") as file:
                self._known[key] = hashlib.file_digest(file, "md5").hexdigest()
        return self._known[key]


def listing_hash(files: Mapping[str, str]) -> str:
    """The hash that DVC gives a folder of these files."""
    listed = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + FOLDER


def cache_here() -> Path:
    """DVC's cache, whatever may be wrong with the graph."""
    with dvc_errors(), Repo() as repo:
        return Path(str(repo.cache.local.path))


@contextmanager
def reading() -> Iterator[tuple[Reader, list[Output]]]:
    """A reader of the workspace in which we are, and what its lock names, which no DVC writes meanwhile."""
    with ONE_AT_A_TIME, dvc_errors(), Repo(_wait_for_lock=True) as repo, lock_repo(repo):
        outs = [out for stage in repo.index.stages for out in stage.outs]
        uncached = frozenset(os.path.relpath(str(out.fs_path), repo.root_dir) for out in outs if not out.use_cache)
        cache, ignore = Path(str(repo.cache.local.path)), repo.dvcignore
        outputs = read_lock()
    yield Reader(cache, uncached, lambda path: bool(ignore.is_ignored_file(str(path)))), outputs


def verify(*, say: Callable[[str], None]) -> int:
    """Compares all outputs and the cache with the lock and says each thing that is wrong; 0, or 1 if there are some."""
    with reading() as (reader, outputs):
        if not outputs:
            came = f"{LOCK_FILE}: names no outputs; expected those of a run"
            raise InputError(f"{came}; run the pipeline, or take the last commit's (git checkout {LOCK_FILE})")
        absent, count = [output for output in outputs if reader.is_absent(output)], 0
        for output in outputs:
            for wrong in reader.wrong(output) if output not in absent else ():
                say(wrong.line)
                count += 1
    lacking = f"; {len(absent)} are neither here nor in the cache, and the next run makes them" if absent else ""
    say(f"{len(outputs)} outputs of {LOCK_FILE}: {count or 'nothing'} wrong{lacking}")
    return int(count > 0)


def drop_damaged(stage: str) -> list[Wrong]:
    """What of a stage's restored outputs is not what the lock says, after it was removed from the workspace and from the cache.

    Outputs go whole: a stage that keeps its own (``persist``) would take the rest for finished.
    """
    with reading() as (reader, outputs):
        found = [wrong for output in outputs if output.stage == stage for wrong in reader.wrong(output)]
    for wrong in found:
        if wrong.is_cached:
            wrong.path.unlink(missing_ok=True)
        path = Path(wrong.output.path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return found
