"""A profile of ``params.yaml``: one scale of the whole run; and what beside it enters no result."""

import os
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from pipeline.params.blind import BlindScale
from pipeline.params.data import Dataset, Source
from pipeline.params.intrinsic import Intrinsic
from pipeline.params.matting import MattingScale
from pipeline.params.section import Name, Names, Section, Text
from pipeline.params.training import Backbone, Evaluation, Training
from pipeline.params.videos import ClipScale


class Engine(TypedDict):
    """As ``imharmony.running.engine`` takes them."""

    workers: int
    cluster_address: str | None


class Machine(Section):
    """What does not enter a result."""

    workers: Annotated[int, Field(ge=0, le=1024)] = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    cluster: Text | None = None  # a Dask scheduler's address, or `local`; null: processes on this machine

    @property
    def processes(self) -> int:
        """How many processes a sharded stage takes."""
        return self.workers or os.cpu_count() or 1

    @property
    def engine(self) -> Engine:
        """What a sharded stage runs on, as arguments of whoever makes shards."""
        return {"workers": self.processes, "cluster_address": self.cluster}


class Profile(Section):
    """One scale of the whole run."""

    sources: dict[Name, Source]
    datasets: dict[Name, Dataset]
    stand_ins: dict[Name, Name] = Field(default_factory=dict)  # for a data set that the profile does not have, one that it has
    training: Training
    backbone: Backbone | None = None  # where a variant says `backbone: profile`
    intrinsic: Intrinsic | None = None  # where something is preprocessed
    evaluation: Evaluation
    blind: BlindScale | None = None  # where something is harmonized without a mask
    matting: MattingScale | None = None  # where portraits are cut out
    clips: ClipScale | None = None  # where stills become clips
    threads: Annotated[int, Field(ge=0, le=1024)]  # of a processor that a network takes; 0: all cores


class DrawnSystems(Section):
    """Names of systems by their kinds."""

    blind: Names = Field(default_factory=list)
    videos: Names = Field(default_factory=list)
    matting: Names = Field(default_factory=list)
    joint: Names = Field(default_factory=list)


class Defaults(Section):
    """What is left of the section ``defaults`` once the others are filled in from it."""

    variants: Names = Field(default_factory=list)  # that `python -m pipeline draw default` takes
    systems: DrawnSystems = Field(default_factory=DrawnSystems)
