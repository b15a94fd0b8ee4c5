"""Judges of realism in ``params.yaml``: what they learn from, and how."""

from typing import Annotated

from pydantic import Field

from imharmony.storage.descriptions import WIDEST
from pipeline.params.section import BatchSize, Names, Section, Seed


class RealismCritic(Section):
    """The network that tells real photographs from composites."""

    width: Annotated[int, Field(ge=1, le=WIDEST)]
    steps: Annotated[int, Field(ge=1, le=100_000_000)]
    batch_size: BatchSize  # photographs; each is shown four times
    learning_rate: Annotated[float, Field(gt=0, le=1)]


class RealismJudges(Section):
    """A colour database and a critic (``imharmony.realism``), of the real photographs of these data sets' split `train`."""

    datasets: Annotated[Names, Field(min_length=1)]
    photographs: Annotated[int, Field(ge=2, le=1_000_000)]  # at most so many of their foregrounds, by hash
    bins: Annotated[int, Field(ge=2, le=256)]  # of each of L, a and b
    textons: Annotated[int, Field(ge=2, le=10_000)]
    neighbours: Annotated[int, Field(ge=1, le=10_000)]  # photographs with the nearest foregrounds, whose backgrounds are looked at
    critic: RealismCritic
    seed: Seed
