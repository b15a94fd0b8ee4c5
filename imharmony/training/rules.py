"""How a training departs from going through the stored composites."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt, Le, MinLen


@dataclass(frozen=True)
class Resynthesis:
    """Fresh composites while it trains: which transfers make them, each equally often, and the share of samples that get one in an epoch.

    The transfers are some of ``imharmony.training.resynthesis.CHEAP_TRANSFERS``.
    """

    transfers: Annotated[tuple[str, ...], MinLen(1)]
    share: Annotated[float, Gt(0), Le(1)]
