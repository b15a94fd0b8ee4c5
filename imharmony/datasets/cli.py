"""``harmonize dataset``: take data sets to other layouts and back, check them, look at them, and paste people into other photographs.

Exit code 1 means that the check found leaks or broken files.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from imharmony.datasets.check import Check, check_together
from imharmony.datasets.check_page import verdict_of, write_check
from imharmony.datasets.contact_sheet import composite_sheet
from imharmony.datasets.iharmony4_export import export_iharmony4
from imharmony.datasets.pasting import paste_portraits
from imharmony.errors import InputError
from imharmony.pictures.images import encoder_for
from imharmony.sources.iharmony4 import import_iharmony4
from imharmony.storage.files import write_bytes
from imharmony.storage.names import expect_name

MOST_LINES = 20


class Layout(NamedTuple):
    """A published layout: how a data set of ours is written in it, and how one in it is read."""

    write: Callable[..., Path]
    read: Callable[..., None]


LAYOUTS = {"iharmony4": Layout(export_iharmony4, import_iharmony4)}


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = vars(_parser().parse_args(arguments))
    return options.pop("command")(**options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="harmonize dataset", description=__doc__)
    commands = parser.add_subparsers(required=True)

    export = commands.add_parser("export", description="Writes a data set of composites in a published layout.")
    export.add_argument("composites", type=Path, help="the folder with manifest.parquet and shards")
    export.add_argument("out", type=Path, help="the folder of subsets; a new subset is added to it")
    export.add_argument("--layout", choices=sorted(LAYOUTS), required=True)
    export.add_argument("--subset", help="the new subset's name; by default the data set's own")
    export.add_argument("--lossless", action="store_true", help="composites as PNG, bit for bit; by default JPEG of quality 95")
    export.set_defaults(command=_export)

    reading = commands.add_parser("import", description="Reads a subset in a published layout into a folder of composites.")
    reading.add_argument("folder", type=Path, help="the folder of subsets")
    reading.add_argument("out", type=Path, help="the new folder: manifest.parquet and shards")
    reading.add_argument("--layout", choices=sorted(LAYOUTS), required=True)
    reading.add_argument("--subset", required=True, help="HCOCO, HFlickr, ...")
    reading.add_argument("--val", type=float, default=0.1, help="share of the train photographs kept for validation, by default 0.1")
    reading.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; by default one for each core")
    reading.set_defaults(command=_import)

    judge = commands.add_parser("check", description="Looks for leaks between splits and for broken files, and counts what is there.")
    judge.add_argument(
        "folders",
        type=Path,
        nargs="+",
        help="composites of ours, a subset in iHarmony4's layout, or a folder of such subsets; several are compared with each other",
    )
    judge.add_argument(
        "--out", type=Path, help="where to write findings.parquet, statistics.parquet and index.html; of several a folder each"
    )
    judge.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; by default one for each core")
    judge.set_defaults(command=_check)

    look = commands.add_parser("sheet", description="Draws a page of composites: photograph, mask, composite.")
    look.add_argument("composites", type=Path, help="the folder with manifest.parquet and shards")
    look.add_argument("out", type=Path, help="the picture, .png or .jpg")
    look.add_argument("--transfer", help="only composites of this transfer")
    look.add_argument("--rows", type=int, default=8)
    look.add_argument("--columns", type=int, default=2)
    look.set_defaults(command=_sheet)

    paste = commands.add_parser("paste", description="Puts people from portraits with mattes before other places; no real photograph.")
    paste.add_argument("portraits", type=Path, help="a zip or folder in AISegment's layout: clip_img/ and matting/")
    paste.add_argument("backgrounds", type=Path, help="a folder of photographs, at any depth")
    paste.add_argument("out", type=Path, help="the new folder: composites/, masks/ and manifest.parquet")
    paste.add_argument("--count", type=int, required=True, help="how many composites")
    paste.add_argument("--seed", type=int, default=0)
    paste.add_argument("--estimate", action="store_true", help="take the person's own colours in hair and edges (needs pymatting)")
    paste.set_defaults(command=_paste)
    return parser


def _export(composites: Path, out: Path, layout: str, subset: str | None, lossless: bool) -> tuple[str, int]:
    return str(LAYOUTS[layout].write(composites, out, subset=subset, lossless=lossless)), 0


def _import(folder: Path, out: Path, layout: str, subset: str, val: float, workers: int) -> tuple[str, int]:
    if not 0 <= val < 1:
        raise InputError(f"--val {val:g}: expected a share from 0 to below 1")
    expect_name(subset, of="--subset")
    _expect_new(out)
    _expect_workers(workers)
    LAYOUTS[layout].read(folder, out, subset=subset, val=val, workers=workers)
    return str(out), 0


def _paste(portraits: Path, backgrounds: Path, out: Path, count: int, seed: int, estimate: bool) -> tuple[str, int]:
    if count < 1:
        raise InputError(f"--count {count}: expected at least one composite")
    _expect_new(out)
    paste_portraits(portraits, backgrounds, out, count=count, seed=seed, estimate=estimate)
    return str(out), 0


def _expect_new(out: Path) -> None:
    if out.exists():
        raise InputError(f"{out}: exists already; expected a new folder; remove it or name another")


def _expect_workers(workers: int) -> None:
    if workers < 1:
        raise InputError(f"--workers {workers}: expected at least one process")


def _check(folders: list[Path], out: Path | None, workers: int) -> tuple[str, int]:
    _expect_workers(workers)
    names = [folder.resolve().name for folder in folders]
    if out is not None and len(set(names)) < len(names):
        raise InputError(f"--out {out}: the data sets are named {', '.join(names)}; expected names that differ, for a folder each")
    results = check_together(folders, workers=workers)
    told = []
    for name, result in zip(names, results, strict=True):
        if out is not None:
            write_check(result, out / name if len(results) > 1 else out)
        told.append((f"{result.folder}: " if len(results) > 1 else "") + _said(result, is_kept=out is not None))
    return "\n".join(told), 0 if all(result.is_sound for result in results) else 1


def _said(result: Check, *, is_kept: bool) -> str:
    lines = [f"{finding.kind}: {finding.subject}: {finding.reason}" for finding in result.findings]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more" + ("" if is_kept else "; --out keeps them all")]
    return "\n".join([verdict_of(result), *lines])


def _sheet(composites: Path, out: Path, transfer: str | None, rows: int, columns: int) -> tuple[str, int]:
    if min(rows, columns) < 1:
        raise InputError(f"{rows} rows and {columns} columns; expected at least one of each")
    write_bytes(out, encoder_for(out)(composite_sheet(composites, rows=rows, columns=columns, transfer=transfer)))
    return str(out), 0
