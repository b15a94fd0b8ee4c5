"""Harmonization without a mask in ``params.yaml``: detectors, and the systems that use them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from imharmony.composing.rules import parts_of
from imharmony.composing.splits import SPLITS
from imharmony.storage.descriptions import WIDEST
from pipeline.params.data import Dataset
from pipeline.params.section import MOST, BatchSize, Count, Fraction, Name, Names, Section, Seed, Text, Weight
from pipeline.params.training import COMPOSITE, Variant

NO_HARMONIZER = "none"  # of a system that is one network
Way = Literal["two_step", "corrupted", "joint", "single"]
Steps = Annotated[int, Field(ge=1, le=100_000_000)]
Rate = Annotated[float, Field(gt=0, le=1)]


class Focal(Section):
    """The focal loss: ``gamma`` 0 and ``alpha`` 0.5 are half the cross entropy."""

    gamma: Annotated[float, Field(ge=0, le=10)]
    alpha: Annotated[float, Field(gt=0, lt=1)]


class DetectorNetwork(Section):
    """``small``, or ``observing``: report 003's VGG-16, from a user's file of weights or from nothing."""

    name: Literal["small", "observing"]
    width: Annotated[int, Field(ge=1, le=WIDEST)]
    weights: Text | None = None

    @model_validator(mode="after")
    def _weights_are_of_vgg(self) -> "DetectorNetwork":
        if self.weights is not None and self.name != "observing":
            raise ValueError("weights with network small; expected them with `name: observing`, whose first layers are VGG-16's")
        return self


class Detector(Section):
    """A network of ``imharmony.blind`` that marks what looks wrong, taught on the photographs of these data sets' split `train`."""

    datasets: Annotated[Names, Field(min_length=1)]
    photographs: Annotated[int, Field(ge=2, le=MOST)]  # at most so many foregrounds, by hash
    network: DetectorNetwork
    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=16)] | None = None  # of its pictures; null: that which is scored
    regression: Fraction  # share of the steps, before the others, that learn the applied offset; 0: none
    batch_size: BatchSize  # photographs; each is shown three times
    learning_rate: Rate
    focal: Focal
    largest_stops: Annotated[float, Field(gt=0, le=8)]
    coloured: Fraction  # of foregrounds whose colour is moved
    thresholds: Text | None = None  # a CSV of people's thresholds of the composites; null: the observer model's
    seed: Seed


class BlindSystem(Section):
    """A detector and a drawn variant's harmonizer, and how both are taught further."""

    way: Way
    detector: Name
    harmonizer: Name  # of `variants`, or none
    colour: bool  # whether shifts of colour count in the mask
    datasets: Annotated[Names, Field(min_length=1)]  # what it learns from and what its confidence is fitted on
    batch_size: BatchSize
    learning_rate: Rate
    detection_weight: Weight
    untouched: Fraction
    seed: Seed

    @model_validator(mode="after")
    def _harmonizer_fits_way(self) -> "BlindSystem":
        if (self.way == "single") != (self.harmonizer == NO_HARMONIZER):
            raise ValueError(f"way {self.way} with harmonizer {self.harmonizer}; expected none for single, and a variant for all others")
        return self


class BlindScale(Section):
    """How long a profile teaches detectors and systems, and on how many foregrounds offsets are tried."""

    detector_steps: Steps
    system_steps: Steps
    offsets: Count


def problem_of_systems(
    systems: Mapping[str, BlindSystem],
    *,
    detectors: Mapping[str, Detector],
    variants: Sequence[str],
    catalogue: Mapping[str, Variant],
    datasets: Mapping[str, Dataset],
) -> str | None:
    """What a system lacks: a detector, a drawn variant that sees composites and a mask, or pictures of every split."""
    for name, system in systems.items():
        key = f"blind.{name}"
        if system.detector not in detectors:
            return f"{key}.detector is {system.detector!r}; expected one of {sorted(detectors)}"
        for dataset in (each for each in system.datasets if each in datasets):
            lacking = [split for split in SPLITS if split not in parts_of(datasets[dataset].split)]
            if lacking:
                needed = "train to be taught on, val to know when it is to be trusted, and test"
                return f"{key}.datasets has {dataset!r}, without a split {' and '.join(lacking)}; expected {needed}; remove {dataset}"
        if system.harmonizer == NO_HARMONIZER:
            continue
        came = f"{key}.harmonizer is {system.harmonizer!r}"
        if system.harmonizer not in variants:
            return f"{came}; expected one of `variants`: {list(variants)}; draw it, or take {key} out"
        variant = catalogue[system.harmonizer]
        if variant.input != COMPOSITE:
            return f"{came}, which is given semi-harmonized pictures; expected one with `input: composites`"
        if not variant.generator.mask_input:
            return f"{came}, which sees no mask; expected one with `mask_input: true`"
    return None
