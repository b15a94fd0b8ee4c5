"""The protocols behind published scores, by name, each a filter on a table of scores.

Numbers of two papers compare only where these agree; one and the same picture differs by decibels between them. What each code
does was read in the code (``convention_words``). Masks are taken as they are, soft where they are soft.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.protocols import Background, Protocol, Quantisation
from imharmony.storage.tables import read_table

Psnr = Literal["psnr_255", "psnr_target", "psnr_range"]
Fmse = Literal["fmse", "fmse_products", "fmse_products_whole_px", "fmse_whole"]


@dataclass(frozen=True)
class Convention:
    """Which rows of ``measures.SCORES`` a code's numbers are, and which columns.

    Every convention has ``mse`` and PSNR against its own peak. ``fmse`` is the column of its foreground error, None where its code
    reports none. ``also`` are the other measures whose formula is the code's own too; no other is offered under its name.
    """

    background: Background
    quantisation: Quantisation
    psnr: Psnr
    fmse: Fmse | None
    also: tuple[str, ...] = ()

    @property
    def protocol(self) -> Protocol:
        """Background and quantisation."""
        return self.background, self.quantisation

    def column(self, measure: str) -> str | None:
        """The column of scores that a measure of ``COUNTED`` is under this convention; None where it is not offered."""
        own = {"psnr": self.psnr, "fmse": self.fmse, "mse": "mse"}
        return own.get(measure, measure if measure in self.also else None)


PEAKS = get_args(Psnr)
FOREGROUND_ERRORS = get_args(Fmse)
OURS = tuple(column for column in MEASURES if column not in ("mse", *PEAKS, *FOREGROUND_ERRORS))
HEADLINE = Convention("composite", "uint8", "psnr_255", "fmse", also=OURS)
CONVENTIONS: dict[str, Convention] = {  # what each of them does, in words: `convention_words`
    "headline": HEADLINE,
    "dovenet": Convention("raw", "truncated", "psnr_range", "fmse_products"),
    "harmonizer": Convention("raw", "float", "psnr_range", "fmse_products_whole_px"),
    "samsung": Convention("raw", "float", "psnr_target", "fmse"),
    "rainnet": Convention("real_twice", "truncated", "psnr_255", None),
    "hdnet": Convention("real_twice", "truncated", "psnr_255", "fmse_whole"),
    "pctnet": Convention("weighed", "float", "psnr_255", "fmse", also=("ssim",)),
    "diffharmony": Convention("real", "output_cut", "psnr_255", "fmse_products"),
    "report_001": Convention("raw", "uint8", "psnr_255", None, also=("lpips",)),
    "report_002_unet3plus": Convention("real", "truncated", "psnr_range", None),
    "report_003": Convention("raw", "float", "psnr_255", None, also=("lpips",)),
}
COUNTED = {  # what `under` gives: every measure, and PSNR and fMSE once, as the convention has them
    "fmse": MEASURES["fmse"],
    "psnr": replace(MEASURES[HEADLINE.psnr], column="psnr", peak=None),
    "mse": MEASURES["mse"],
    **{column: MEASURES[column] for column in OURS},
}

HEADLINE_MEANS = {"fmse": "fmse", "psnr": HEADLINE.psnr, "ssim": "ssim"}


def rows_of(table: pa.Table, convention: Convention = HEADLINE) -> pa.Table:
    """The rows of a table of scores, or of a summary, that have the convention's background and quantisation."""
    return table.filter(_of(convention))


def _of(convention: Convention) -> pc.Expression:
    return (pc.field("background") == convention.background) & (pc.field("quantisation") == convention.quantisation)


def named_convention(name: str) -> Convention:
    """A convention; an unknown name is an ``InputError``."""
    if name not in CONVENTIONS:
        raise InputError(f"convention is {name!r}; expected one of {sorted(CONVENTIONS)}")
    return CONVENTIONS[name]


def headline_means(scores: pa.Table) -> dict[str, dict[str, float]]:
    """Means over the images of each data set under the headline protocol; infinite PSNRs and unknown metrics are left out."""
    rows = rows_of(scores)
    means: dict[str, dict[str, float]] = {}
    for dataset in sorted(set(rows["dataset"].to_pylist())):
        part = rows.filter(pc.field("dataset") == dataset)
        columns = {name: part[column].drop_null().to_numpy() for name, column in HEADLINE_MEANS.items()}
        finite = {name: values[np.isfinite(values)] for name, values in columns.items()}
        means[dataset] = {name: float(values.mean()) for name, values in finite.items() if len(values)} | {"images": part.num_rows}
    return means


def read_headline_means(path: Path) -> dict[str, dict[str, float]]:
    """``headline_means`` of a table of scores, of which no more is held than the columns that they are of, under that protocol."""
    return headline_means(read_table(path, ["background", "quantisation", "dataset", *HEADLINE_MEANS.values()], _of(HEADLINE)))


def under(scores: pa.Table, name: str) -> pa.Table:
    """The scores of each image as the named convention counts them: the image's names and ``COUNTED``, null where it is not offered."""
    chosen = named_convention(name)
    rows = rows_of(scores, chosen)
    if scores.num_rows and not rows.num_rows:
        raise InputError(
            f"no scores with background {chosen.background}, quantisation {chosen.quantisation}, as {name} has it; score again"
        )
    columns = {column: rows[column] for column in ("method", "seed", "dataset", "sample_id", "image_id", "foreground_ratio")}
    unknown = pa.nulls(rows.num_rows, pa.float64())
    measures = {measure: rows[column] if (column := chosen.column(measure)) else unknown for measure in COUNTED}
    return pa.table({**columns, **measures})
