"""A report's statistics of millions of scores: ``python -m benchmarks.report_rows --rows 10000000 --folder FOLDER``, after a run.

Scores of the run are repeated as those of other photographs, whose errors are larger or smaller by a factor, the same for every method.
What is measured is a process of its own, with all that it starts: it reads the files, computes all statistics from nothing, and then
what the page shows of single images. Writes ``benchmarks/results/report_rows.csv``. ``--peer duckdb`` compares engines instead.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from benchmarks.processes import watched
from benchmarks.report_engines import compared, part_of
from imharmony.evaluation.measures import MEASURES, SCORES
from imharmony.evaluation.score_sets import gathered
from imharmony.storage.streams import write_groups
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
    scores = gathered([part_of(path) for path in paths], folder)
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


def main() -> None:
    """Prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--methods", type=int, default=12)
    parser.add_argument("--bootstrap", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, required=True, help="where scores are written; 10 million rows are about 1 GB")
    parser.add_argument("--peer", choices=["duckdb"], help="measure only what reading takes, beside DuckDB (``report_engines``)")
    parser.add_argument("--here", type=Path, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        with TemporaryDirectory(dir=options.folder) as folder:
            report(options.here, Path(folder), bootstrap=options.bootstrap, workers=options.workers)
        return
    folders = [options.folder.absolute() / str(rows) for rows in options.rows]
    groups = [
        sorted(folder.glob("*/*.parquet")) or write_scores(folder, rows, options.methods)
        for folder, rows in zip(folders, options.rows, strict=True)
    ]
    if options.peer:
        compared(groups, options.folder.absolute())
        return
    lines = []
    for folder, paths in zip(folders, groups, strict=True):
        with TemporaryDirectory(dir=folder) as home:  # nothing is kept there yet
            command = [sys.executable, "-m", "benchmarks.report_rows", "--folder", str(folder), "--here", *map(str, paths)]
            command += ["--bootstrap", str(options.bootstrap), "--workers", str(options.workers)]
            took = watched(command, Path(home))
        images, photographs, *parts = took.printed.split()
        line = {
            "rows": f"{sum(read_table(path, ['seed']).num_rows for path in paths):,}",
            "methods": str(len(paths)),
            "images": f"{int(images):,}",
            "photographs": f"{int(photographs):,}",
            "seconds": f"{took.seconds:.0f}",
            "of_them_reading,_statistics,_page": ", ".join(f"{float(part):.0f}" for part in parts),
            "seconds_of_processors": f"{took.cpu_seconds:.0f}",
            "most_memory": f"{took.peak_bytes / 1e9:.2f} GB",
        }
        print(*line.values(), sep="\t", flush=True)
        lines.append(line)
    write_csv(RESULT, pa.Table.from_pylist(lines))


if __name__ == "__main__":
    main()
