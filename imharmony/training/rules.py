"""How a training departs from going through the stored composites."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt, MinLen

GRADE_STRENGTH = (0.3, 0.8)  # the share that is taken of a grade towards a reference: whole it would be another photograph


@dataclass(frozen=True)
class Resynthesis:
    """Fresh composites while it trains: which transfers make them, each equally often, and the share of samples that get one in an epoch.

    Of a share ``graded`` of these the whole photograph is first graded by one of ``grades``: that is then the truth, and a share
    ``left_as_it_was`` of them have the ungraded foreground for their composite. Transfers and grades are some of
    ``imharmony.training.resynthesis.CHEAP_TRANSFERS``.
    """

    transfers: Annotated[tuple[str, ...], MinLen(1)]
    share: Annotated[float, Gt(0), Le(1)]
    graded: Annotated[float, Ge(0), Le(1)] = 0.0
    grades: tuple[str, ...] | None = None
    left_as_it_was: Annotated[float, Ge(0), Le(1)] = 1.0

    def __post_init__(self) -> None:
        if (self.graded > 0) != bool(self.grades):
            came = f"graded is {self.graded:g} and grades are {list(self.grades or ())}"
            raise ValueError(f"{came}; expected a share above 0 and one grade or more, or neither")


@dataclass(frozen=True)
class PointTraining:
    """Fresh composites at every step, made on points of the regions in the place of pictures; the stored composites are not used.

    An epoch has ``steps``, the learning rate rises over the first ``warm_up`` of all of them. Transfers are names of
    ``imharmony.points.transfers.POINT_TRANSFERS``, each equally often; a share ``untouched`` of the samples has none. Of a share
    ``graded`` the whole photograph is first graded by one of ``grades``: that is then the truth, and a share ``left_as_it_was`` of
    these have the ungraded foreground for their composite. From a share ``hidden_edges`` the border is withheld.
    """

    transfers: Annotated[tuple[str, ...], MinLen(1)]
    grades: Annotated[tuple[str, ...], MinLen(1)]
    untouched: Annotated[float, Ge(0), Lt(1)]
    graded: Annotated[float, Ge(0), Le(1)]
    left_as_it_was: Annotated[float, Ge(0), Le(1)]
    hidden_edges: Annotated[float, Ge(0), Le(1)]
    batch_size: Annotated[int, Ge(1), Le(65_536)]
    steps: Annotated[int, Ge(1), Le(1_000_000)]
    warm_up: Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True)
class ClipTraining:
    """Clips in the place of stills: a sample is two frames that follow each other, ``pairs`` of each clip in an epoch."""

    pairs: Annotated[int, Ge(1), Le(65_536)]
