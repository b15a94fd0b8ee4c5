"""What clips a data set's composites become."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le, MinLen

from imharmony.composing.rules import Split

Clips = Annotated[int, Ge(0), Le(1_000_000)]


@dataclass(frozen=True)
class ClipRules:
    """How many clips of each split have a foreground that ``moved``, and how many a scene whose light moves (``lit``).

    Of a share ``drifting`` the colour change comes and goes slowly, between ``least`` of it and all; of the others it is fixed. Moved
    foregrounds are the data set's composites; lit scenes are drawn by the studio, their foregrounds changed by one of ``grades``.
    """

    frames: Annotated[int, Ge(2), Le(10_000)]
    moved: Mapping[Split, Clips]
    lit: Mapping[Split, Clips]
    drifting: Annotated[float, Ge(0), Le(1)]
    least: Annotated[float, Ge(0), Le(1)]
    grades: Annotated[tuple[str, ...], MinLen(1)]
    turn_degrees: Annotated[float, Gt(0), Le(180)]  # that a light goes from the first frame to the last
    seed: int
