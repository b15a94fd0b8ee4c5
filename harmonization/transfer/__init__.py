"""Colour transfers by name: how the foreground of a real photograph becomes the foreground of a composite."""

from harmonization.transfer.brightness import brightness, draw_brightness
from harmonization.transfer.covariance import mkl, rgb_covariance, xiao_rgb
from harmonization.transfer.fecker import fecker_ycbcr, ycbcr_histogram
from harmonization.transfer.histogram import histogram, rgb_histogram
from harmonization.transfer.idt import idt, idt_sample
from harmonization.transfer.illumination import draw_illumination, illumination
from harmonization.transfer.kinds import ByParameters, ByReference, Transfer
from harmonization.transfer.lalphabeta import lalphabeta_moments, reinhard_lalphabeta
from harmonization.transfer.luminance import luminance
from harmonization.transfer.lut import draw_lut, lut
from harmonization.transfer.moments import LIGHTNESS, in_lab, look
from harmonization.transfer.msrcr import draw_msrcr, msrcr
from harmonization.transfer.photometric import draw_photometric, photometric
from harmonization.transfer.reinhard_lab import reinhard_lab

TRANSFERS: dict[str, Transfer] = {
    "reinhard_lab": ByReference(look, in_lab(reinhard_lab)),
    "luminance": ByReference(look, in_lab(luminance), channels=LIGHTNESS),
    "reinhard_lalphabeta": ByReference(lalphabeta_moments, reinhard_lalphabeta),
    "xiao_rgb": ByReference(rgb_covariance, xiao_rgb),
    "mkl": ByReference(rgb_covariance, mkl),
    "histogram": ByReference(rgb_histogram, histogram),
    "fecker_ycbcr": ByReference(ycbcr_histogram, fecker_ycbcr),
    "idt": ByReference(idt_sample, idt, needs_regrain=True),
    "photometric": ByParameters(draw_photometric, photometric),
    "lut": ByParameters(draw_lut, lut),
    "brightness": ByParameters(draw_brightness, brightness),
    "illumination": ByParameters(draw_illumination, illumination, sees_photograph=True),
    "msrcr": ByParameters(draw_msrcr, msrcr, sees_photograph=True),
}
