"""Sources and data sets in ``params.yaml``."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from imharmony.composing.rules import Direction, Limits, PlateRules, ReferenceRules, Rules, SplitRule
from imharmony.storage.names import alike
from pipeline.params.section import Count, EachOnce, Line, Name, Section, Seed, Text, strict

MOST_SCENES = 10_000_000
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class StudioSource(Section):
    """The embedded source: ``scenes`` procedural photographs in COCO's layout."""

    kind: Literal["studio"]
    scenes: Annotated[int, Field(ge=8, le=MOST_SCENES)]
    width_px: Annotated[int, Field(ge=64, le=2048)]
    height_px: Annotated[int, Field(ge=64, le=2048)]
    seed: Seed


class CocoSource(Section):
    """COCO 2017, or any mirror that keeps its layout."""

    kind: Literal["coco"]
    mirror: Text
    splits: Annotated[list[Literal["train2017", "val2017"]], Field(min_length=1), EachOnce]
    images: Text | None = None  # a CSV file with a column image_id: no other photographs are taken; null: all
    parallel: Annotated[int, Field(ge=1, le=64)]
    attempts: Annotated[int, Field(ge=1, le=100)]
    timeout_seconds: Seconds


class FolderSource(Section):
    """Photographs and masks of one's own, as ``imharmony.sources.folder`` says. DVC does not see when they change."""

    kind: Literal["folder"]
    folder: Text
    category: Line
    licence: Line


class IHarmony4Source(Section):
    """A subset of iHarmony4, or any set in its layout, with its own composites. DVC does not see when its files change."""

    kind: Literal["iharmony4"]
    folder: Text  # of the subsets
    subset: Name


class StudioPortraitsSource(Section):
    """The embedded source of portraits with exact alpha mattes, in AISegment's layout."""

    kind: Literal["studio_portraits"]
    portraits: Annotated[int, Field(ge=8, le=MOST_SCENES)]
    width_px: Annotated[int, Field(ge=64, le=2048)]
    height_px: Annotated[int, Field(ge=64, le=2048)]
    seed: Seed


class MattingHumanSource(Section):
    """AISegment's portraits: ``archive`` is a zip or folder in their layout, null fetches Kaggle's with the user's credentials."""

    kind: Literal["matting_human"]
    archive: Text | None
    at_least: Count  # fewer whole portraits end the run
    attempts: Annotated[int, Field(ge=1, le=100)]
    timeout_seconds: Seconds


Source = Annotated[
    StudioSource | CocoSource | FolderSource | IHarmony4Source | StudioPortraitsSource | MattingHumanSource, Field(discriminator="kind")
]


for rules in (Rules, SplitRule, Limits, PlateRules, ReferenceRules):
    strict(rules)


class CompositesPerForeground(Section):
    """How many composites each foreground yields, by split."""

    train: Count
    val: Count
    test: Count


class Synthesis(Section):
    """How composites are made: by a change of the foreground, or of the background around it.

    With ``photograph`` all of it is graded, which is then the truth, and the composite has the foreground as it was.
    """

    direction: Direction
    plate: PlateRules  # of a background
    transfers: Annotated[list[str], Field(min_length=1), EachOnce]
    composites_per_foreground: CompositesPerForeground
    limits: Limits | None = None
    references: ReferenceRules | None = None  # null: plausible ones, measured in the region
    seed: Seed


class Dataset(Section):
    """One set of composites."""

    source: Name
    selection: Rules
    split: SplitRule
    synthesis: Synthesis | None  # null where the source has composites of its own

    @model_validator(mode="after")
    def _nothing_is_chosen_twice(self) -> "Dataset":
        for key in ("categories", "licences"):
            again = alike(getattr(self.selection, key) or ())
            if again is not None:
                raise ValueError(f"selection.{key} has {again!r} twice; expected each once")
        return self


def problem_of_splits(key: str, datasets: Mapping[str, Dataset]) -> str | None:
    """Two data sets of a source that do not split its photographs alike: one would train on what the other is judged by.

    Shares of a hash nest, so that of two with unlike shares the smaller one's rest holds what the larger one tests on. Methods are
    chosen on every data set's ``val``, so it counts as much as ``test``. By ``official`` the source decides, whatever ``test`` says.
    """
    first: dict[str, tuple[str, Dataset]] = {}
    for name, dataset in datasets.items():
        other, seen = first.setdefault(dataset.source, (name, dataset))
        if _judged_by(seen) != _judged_by(dataset):
            ways = f"{_judged_by(seen)} and {_judged_by(dataset)}"
            came = f"{key}: {other} and {name} split the photographs of {dataset.source} in two ways, {ways}"
            return f"{came}; expected one, or one trains on what the other is judged by; give both the same `split`"
    return None


def _judged_by(dataset: Dataset) -> str:
    """Which photographs are tested on and which choose, in words."""
    rule = dataset.split
    return f"{rule.by} with val {rule.val:g}" + ("" if rule.by == "official" else f" and test {rule.test:g}")
