"""What a run of the whole graph takes, by what its stages are for: read from what the runner said.

    python -m pipeline run 2> run.log
    python -m benchmarks.default_run run.log [--out benchmarks/results/default_run.csv]

Seconds are of the clock while a stage ran; as many stages as there are cores run beside it. A run that took stages from the cache, or
ended early, is refused.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.tables import write_csv
from imharmony.errors import InputError, exit_code_of

PARTS: Mapping[str, Sequence[str]] = {
    "fingerprints": ("fingerprint", "name_data"),
    "photographs and composites": ("download_annotations", "filter_masks", "download_images", "synthesize_composites"),
    "report 001's preprocessing": ("train_shading", "train_edits", "preprocess_intrinsic", "evaluate_intrinsic", "train_classifier"),
    "harmonizers: training": ("train",),
    "harmonizers: scores": ("evaluate", "evaluate_baselines", "evaluate_published", "import_scores"),
    "realism": ("build_colour_database", "train_realism", "evaluate_realism"),
    "without a mask": ("train_detector", "train_blind", "evaluate_blind"),
    "matting": ("make_trimaps", "train_matting", "train_joint", "compose_portraits", "evaluate_matting"),
    "video": ("synthesize_clips", "train_video", "evaluate_clips"),
    "report": ("report",),
}
RAN = re.compile(r"^(?P<stage>\w+)(?:@(?P<cell>\S+))?: ran in (?P<seconds>\d+) s$")
ENDED = re.compile(r"^(?P<stages>\d+) stages: (?P<ran>\d+) ran, in (?P<seconds>\d+) s$")


def parts_of(lines: Sequence[str]) -> list[dict[str, object]]:
    """A row for each part, and one of the whole run; an ``InputError`` where the lines are not those of one whole run."""
    found = [match for line in lines if (match := RAN.match(line))]
    ends = [match for line in lines if (match := ENDED.match(line))]
    if len(ends) != 1 or not len(found) == int(ends[0]["ran"]) == int(ends[0]["stages"]):
        raise InputError(f"{len(found)} stages that ran and {len(ends)} ends; expected the lines of one run in which every stage ran")
    part_of = {stage: part for part, stages in PARTS.items() for stage in stages}
    if unknown := sorted({match["stage"] for match in found} - part_of.keys()):
        raise InputError(f"{', '.join(unknown)}: stages of no part; expected some of {', '.join(part_of)}; add them to PARTS")
    rows: list[dict[str, object]] = []
    for part in PARTS:
        own = [match for match in found if part_of[match["stage"]] == part]
        if own:
            longest = max(own, key=lambda match: int(match["seconds"]))
            name = "@".join(filter(None, longest.group("stage", "cell")))
            rows.append(_row(part, len(own), sum(int(match["seconds"]) for match in own), f"{name}: {longest['seconds']} s"))
    whole = sum(int(match["seconds"]) for match in found)
    return [
        *rows,
        _row("all stages", len(found), whole, ""),
        _row("the run", len(found), int(ends[0]["seconds"]), "from its begin to its end"),
    ]


def _row(part: str, stages: int, seconds: int, longest: str) -> dict[str, object]:
    return {"part": part, "stages": stages, "seconds": seconds, "longest": longest}


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/default_run.csv"))
    arguments = parser.parse_args()
    write_csv(arguments.out, parts_of(arguments.log.read_text(encoding="utf-8").splitlines()))


if __name__ == "__main__":
    raise SystemExit(exit_code_of(main))
