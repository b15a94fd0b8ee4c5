"""``harmonize folder IN OUT``: every photograph of a folder with its masks; what is done is kept and not done again."""

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imharmony.commands.folder_work import Job, Settings, work
from imharmony.commands.parsing import Parser, add_device, add_strength, expect_bounds, path_of, with_places
from imharmony.commands.photo import DIRECTIONS, point
from imharmony.errors import InputError
from imharmony.harmonizing.cutout import Placement
from imharmony.harmonizing.ledger import NAME, Row, append_row, read_rows, row_of, write_rows
from imharmony.harmonizing.offers import CLASSICAL, MEGAPIXELS, STARTER
from imharmony.harmonizing.pairing import Pair, Sought, pairs_of
from imharmony.harmonizing.result_names import result_names
from imharmony.pictures.saving import default_output, expect_ending
from imharmony.running.processes import WAITING_PER_WORKER, EndedProcessError, processes
from imharmony.running.progress import bar
from imharmony.storage.locks import held
from imharmony.storage.places import expect_place

MOST_WORKERS = 4  # if none are asked for: each of them holds a model and a picture
SHOWN = 10  # failures that are printed; the table has all
LOCK = ".harmonized.lock"
ENDED = "the process that worked on it was ended by the system, perhaps for want of memory; expected less; try it alone, or --workers 1"


class Task(NamedTuple):
    """A row of the table that is to be."""

    named: Row  # how the table calls it, with why it cannot be done, if so
    job: Job | None


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code: 1 if any picture failed; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(with_places(arguments))
    _expect_sense(options)
    table = options.out / NAME
    expect_place(table, inputs=[])
    options.out.mkdir(parents=True, exist_ok=True)
    with held(options.out / LOCK, busy=lambda process: _refuse(options.out, process)):
        before = read_rows(table)
        tasks = _tasks(options, {row.identity: row for row in before})
        write_rows(table, before)  # whole again, if its last row was cut off
        rows = _done(tasks, table, workers=_workers(options))
        known = {row.identity: row for row in before}
        final = [known[task.named.identity] if row is None else row for task, row in zip(tasks, rows, strict=True)]
        ours = {row.identity for row in final}
        others = [row for row in before if row.identity not in ours and row.output and (options.out / row.output).is_file()]
        write_rows(table, [*others, *final])
    return _report(rows, table)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="harmonize folder",
        description="Harmonizes every photograph of a folder that has a mask, and goes on where an earlier run ended.",
        epilog="Masks of photo.jpg: photo_mask.png, photo.mask.png, photo_mask_1.png ..., masks/photo.png; or iHarmony4's layout.",
    )
    parser.add_argument("folder", type=path_of, metavar="IN", help="photographs and their masks")
    parser.add_argument("out", type=path_of, metavar="OUT", help=f"where results go, and {NAME}, which says what became of each")
    parser.add_argument("--masks", type=path_of, metavar="DIR", help="another folder that has the masks")
    parser.add_argument("--together", action="store_true", help="join the masks of a photograph; by default each makes a result")
    parser.add_argument("--background", type=path_of, metavar="PHOTO", help="the pictures are cut-outs, to be laid on this photograph")
    parser.add_argument("--at", type=point, metavar="X,Y", help="where a cut-out's left upper corner lies; by default it is centred")
    parser.add_argument("--scale", type=float, metavar="S", help="what a cut-out's sides are multiplied by; by default 1")
    parser.add_argument("--model", default=STARTER, help=f"{STARTER} (the default), a file, or {', '.join(CLASSICAL)}")
    add_strength(parser)
    parser.add_argument("--direction", choices=DIRECTIONS, default="foreground", help="which part is to be changed")
    parser.add_argument("--cautious", action="store_true", help="leave photographs as they are where no improvement is expected")
    add_device(parser)
    parser.add_argument("--intrinsic", type=path_of, metavar="FILE", help="as of harmonize PHOTO MASK")
    most = f"pictures at once; by default one for each processor, at most {MOST_WORKERS}"
    parser.add_argument("--workers", type=int, metavar="N", help=most)
    parser.add_argument("--max-megapixels", type=int, default=MEGAPIXELS, metavar="N", help="as of harmonize PHOTO MASK")
    return parser


def _expect_sense(options: argparse.Namespace) -> None:
    """Options that contradict each other, or lack what they need; what all pictures would fail by."""
    for folder in filter(None, (options.folder, options.masks)):
        if not folder.is_dir():
            came = "not a folder" if folder.exists() else "no such folder"
            raise InputError(f"{folder}: {came}; expected one with pictures; for one photograph: harmonize PHOTO MASK")
    if options.background is not None and (options.masks is not None or options.together):
        raise InputError("--background is for cut-outs, whose transparency is the mask; leave out --masks and --together")
    if options.background is None and (options.at is not None or options.scale is not None):
        raise InputError("--at and --scale place cut-outs; expected --background with the photograph that they are laid on")
    expect_bounds(max_megapixels=options.max_megapixels, strength=options.strength)
    if options.workers is not None and options.workers < 1:
        raise InputError(f"--workers {options.workers}: expected 1 or more")
    if options.cautious and options.model in CLASSICAL:
        raise InputError(f"--cautious: {options.model} does not tell how sure it is; expected a model that does; take {STARTER}")
    known = (STARTER, *CLASSICAL)
    for path in filter(None, (Path(options.model) if options.model not in known else None, options.intrinsic, options.background)):
        if not path.is_file():
            expected = f"a file, or {', '.join(known)}" if str(path) == options.model else "a file"
            raise InputError(f"{path}: no such file; expected {expected}; check the name")


def _refuse(out: Path, process: str) -> None:
    raise InputError(f"{out}: process {process} is at work here; expected nobody; wait for it, or name another folder")


def _tasks(options: argparse.Namespace, before: dict[tuple[str, str], Row]) -> list[Task]:
    """What there is to do, in the order of the photographs' names."""
    left_out = tuple(filter(None, (options.background, options.intrinsic, Path(options.model))))
    results = {(options.out / row.output).resolve() for row in before.values() if row.output}
    results |= {(options.folder / row.output).resolve() for row in read_rows(options.folder / NAME) if row.output}
    sought = Sought(
        options.folder, options.out, options.masks, options.background is not None, options.together, left_out, frozenset(results)
    )
    pairs = pairs_of(sought)
    if not pairs:
        raise InputError(f"{options.folder}: no pictures; expected photographs and their masks; name the folder that has them")
    names = result_names(pairs, sought, lambda photo: _ending(options.background or photo))
    settings = _settings(options)
    tasks = []
    for pair, out in zip(pairs, names, strict=True):
        named = _named(pair, out, options)
        if out is None or pair.photo is None:
            tasks.append(Task(named, None))
            continue
        old = before.get(named.identity)
        key = old.key if old is not None and old.output == named.output else ""
        tasks.append(Task(named, Job(pair.photo, pair.masks, out, named, key, options.out / NAME, settings)))
    return tasks


def _named(pair: Pair, out: Path | None, options: argparse.Namespace) -> Row:
    def short(path: Path) -> str:
        return path.relative_to(options.folder).as_posix() if path.is_relative_to(options.folder) else str(path)

    return row_of(
        photo="" if pair.photo is None else short(pair.photo),
        mask=" + ".join(map(short, pair.masks)),
        output="" if out is None else out.relative_to(options.out).as_posix(),
        status="failed" if pair.why else "",
        why=pair.why,
    )


def _settings(options: argparse.Namespace) -> Settings:
    placement = Placement(options.at, 1.0 if options.scale is None else options.scale)
    workers = _workers(options)
    return Settings(
        options.model,
        options.device,
        options.intrinsic,
        options.strength,
        options.direction,
        options.cautious,
        options.max_megapixels,
        options.background,
        placement,
        threads=0 if workers == 1 else max((os.cpu_count() or 1) // workers, 1),
    )


def _workers(options: argparse.Namespace) -> int:
    return options.workers or (1 if options.device != "cpu" else min(os.cpu_count() or 1, MOST_WORKERS))


def _ending(photo: Path) -> str:
    """That of a photograph's result: its own where it can be written."""
    wanted = default_output(photo)
    try:
        expect_ending(wanted)
    except InputError:
        return ".png"
    return wanted.suffix


def _done(tasks: list[Task], table: Path, *, workers: int) -> list[Row | None]:
    """The row of each task, None of one that was done before."""
    for task in tasks:
        if task.job is None:
            append_row(table, task.named)
    jobs = [task.job for task in tasks if task.job is not None]
    made = []
    with bar(total=len(jobs), what="harmonizing", unit="pictures") as progress:
        for row in _worked(jobs, table, workers=min(workers, len(jobs) or 1)):
            made.append(row)
            progress.update()
    rest = iter(made)
    return [task.named if task.job is None else next(rest) for task in tasks]


def _worked(jobs: list[Job], table: Path, *, workers: int) -> Iterator[Row | None]:
    """What ``work`` makes of each job, in their order; where the system ends a process, its picture fails alone."""
    done = 0
    while done < len(jobs):
        try:
            with processes(workers) as run_all:
                for row in run_all(work, jobs[done:]):
                    yield row
                    done += 1
            return
        except EndedProcessError:
            suspects = jobs[done : done + workers * WAITING_PER_WORKER]
        for job in suspects:
            yield _alone(job, table)
            done += 1


def _alone(job: Job, table: Path) -> Row | None:
    try:
        with processes(2) as run_all:  # of which one is started
            return next(run_all(work, [job]))
    except EndedProcessError:
        row = job.named._replace(status="failed", why=ENDED)
        append_row(table, row)
        return row


def _report(rows: list[Row | None], table: Path) -> tuple[str, int]:
    counts = Counter("before" if row is None else row.status for row in rows)
    failed = [row for row in rows if row is not None and row.status == "failed"]
    lines = [f"failed: {row.photo or row.mask}: {row.why}" for row in failed[:SHOWN]]
    lines += [f"... and {len(failed) - SHOWN} more, see the table"] if len(failed) > SHOWN else []
    done = (
        f"{counts['harmonized']} harmonized, {counts['left']} left as they were, {counts['failed']} failed, {counts['before']} done before"
    )
    return "\n".join([*lines, f"{done}; table: {table}"]), int(bool(failed))
