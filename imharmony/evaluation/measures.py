"""Every measure of a scored picture, in one table: scores, summary, pairs, page and documentation have their columns from it.

A new measure is an entry here, its function in ``metrics`` and a test of that function. It is null in tables that were made before.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from imharmony.evaluation.compared import EPSILON, Pictures
from imharmony.metrics.colour_difference import mean_ciede2000
from imharmony.metrics.detail import doublings
from imharmony.metrics.error import decibels_of

PEAK = 255.0
Of = Literal["protocols", "conventions", "user", "again"]


@dataclass(frozen=True)
class Measure:
    """One number of a scored picture: what it is called, how it is printed and how it is computed.

    ``of`` says which pictures the function is given. ``protocols``: those of every background and quantisation. ``conventions``: those
    of the conventions that name the column, so that it is null elsewhere. ``user``: those of the headline protocol
    alone, so that the column is null under the others. ``again``: the picture of the headline protocol harmonized once more as output,
    and that picture itself as both composite and real; null where a method can make no second picture.
    """

    column: str  # of the table of scores
    name: str
    says: str  # one phrase for the documentation
    function: Callable[[Pictures], float | None]  # None without the network that it needs
    digits: int  # decimals that are printed
    unit: str | None = None
    rises: bool = False  # more is better
    of: Of = "protocols"
    region: Literal["picture", "foreground", "background"] = "picture"  # foreground: undefined where the mask is empty
    is_similarity: bool = False  # from -1 to 1; what is neither this nor decibels is 0 or more
    error: str | None = None  # of decibels: the column of their squared error
    peak: str | None = None  # of decibels, in words
    needs_network: bool = False  # frozen, with weights that are neither shipped nor fetched


_TABLE = (
    Measure(
        "mse",
        "MSE",
        "mean squared error over all pixels and channels",
        lambda seen: seen.mse,
        digits=1,
        unit="levels²",
    ),
    Measure(
        "fmse",
        "fMSE",
        "mean squared error over the foreground, each pixel weighed by the mask",
        lambda seen: seen.errors.foreground,
        digits=1,
        unit="levels²",
        region="foreground",
    ),
    Measure(
        "fmse_products",
        "fMSE of products",
        "squared error of both pictures multiplied by the mask, over the mask's sum: weighed by the mask's square",
        lambda seen: seen.errors.product(),
        digits=1,
        unit="levels²",
        of="conventions",
        region="foreground",
    ),
    Measure(
        "fmse_products_whole_px",
        "fMSE of products, whole pixels",
        "the same over the mask's sum without its fraction",
        lambda seen: seen.errors.product(in_whole_px=True),
        digits=1,
        unit="levels²",
        of="conventions",
        region="foreground",
    ),
    Measure(
        "fmse_whole",
        "fMSE of the whole picture",
        "squared error of the whole picture over the mask's sum",
        lambda seen: seen.errors.whole,
        digits=1,
        unit="levels²",
        of="conventions",
        region="foreground",
    ),
    Measure(
        "psnr_255",
        "PSNR",
        "peak signal-to-noise ratio of the MSE",
        lambda seen: decibels_of(seen.psnr_error, peak=PEAK),
        digits=2,
        unit="dB",
        rises=True,
        error="mse",
        peak="255",
    ),
    Measure(
        "psnr_target",
        "PSNR",
        "peak signal-to-noise ratio of the MSE + 10⁻⁶",
        lambda seen: decibels_of(seen.mse + EPSILON, peak=seen.truth.peak),
        digits=2,
        unit="dB",
        rises=True,
        error="mse",
        peak="the real photograph's maximum",
    ),
    Measure(
        "psnr_range",
        "PSNR",
        "peak signal-to-noise ratio of the MSE",
        lambda seen: decibels_of(seen.mse, peak=seen.output_range),
        digits=2,
        unit="dB",
        rises=True,
        error="mse",
        peak="the output's range",
    ),
    Measure(
        "fpsnr",
        "fPSNR",
        "peak signal-to-noise ratio of the fMSE",
        lambda seen: decibels_of(seen.errors.foreground, peak=PEAK),
        digits=2,
        unit="dB",
        rises=True,
        region="foreground",
        error="fmse",
        peak="255",
    ),
    Measure(
        "ssim",
        "SSIM",
        "structural similarity over the pixels whose window lies inside the picture",
        lambda seen: seen.similarity[0],
        digits=4,
        rises=True,
        is_similarity=True,
    ),
    Measure(
        "fssim",
        "fSSIM",
        "structural similarity over the foreground, each pixel weighed by the mask",
        lambda seen: seen.similarity[1],
        digits=4,
        rises=True,
        region="foreground",
        is_similarity=True,
    ),
    Measure(
        "lpips",
        "LPIPS",
        "learned perceptual distance",
        lambda seen: seen.distance,
        digits=4,
        needs_network=True,
    ),
    Measure(
        "ciede2000",
        "CIEDE2000",
        "mean colour difference over the foreground; about 1 is just noticeable",
        lambda seen: mean_ciede2000(seen.output, seen.truth.levels, seen.weights),
        digits=2,
        of="user",
        region="foreground",
    ),
    Measure(
        "gradient_energy_log2",
        "gradient energy, doublings off",
        "doublings, without a sign, between the foreground's gradient energy and the real one's",
        lambda seen: doublings(*(each.gradient_energy for each in seen.details)),
        digits=2,
        of="user",
        region="foreground",
    ),
    Measure(
        "local_contrast_log2",
        "local contrast, doublings off",
        "doublings, without a sign, between the foreground's local contrast and the real one's",
        lambda seen: doublings(*(each.local_contrast for each in seen.details)),
        digits=2,
        of="user",
        region="foreground",
    ),
    Measure(
        "background_mse",
        "background MSE",
        "mean squared error against the composite outside the mask, which no harmonizer should touch",
        lambda seen: seen.changes_outside.foreground,
        digits=1,
        unit="levels²",
        region="background",
    ),
    Measure(
        "idempotence",
        "idempotence",
        "fMSE between the output and the output harmonized once more; 0 for a method that finds nothing left to do",
        lambda seen: seen.errors.foreground,
        digits=1,
        unit="levels²",
        of="again",
        region="foreground",
    ),
)
MEASURES = {measure.column: measure for measure in _TABLE}  # in the order of the columns
OF_FOREGROUND = tuple(measure.column for measure in _TABLE if measure.region == "foreground")

# One row per test image and protocol.
SCORES = pa.schema(
    [
        ("method", pa.string()),
        ("seed", pa.int64()),
        ("dataset", pa.string()),
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("foreground_ratio", pa.float64()),
        ("background", pa.string()),  # of `protocols`
        ("quantisation", pa.string()),
        ("mask_mean", pa.float64()),  # of the mask at the size scored; foreground_ratio is that of the photograph
        *((column, pa.float64()) for column in MEASURES),
        ("is_flat", pa.bool_()),  # the output's foreground is of one colour and the composite's is not: it counts as harm; null if unknown
        ("code", pa.string()),  # the fingerprint of the stage's code; null for numbers from elsewhere
        ("data_hash", pa.string()),
        ("trained_on", pa.string()),  # what the method learned from, several as objects+people; null for one that learned from none of ours
        ("stands_in_for", pa.string()),  # what its variant names, where another stood in for one of these
    ]
)


def values_of(seen: Pictures, *, of: Of) -> dict[str, float | None]:
    """The columns of the measures of such pictures; None for a measure whose network is absent."""
    return columns_of(seen, (column for column, measure in MEASURES.items() if measure.of == of))


def columns_of(seen: Pictures, columns: Iterable[str]) -> dict[str, float | None]:
    """The same for these columns."""
    return {column: MEASURES[column].function(seen) for column in columns}
