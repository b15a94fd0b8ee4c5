"""``python -m pipeline work``: what lies in ``.work/``, and what of it nothing would take up."""

import time
from collections.abc import Callable
from pathlib import Path

from pipeline.params.file import Params
from pipeline.steps.fingerprints import fingerprints_of
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import WORK, about, drop, folders, is_wanted, present

Say = Callable[[str], None]


def list_work(params: Params, *, say: Say) -> None:
    """Says each folder: its stage, the cells that use it, its age and size, and whether the present code and parameters would."""
    text_of, found = _present(params), folders()
    for folder in found:
        known = about(folder)
        cells = ", ".join(known.cells) if known and known.cells else "-"
        state = "taken up" if is_wanted(folder, text_of) else "of older code or parameters"
        say(f"{folder}  {folder.parent.name}  {cells}  {_age(folder)}  {_size(folder) / 2**20:.1f} MiB  {state}")
    older = sum(not is_wanted(folder, text_of) for folder in found)
    remedy = "; python -m pipeline work --prune drops them" if older else ""
    say(f"{WORK}: {len(found)} folders, {sum(map(_size, found)) / 2**20:.1f} MiB; {older} of older code or parameters{remedy}")


def prune_work(params: Params, *, everything: bool, say: Say) -> None:
    """Drops what nothing would take up, or ``everything`` that can be made or fetched again; what a process uses stays and is said."""
    text_of = _present(params)
    count, size = 0, 0
    for folder in folders():
        if everything or not is_wanted(folder, text_of):
            own = _size(folder)
            if drop(folder):
                count, size = count + 1, size + own
            else:
                say(f"{folder}: a process uses it, or it cannot be removed; kept")
    say(f"{WORK}: dropped {count} folders, {size / 2**20:.1f} MiB; {len(folders())} are left")


def _present(params: Params) -> Callable[[Path], str | None]:
    """Fingerprints of the active profile as they would be written now, and those of others as they were left."""
    places = Places(params.profile)
    own = {places.fingerprint(cell.stage, cell.name): found.text() for cell, found in fingerprints_of(params)}
    return lambda path: own.get(path, "") if places.fingerprints() in path.parents else present(path)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _age(folder: Path) -> str:
    newest = max((path.stat().st_mtime for path in folder.rglob("*")), default=folder.stat().st_mtime)
    hours = (time.time() - newest) / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"
