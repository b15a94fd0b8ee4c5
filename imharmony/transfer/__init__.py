"""Colour transfers by name: how the foreground of a real photograph becomes the foreground of a composite."""

from imharmony.transfer.brightness import brightness, draw_brightness
from imharmony.transfer.covariance import mkl, rgb_covariance, xiao_rgb
from imharmony.transfer.fecker import fecker_ycbcr, ycbcr_histogram
from imharmony.transfer.histogram import histogram, rgb_histogram
from imharmony.transfer.hmh_code import draw_hmh_msrcr_code, hmh_moments, hmh_msrcr_code, hmh_reinhard_code
from imharmony.transfer.idt import idt, idt_sample
from imharmony.transfer.illumination import draw_illumination, illumination
from imharmony.transfer.kinds import ByParameters, ByPlace, ByReference, Transfer
from imharmony.transfer.lalphabeta import lalphabeta_moments, reinhard_lalphabeta
from imharmony.transfer.luminance import luminance
from imharmony.transfer.lut import draw_lut, lut
from imharmony.transfer.moments import LIGHTNESS, in_lab, look
from imharmony.transfer.msrcr import draw_msrcr, msrcr
from imharmony.transfer.photometric import draw_photometric, photometric
from imharmony.transfer.random_poisson import colours_by_place, draw_random_poisson, random_poisson
from imharmony.transfer.reinhard_lab import reinhard_lab

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
    "random_poisson": ByPlace(colours_by_place, draw_random_poisson, random_poisson),
    "hmh_reinhard_code": ByReference(hmh_moments, hmh_reinhard_code),
    "hmh_msrcr_code": ByParameters(draw_hmh_msrcr_code, hmh_msrcr_code, sees_photograph=True),
}

# Those that need no other photograph: what may grade one as a whole.
GRADES: dict[str, ByParameters] = {name: transfer for name, transfer in TRANSFERS.items() if isinstance(transfer, ByParameters)}
