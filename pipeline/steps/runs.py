"""The seeds of one variant's training: which are finished, and which are no longer asked for."""

import logging
import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from imharmony.errors import InputError
from imharmony.storage.weights import read_weights
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.paths import MODEL
from pipeline.steps.work_folders import work_folder

log = logging.getLogger(__name__)

SEEDS = "seeds"  # of a fingerprint: which seeds are trained changes none of them


def training_folder(fingerprint: Path, *inputs: object) -> Path:
    """Where one training's unfinished work lies: its name stands for all that the training depends on, but not for other seeds."""
    found = read_fingerprint(fingerprint)
    own = replace(found, values={key: value for key, value in found.values.items() if key != SEEDS})
    return work_folder("train", own.text(), *inputs, made_by=fingerprint)


def is_finished(run: Path, inputs: str) -> bool:
    """Whether a run is whole and of these inputs; DVC leaves the runs of a variant in place (``persist``)."""
    path = run / MODEL
    try:
        return path.is_file() and read_weights(path)[0].get("inputs") == inputs
    except InputError as error:
        log.warning("%s; it is trained again", error)
        return False


def remove_others(runs: Path, seeds: Collection[int]) -> None:
    """Removes runs of seeds that are no longer among the parameters."""
    for folder in runs.iterdir() if runs.is_dir() else ():
        if folder.name not in map(str, seeds):
            shutil.rmtree(folder)
