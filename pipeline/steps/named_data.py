"""Data sets by the names that variants say: a small file for each, which changes when what a training reads there does.

DVC cannot ask ``params.yaml`` what stands in for a variant's data set while it reads ``dvc.yaml``, so a training depends on the file of the
name that its variant says. It reads the folder itself.
"""

import json

from imharmony.composing.packed_split import data_hash
from imharmony.storage.files import atomic_folder, sha256_of, write_text
from pipeline.params.training import InputName
from pipeline.steps.paths import Places
from pipeline.steps.preprocessed import PREPROCESSING

NONE = "none"  # the one file where there are no pictures of a kind


def write_names(places: Places, given: InputName, named: dict[str, str]) -> None:
    """Writes data/P/named/<given>/ anew: ``named`` has the data set by each name.

    A manifest has the hashes of all its pictures; beside it, a training reads how semi-harmonized ones were made.
    """
    with atomic_folder(places.named(given)) as out:
        for name, dataset in named.items():
            folder = places.given(given, dataset)
            made_by = folder / PREPROCESSING
            tree = {"dataset": dataset, "data_hash": data_hash(folder), "made_by": sha256_of(made_by)[:16] if made_by.is_file() else None}
            write_text(out / name, json.dumps(tree, indent=1) + "\n")
        if not named:
            write_text(out / NONE, "")
