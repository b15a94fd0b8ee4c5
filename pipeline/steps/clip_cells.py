"""The cells of clips, and of harmonizers that are taught further on them."""

from collections.abc import Iterator

from pipeline.params.file import Params
from pipeline.steps.cell import Cell, cell_of, plain
from pipeline.steps.choices import TRANSFERS, WAYS, choices_of, networks_of


def clip_cells(params: Params) -> Iterator[Cell]:
    """Clips are made, learned from and judged at the size that is scored."""
    seen = {"size_px": params.active.evaluation.size_px}
    for name in params.clips:
        rules = params.clip_scale.rules
        yield cell_of("synthesize_clips", name, seen | {"rules": rules}, {TRANSFERS: set(rules.grades)})
        own = {video: each for video, each in params.videos.items() if each.clips == name}
        harmonizers = list(dict.fromkeys(each.harmonizer for each in own.values()))
        judged = {"videos": list(own), "harmonizers": harmonizers, "seed": params.seeds[0], "threads": params.active.threads}
        yield cell_of("evaluate_clips", name, seen | judged, networks_of(params, *harmonizers))
    for name, video in params.videos.items():
        variant, training = params.variant(video.harmonizer), params.active.training
        told = {"variant": plain(variant, leave_out={"form", "protocol", "epochs_factor", "start", "points", "resynthesis", "patience"})}
        told |= {"training": plain(training, leave_out={"epochs", "batch_size", "augment", "accumulate", "patience"})}
        told |= {"epochs": params.clip_scale.epochs, "pairs": params.clip_scale.pairs}
        told |= {"video": video, "seed": params.seeds[0], "threads": params.active.threads}
        yield cell_of("train_video", name, seen | told, choices_of(variant) | {WAYS: {"clips"}})
