"""Scores that somebody else computed, image by image, as rows of ours.

The table is a CSV or a Parquet file with one row per image. It is told which of its columns are which of ours, and under which
convention (``conventions``) it was made, which says the background and the quantisation. Nothing can be recomputed from numbers:
what the table lacks stays null, and where its numbers contradict each other (``consistency``) it is refused.
"""

import csv
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.consistency import Column, check_columns
from imharmony.evaluation.conventions import FOREGROUND_ERRORS, PEAKS, Convention, named_convention
from imharmony.evaluation.measures import MEASURES, OF_FOREGROUND, SCORES
from imharmony.evaluation.outputs import LETTERS, names_of, packed_once, samples_by_name, stem_of, without_letters
from imharmony.evaluation.scoring import pictures_of
from imharmony.storage.shards import Row

NAME = "name"  # the column that says which image a row is of
Cells = dict[str, list[object]]


def score_table(
    file: Path,
    composites: Path,
    *,
    columns: Mapping[str, str],
    convention: str,
    method: str,
    size_px: int,
    split: str = "test",
    letters: str | None = None,
) -> pa.Table:
    """The rows of ``measures.SCORES`` of a table for a folder of composites; the seed is 0, the code null."""
    cells = _cells_of(file, columns, convention)  # first, for packing takes a while
    with packed_once(composites, split=split, size_px=size_px) as packed:
        names = names_of(method, composites, packed)
        rows = _rows(file, cells, packed, names=names, columns=columns, convention=convention, letters=letters)
    return pa.Table.from_pylist(rows, schema=SCORES)


def imported_rows(
    file: Path, packed: PackedSplit, *, names: Row, columns: Mapping[str, str], convention: str, letters: str | None = None
) -> list[Row]:
    """One row for each image of a packed split, in its order.

    ``names`` are the columns that all rows share; ``columns`` maps ``name`` and metrics of ``measures.SCORES`` to the table's own
    columns. With ``letters`` only rows whose image's name begins with just these are read, as iHarmony4 marks its subsets.
    """
    cells = _cells_of(file, columns, convention)
    return _rows(file, cells, packed, names=names, columns=columns, convention=convention, letters=letters)


def expect_table(file: Path, *, columns: Mapping[str, str], convention: str) -> None:
    """Raises an ``InputError`` unless the table is there and has these columns; its rows are not looked at."""
    _cells_of(file, columns, convention)


def _rows(
    file: Path, cells: Cells, packed: PackedSplit, *, names: Row, columns: Mapping[str, str], convention: str, letters: str | None
) -> list[Row]:
    chosen = named_convention(convention)
    order = _order(file, [str(cell) for cell in cells[NAME]], packed.rows, letters)
    samples = packed.rows.select(["sample_id", "image_id", "foreground_ratio"]).to_pylist()
    facts = _facts(packed)
    metrics = {
        metric: _column(file, metric, theirs, [cells[metric][row] for row in order], samples, facts["mask_mean"])
        for metric, theirs in columns.items()
        if metric != NAME
    }
    check_columns(file, [sample["sample_id"] for sample in samples], metrics, facts)
    protocol = {"background": chosen.background, "quantisation": chosen.quantisation}
    return [
        {**names, **sample, **protocol, "mask_mean": float(facts["mask_mean"][index])}
        | {chosen.column(metric) or metric: _plain(column.values[index]) for metric, column in metrics.items()}
        for index, sample in enumerate(samples)
    ]


def _cells_of(file: Path, columns: Mapping[str, str], convention: str) -> Cells:
    """The table's cells under our columns' names."""
    _check_mapping(file, columns, convention, named_convention(convention))
    return read_cells(file, columns)


def _check_mapping(file: Path, columns: Mapping[str, str], name: str, convention: Convention) -> None:
    metrics = [metric for metric in MEASURES if metric not in FOREGROUND_ERRORS[1:]]  # `fmse` is the convention's own
    if unknown := sorted(set(columns) - {NAME, *metrics}):
        raise InputError(f"{file}: columns has {unknown}; expected {NAME} and some of {metrics}")
    if NAME not in columns or len(columns) == 1:
        raise InputError(f"{file}: columns has {list(columns)}; expected {NAME}, the image's name, and at least one metric")
    counted = [metric for metric in metrics if metric == convention.psnr or (metric not in PEAKS and convention.column(metric))]
    if given := [metric for metric in columns if metric not in (NAME, *counted)]:
        raise InputError(f"{file}: columns has {given[0]}; expected what {name} counts, {', '.join(counted)}; remove it from the columns")


def read_cells(file: Path, columns: Mapping[str, str]) -> Cells:
    """The named columns of a CSV or Parquet file, under our names for them."""
    header, read = read_table_of_scores(file)
    for ours, theirs in columns.items():
        if header.count(theirs) != 1:
            raise InputError(f"{file}: {header.count(theirs) or 'no'} columns {theirs!r}, named for {ours}; expected one of {header}")
    return {ours: read[theirs] for ours, theirs in columns.items()}


def read_table_of_scores(file: Path) -> tuple[list[str], Cells]:
    """The names of a table's columns, and its cells."""
    if file.suffix not in READERS:
        raise InputError(f"{file}: expected a name that ends in {' or '.join(READERS)}")
    if not file.is_file():
        raise InputError(f"{file}: no such file; expected a table of scores with a row for each image")
    try:
        return READERS[file.suffix](file)
    except (pa.ArrowInvalid, csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a whole table ({' '.join(str(error).split())}); write it again") from error


def _read_csv(file: Path) -> tuple[list[str], Cells]:
    """Cells as they are written, because their digits say how far they were rounded; a short row ends in None."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        header = list(reader.fieldnames or [])
        rows = []
        for row in reader:
            if None in row:  # more cells than columns, as decimal commas make them
                raise csv.Error(f"line {reader.line_num} has more cells than the {len(header)} columns")
            rows.append(row)
    return header, {name: [row[name] for row in rows] for name in header}


def _read_parquet(file: Path) -> tuple[list[str], Cells]:
    table = pq.read_table(file)
    return table.column_names, {name: table.column(index).to_pylist() for index, name in enumerate(table.column_names)}


READERS: dict[str, Callable[[Path], tuple[list[str], Cells]]] = {".csv": _read_csv, ".parquet": _read_parquet}


def _order(file: Path, names: list[str], rows: pa.Table, letters: str | None) -> list[int]:
    """Which row of the table each sample has; every row must belong to one, and every sample must have one."""
    known, found = samples_by_name(rows), {}
    for index, name in enumerate(names):
        stem = stem_of(name)
        before = stem[: len(stem) - len(without_letters(stem))]
        if letters is not None and before != letters:
            continue
        sample = known.get(without_letters(stem))
        if sample is None:
            beginnings = [] if letters is not None else _beginnings(names)
            advice = f"; say which letters are to be read: names begin with {', '.join(beginnings)}" if len(beginnings) > 1 else ""
            raise InputError(f"{file}: {name!r} is no composite of this split; expected names like {rows['sample_id'][0]}{advice}")
        if sample in found:
            raise InputError(f"{file}: {name!r} is there twice, or {names[found[sample]]!r} is the same; expected each image once")
        found[sample] = index
    samples = rows["sample_id"].to_pylist()
    if missing := [sample for sample in samples if sample not in found]:
        came = f"no row for {len(missing)} of {len(samples)} composites, first {missing[0]}"
        raise InputError(f"{file}: {came}; expected one for each; a score over part of a test set would be of another set")
    return [found[sample] for sample in samples]


def _beginnings(names: list[str]) -> list[str]:
    return sorted({match.group() or "none" for name in names if (match := LETTERS.match(stem_of(name)))})


def _facts(packed: PackedSplit) -> dict[str, np.ndarray]:
    """Of each image the mask's mean, and the peaks that its real photograph gives a PSNR."""
    rows = []
    for index in range(len(packed.real)):
        _, real, mask = pictures_of(packed, index)
        rows.append((mask.double().mean().item(), real.max(), float(real.max()) - float(real.min())))
    return dict(zip(("mask_mean", "psnr_target", "psnr_range"), np.array(rows, dtype=np.float64).T, strict=True))


def _column(file: Path, metric: str, theirs: str, cells: list[object], samples: list[Row], mask_mean: np.ndarray) -> Column:
    """The numbers of a metric; NaN where it is undefined, whatever the table has there, and an error where it is only missing."""
    values, digits = np.full(len(cells), np.nan), 0
    for index, (cell, sample) in enumerate(zip(cells, samples, strict=True)):
        if metric in OF_FOREGROUND and mask_mean[index] == 0:
            continue
        text = str(cell).strip()
        try:
            number = Decimal("nan" if "_" in text else text)  # Python would read 1_0 as 10
        except InvalidOperation:
            number = Decimal("nan")
        if number.is_nan():
            shown = "empty" if cell is None or text == "" else repr(cell)
            raise InputError(f"{file}: {sample['sample_id']}: {theirs} is {shown}; expected a number, for {metric}, in every row")
        values[index] = float(number)
        exponent = number.as_tuple().exponent
        digits = min(digits, exponent) if isinstance(exponent, int) else digits
    return Column(theirs, values, rounding=0.5 * 10.0**digits)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
