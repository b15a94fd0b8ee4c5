"""What the report computes of scores before the bootstrap, by our batches of rows and by SQL of DuckDB, from the same Parquet files.

Both write, for each method, data set and protocol, the mean of every measure over each photograph's images and over all images; what is
not finite is left out. Each route is a process of its own. ``benchmarks.report_rows --peer duckdb`` calls it. DuckDB is
no dependency: ``pip install --target FOLDER duckdb`` and PYTHONPATH=FOLDER add it.
"""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.processes import watched
from benchmarks.tables import write_csv
from imharmony.evaluation.blocks import ratio_of, sums_of
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.score_sets import Part, Scores, gathered
from imharmony.storage.streams import count_rows, read_batches

RESULT = Path("benchmarks/results/report_engines.csv")
PROTOCOL = ("dataset", "background", "quantisation")
MEMORY_LIMIT = "1GB"
ENGINES = {"pyarrow, 1 thread": ("ours", 1), "DuckDB, 1 thread": ("duckdb", 1), "DuckDB, 2 threads": ("duckdb", 2)}


def part_of(path: Path) -> Part:
    """The rows of ``METHOD/SEED.parquet``."""
    return Part(path.parent.name, int(path.stem), lambda columns: read_batches(path, columns, coded=True))


def ours(paths: Sequence[Path], out: Path) -> None:
    """The means as the report's statistics take them: arrays (photographs, measures) of each method, data set and protocol."""
    with TemporaryDirectory(dir=out) as folder:
        scores = gathered([part_of(path) for path in paths], Path(folder))
        for path in paths:
            columns = [_of_protocol(scores, path, name) for name in sorted(scores.sets)]
            photographs, means = (pa.concat_tables([table for found in columns for table in found[kind]]) for kind in (0, 1))
            _write(out, path, photographs, means)


def _of_protocol(scores: Scores, path: Path, name: str) -> tuple[list[pa.Table], list[pa.Table]]:
    own, photographs, means = scores.sets[name], [], []
    inside = np.ones(len(own.samples), bool)
    for protocol in own.protocols([path.parent.name]):
        metrics, values = own.values((path.parent.name, int(path.stem)), protocol)
        sums, counts = sums_of(values[None], inside)
        of_photographs = tuple(np.add.reduceat(part, own.starts, axis=0) for part in (sums, counts))
        for kept, parts in ((photographs, of_photographs), (means, (sums.sum(0)[None], counts.sum(0)[None]))):
            found = dict(zip(metrics, ratio_of(*parts).T, strict=True))
            texts = {column: pa.repeat(text, len(parts[0])) for column, text in zip(PROTOCOL, (name, *protocol), strict=True)}
            absent = np.full(len(parts[0]), np.nan)
            kept.append(pa.table({**texts, **{metric: found.get(metric, absent) for metric in MEASURES}}))
    return photographs, means


def duckdb(paths: Sequence[Path], out: Path, *, threads: int) -> None:
    """The same by SQL, a file after the other."""
    import duckdb as engine

    averages = ", ".join(f"avg({metric}) FILTER (isfinite({metric})) AS {metric}" for metric in MEASURES)
    keys = ", ".join(PROTOCOL)
    with TemporaryDirectory(dir=out) as folder, engine.connect() as database:
        database.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        database.execute(f"SET threads = {threads}")
        database.execute(f"SET temp_directory = '{folder}'")
        database.execute("SET preserve_insertion_order = false")
        for path in paths:
            for kind, group in (("photographs", f"{keys}, image_id"), ("means", keys)):
                query = f"SELECT {group}, {averages} FROM read_parquet('{path}') GROUP BY {group}"
                database.execute(f"COPY ({query}) TO '{_place(out, path, kind)}' (FORMAT parquet, COMPRESSION zstd)")


def _place(out: Path, path: Path, kind: str) -> Path:
    return out / f"{path.parent.name}_{path.stem}_{kind}.parquet"


def _write(out: Path, path: Path, photographs: pa.Table, means: pa.Table) -> None:
    for kind, table in (("photographs", photographs), ("means", means)):
        pq.write_table(table, _place(out, path, kind), compression="zstd")


def apart(paths: Sequence[Path], one: Path, other: Path) -> float:
    """How far the means of two routes are apart at most, relative to the larger of 1 and the number; infinite where one has none."""
    found = 0.0
    for path in paths:
        for kind in ("photographs", "means"):
            first, second = (pq.read_table(_place(out, path, kind)) for out in (one, other))
            order = [(name, "ascending") for name in (*PROTOCOL, "image_id") if name in second.column_names]
            first = first.take(pa.array(_stable_order(first)))
            second = second.sort_by(order)
            for metric in MEASURES:
                a, b = (table[metric].to_numpy() for table in (first, second))
                if len(a) != len(b) or (np.isnan(a) != np.isnan(b)).any():
                    return np.inf
                known = ~np.isnan(a)
                found = max(found, float((np.abs(a - b) / np.maximum(np.abs(a), 1))[known].max(initial=0)))
    return found


def _stable_order(table: pa.Table) -> np.ndarray:
    """Ours have no number of a photograph, but are in its order."""
    return np.lexsort([np.unique(table[name].to_numpy(zero_copy_only=False), return_inverse=True)[1] for name in PROTOCOL[::-1]])


def compared(groups: Sequence[Sequence[Path]], folder: Path) -> None:
    """Measures every route on each group of files, prints and writes the table; without DuckDB, says so and measures nothing."""
    if importlib.util.find_spec("duckdb") is None:
        print("not installed and left out: duckdb")
        return
    lines = []
    for paths in groups:
        with TemporaryDirectory(dir=folder) as home:
            outs = {name: Path(home, str(place)) for place, name in enumerate(ENGINES)}
            for name, (engine, threads) in ENGINES.items():
                outs[name].mkdir()
                command = [sys.executable, "-m", "benchmarks.report_engines", engine, str(threads), str(outs[name]), *map(str, paths)]
                took = watched(command, outs[name])
                line = {
                    "rows": f"{sum(count_rows(path) for path in paths):,}",
                    "methods": f"{len(paths)}",
                    "engine": name,
                    "seconds": f"{took.seconds:.1f}",
                    "seconds_of_processors": f"{took.cpu_seconds:.1f}",
                    "most_memory": f"{took.peak_bytes / 1e9:.2f} GB",
                    "apart_at_most": "" if engine == "ours" else f"{apart(paths, next(iter(outs.values())), outs[name]):.0e}",
                }
                print(*line.values(), sep="\t", flush=True)
                lines.append(line)
        write_csv(RESULT, lines)


def main() -> None:
    """One route, in the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=["ours", "duckdb"])
    parser.add_argument("threads", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("paths", type=Path, nargs="+")
    options = parser.parse_args()
    if options.engine == "ours":
        ours(options.paths, options.out)
    else:
        duckdb(options.paths, options.out, threads=options.threads)


if __name__ == "__main__":
    main()
