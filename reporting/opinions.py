"""What people thought of the pictures: tables of ``harmonize study report`` that were put into ``reports/studies/``."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_table
from opinion_study.tables import OPINIONS, SCORE, ranked
from pipeline.steps.paths import REPORTS

STUDIES = REPORTS / "studies"


@dataclass(frozen=True)
class OpinionStudy:
    """One study on the page."""

    name: str
    mode: str  # rating | pairs
    dataset: str
    raters: int  # who count
    images: int
    left_out: int  # raters who missed attention checks
    unfinished: int  # of those who count
    agreement: dict[str, float | None]  # alpha_ordinal, alpha_interval, kendall_u
    score: str  # the column that the study is about
    rows: list[Row]  # of ``OPINIONS``, the best method first; methods that nobody judged last


def read_opinions(studies: Iterable[str]) -> pa.Table:
    """The rows of all studies that the parameters name, one study after the other, under these names."""
    tables = [_read(name) for name in studies]
    return pa.concat_tables([OPINIONS.empty_table(), *tables])


def opinion_studies(opinions: pa.Table) -> list[OpinionStudy]:
    """What the page shows of a table of opinions."""
    names = list(dict.fromkeys(opinions["study"].to_pylist()))
    return [_study(name, opinions.filter(pc.field("study") == name).to_pylist()) for name in names]


def _read(name: str) -> pa.Table:
    path = STUDIES / f"{name}.parquet"
    advice = f"write it with `harmonize study report STUDY --out {path}` or take {name!r} out of `studies` in params.yaml"
    if not path.is_file():
        raise InputError(f"{path}: no such table, which `studies` in params.yaml names; {advice}")
    table = read_table(path)
    if not table.schema.equals(OPINIONS):
        raise InputError(f"{path}: columns are {table.schema.names}; expected {OPINIONS.names}; {advice}")
    if table.num_rows == 0:
        raise InputError(f"{path}: no rows; expected one for each method; {advice}")
    return table.set_column(0, OPINIONS.field("study"), pa.array([name] * table.num_rows))


def _study(name: str, rows: list[Row]) -> OpinionStudy:
    first = rows[0]
    return OpinionStudy(
        name=name,
        mode=first["mode"],
        dataset=first["dataset"],
        raters=max(row["n_raters"] for row in rows),
        images=max(row["n_images"] for row in rows),
        left_out=first["n_left_out"],
        unfinished=first["n_unfinished"],
        agreement={key: first[key] for key in ("alpha_ordinal", "alpha_interval", "kendall_u")},
        score=SCORE[first["mode"]],
        rows=ranked(rows),
    )
