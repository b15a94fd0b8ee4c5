"""Matting in ``params.yaml``: networks, and the systems in which one learns together with a harmonizer (report 004)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from imharmony.composing.rules import parts_of
from imharmony.composing.splits import SPLITS
from imharmony.storage.descriptions import WIDEST
from pipeline.params.data import Dataset
from pipeline.params.section import BatchSize, Count, Fraction, Name, Names, Section, Seed, Text, Weight
from pipeline.params.training import COMPOSITE, Variant

Steps = Annotated[int, Field(ge=0, le=100_000_000)]
Rate = Annotated[float, Field(gt=0, le=1)]
Groups = Literal["equal", "as_in_code", "as_printed"]


class Rates(Section):
    """``learning_rate`` is the larger one of two; ``groups`` says whose: the head's, as IndexNet's code has it, or the backbone's."""

    learning_rate: Rate
    groups: Groups


class People(Section):
    """Photographs with people that a network without a trimap learns from, beside the portraits."""

    datasets: Annotated[Names, Field(min_length=1)]  # whose selected photographs are taken, with all people that their source knows
    share: Fraction  # of each batch; the rest is portraits before photographs of nobody
    steps: Steps  # of the lesson before the finetuning, in which the coarse matte alone is learned


class MattingNetwork(Section):
    """A network of ``imharmony.networks.matting.MATTING``; ``width`` is a multiple of the published one, times the profile's."""

    name: Literal["dim", "dim_lite", "indexnet", "portrait"]
    width: Annotated[float, Field(gt=0, le=4)] = 1.0
    index: Literal["hin", "o2o", "m2o"] | None = None  # of indexnet: which index blocks
    nonlinear: bool = False
    context: bool = False

    @model_validator(mode="after")
    def _only_indexnet_has_index_blocks(self) -> "MattingNetwork":
        if (self.name == "indexnet") != (self.index is not None):
            raise ValueError(f"network {self.name} with index {self.index}; expected hin, o2o or m2o for indexnet, and none for others")
        if self.name != "indexnet" and (self.nonlinear or self.context):
            raise ValueError(f"network {self.name} with nonlinear or context; expected them for indexnet alone")
        return self


class Matting(Section):
    """A matting network, taught on rendered things first and on the portraits of a data set then."""

    dataset: Name  # of `trimaps`
    network: MattingNetwork
    pretraining: Rates
    finetuning: Rates
    composition: Fraction  # share of the composition loss in the pretraining; the portraits are taught by alpha alone
    batch_size: BatchSize
    seed: Seed
    people: People | None = None  # for photographs of anybody; null: portraits alone

    @model_validator(mode="after")
    def _people_are_of_portrait(self) -> "Matting":
        if self.people is not None and self.network.name != "portrait":
            raise ValueError(f"people with network {self.network.name}; expected them for portrait alone, which is given no trimap")
        return self

    @model_validator(mode="after")
    def _groups_are_of_indexnet(self) -> "Matting":
        chosen = {self.pretraining.groups, self.finetuning.groups} - {"equal"}
        if chosen and self.network.name != "indexnet":
            raise ValueError(f"groups {sorted(chosen)} with network {self.network.name}; expected equal: IndexNet alone has two groups")
        return self


class Critic(Section):
    """The self-attention critic of a joint training."""

    width: Annotated[int, Field(ge=1, le=WIDEST)]
    learning_rate: Rate


class Joint(Section):
    """A matting network and a harmonizer that are taught further, together. Without weights of the critic: each alone, the twin."""

    dataset: Name | None = None  # of `trimaps`; null: that of its matting network
    matting: Name  # of `matting`
    harmonizer: Name  # of `variants`
    objective: Literal["paper", "balanced"]
    lambda_matting: Weight  # the report's lambda 1
    lambda_harmonizer: Weight  # its lambda 2
    reconstruction_reaches_matting: bool
    critic: Critic
    matting_rates: Rates
    harmonizer_rate: Rate
    batch_size: BatchSize
    seed: Seed

    @property
    def has_critic(self) -> bool:
        """Whether either network sees what the critic says."""
        return self.lambda_matting > 0 or self.lambda_harmonizer > 0


class MattingScale(Section):
    """How large a profile's matting networks are, how long they are taught, and what its test phase composes."""

    unknown: Annotated[float, Field(gt=0, lt=1)]  # share of a portrait that its test trimap leaves unknown, in the mean
    width_factor: Annotated[float, Field(gt=0, le=4)]
    things: Count  # rendered for the pretraining
    places: Count  # that they are laid over
    pretraining_steps: Steps
    finetuning_steps: Steps
    joint_steps: Steps
    composed: Count  # portraits that are put before new backgrounds
    backgrounds: Text | None = None  # a folder of photographs; null: rooms and landscapes of the studio


def problem_of_matting(
    matting: Mapping[str, Matting],
    joint: Mapping[str, Joint],
    *,
    trimaps: Sequence[str],
    variants: Sequence[str],
    catalogue: Mapping[str, Variant],
    datasets: Mapping[str, Dataset],
) -> str | None:
    """What a network or a system lacks: portraits of every split with stored trimaps, a network with a trimap, a drawn variant."""
    for dataset in (each for each in trimaps if each in datasets):
        lacking = [split for split in SPLITS if split not in parts_of(datasets[dataset].split)]
        if lacking:
            needed = "train to be taught on, val to choose the trimaps' width by, and test"
            return f"trimaps has {dataset!r}, without a split {' and '.join(lacking)}; expected {needed}; remove {dataset}"
        synthesis = datasets[dataset].synthesis
        if synthesis is None or synthesis.direction == "photograph":
            return f"trimaps has {dataset!r}, of which no background or foreground is changed; expected composites of portraits; remove it"
    for name, network in matting.items():
        if network.dataset not in trimaps:
            return f"matting.{name}.dataset is {network.dataset!r}; expected one of `trimaps`: {list(trimaps)}; add it there"
    for name, system in joint.items():
        key = f"joint.{name}"
        if system.matting not in matting:
            return f"{key}.matting is {system.matting!r}; expected one of {sorted(matting)}, the sections of `matting`"
        if system.dataset is not None and system.dataset not in trimaps:
            return f"{key}.dataset is {system.dataset!r}; expected one of `trimaps`: {list(trimaps)}; add it there"
        if matting[system.matting].network.name == "portrait":
            return f"{key}.matting is {system.matting!r}, which is given no trimap; expected one of a network with a trimap, as indexnet"
        if problem := _problem_of_harmonizer(f"{key}.harmonizer", system.harmonizer, variants=variants, catalogue=catalogue):
            return f"{problem}, or take {key} out"
    return None


def _problem_of_harmonizer(key: str, name: str, *, variants: Sequence[str], catalogue: Mapping[str, Variant]) -> str | None:
    came = f"{key} is {name!r}"
    if name not in variants:
        return f"{came}; expected one of `variants`: {list(variants)}; draw it"
    variant = catalogue[name]
    if variant.input != COMPOSITE:
        return f"{came}, which is given semi-harmonized pictures; expected one with `input: composites`; name another"
    if not variant.generator.mask_input:
        return f"{came}, which sees no mask; expected one with `mask_input: true`; name another"
    return None
