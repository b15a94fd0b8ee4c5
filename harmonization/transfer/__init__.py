"""Colour transfers by name: how the foreground of a real photograph becomes the foreground of a composite."""

from harmonization.transfer.kinds import ByReference, Transfer
from harmonization.transfer.luminance import luminance
from harmonization.transfer.moments import LIGHTNESS, in_lab, look
from harmonization.transfer.reinhard_lab import reinhard_lab

TRANSFERS: dict[str, Transfer] = {
    "reinhard_lab": ByReference(look, in_lab(reinhard_lab)),
    "luminance": ByReference(look, in_lab(luminance), channels=LIGHTNESS),
}
