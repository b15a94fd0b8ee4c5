"""``params.yaml``, read once and checked whole: an unknown key or a value out of range is an ``InputError`` that names it."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harmonization.errors import InputError

PARAMS_FILE = Path("params.yaml")
FEATURE = "feature"  # the one loss that needs a frozen network, described by the variant's `features`
Split = Literal["train", "val", "test"]
BackboneName = Literal["classifier", "vgg19", "squeezenet"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of ``params.yaml``: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StudioSource(Section):
    """The embedded source: ``scenes`` procedural photographs in COCO's layout."""

    kind: Literal["studio"]
    scenes: Annotated[int, Field(ge=8)]
    width_px: Annotated[int, Field(ge=64, le=2048)]
    height_px: Annotated[int, Field(ge=64, le=2048)]
    seed: int


class CocoSource(Section):
    """COCO 2017, or any mirror that keeps its layout."""

    kind: Literal["coco"]
    mirror: str
    splits: Annotated[list[Literal["train2017", "val2017"]], Field(min_length=1)]
    parallel: Annotated[int, Field(ge=1, le=64)]
    attempts: Annotated[int, Field(ge=1, le=100)]
    timeout_seconds: Positive


class FolderSource(Section):
    """Photographs and masks of one's own, as ``harmonization.sources.folder`` says. DVC does not see when they change."""

    kind: Literal["folder"]
    folder: str
    category: str
    licence: str


class IHarmony4Source(Section):
    """A subset of iHarmony4, or any set in its layout, with its own composites. DVC does not see when its files change."""

    kind: Literal["iharmony4"]
    folder: str  # of the subsets
    subset: str


class StudioPortraitsSource(Section):
    """The embedded source of portraits with exact alpha mattes, in AISegment's layout."""

    kind: Literal["studio_portraits"]
    portraits: Annotated[int, Field(ge=8)]
    width_px: Annotated[int, Field(ge=64, le=2048)]
    height_px: Annotated[int, Field(ge=64, le=2048)]
    seed: int


class MattingHumanSource(Section):
    """AISegment's portraits: ``archive`` is a zip or folder in their layout, null fetches Kaggle's with the user's credentials."""

    kind: Literal["matting_human"]
    archive: str | None
    at_least: Count  # fewer whole portraits end the run
    attempts: Annotated[int, Field(ge=1, le=100)]
    timeout_seconds: Positive


Source = Annotated[
    StudioSource | CocoSource | FolderSource | IHarmony4Source | StudioPortraitsSource | MattingHumanSource, Field(discriminator="kind")
]


class Selection(Section):
    """Which instances become foregrounds. ``categories: null`` takes all, ``photographs: null`` every one."""

    categories: Annotated[list[str], Field(min_length=1)] | None
    photographs: Count | None
    foregrounds: dict[Split, Count] = {}  # at most so many by split; a split that is not named has no limit
    foreground_ratio: tuple[Fraction, Fraction]
    min_side_px: Annotated[int, Field(ge=1)]
    max_border_fraction: Fraction
    max_parts: Count
    max_occlusion: Fraction = 1.0  # of the outline, along which other objects may be in front; 1: they are not looked at
    licences: tuple[str, ...] | None = None  # null: every licence that permits derivatives

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "Selection":
        low, high = self.foreground_ratio
        if low >= high:
            raise ValueError(f"foreground_ratio is [{low}, {high}]; expected the smaller first")
        return self


class SplitRule(Section):
    """``hash`` draws by photograph; ``official`` keeps the source's own parts and carves ``val`` out of its train part."""

    by: Literal["hash", "official"]
    val: Annotated[float, Field(gt=0, lt=1)]
    test: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _something_is_left_for_training(self) -> "SplitRule":
        if self.by == "hash" and not 0 < self.test < 1 - self.val:
            raise ValueError(f"val {self.val} and test {self.test} must be positive and leave a part for training")
        return self


class CompositesPerForeground(Section):
    """How many composites each foreground yields, by split."""

    train: Count
    val: Count
    test: Count


class Limits(Section):
    """Beyond what a composite is not kept (``harmonization.quality.Limits``)."""

    delta_e: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]]  # mean CIEDE2000, least and most
    clipped_fraction: Fraction  # most of the foreground that the transfer brings to 0 or 255
    hue_shift_degrees: Annotated[float, Field(ge=0, le=180)]  # most between the mean colours
    redraws: Annotated[int, Field(ge=0, le=100)]  # other references or parameters that are tried first


class Plate(Section):
    """What lies behind soft edges when the background is changed (``harmonization.backgrounds.PlateRules``)."""

    radius_px: Positive = 15.0
    scale: Annotated[float, Field(gt=0, le=1)] = 0.25
    halo_px: Annotated[int, Field(ge=0, le=100)] = 3
    foreground: Literal["photograph", "estimated"] = "photograph"


class Synthesis(Section):
    """How composites are made: by a change of the foreground, or of the background around it."""

    direction: Literal["foreground", "background"] = "foreground"
    plate: Plate | None = None
    transfers: Annotated[list[str], Field(min_length=1)]
    composites_per_foreground: CompositesPerForeground
    limits: Limits | None = None
    seed: int

    @model_validator(mode="after")
    def _plates_are_of_backgrounds(self) -> "Synthesis":
        if self.plate is not None and self.direction != "background":
            raise ValueError("`plate` says what lies behind a foreground; expected `direction: background` with it")
        return self


class Dataset(Section):
    """One set of composites."""

    source: str
    selection: Selection
    split: SplitRule
    synthesis: Synthesis | None = None  # null where the source has composites of its own


class Training(Section):
    """The scale at which a profile trains every variant."""

    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=16)]
    width_factor: Annotated[float, Field(gt=0, le=4)]
    batch_size: Count
    epochs: Count
    precision: Literal["auto", "fp32", "bf16"]
    augment: bool
    accumulate: Count = 1  # parts that a batch is taken in, for memory; their gradients are added up
    patience: Count | None = None  # epochs without a better one after which training ends; null: never
    compile: bool = False  # by torch.compile, which takes minutes to begin: rounds and drops out otherwise
    channels_last: bool = False  # another order of values in memory: rounds and drops out otherwise


class Evaluation(Section):
    """How methods are scored and shown."""

    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=16)]
    lpips: Literal["alex", "vgg", "squeeze"] | None
    bootstrap: Annotated[int, Field(ge=100, le=100_000)]
    gallery: Annotated[int, Field(ge=1, le=100)]


class Generator(Section):
    """A network of ``harmonization.networks.GENERATORS`` and how the harmonizer wraps it."""

    name: str
    width: Count
    mask_input: bool
    paste: bool
    inference_mode: Literal["eval", "train"]


class Discriminator(Section):
    """A network of ``harmonization.networks.DISCRIMINATORS``; one that judges patches has a field of ``field_px``."""

    name: str
    field_px: Literal[16, 34, 70, 142] | None = None
    width: Count


class Adversarial(Section):
    """A pair of objectives of ``harmonization.losses.ADVERSARIAL_LOSSES``."""

    name: str
    weight: Annotated[float, Field(ge=0)]
    gradient_penalty: Annotated[float, Field(ge=0)] = 0.0  # its weight in the critic's loss


class DomainCodes(Section):
    """A loss of ``harmonization.losses.DOMAIN_TRIPLETS`` on the codes of a generator that has them."""

    name: str
    weight: Annotated[float, Field(ge=0)]


class Features(Section):
    """Weights and the distance of the loss ``feature`` between what a frozen network sees in two pictures.

    ``layers`` are given for each network that the variant can look through; the profile says which one it is.
    """

    layers: Annotated[dict[BackboneName, Annotated[dict[str, Positive], Field(min_length=1)]], Field(min_length=1)]
    distance: Literal["l1", "l2", "style"]


class Backbone(Section):
    """The frozen network that losses on features look through: the pipeline's own classifier, or a pretrained one from a file."""

    name: BackboneName
    file: str | None = None  # of pretrained weights; null: torchvision's own place, for vgg19

    @model_validator(mode="after")
    def _squeezenet_has_no_place_of_its_own(self) -> "Backbone":
        if self.name == "squeezenet" and self.file is None:
            raise ValueError("squeezenet with `file` null; expected the file of its weights")
        if self.name == "classifier" and self.file is not None:
            raise ValueError("classifier with a `file`; expected none, because the pipeline trains it")
        return self


class Classifier(Section):
    """The network that learns to name a data set's foregrounds, and how."""

    dataset: str
    size_px: Annotated[int, Field(ge=16, le=256)]  # of the crops that it learns from; it takes pictures of any size
    width: Count
    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    seed: int


class Optimizer(Section):
    """Adam."""

    learning_rate: Annotated[float, Field(gt=0, le=1)]
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]]


class Schedule(Section):
    """Learning rate over training, by a name of ``harmonization.schedules.SCHEDULES``; ``at`` are fractions of all epochs.

    ``step`` multiplies it by ``factor`` after each of them; ``linear`` and ``cosine`` keep it up to the first and then fall to 0.
    """

    name: Literal["constant", "step", "linear", "cosine"]
    at: tuple[Fraction, ...] = ()
    factor: Positive = 1.0


class Resynthesis(Section):
    """Fresh composites while it trains, by some of ``harmonization.resynthesis.CHEAP_TRANSFERS`` (``Resynthesis`` there)."""

    transfers: Annotated[tuple[str, ...], Field(min_length=1)]
    share: Annotated[float, Field(gt=0, le=1)]  # of the samples in an epoch; the others keep the stored composite


class ExponentialAverage(Section):
    """An exponential moving average of the weights, step by step."""

    ema: Annotated[float, Field(gt=0, lt=1)]  # what stays of it in a step


class Variant(Section):
    """One harmonizer to train."""

    dataset: str
    generator: Generator
    discriminator: Discriminator | None = None
    adversarial: Adversarial | None = None
    losses: Annotated[dict[str, Annotated[float, Field(ge=0)]], Field(min_length=1)]
    features: Features | None = None  # of the loss `feature`
    domain_codes: DomainCodes | None = None
    side_weights: tuple[Positive, ...] = ()  # of the network's side outputs under deep supervision, the main one first
    optimizer: Optimizer
    init: Literal["normal", "xavier"]
    schedule: Schedule = Schedule(name="constant")
    average_weights: Literal[False, "recent"] | ExponentialAverage = False  # what is scored and kept: a mean over the steps
    resynthesis: Resynthesis | None = None  # null: the stored composites alone
    epochs_factor: Positive = 1.0  # times the profile's epochs

    @model_validator(mode="after")
    def _critic_and_objective_come_together(self) -> "Variant":
        if (self.discriminator is None) != (self.adversarial is None):
            raise ValueError("`discriminator` and `adversarial` need each other; give both or neither")
        if (FEATURE in self.losses) != (self.features is not None):
            raise ValueError("the loss `feature` and the section `features` need each other; give both or neither")
        return self


class Machine(Section):
    """What does not enter a result."""

    workers: Annotated[int, Field(ge=0, le=1024)]
    device: Literal["auto", "cpu", "cuda"]
    cluster: str | None = None  # a Dask scheduler's address, or `local`; null: processes on this machine

    @property
    def processes(self) -> int:
        """How many processes a data stage takes."""
        return self.workers or os.cpu_count() or 1


class Profile(Section):
    """One scale of the whole run."""

    sources: dict[str, Source]
    datasets: dict[str, Dataset]
    training: Training
    backbone: Backbone
    evaluation: Evaluation


class Params(Section):
    """The whole of ``params.yaml``."""

    profile: str
    sources: Annotated[list[str], Field(min_length=1)]
    datasets: Annotated[list[str], Field(min_length=1)]
    baselines: list[str]
    seeds: Annotated[list[int], Field(min_length=1)]
    variants: dict[str, Variant]
    classifier: Classifier
    machine: Machine
    profiles: dict[str, Profile]

    @property
    def active(self) -> Profile:
        """The profile that is run."""
        return self.profiles[self.profile]

    def dataset(self, name: str) -> Dataset:
        """A data set of the active profile; an unknown name is an ``InputError``."""
        if name not in self.datasets:
            raise InputError(f"data set is {name!r}; expected one of {self.datasets}, as params.yaml lists them")
        return self.active.datasets[name]

    def variant(self, name: str) -> Variant:
        """A variant; an unknown name is an ``InputError``."""
        if name not in self.variants:
            raise InputError(f"variant is {name!r}; expected one of {sorted(self.variants)}, as params.yaml lists them")
        return self.variants[name]

    @model_validator(mode="after")
    def _names_refer_to_something(self) -> "Params":
        _expect(self.profile in self.profiles, f"profile is {self.profile!r}; expected one of {sorted(self.profiles)}")
        for name, variant in self.variants.items():
            key = f"variants.{name}.dataset"
            _expect(variant.dataset in self.datasets, f"{key} is {variant.dataset!r}; expected one of {self.datasets}")
            backbone, layers = self.active.backbone.name, variant.features.layers if variant.features else {}
            came = f"variants.{name}.features.layers has {list(layers)}"
            _expect(not layers or backbone in layers, f"{came}; expected {backbone}, as profiles.{self.profile}.backbone says")
        came = f"classifier.dataset is {self.classifier.dataset!r}"
        _expect(self.classifier.dataset in self.datasets, f"{came}; expected one of {self.datasets}")
        for kind, here, wanted in (("sources", self.active.sources, self.sources), ("datasets", self.active.datasets, self.datasets)):
            missing = sorted(set(wanted) - set(here))
            _expect(not missing, f"profiles.{self.profile}.{kind} lacks {missing}, which `{kind}` lists; it has {sorted(here)}")
        for name, profile in self.profiles.items():
            for dataset, section in profile.datasets.items():
                key = f"profiles.{name}.datasets.{dataset}.source"
                _expect(section.source in profile.sources, f"{key} is {section.source!r}; expected one of {sorted(profile.sources)}")
        return self


def _expect(claim: bool, message: str) -> None:
    if not claim:
        raise ValueError(message)


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Reads and checks the file with YAML 1.2, as DVC reads it (PyYAML would read ``1e-5`` as a text)."""
    try:
        tree = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run from the repository's root") from error
    except YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    try:
        return Params.model_validate(tree)
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    # A misspelt key is also a missing one: the spelling is what the user can see.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    came = "" if first["type"] in {"missing", "value_error"} else f"; got {first['input']!r}"
    unknown = first["type"] == "extra_forbidden"
    hint = "unknown key; remove it or check its spelling" if unknown else first["msg"].removeprefix("Value error, ")
    return f"{key or 'top level'}: {hint}{came}{more}"
