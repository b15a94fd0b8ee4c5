"""Stage ``train``: what a variant is given, its backbone -> runs/P/<variant>/<seed>/ of each seed: model, history, samples, live metrics.

Under ``torchrun --nproc_per_node N -m stages.train ...`` its processes train together, each on a device of its own.
"""

import json
import shutil
from contextlib import nullcontext

from imharmony.checkpoint import save_harmonizer
from imharmony.composing.packed_split import data_hash
from imharmony.pictures.images import encode_png
from imharmony.running.ranks import ranks
from imharmony.storage.files import atomic_folder, write_bytes
from imharmony.storage.tables import write_csv, write_table
from imharmony.training.batches import Batches
from imharmony.training.loop import fit, resolve_precision
from imharmony.training.parallel import first_of_host_first
from imharmony.training.state import best_row, epochs_of, history_table
from imharmony.training.validation import sample_grid
from pipeline.params.file import Params, load_params
from pipeline.params.mixtures import JOINS, label_of, names_in, weights_in
from pipeline.steps.architectures import architecture_of
from pipeline.steps.assembly import critic_of, harmonizer_of, objective_of, recipe_of
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.live_metrics import live_metrics
from pipeline.steps.packing import packed_together
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.preprocessed import input_facts
from pipeline.steps.runs import is_finished, remove_others, training_folder
from pipeline.steps.starts import start_facts

SAMPLES = 6


def main(variant: str) -> None:
    """Trains a variant with every seed. Finished seeds stay; a killed run goes on where it stood and ends in the same files."""
    params = load_params()
    places = Places(params.profile)
    params.variant(variant)  # a name that params.yaml does not have ends here
    if ranks().is_first:
        remove_others(places.runs(variant), params.seeds)
    for seed in params.seeds:
        _train(params, places, variant, seed)


def _train(params: Params, places: Places, variant: str, seed: int) -> None:
    spec, training, code = params.variant(variant), params.active.training, places.fingerprint("train", variant)
    mixture = params.trained_on(spec.dataset)
    given, backbone = [places.given(spec.input, name) for name in names_in(mixture)], places.backbone(spec.backbone)
    data = JOINS.join(data_hash(folder) for folder in given)
    folder = training_folder(code, *(each / "manifest.parquet" for each in given), backbone, seed)
    run, device, is_first = places.run(variant, seed), device_of(params), ranks().is_first
    if is_finished(run, folder.name):
        return
    facts = {"variant": variant, "dataset": label_of(mixture), "data_hash": data, "inputs": folder.name, **facts_of(code)}
    facts |= {"stands_in_for": label_of(spec.dataset) if names_in(spec.dataset) != names_in(mixture) else None}
    facts |= {} if weights_in(mixture) is None else {"weights": weights_in(mixture)}
    facts |= input_facts(places, names_in(mixture), spec.input) | start_facts(spec)
    with first_of_host_first(device):
        train, val = (packed_together(params, places, mixture, split, training.size_px, spec.input) for split in ("train", "val"))
    recipe = recipe_of(spec, training, seed=seed)
    harmonizer = harmonizer_of(spec, training, seed=seed)
    with live_metrics(folder / "dvclive") if is_first else nullcontext(lambda _row: None) as log:
        history = fit(
            harmonizer=harmonizer,
            train=train,
            val=val,
            objective=objective_of(spec, harmonizer, device=device, backbone=backbone),
            critic=critic_of(spec, training, seed=seed),
            recipe=recipe,
            device=device,
            folder=folder,
            on_epoch=log,
        )
    if not is_first:
        return  # the first process writes for all
    precision = "fp32" if recipe.points else resolve_precision(training.precision, device)  # points are not cast
    facts |= {"seed": str(seed), "size_px": str(training.size_px), "precision": precision}
    facts |= {"epochs": str(epochs_of(history)), "best_epoch": json.dumps(best_row(history))}
    with atomic_folder(run) as out:
        save_harmonizer(out / MODEL, harmonizer, architecture_of(spec, training), facts)
        write_table(out / "history.parquet", history_table(history))
        write_csv(out / "history.csv", history_table(history))
        samples = sample_grid(harmonizer, Batches(val, device=device), count=SAMPLES)
        write_bytes(out / "samples" / "val.png", encode_png(samples, level=9))
        shutil.copytree(folder / "dvclive", out / "dvclive")


if __name__ == "__main__":
    run_stage(main, __doc__, {"variant": str})
