"""Which of the processes of one training this is, as torchrun says in the environment; started alone it is the only one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranks:
    """This process's number among all and among those of its host, and how many there are of both."""

    rank: int
    count: int
    local_rank: int
    local_count: int

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files and shows bars."""
        return self.rank == 0


ALONE = Ranks(rank=0, count=1, local_rank=0, local_count=1)
TORCHRUN = "TORCHELASTIC_RUN_ID"
VARIABLES = {"rank": "RANK", "count": "WORLD_SIZE", "local_rank": "LOCAL_RANK", "local_count": "LOCAL_WORLD_SIZE"}


def ranks(environment: Mapping[str, str] = os.environ) -> Ranks:
    """This process's place; the variables of other launchers are left alone."""
    if TORCHRUN not in environment:
        return ALONE
    return Ranks(**{name: int(environment[variable]) for name, variable in VARIABLES.items()})
