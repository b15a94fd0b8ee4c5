"""Sources and data sets in ``params.yaml``."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.params.section import Count, Fraction, Positive, Section

Split = Literal["train", "val", "test"]


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
    """Photographs and masks of one's own, as ``imharmony.sources.folder`` says. DVC does not see when they change."""

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
    foregrounds: dict[Split, Count] = Field(default_factory=dict)  # at most so many by split; a split that is not named has no limit
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
    """Beyond what a composite is not kept (``imharmony.composing.limits.Limits``)."""

    delta_e: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]]  # mean CIEDE2000, least and most
    clipped_fraction: Fraction  # most of the foreground that the transfer brings to 0 or 255
    hue_shift_degrees: Annotated[float, Field(ge=0, le=180)]  # most between the mean colours
    redraws: Annotated[int, Field(ge=0, le=100)]  # other references or parameters that are tried first


class Plate(Section):
    """What lies behind soft edges when the background is changed (``imharmony.composing.backgrounds.PlateRules``)."""

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
