"""What a variant is given to harmonize: composites, or what report 001's preprocessing made of them.

``train`` and ``evaluate`` depend on a folder for each variant that says which pictures it gets, so that other semi-harmonized pictures
train those variants again that see them, and no others. The hashes in it stand for pictures that those stages do not name.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from imharmony.composing.packed_split import data_hash
from imharmony.errors import InputError
from imharmony.storage.files import sha256_of, write_text
from pipeline.params.file import Params
from pipeline.params.section import Section
from pipeline.params.training import COMPOSITE, INTRINSIC, InputName
from pipeline.steps.paths import Layout

INPUT = "input.json"
MODEL = "model.safetensors"


class Preprocessing(Section):
    """How semi-harmonized pictures were made; what a user's photograph has to go through too."""

    backend: str
    edits: str
    strength: float
    feather_px: float
    seed: int
    networks_sha256: str | None  # of their file; null: nothing is learned
    data_hashes: dict[str, str]  # of the semi-harmonized data sets


class Input(Section):
    """A variant's input; ``preprocessing`` is null for composites."""

    input: InputName
    preprocessing: Preprocessing | None = None

    def folder(self, layout: Layout, dataset: str) -> Path:
        """The folder whose pictures the variant is given, as they were when its input was assigned."""
        if self.preprocessing is None:
            return layout.composites(dataset)
        folder = layout.intrinsic(dataset)
        if data_hash(folder) != self.preprocessing.data_hashes.get(dataset):
            raise InputError(f"{folder}: other pictures than those that were assigned; run the stage assign_inputs (dvc repro)")
        return folder

    @property
    def facts(self) -> dict[str, Any]:
        """What a checkpoint says of its input."""
        facts: dict[str, Any] = {"input": self.input}
        if self.preprocessing is not None:
            facts["preprocessing"] = self.preprocessing.model_dump(exclude={"data_hashes"})
        return facts


def preprocessed_input(params: Params, layout: Layout) -> Input:
    """The semi-harmonized pictures of the profile, as its folders hold them now."""
    chosen = params.active.intrinsic
    preprocessing = Preprocessing(
        **chosen.of_pictures(),
        networks_sha256=networks_hash(layout) if chosen.has_networks else None,
        data_hashes={dataset: data_hash(layout.intrinsic(dataset)) for dataset in params.datasets},
    )
    return Input(input=INTRINSIC, preprocessing=preprocessing)


def networks_hash(layout: Layout) -> str:
    """The SHA-256 of the networks that composites are preprocessed by."""
    try:
        return sha256_of(layout.edits() / MODEL)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such file; run the stage train_edits (dvc repro)") from error


def write_input(folder: Path, chosen: Input) -> None:
    """Leaves a variant's input in its folder."""
    write_text(folder / INPUT, chosen.model_dump_json(indent=1) + "\n")


def input_of(layout: Layout, variant: str) -> Input:
    """A variant's input, as ``write_input`` left it."""
    path = layout.inputs() / variant / INPUT
    try:
        return Input.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError) as error:
        raise InputError(f"{path}: absent or names no input; run the stage assign_inputs (dvc repro)") from error


COMPOSITES = Input(input=COMPOSITE)
