"""Sources and data sets in ``params.yaml``."""

from typing import Annotated, Literal

from pydantic import Field

from imharmony.composing.rules import Limits, PlateRules, Rules, SplitRule
from pipeline.params.section import Count, Positive, Section, strict


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


for rules in (Rules, SplitRule, Limits, PlateRules):
    strict(rules)


class CompositesPerForeground(Section):
    """How many composites each foreground yields, by split."""

    train: Count
    val: Count
    test: Count


class Synthesis(Section):
    """How composites are made: by a change of the foreground, or of the background around it."""

    direction: Literal["foreground", "background"]
    plate: PlateRules  # of a background
    transfers: Annotated[list[str], Field(min_length=1)]
    composites_per_foreground: CompositesPerForeground
    limits: Limits | None = None
    seed: int


class Dataset(Section):
    """One set of composites."""

    source: str
    selection: Rules
    split: SplitRule
    synthesis: Synthesis | None  # null where the source has composites of its own
