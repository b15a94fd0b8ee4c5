"""Which frozen network a loss on features looks through, as a folder says it: read without loading torch."""

from pathlib import Path

from imharmony.errors import InputError
from imharmony.storage.files import write_text
from pipeline.params.training import Backbone

CHOICE = "backbone.json"
NONE = "null\n"


def write_backbone(folder: Path, backbone: Backbone | None) -> None:
    """Which network a loss looks through; None where it looks through none. A classifier lies beside it, as ``MODEL``."""
    write_text(folder / CHOICE, NONE if backbone is None else backbone.model_dump_json() + "\n")


def read_backbone(folder: Path) -> Backbone:
    """The choice that ``write_backbone`` left; an ``InputError`` where there is none."""
    path = folder / CHOICE
    try:
        return Backbone.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise InputError(f"{path}: absent or names no network; run the stage train_classifier (dvc repro)") from error
