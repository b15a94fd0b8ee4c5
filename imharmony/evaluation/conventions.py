"""The protocols behind published scores, by name, each a filter on a table of scores.

Numbers of two papers compare only where these agree; one and the same picture differs by decibels between them. What each code
does was read in the code; a code that leaves something open is said so beside it.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.evaluation.measures import MEASURES

Psnr = Literal["psnr_255", "psnr_target", "psnr_range"]


@dataclass(frozen=True)
class Convention:
    """Which rows of ``measures.SCORES`` a code's numbers are, and which columns.

    ``fmse`` is ``masked``: the squared error weighed by the mask; ``whole``: the error of the whole picture over the
    foreground's area, which is the same only where the background has none; None: not reported.
    """

    background: Literal["raw", "composite", "real"]
    quantisation: Literal["float", "uint8", "truncated"]
    psnr: Psnr
    fmse: Literal["masked", "whole"] | None


HEADLINE = Convention("composite", "uint8", "psnr_255", "masked")
CONVENTIONS: dict[str, Convention] = {
    "headline": HEADLINE,  # ours
    "dovenet": Convention("raw", "truncated", "psnr_range", "masked"),  # and BargainNet, iHarmony4's port of DIH, report 002
    "harmonizer": Convention("raw", "float", "psnr_range", "masked"),
    "samsung": Convention("raw", "float", "psnr_target", "masked"),  # iDIH, iSSAM, HRNet; DucoNet, CO2Net
    "rainnet": Convention("composite", "truncated", "psnr_255", None),
    "hdnet": Convention("real", "truncated", "psnr_255", "whole"),  # its input has the real background too
    "pctnet": Convention("real", "float", "psnr_255", "masked"),
    "diffharmony": Convention("real", "float", "psnr_255", "masked"),  # and R2R; scored after an antialiased 1024 -> 256 px
    "report_001": Convention("raw", "uint8", "psnr_255", None),  # its code only saves pictures, rounded; how they were scored is not in it
    "report_002_unet3plus": Convention("real", "truncated", "psnr_range", None),  # report 002 pastes the truth for this network alone
    "report_003": Convention("raw", "float", "psnr_255", None),  # and 000 by its text: the peak is known, no pasting or rounding assumed
}
PEAKS = get_args(Psnr)
COUNTED = {  # what `under` gives: every measure, and PSNR once, against the convention's peak
    "fmse": MEASURES["fmse"],
    "psnr": replace(MEASURES[HEADLINE.psnr], column="psnr", peak=None),
    **{column: measure for column, measure in MEASURES.items() if column not in ("fmse", *PEAKS)},
}

HEADLINE_MEANS = {"fmse": "fmse", "psnr": HEADLINE.psnr, "ssim": "ssim"}


def rows_of(table: pa.Table, convention: Convention = HEADLINE) -> pa.Table:
    """The rows of a table of scores, or of a summary, that have the convention's background and quantisation."""
    return table.filter((pc.field("background") == convention.background) & (pc.field("quantisation") == convention.quantisation))


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


def under(scores: pa.Table, name: str) -> pa.Table:
    """The scores of each image as the named convention counts them: the image's names and ``COUNTED``; without an ``fmse`` it is null."""
    chosen = named_convention(name)
    rows = rows_of(scores, chosen)
    if scores.num_rows and not rows.num_rows:
        raise InputError(
            f"no scores with background {chosen.background}, quantisation {chosen.quantisation}, as {name} has it; score again"
        )
    fmse = {
        "masked": rows["fmse"],
        "whole": pc.call_function("divide", [rows["mse"], rows["mask_mean"]]),
        None: pa.nulls(rows.num_rows, pa.float64()),
    }
    columns = {column: rows[column] for column in ("method", "seed", "dataset", "sample_id", "image_id", "foreground_ratio")}
    measures = {measure: rows[measure] for measure in COUNTED if measure in MEASURES}
    return pa.table({**columns, **measures, "psnr": rows[chosen.psnr], "fmse": fmse[chosen.fmse]})
