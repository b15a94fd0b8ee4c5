"""Video in ``params.yaml``: clips that stills are made into, and harmonizers that are taught further on them (report 000's future work)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from imharmony.clips.rules import ClipRules
from imharmony.composing.rules import parts_of
from imharmony.composing.splits import SPLITS
from imharmony.transfer import GRADES
from pipeline.params.data import Dataset
from pipeline.params.section import BatchSize, Count, Epochs, Name, Section, Seed, Weight, strict
from pipeline.params.training import COMPOSITE, Variant

strict(ClipRules)
Rate = Annotated[float, Field(gt=0, le=1)]


class Video(Section):
    """A drawn variant's harmonizer, taught further on clips. ``temporal`` weighs the loss between frames: 0, each is for itself."""

    harmonizer: Name  # of `variants`
    clips: Name  # of `clips`
    temporal: Weight
    batch_size: BatchSize  # of pairs of frames
    learning_rate: Rate
    seed: Seed


class ClipScale(Section):
    """How many clips a profile makes and how long it teaches on them: ``pairs`` of frames of each clip in an epoch."""

    rules: ClipRules
    pairs: Count
    epochs: Epochs


def problem_of_videos(
    videos: Mapping[str, Video],
    *,
    clips: Sequence[str],
    scale: ClipScale | None,
    variants: Sequence[str],
    catalogue: Mapping[str, Variant],
    datasets: Mapping[str, Dataset],
) -> str | None:
    """What clips or a video lack: a data set with all splits whose foregrounds are changed, or a drawn variant that sees a mask."""
    if clips and scale is not None and (problem := _problem_of_rules(scale.rules)) is not None:
        return problem
    for name in (each for each in clips if each in datasets):
        lacking = [split for split in SPLITS if split not in parts_of(datasets[name].split)]
        if lacking:
            return f"clips has {name!r}, without a split {' and '.join(lacking)}; expected all three; remove {name}"
        synthesis = datasets[name].synthesis
        if synthesis is None or synthesis.direction != "foreground":
            return f"clips has {name!r}, whose composites are not foregrounds that were changed; expected such; remove {name}"
    for name, video in videos.items():
        if video.clips not in clips:
            return f"videos.{name}.clips is {video.clips!r}; expected one of `clips`: {list(clips)}"
        came = f"videos.{name}.harmonizer is {video.harmonizer!r}"
        if video.harmonizer not in variants:
            return f"{came}; expected one of `variants`: {list(variants)}; draw it, or take videos.{name} out"
        variant = catalogue[video.harmonizer]
        if variant.input != COMPOSITE or variant.backbone != "none":
            return f"{came}, which needs semi-harmonized pictures or a backbone; expected one with `input: composites` and `backbone: none`"
        if not variant.generator.mask_input:
            return f"{came}, which sees no mask; expected one with `mask_input: true`"
    return None


def _problem_of_rules(rules: ClipRules) -> str | None:
    known = sorted(name for name, grade in GRADES.items() if not grade.sees_photograph)
    if unknown := sorted(set(rules.grades) - set(known)):
        return f"clips.rules.grades has {unknown}; expected some of {known}, which need a foreground's pixels alone"
    empty = [split for split in SPLITS if rules.moved.get(split, 0) + rules.lit.get(split, 0) == 0]
    return f"clips.rules asks for no clip of {' and '.join(empty)}; expected one or more, moved or lit, of each split" if empty else None


def twin_of(name: str, videos: Mapping[str, Video]) -> str | None:
    """The video that is taught alike but without the loss between frames."""
    own = videos[name]
    alike = {"harmonizer", "clips", "batch_size", "learning_rate", "seed"}
    twins = (
        other
        for other, each in videos.items()
        if each.temporal == 0 and own.temporal > 0 and each.model_dump(include=alike) == own.model_dump(include=alike)
    )
    return next(twins, None)
