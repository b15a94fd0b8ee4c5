"""Every measure of a scored picture, in one table: scores, summary, pairs, page and documentation have their columns from it.

A new measure is an entry here, its function in ``metrics`` and a test of that function. It is null in tables that were made before.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa
import torch
from torch import Tensor, nn

from imharmony.metrics.colour_difference import foreground_ciede2000
from imharmony.metrics.detail import detail_distance, gradient_energy, local_contrast
from imharmony.metrics.error import background_mse, decibels, errors, foreground_mse, product_mse, weighed_mse, whole_mse
from imharmony.metrics.perceptual import lpips
from imharmony.metrics.ssim import mean_of_whole_windows, mean_over_mask, ssim_map

PEAK = 255.0
EPSILON = 1e-6  # squared levels that Samsung's codes and PCT-Net's add to an error before they take its logarithm
FLAT_RANGE = 1.0  # level; the range of a picture of one colour, whose logarithm would be infinite and in no mean
Of = Literal["protocols", "conventions", "user", "again"]


@dataclass(frozen=True)
class Pictures:
    """What a measure looks at, and what several measures share of it, computed once.

    Images are float (B, 3, H, W) in [0, 255], masks (B, 1, H, W) in [0, 1].
    """

    output: Tensor
    real: Tensor
    composite: Tensor
    mask: Tensor
    perceptual: nn.Module | None = None  # the network of LPIPS, where its weights are present
    is_weighed: bool = False  # the picture's error is weighed by the mask, as PCT-Net's code has it

    @cached_property
    def mse(self) -> Tensor:
        """Squared error of the picture."""
        return weighed_mse(self.output, self.real, self.mask) if self.is_weighed else self._errors[0]

    @property
    def psnr_error(self) -> Tensor:
        """What the decibels against 255 are of."""
        return self.mse + EPSILON if self.is_weighed else self.mse

    @cached_property
    def fmse(self) -> Tensor:
        """Squared error of the foreground."""
        return self._errors[1]

    @cached_property
    def similarity(self) -> Tensor:
        """SSIM at each pixel."""
        return ssim_map(self.output, self.real)

    @property
    def output_range(self) -> Tensor:
        """The output's maximum minus its minimum, above 0."""
        found = self.output.amax((1, 2, 3)) - self.output.amin((1, 2, 3))
        return torch.where(found > 0, found, FLAT_RANGE)

    @cached_property
    def _errors(self) -> tuple[Tensor, Tensor]:
        return errors(self.output, self.real, self.mask)


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
    function: Callable[[Pictures], Tensor | None]  # (B,); None without the network that it needs
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
        lambda seen: seen.fmse,
        digits=1,
        unit="levels²",
        region="foreground",
    ),
    Measure(
        "fmse_products",
        "fMSE of products",
        "squared error of both pictures multiplied by the mask, over the mask's sum: weighed by the mask's square",
        lambda seen: product_mse(seen.output, seen.real, seen.mask),
        digits=1,
        unit="levels²",
        of="conventions",
        region="foreground",
    ),
    Measure(
        "fmse_products_whole_px",
        "fMSE of products, whole pixels",
        "the same over the mask's sum without its fraction",
        lambda seen: product_mse(seen.output, seen.real, seen.mask, in_whole_px=True),
        digits=1,
        unit="levels²",
        of="conventions",
        region="foreground",
    ),
    Measure(
        "fmse_whole",
        "fMSE of the whole picture",
        "squared error of the whole picture over the mask's sum",
        lambda seen: whole_mse(seen.output, seen.real, seen.mask),
        digits=1,
        unit="levels²",
        of="conventions",
        region="foreground",
    ),
    Measure(
        "psnr_255",
        "PSNR",
        "peak signal-to-noise ratio of the MSE",
        lambda seen: decibels(seen.psnr_error, peak=PEAK),
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
        lambda seen: decibels(seen.mse + EPSILON, peak=seen.real.amax((1, 2, 3))),
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
        lambda seen: decibels(seen.mse, peak=seen.output_range),
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
        lambda seen: decibels(seen.fmse, peak=PEAK),
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
        lambda seen: mean_of_whole_windows(seen.similarity),
        digits=4,
        rises=True,
        is_similarity=True,
    ),
    Measure(
        "fssim",
        "fSSIM",
        "structural similarity over the foreground, each pixel weighed by the mask",
        lambda seen: mean_over_mask(seen.similarity, seen.mask),
        digits=4,
        rises=True,
        region="foreground",
        is_similarity=True,
    ),
    Measure(
        "lpips",
        "LPIPS",
        "learned perceptual distance",
        lambda seen: None if seen.perceptual is None else lpips(seen.output, seen.real, network=seen.perceptual),
        digits=4,
        needs_network=True,
    ),
    Measure(
        "ciede2000",
        "CIEDE2000",
        "mean colour difference over the foreground; about 1 is just noticeable",
        lambda seen: foreground_ciede2000(seen.output, seen.real, seen.mask),
        digits=2,
        of="user",
        region="foreground",
    ),
    Measure(
        "gradient_energy_log2",
        "gradient energy, doublings off",
        "doublings, without a sign, between the foreground's gradient energy and the real one's",
        lambda seen: detail_distance(gradient_energy, seen.output, seen.real, seen.mask),
        digits=2,
        of="user",
        region="foreground",
    ),
    Measure(
        "local_contrast_log2",
        "local contrast, doublings off",
        "doublings, without a sign, between the foreground's local contrast and the real one's",
        lambda seen: detail_distance(local_contrast, seen.output, seen.real, seen.mask),
        digits=2,
        of="user",
        region="foreground",
    ),
    Measure(
        "background_mse",
        "background MSE",
        "mean squared error against the composite outside the mask, which no harmonizer should touch",
        lambda seen: background_mse(seen.output, seen.composite, seen.mask),
        digits=1,
        unit="levels²",
        region="background",
    ),
    Measure(
        "idempotence",
        "idempotence",
        "fMSE between the output and the output harmonized once more; 0 for a method that finds nothing left to do",
        lambda seen: foreground_mse(seen.output, seen.real, seen.mask),
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


def values_of(seen: Pictures, *, of: Of) -> dict[str, list[float] | list[None]]:
    """The columns of the measures of such pictures, a value for each picture; None for a measure whose network is absent."""
    return columns_of(seen, [column for column, measure in MEASURES.items() if measure.of == of])


def columns_of(seen: Pictures, columns: Iterable[str]) -> dict[str, list[float] | list[None]]:
    """The same for these columns."""
    found = {column: MEASURES[column].function(seen) for column in columns}
    return {column: [None] * len(seen.output) if values is None else values.tolist() for column, values in found.items()}
