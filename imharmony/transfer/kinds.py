"""The kinds of colour transfer. Pixels of a region are uint8 sRGB (N, 3), N >= 1, in any order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from imharmony.transfer.moments import Channels

Parameters = dict[str, Any]  # they can be written as json


@dataclass(frozen=True)
class ByReference:
    """Gives a region the look of another: ``apply(pixels, own, reference)``.

    A look is all that the transfer must know of a region, float64 (K,): what ``measure(pixels)`` says. ``channels`` are those
    of L, a and b that change; by them a reference is plausible or not (``moments.strangeness``).
    """

    measure: Callable[[np.ndarray], np.ndarray]
    apply: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    channels: Channels = (True, True, True)
    # What it makes of neighbouring pixels may differ by more than the photograph does: its texture is put back afterwards.
    needs_regrain: bool = False


@dataclass(frozen=True)
class ByParameters:
    """Changes a region by what ``draw`` says: ``apply(pixels, parameters)``.

    With ``sees_photograph`` it is given the whole photograph (H, W, 3) instead, and the region is cut out of the result.
    """

    draw: Callable[[np.random.Generator], Parameters]
    apply: Callable[[np.ndarray, Parameters], np.ndarray]
    sees_photograph: bool = False


@dataclass(frozen=True)
class ByPlace:
    """Gives a foreground what it becomes in another one's place: ``apply(photo, mask, place, parameters)``, a photograph (H, W, 3).

    A place is what ``measure(photo, mask)`` keeps of it, float64 (K,); ``draw`` says what is taken of it. ``mask`` is above 0 in the
    foreground. ``channels`` are those by which the other foreground is plausible or not.
    """

    measure: Callable[[np.ndarray, np.ndarray], np.ndarray]
    draw: Callable[[np.random.Generator], Parameters]
    apply: Callable[[np.ndarray, np.ndarray, np.ndarray, Parameters], np.ndarray]
    channels: Channels = (True, True, True)


OfPixels = ByReference | ByParameters
Transfer = OfPixels | ByPlace
