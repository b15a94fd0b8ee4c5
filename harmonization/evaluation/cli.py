"""``harmonize score``: any method's pictures under every protocol, as the pipeline scores its own."""

import argparse
import math
from pathlib import Path

import pyarrow as pa

from harmonization.errors import InputError
from harmonization.evaluation.conventions import CONVENTIONS, under
from harmonization.evaluation.outputs import score_outputs
from harmonization.metrics.perceptual import BACKBONES, load_lpips
from harmonization.tables import write_csv, write_table

WRITERS = {".parquet": write_table, ".csv": write_csv}


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    parser = argparse.ArgumentParser(prog="harmonize score", description=__doc__)
    parser.add_argument(
        "--outputs", type=Path, required=True, help="the folder of pictures: <sample_id>.png or .jpg, one for each composite"
    )
    parser.add_argument("--dataset", type=Path, required=True, help="the folder of composites: manifest.parquet and shards")
    parser.add_argument("--size", type=int, default=256, help="pixels a side that are scored, by default 256")
    parser.add_argument("--split", default="test")
    parser.add_argument("--method", default="outside", help="its name in the table")
    parser.add_argument("--lpips", choices=sorted(BACKBONES), help="LPIPS too, with this backbone")
    parser.add_argument("--out", type=Path, help="where to write the scores of each image under every protocol, .parquet or .csv")
    options = parser.parse_args(arguments)
    if options.out is not None and options.out.suffix not in WRITERS:
        raise InputError(f"{options.out}: expected a name that ends in {' or '.join(WRITERS)}")
    if options.size < 16:
        raise InputError(f"--size {options.size}: expected 16 or more")
    perceptual = load_lpips(options.lpips) if options.lpips else None
    table = score_outputs(
        options.outputs, options.dataset, method=options.method, size_px=options.size, split=options.split, perceptual=perceptual
    )
    if options.out is not None:
        WRITERS[options.out.suffix](options.out, table)
    lines = [f"{'convention':14}{'MSE':>10}{'PSNR':>8}{'fMSE':>10}  images"]
    for name in CONVENTIONS:
        rows = under(table, name)
        means = (_mean(rows[column]) for column in ("mse", "psnr", "fmse"))
        lines.append(
            f"{name:14}" + "".join(f"{mean:>{width}}" for mean, width in zip(means, (10, 8, 10), strict=True)) + f"{rows.num_rows:8}"
        )
    return "\n".join(lines), 0


def _mean(column: pa.ChunkedArray) -> str:
    """Over the finite values; infinite PSNRs are not averaged."""
    finite = [value for value in column.to_pylist() if value is not None and math.isfinite(value)]
    return f"{sum(finite) / len(finite):.2f}" if finite else "-"
