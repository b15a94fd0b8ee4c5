"""What each variant reads, as a small file for its training and one for its evaluation, which change when that does and not else.

DVC cannot look up a variant's section by its name while it reads ``dvc.yaml``, nor what stands in for its data. So both depend on these
files, and read the folders themselves. Every variant of the catalogue has files: a longer list of variants changes none of them.
"""

import json
from pathlib import Path
from typing import Any

from imharmony.composing.packed_split import data_hash
from imharmony.storage.files import atomic_folder, sha256_of, write_text
from pipeline.params.file import Params
from pipeline.params.mixtures import names_in
from pipeline.params.training import Variant
from pipeline.steps.paths import Places
from pipeline.steps.preprocessed import PREPROCESSING


def write_names(params: Params, places: Places) -> None:
    """Writes data/P/named/ anew."""
    with atomic_folder(places.named()) as out:
        for name, variant in params.catalogue.items():
            for stage, read in (("train", _for_training), ("evaluate", _for_evaluation)):
                write_text(out / name / stage, json.dumps(read(params, places, variant), indent=1) + "\n")


def _for_training(params: Params, places: Places, variant: Variant) -> dict[str, Any]:
    """Its data sets and the network that its loss looks through; null where nothing makes them, as no variant of the list needs them."""
    mixture = params.mixture_of(variant)
    pictures = {name: _pictures(places.given(variant.input, name)) for name in names_in(mixture or [])}
    return {
        "dataset": mixture,
        "pictures": pictures[mixture] if isinstance(mixture, str) else (pictures or None),
        "backbone": _files(places.backbone("profile")) if variant.backbone == "profile" and params.classifiers else None,
    }


def _for_evaluation(params: Params, places: Places, variant: Variant) -> dict[str, Any]:
    """The pictures that it is given of each data set."""
    return {dataset: _pictures(places.given(variant.input, dataset)) for dataset in params.given(variant.input)}


def _pictures(folder: Path) -> dict[str, Any]:
    """A manifest has the hashes of all its pictures; beside it lies how semi-harmonized ones were made."""
    made_by = folder / PREPROCESSING
    return {"data_hash": data_hash(folder), "made_by": sha256_of(made_by)[:16] if made_by.is_file() else None}


def _files(folder: Path) -> dict[str, str]:
    return {path.name: sha256_of(path)[:16] for path in sorted(folder.iterdir())}
