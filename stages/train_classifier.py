"""Stage ``train_classifier``: composites -> features/P/backbones/profile/: what losses on features look through, and its accuracy."""

import json
from dataclasses import asdict

from imharmony.classification.checkpoint import save_classifier
from imharmony.classification.crops import foreground_crops
from imharmony.classification.training import accuracy_of, fit_classifier
from imharmony.composing.packed_split import data_hash
from imharmony.errors import InputError
from imharmony.storage.files import atomic_folder, write_text
from pipeline.params.file import Params, load_params
from pipeline.params.training import Backbone, Classifier
from pipeline.steps.backbone_choice import write_backbone
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.packing import packed
from pipeline.steps.paths import MODEL, Places


def main(dataset: str) -> None:
    """Trains a classifier if the profile looks through one, and only says which pretrained network it is otherwise."""
    params = load_params()
    chosen, backbone = params.classifier, params.active.backbone
    if chosen is None or backbone is None:
        raise InputError("params.yaml: classifiers without the section `classifier`, or without the profile's `backbone`")
    if backbone.name == "classifier":
        _train(params, dataset, chosen, backbone)
        return
    with atomic_folder(Places(params.profile).backbone("profile")) as out:
        write_backbone(out, backbone)
        write_text(out / "metrics.json", "{}\n")


def _train(params: Params, dataset: str, chosen: Classifier, backbone: Backbone) -> None:
    """On the photographs' own foregrounds, and compares it with always naming the most frequent category."""
    places, size_px = Places(params.profile), params.active.training.size_px
    facts = {"dataset": dataset, "data_hash": data_hash(places.composites(dataset)), "seed": str(chosen.seed)}
    facts |= facts_of(places.fingerprint("train_classifier", dataset))
    splits = (packed(params, places, dataset, split, size_px) for split in ("train", "val"))
    train, val = (foreground_crops(split, size_px=chosen.size_px) for split in splits)
    network, categories = fit_classifier(
        train,
        width=chosen.width,
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        learning_rate=chosen.learning_rate,
        seed=chosen.seed,
        device=device_of(params),
    )
    accuracy = accuracy_of(network, categories, train, val)
    with atomic_folder(places.backbone("profile")) as out:
        write_backbone(out, backbone)
        save_classifier(out / MODEL, network, categories=categories, width=chosen.width, metadata=facts)
        write_text(out / "metrics.json", json.dumps(asdict(accuracy), indent=1) + "\n")


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
