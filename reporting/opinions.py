"""What people thought of the pictures: tables of ``harmonize study report`` that were put into ``reports/studies/``."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.storage.shards import Row
from opinion_study.tables import SCORE, ranked


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
    rows: list[Row]  # of ``OPINIONS``, the highest first; methods that nobody judged last


def opinion_studies(opinions: pa.Table) -> list[OpinionStudy]:
    """What the page shows of a table of opinions."""
    names = list(dict.fromkeys(opinions["study"].to_pylist()))
    return [_study(name, opinions.filter(pc.field("study") == name).to_pylist()) for name in names]


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
