"""Files that a merge left with both sides in them, said before DVC calls them corrupt."""

import re
from collections.abc import Iterable
from pathlib import Path

from imharmony.errors import InputError

MARKS = re.compile(rb"^(?:<{7}|>{7}|\|{7})(?: |\r?$)", re.MULTILINE)
READ = tuple(Path(name) for name in ("dvc.lock", "dvc.yaml", "params.yaml", "sweeps.yaml", ".dvc/config", ".dvc/config.local"))


def expect_no_conflicts(paths: Iterable[Path] = READ) -> None:
    """An ``InputError`` where one of the files has the marks of a conflict."""
    for path in paths:
        expect_no_conflict(path)


def expect_no_conflict(path: Path) -> None:
    """The same of one file; what is there and no file is one too, for a pipe would be waited for."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise InputError(f"{path}: {kind}; expected a file; move it away and take the last commit's (git checkout {path})")
    if path.is_file() and (found := MARKS.search(content := path.read_bytes())):
        line = content.count(b"\n", 0, found.start()) + 1
        came = f"{path}: marks of a merge conflict in line {line}"
        if path.suffix == ".lock":
            raise InputError(
                f"{came}; take either side (git checkout --ours {path}; --theirs does as well), then make repro brings it up to date"
            )
        raise InputError(
            f"{came}; expected one of the two sides; edit it, keep what you mean, and remove the lines of <<<<<<<, ======= and >>>>>>>"
        )
