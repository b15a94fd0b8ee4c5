"""``harmonize score --realism``: how real composites look where no truth exists, and how well that agrees with labels that you have."""

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.photo_files import read_photograph, srgb_of
from imharmony.pictures.visible import filled
from imharmony.realism.critic import load_critic
from imharmony.realism.database import load_database
from imharmony.realism.judging import JUDGED, JUDGES, REALISM, Judges, areas, realism
from imharmony.storage.places import expect_place
from imharmony.storage.shards import Row
from imharmony.storage.tables import writer_for

FLAGS = ("--realism", "--labelled")
KINDS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
COLUMNS = ["picture", "mask", "label"]
PHOTOGRAPH = "photograph"  # a fourth column: pictures of one photograph are drawn together
REAL, COMPOSITE = "real", "composite"
BOOTSTRAP = 2000
SCORES = pa.schema([("picture", pa.string()), ("mask", pa.string()), *((name, pa.float64()) for name in JUDGES)])


class Given(NamedTuple):
    """A picture to judge; label and photograph are those of a table of labels."""

    picture: Path
    mask: Path
    label: str = ""
    photograph: str = ""


def is_asked_for(arguments: list[str]) -> bool:
    """Whether arguments of ``harmonize score`` are for this command."""
    return any(each.partition("=")[0] in FLAGS for each in arguments)


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = _parser().parse_args(arguments)
    write = writer_for(options.out) if options.out else None
    given = labelled(options.labelled) if options.labelled else _paired(options.realism)
    if options.out:
        files = [options.labelled, options.database, options.critic, *(path for each in given for path in each[:2])]
        expect_place(options.out, inputs=[path for path in files if path is not None])
    judges = Judges(
        None if options.database is None else load_database(options.database)[0],
        None if options.critic is None else load_critic(options.critic)[:2],
    )
    rows = [{"picture": str(each.picture), "mask": str(each.mask), **_judged(each, judges)} for each in given]
    if write:
        write(options.out, pa.Table.from_pylist(rows, schema=SCORES))
    return _areas(given, rows) if options.labelled else _table(rows), 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="harmonize score", description=__doc__, allow_abbrev=False)
    what = parser.add_mutually_exclusive_group(required=True)
    pairs = "pictures, each followed by its mask; or a folder of pictures and one of masks of the same names"
    what.add_argument("--realism", type=Path, nargs="+", metavar="PATH", help=pairs)
    labels = (
        f"a .csv with the columns {', '.join(COLUMNS)} ({REAL} or {COMPOSITE}) and, if some share one, {PHOTOGRAPH}; paths from its folder"
    )
    what.add_argument("--labelled", type=Path, metavar="CSV", help=labels)
    parser.add_argument("--database", type=Path, help="database.safetensors of a run; without it only the local and learned judges")
    parser.add_argument("--critic", type=Path, help="model.safetensors of a run's critic of realism; without it no learned judge")
    parser.add_argument("--out", type=Path, help="where to write the scores of each picture, .parquet or .csv")
    return parser


def _paired(paths: list[Path]) -> list[Given]:
    if len(paths) == 2 and all(path.is_dir() for path in paths):
        return _of_folders(*paths)
    if len(paths) % 2:
        raise InputError(f"--realism got {len(paths)} paths; expected a mask after each picture; the last is {paths[-1]}")
    return [Given(*pair) for pair in zip(paths[::2], paths[1::2], strict=True)]


def _of_folders(pictures: Path, masks: Path) -> list[Given]:
    """Pictures and masks of equal names, whatever their endings."""
    found = []
    for folder in (pictures, masks):
        names: dict[str, Path] = {}
        for path in sorted(each for each in folder.iterdir() if each.suffix.lower() in KINDS):
            if path.stem in names:
                raise InputError(f"{folder}: {names[path.stem].name} and {path.name} have one name; expected each once; remove one")
            names[path.stem] = path
        found.append(names)
    own, other = found
    if alone := sorted(own.keys() ^ other.keys()):
        came = f"{len(alone)} names are in one of {pictures} and {masks} alone, first {alone[0]}"
        raise InputError(f"{came}; expected a mask for each picture, and none without; add or remove them")
    if not own:
        raise InputError(f"{pictures}: no pictures; expected files that end in {', '.join(KINDS)}")
    return [Given(path, other[name]) for name, path in own.items()]


def labelled(path: Path) -> list[Given]:
    """The rows of a table of labels; one that is not whole raises an ``InputError`` that names the file and the line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            header = list(reader.fieldnames or [])
            if missing := [name for name in COLUMNS if name not in header]:
                raise InputError(f"{path}: columns {header}; expected {missing} as well; name them in its first line")
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; expected a .csv with the columns {', '.join(COLUMNS)}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table in UTF-8 ({error}); save it as .csv") from error
    given = [_given(path, line, row) for line, row in rows]
    kinds = [each.label for each in given]
    if absent := [label for label in (REAL, COMPOSITE) if label not in kinds]:
        came = f"{len(given)} rows, none of them {' or '.join(absent)}"
        raise InputError(f"{path}: {came}; expected one or more {REAL} and {COMPOSITE} pictures, to tell them apart; add some")
    return given


def _given(path: Path, line: int, row: dict[str, str | None]) -> Given:
    if None in row:
        raise InputError(f"{path}, line {line}: more cells than columns; expected as many; quote paths that have commas")
    if row["label"] not in (REAL, COMPOSITE) or not row["picture"] or not row["mask"]:
        came = f"picture {row['picture']!r}, mask {row['mask']!r}, label {row['label']!r}"
        raise InputError(f"{path}, line {line}: {came}; expected two paths and {REAL} or {COMPOSITE}; correct the line")
    return Given(path.parent / row["picture"], path.parent / row["mask"], row["label"], row.get(PHOTOGRAPH) or row["picture"])


def _judged(given: Given, judges: Judges) -> dict[str, float | None]:
    photograph, mask = read_photograph(given.picture), read_mask(given.mask)
    picture = srgb_of(photograph, name=str(given.picture))
    try:
        if picture.shape[:2] == mask.shape:
            picture = filled(picture, photograph.alpha, mask, name=str(given.picture))
        return realism(picture, mask / 255, judges)
    except InputError as error:
        raise error if str(error).startswith(str(given.picture)) else InputError(f"{given.mask}: {error}") from error


def _table(rows: list[Row]) -> str:
    """A line for each picture; judges that are absent are dashes."""
    lines = ["".join(f"{name:>15}" for name in JUDGES) + "  picture"]
    lines += ["".join(f"{_number(row[name]):>15}" for name in JUDGES) + f"  {row['picture']}" for row in rows]
    rising = ", ".join(name for name, judge in JUDGES.items() if judge.rises)
    return "\n".join([*lines, f"lower is more realistic; of {rising} higher"])


def _areas(given: list[Given], rows: list[Row]) -> str:
    """A line for each judge: how well it tells what is labelled real from what is labelled a composite."""
    places = {name: place for place, name in enumerate(dict.fromkeys(each.photograph for each in given))}
    named: Iterable[Row] = (
        {"dataset": "labelled", "sample_id": str(each.picture), "image_id": places[each.photograph], "is_real": each.label == REAL}
        for each in given
    )
    told = [name | {judge: row[judge] for judge in JUDGES} for name, row in zip(named, rows, strict=True)]
    found = areas(pa.Table.from_pylist(told, schema=JUDGED), judges="labelled", bootstrap=BOOTSTRAP).select(REALISM.names[1:])
    lines = [f"{'judge':15}{'AUC':>7}   95 % interval  real composites photographs"]
    for row in found.to_pylist():
        interval = "-" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"
        counts = f"{row['n_real']:6}{row['n_composites']:11}{row['n_photographs']:12}"
        lines.append(f"{row['judge']:15}{row['auc']:7.3f}{interval:>16}{counts}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.4f}"
