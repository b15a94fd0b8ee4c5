"""Variants in ``params.yaml``, and how a profile trains and scores them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from imharmony.storage.descriptions import MOST_MEMBERS, WIDEST, Start
from imharmony.storage.names import alike
from imharmony.training.rules import PointTraining, Resynthesis
from pipeline.params.mixtures import DatasetMixture
from pipeline.params.protocol import Augmentation, Protocol, Regime
from pipeline.params.section import MOST_EPOCHS, BatchSize, EachOnce, Epochs, Fraction, Positive, Section, Seed, Text, Weight, strict

Width = Annotated[int, Field(ge=1, le=WIDEST)]
FEATURE = "feature"  # the one loss that needs a frozen network, described by the variant's `features`
COMPOSITE, INTRINSIC = "composites", "intrinsic"  # what a harmonizer is given; the second is report 001's preprocessing of the first
InputName = Literal["composites", "intrinsic"]  # the folders below data/P/ too
Form = Literal["mended", "as_published", "control"]
BackboneName = Literal["classifier", "vgg19", "squeezenet"]
OF_THE_BACKGROUND = frozenset({"background_l1", "unmasked_l1"})  # losses that see nothing else


class Training(Section):
    """The scale at which a profile trains every variant; null leaves to each what its ``protocol`` says."""

    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=16)]
    width_factor: Annotated[float, Field(gt=0, le=4)]
    batch_size: BatchSize | None
    epochs: Epochs | None  # times a variant's `epochs_factor`
    precision: Literal["auto", "fp32", "bf16"]
    augment: Augmentation | None
    accumulate: BatchSize
    patience: Epochs | None = None
    steps_factor: Annotated[float, Field(gt=0, le=100)] = 1.0  # times the steps of an epoch where a variant learns from points
    compile: bool = False
    channels_last: bool = False

    def regime_of(self, variant: "Variant") -> Regime:
        """What a variant's training does at this scale; a ``ValueError`` where neither says it, or where it is too long."""
        protocol, wanted = variant.protocol, (self.epochs, self.batch_size, self.augment)
        if protocol is None and None in wanted:
            raise ValueError("no `protocol`, and epochs, batch_size or augment of the profile's `training` is null; expected one of them")
        own = protocol or Regime(epochs=1, batch_size=1, augment=())
        epochs = own.epochs if self.epochs is None else max(1, round(self.epochs * variant.epochs_factor))
        if epochs > MOST_EPOCHS:
            came = f"{self.epochs:,} epochs of the profile's `training` times epochs_factor {variant.epochs_factor:g} are {epochs:,}"
            raise ValueError(f"{came}; expected at most {MOST_EPOCHS:,}; lower one of them")
        return Regime(
            epochs=epochs,
            batch_size=own.batch_size if self.batch_size is None else self.batch_size,
            augment=own.augment if self.augment is None else self.augment,
        )


class Evaluation(Section):
    """How methods are scored and shown."""

    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=16)]
    lpips: Literal["alex", "vgg", "squeeze"] | None
    bootstrap: Annotated[int, Field(ge=100, le=100_000)]
    gallery: Annotated[int, Field(ge=1, le=100)]


class Generator(Section):
    """A network of ``imharmony.networks.GENERATORS`` and how the harmonizer wraps it."""

    name: str
    width: Width
    mask_input: bool
    paste: bool
    inference_mode: Literal["eval", "train"]
    start: Start = "published"
    members: Annotated[int, Field(ge=1, le=MOST_MEMBERS)] = 1  # networks of regions whose mean is taken


class Discriminator(Section):
    """A network of ``imharmony.networks.DISCRIMINATORS``; one that judges patches has a field of ``field_px``."""

    name: str
    field_px: Literal[16, 34, 70, 142] | None = None
    width: Width


class Adversarial(Section):
    """A pair of objectives of ``imharmony.losses.ADVERSARIAL_LOSSES``."""

    name: str
    weight: Positive
    gradient_penalty: Weight = 0.0  # its weight in the critic's loss
    composite_is_fake: bool = False  # the critic learns from composites too, as report 000's text allows

    @model_validator(mode="after")
    def _composites_are_not_taken_twice(self) -> "Adversarial":
        if self.name == "disharmony" and self.composite_is_fake:
            raise ValueError("disharmony with `composite_is_fake`; expected one of the two: that critic learns from composites anyway")
        return self


class DomainCodes(Section):
    """A loss of ``imharmony.losses.DOMAIN_TRIPLETS`` on the codes of a generator that has them."""

    name: str
    weight: Positive


class Features(Section):
    """Weights and the distance of the loss ``feature`` between what a frozen network sees in two pictures.

    ``layers`` are given for each network that the variant can look through; the profile says which one it is.
    """

    layers: Annotated[dict[BackboneName, Annotated[dict[str, Positive], Field(min_length=1)]], Field(min_length=1)]
    distance: Literal["l1", "l2", "style"]


class Backbone(Section):
    """The frozen network that losses on features look through: the pipeline's own classifier, or a pretrained one from a file."""

    name: BackboneName
    file: Text | None = None  # of pretrained weights; null: torchvision's own place, for vgg19

    @model_validator(mode="after")
    def _squeezenet_has_no_place_of_its_own(self) -> "Backbone":
        if self.name == "squeezenet" and self.file is None:
            raise ValueError("squeezenet with `file` null; expected the file of its weights")
        if self.name == "classifier" and self.file is not None:
            raise ValueError("classifier with a `file`; expected none, because the pipeline trains it")
        return self


class Classifier(Section):
    """The network that learns to name the foregrounds of a data set of ``classifiers``, and how."""

    size_px: Annotated[int, Field(ge=16, le=256)]  # of the crops that it learns from; it takes pictures of any size
    width: Width
    epochs: Epochs
    batch_size: BatchSize
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    seed: Seed


class Optimizer(Section):
    """Adam, with weight decay AdamW; gradients longer than ``clip_norm`` are shortened to it, 0: none are."""

    learning_rate: Annotated[float, Field(gt=0, le=1)]
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]]
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    clip_norm: Weight = 0.0


class Schedule(Section):
    """Learning rate over training, by a name of ``imharmony.training.schedules.SCHEDULES``; ``at`` are fractions of all epochs.

    ``step`` multiplies it by ``factor`` after each of them; ``linear`` and ``cosine`` keep it up to the first and then fall to 0.
    """

    name: Literal["constant", "step", "linear", "cosine"]
    at: Annotated[tuple[Fraction, ...], EachOnce]
    factor: Positive

    @model_validator(mode="after")
    def _says_nothing_that_is_not_done(self) -> "Schedule":
        if self.name == "step" and not self.at:
            raise ValueError("step with `at` []; expected one fraction or more, at which the rate falls")
        if self.name in ("linear", "cosine") and len(self.at) > 1:
            raise ValueError(f"{self.name} with `at` {list(self.at)}; expected at most one, up to which the rate stays")
        return self


strict(Resynthesis)
strict(PointTraining)


class ExponentialAverage(Section):
    """An exponential moving average of the weights, step by step."""

    ema: Annotated[float, Field(gt=0, lt=1)]  # what stays of it in a step


class Variant(Section):
    """One harmonizer to train."""

    form: Form = "mended"  # how the report shows it: as published apart, neither that nor a control as the best
    dataset: DatasetMixture  # of its paper, one or several; the profile may have others stand in for them
    protocol: Protocol | None = None  # null: the profile says everything
    input: InputName
    backbone: Literal["none", "profile"]  # what its loss looks through: nothing, or the network that the profile names
    generator: Generator
    discriminator: Discriminator | None = None
    adversarial: Adversarial | None = None
    losses: Annotated[dict[str, Weight], Field(min_length=1)]
    features: Features | None = None  # of the loss `feature`
    domain_codes: DomainCodes | None = None
    side_weights: tuple[Positive, ...] = ()  # of the network's side outputs under deep supervision, the main one first
    optimizer: Optimizer
    init: Literal["normal", "small_xavier", "xavier"]
    start: Text | None = None  # a harmonizer's file whose weights it begins with; null: weights drawn by `init`
    schedule: Schedule
    average_weights: Literal[False, "recent"] | ExponentialAverage  # what is scored and kept: a mean over the steps
    resynthesis: Resynthesis | None = None  # null: the stored composites alone
    points: PointTraining | None = None  # null: it learns from pictures; else from points of the regions alone
    epochs_factor: Annotated[float, Field(gt=0, le=1000)]  # times the profile's epochs, where it has a number of its own

    @model_validator(mode="after")
    def _critic_and_objective_come_together(self) -> "Variant":
        if (self.discriminator is None) != (self.adversarial is None):
            raise ValueError("`discriminator` and `adversarial` need each other; give both or neither")
        if (FEATURE in self.losses) != (self.features is not None):
            raise ValueError("the loss `feature` and the section `features` need each other; give both or neither")
        if (self.backbone == "none") != (self.features is None):
            raise ValueError(f"backbone is {self.backbone!r}; expected `profile` with the loss `feature`, and `none` without it")
        if not any(self.losses.values()) and self.adversarial is None and self.domain_codes is None:
            raise ValueError(f"losses is {self.losses}, all without weight; expected one above 0, or there is nothing to learn")
        if self.generator.paste and (unseen := sorted(OF_THE_BACKGROUND & set(self.losses))):
            came = f"losses has {unseen[0]!r} with generator.paste true, which replaces the background: its gradient is 0"
            raise ValueError(f"{came}; expected `paste: false` or no such loss")
        if self.losses.get(FEATURE) == 0:
            raise ValueError("losses.feature is 0; expected more, or neither it nor `features`: its network would be asked for nothing")
        for key in ("transfers", "grades") if self.resynthesis else ():
            if (again := alike(getattr(self.resynthesis, key) or ())) is not None:
                raise ValueError(f"resynthesis.{key} has {again!r} twice; expected each once")
        if self.form == "as_published" and self.generator.start != "published":
            raise ValueError(f"form is 'as_published' with generator.start {self.generator.start!r}; expected 'published', or form: mended")
        if self.input != COMPOSITE and self.resynthesis is not None:
            raise ValueError(f"`resynthesis` makes fresh composites, not input {self.input!r}; expected one of the two; drop `resynthesis`")
        return self

    @model_validator(mode="after")
    def _points_stand_alone(self) -> "Variant":
        if self.points is None:
            return self
        if again := alike(self.points.transfers) or alike(self.points.grades):
            raise ValueError(f"points.transfers or points.grades has {again!r} twice; expected each once")
        for key in ("discriminator", "features", "domain_codes", "resynthesis", "side_weights"):
            if getattr(self, key):
                raise ValueError(f"`points` beside `{key}`, which takes pictures; expected one of the two")
        if self.input != COMPOSITE:
            raise ValueError(f"`points` makes fresh composites, not input {self.input!r}; expected one of the two; drop `points`")
        return self
