"""What report 001's preprocessing made of composites, and by what: said beside the pictures, and in the checkpoints trained on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imharmony.errors import InputError
from imharmony.storage.files import sha256_of, write_text
from pipeline.params.section import Section
from pipeline.params.training import COMPOSITE, InputName
from pipeline.steps.paths import MODEL, Places

PREPROCESSING = "preprocessing.json"


class Preprocessing(Section):
    """How semi-harmonized pictures were made; what a user's photograph has to go through too."""

    backend: str
    edits: str
    strength: float
    feather_px: float
    seed: int
    networks_sha256: str | None  # of their file; null: nothing is learned


def networks_hash(places: Places) -> str:
    """The SHA-256 of the networks that composites are preprocessed by."""
    try:
        return sha256_of(places.preprocessing("edits") / MODEL)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such file; run the stage train_edits (dvc repro)") from error


def write_preprocessing(folder: Path, chosen: Preprocessing) -> None:
    """Leaves beside semi-harmonized pictures how they were made."""
    write_text(folder / PREPROCESSING, chosen.model_dump_json(indent=1) + "\n")


def input_facts(places: Places, datasets: Sequence[str], given: InputName) -> dict[str, Any]:
    """What a checkpoint says of the pictures that it was trained on."""
    if given == COMPOSITE:
        return {"input": given}
    first, *others = (_preprocessing(places, dataset) for dataset in datasets)
    if any(other != first for other in others):
        advice = "expected one for all that is learned from together; run preprocess_intrinsic again (dvc repro)"
        raise InputError(f"{', '.join(datasets)}: semi-harmonized in different ways; {advice}")
    return {"input": given, "preprocessing": first.model_dump()}


def _preprocessing(places: Places, dataset: str) -> Preprocessing:
    path = places.intrinsic(dataset) / PREPROCESSING
    try:
        return Preprocessing.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise InputError(f"{path}: absent or not what preprocess_intrinsic writes; run that stage (dvc repro)") from error
