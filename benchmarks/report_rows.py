"""A report's statistics of millions of scores: ``python -m benchmarks.report_rows --rows 10000000 --folder FOLDER``, after a run.

Scores of the run are repeated as those of other photographs, whose errors are larger or smaller by a factor, the same for every method.
What is measured is a process of its own, with all that it starts: it reads the files, computes all statistics from nothing, and then
what the page shows of single images. Writes ``benchmarks/results/report_rows.csv``.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from benchmarks.processes import tree_of
from imharmony.errors import InputError
from imharmony.evaluation.measures import MEASURES, SCORES
from imharmony.evaluation.score_sets import Part, gathered
from imharmony.storage.streams import read_batches, write_groups
from imharmony.storage.tables import read_table, write_csv
from pipeline.params.file import load_params
from pipeline.steps.paths import Places
from reporting.distributions import distributions_of
from reporting.gallery import errors_of
from reporting.leaders import leaders_of, shown_pairs
from reporting.results import score_cells
from reporting.statistics import statistics_of
from reporting.typical import typical

RESULT = Path("benchmarks/results/report_rows.csv")
SPREAD = 0.3  # of the factors' logarithm
EVERY_SECONDS = 0.5
MEGABYTE = 1e6


def write_scores(folder: Path, rows: int, methods: int) -> list[Path]:
    """So many rows, or a few more, of the first methods of the run in the current folder; a file for each method."""
    params = load_params()
    places, paths = Places(params.profile), []
    cells = score_cells(params)[:methods]
    own = sum(read_table(places.scores(*cell), ["seed"]).num_rows for cell in cells)
    for method, seed in cells:
        path = folder / method / f"{seed}.parquet"
        write_groups(path, SCORES, _copies(read_table(places.scores(method, seed)), -(-rows // own)))
        paths.append(path)
    return paths


def _copies(scores: pa.Table, count: int) -> Iterator[pa.Table]:
    samples, photographs = scores["sample_id"].to_pylist(), scores["image_id"].to_numpy()
    images, place = np.unique(np.array(samples), return_inverse=True)
    _, photograph = np.unique(photographs, return_inverse=True)
    for copy in range(count):
        factors = np.random.default_rng(copy).lognormal(0, SPREAD, len(images))[place]
        columns = {name: scores[name] for name in SCORES.names}
        columns |= {name: pa.array(scores[name].to_numpy() * factors, from_pandas=True) for name in MEASURES}
        columns["sample_id"] = pa.array([f"{copy}_{name}" for name in samples])
        columns["image_id"] = pa.array(photograph + copy * (1 + photograph.max()))
        yield pa.table(columns, SCORES)


def report(paths: list[Path], folder: Path, *, bootstrap: int, workers: int) -> None:
    """What the stage ``report`` computes of scores; prints how many images and photographs they are of, and the seconds of each part."""
    begin = time.perf_counter()
    scores = gathered([_part(path) for path in paths], folder)
    read = time.perf_counter()
    tables = statistics_of(scores, bootstrap=bootstrap, workers=workers, code=Path(__file__))
    computed = time.perf_counter()
    leaders_of(tables["standings"].to_pandas(), shown_pairs(tables["pairs"]), {})
    distributions_of(scores)
    for name, own in scores.sets.items():
        errors_of(own, seeds=dict.fromkeys(own.methods, 0))
        typical(scores, name)
    images, photographs = (
        sum(len(part) for part in parts) for parts in zip(*((own.samples, own.starts) for own in scores.sets.values()), strict=True)
    )
    print(images, photographs, *(f"{seconds:.1f}" for seconds in (read - begin, computed - read, time.perf_counter() - computed)))


def _part(path: Path) -> Part:
    return Part(path.parent.name, int(path.stem), lambda columns: read_batches(path, columns, coded=True))


def measured(command: list[str], home: Path) -> tuple[str, float, float, float]:
    """What a command prints, the seconds that it takes, those of processors, and the most memory of it and of what it started, in MB."""
    begin, most, before = time.perf_counter(), 0.0, os.times()
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "TQDM_DISABLE": "1"}
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True, env=environment)
    while process.poll() is None:
        most = max(most, _memory(each.pid for each in tree_of(process.pid)))
        time.sleep(EVERY_SECONDS)
    after = os.times()
    if process.returncode or process.stdout is None:
        raise InputError(f"the report ended with {process.returncode}; what it said is above")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return process.stdout.read().splitlines()[-1], time.perf_counter() - begin, spent, most


def _memory(processes: Iterable[int]) -> float:
    """What processes hold together, in MB: all of their own pages, and the pages of files, which they share, of the one that has most."""
    own, shared = 0, 0
    for process in processes:
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:  # ended meanwhile
            continue
        held = {line.partition(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Rss")}
        own += held.get("RssAnon", 0) + held.get("RssShmem", 0)
        shared = max(shared, held.get("RssFile", 0))
    return (own + shared) * 1024 / MEGABYTE


def main() -> None:
    """Prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--methods", type=int, default=12)
    parser.add_argument("--bootstrap", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, required=True, help="where scores are written; 10 million rows are about 1 GB")
    parser.add_argument("--here", type=Path, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        with TemporaryDirectory(dir=options.folder) as folder:
            report(options.here, Path(folder), bootstrap=options.bootstrap, workers=options.workers)
        return
    lines = []
    for rows in options.rows:
        folder = options.folder.absolute() / str(rows)
        paths = sorted(folder.glob("*/*.parquet")) or write_scores(folder, rows, options.methods)
        with TemporaryDirectory(dir=folder) as home:  # nothing is kept there yet
            command = [sys.executable, "-m", "benchmarks.report_rows", "--folder", str(folder), "--here", *map(str, paths)]
            command += ["--bootstrap", str(options.bootstrap), "--workers", str(options.workers)]
            found, seconds, spent, most = measured(command, Path(home))
        images, photographs, *parts = found.split()
        line = {
            "rows": f"{sum(read_table(path, ['seed']).num_rows for path in paths):,}",
            "methods": str(len(paths)),
            "images": f"{int(images):,}",
            "photographs": f"{int(photographs):,}",
            "seconds": f"{seconds:.0f}",
            "of_them_reading,_statistics,_page": ", ".join(f"{float(part):.0f}" for part in parts),
            "seconds_of_processors": f"{spent:.0f}",
            "most_memory": f"{most / 1000:.2f} GB",
        }
        print(*line.values(), sep="\t", flush=True)
        lines.append(line)
    write_csv(RESULT, pa.Table.from_pylist(lines))


if __name__ == "__main__":
    main()
