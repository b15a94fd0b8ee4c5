"""``harmonize score``: any method's pictures under every protocol, as the pipeline scores its own, or its own table of scores."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.evaluation.convention_words import WORDS
from imharmony.evaluation.conventions import CONVENTIONS, under
from imharmony.evaluation.imported import score_table
from imharmony.evaluation.outputs import score_outputs
from imharmony.evaluation.published import described_averages, published_averages
from imharmony.metrics.perceptual import BACKBONES, load_lpips
from imharmony.storage.names import expect_name
from imharmony.storage.places import expect_place
from imharmony.storage.tables import writer_for

LEAST_PX, MOST_PX = 16, 4096  # a side that is scored: a composite of the largest takes 120 MB
SIZE_PX, SPLIT, METHOD = 256, "test", "outside"


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(arguments)
    write = writer_for(options.out) if options.out else None
    if options.published:
        return _published(options, write)
    for name, value in (("size", SIZE_PX), ("split", SPLIT), ("method", METHOD)):
        setattr(options, name, value if getattr(options, name) is None else getattr(options, name))
    if not LEAST_PX <= options.size <= MOST_PX:
        raise InputError(f"--size {options.size}: expected {LEAST_PX} to {MOST_PX}")
    expect_name(options.method, of="--method")
    if options.dataset is None:
        raise InputError("--dataset is missing; expected the folder of composites that were scored, or --published for a table alone")
    if options.out:
        expect_place(options.out, inputs=[options.table] if options.table else [])
    table = _outputs(options) if options.table is None else _table(options)
    if write:
        write(options.out, table)
    return _described(table, [options.convention] if options.convention else list(CONVENTIONS)), 0


def _parser() -> argparse.ArgumentParser:
    epilog = "Composites without a truth: harmonize score --realism PICTURE MASK ..., see harmonize score --realism --help."
    parser = argparse.ArgumentParser(prog="harmonize score", description=__doc__, epilog=epilog)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--outputs", type=Path, help="the folder of pictures: <sample_id>.png or .jpg, one for each composite")
    given.add_argument("--table", type=Path, help="scores computed elsewhere, .csv or .parquet, a row for each composite")
    parser.add_argument("--dataset", type=Path, help="the folder of composites: manifest.parquet and shards")
    alone = "a table of iHarmony4's images, averaged as papers do, by subset and by foreground; without --dataset and --convention"
    parser.add_argument("--published", action="store_true", help=alone)
    parser.add_argument("--size", type=int, help=f"pixels a side that are scored, or at which the table was made; {SIZE_PX}")
    parser.add_argument("--split", help=f"of the data set; {SPLIT}")
    parser.add_argument("--method", help=f"its name in the table; {METHOD}")
    parser.add_argument("--lpips", choices=sorted(BACKBONES), help="of pictures: LPIPS too, with this backbone")
    parser.add_argument("--convention", help=f"of a table: under which it was made, one of {', '.join(CONVENTIONS)}")
    its_own = "of a table: which of its columns is which; name=THEIRS for the image's name, then mse=THEIRS, psnr_255=THEIRS, ..."
    parser.add_argument("--column", action="append", default=[], metavar="OURS=THEIRS", help=its_own)
    parser.add_argument("--letters", help="of a table: only rows whose name begins with just these, as c for iHarmony4's HCOCO")
    parser.add_argument("--out", type=Path, help="where to write the scores of each image under every protocol, .parquet or .csv")
    return parser


def _outputs(options: argparse.Namespace) -> pa.Table:
    if options.convention or options.column or options.letters is not None:
        raise InputError("--convention, --column and --letters are of a --table; pictures are scored under every convention")
    perceptual = load_lpips(options.lpips) if options.lpips else None
    names = {"method": options.method, "size_px": options.size, "split": options.split}
    return score_outputs(options.outputs, options.dataset, perceptual=perceptual, **names)


def _published(options: argparse.Namespace, write: Callable[[Path, pa.Table], None] | None) -> tuple[str, int]:
    names = ("dataset", "convention", "letters", "lpips", "size", "split", "method")
    others = {f"--{name}": getattr(options, name) for name in names}
    if options.table is None:
        raise InputError("--published is of a --table of scores; pictures need the --dataset that they are of")
    if given := [name for name, value in others.items() if value is not None]:
        raise InputError(f"--published with {given[0]}; expected neither: the table is averaged as it is")
    if options.out:
        expect_place(options.out, inputs=[options.table])
    table = published_averages(options.table, columns=_column_names(options))
    if write and options.out:
        write(options.out, table)
    return described_averages(table), 0


def _column_names(options: argparse.Namespace) -> dict[str, str]:
    pairs = [column.partition("=") for column in options.column]
    if wrong := [f"{ours}{sign}{theirs}" for ours, sign, theirs in pairs if not (ours and theirs)]:
        raise InputError(f"--column {wrong[0]}: expected OURS=THEIRS, as in mse=MSE")
    columns = {ours: theirs for ours, _, theirs in pairs}
    if len(columns) < len(pairs):
        raise InputError(f"--column names a column of ours twice: {' '.join(options.column)}; expected each once")
    return columns


def _table(options: argparse.Namespace) -> pa.Table:
    if options.lpips:
        raise InputError("--lpips is of pictures; expected --column lpips=THEIRS, if the table has one")
    if options.convention is None:
        raise InputError(f"--table without --convention; expected one of {sorted(CONVENTIONS)}: numbers alone do not say")
    columns = _column_names(options)
    names = {"method": options.method, "size_px": options.size, "split": options.split}
    return score_table(options.table, options.dataset, columns=columns, convention=options.convention, letters=options.letters, **names)


def _described(table: pa.Table, conventions: list[str]) -> str:
    lines = [f"{'convention':22}{'MSE':>10}{'PSNR':>8}{'fMSE':>10}  images  note"]
    for name in conventions:
        rows = under(table, name)
        means = (_mean(rows[column]) for column in ("mse", "psnr", "fmse"))
        cells = "".join(f"{mean:>{width}}" for mean, width in zip(means, (10, 8, 10), strict=True))
        lines.append(f"{name:22}{cells}{rows.num_rows:8}  {WORDS[name].note}".rstrip())
    empty = sorted(set(table.filter(pc.field("mask_mean") == 0)["sample_id"].to_pylist()))
    if empty:
        lines.append(
            f"{len(empty)} images have an empty mask at this size, first {empty[0]}: none of their numbers on the foreground counts"
        )
    return "\n".join(lines)


def _mean(column: pa.ChunkedArray) -> str:
    """Over the finite values; infinite PSNRs are not averaged."""
    finite = [value for value in column.to_pylist() if value is not None and math.isfinite(value)]
    return f"{sum(finite) / len(finite):.2f}" if finite else "-"
