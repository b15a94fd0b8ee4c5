"""Stage ``train``: composites + one variant, its backbone + one seed -> runs/P/<variant>/<seed>/: model, history, samples, live metrics.

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
from imharmony.training.state import best_row, history_table
from imharmony.training.validation import sample_grid
from pipeline.params.file import load_params
from pipeline.steps.assembly import architecture_of, critic_of, harmonizer_of, objective_of, recipe_of
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.live_metrics import live_metrics
from pipeline.steps.packing import packed
from pipeline.steps.paths import Layout
from pipeline.steps.preprocessed import input_of
from pipeline.steps.provenance import code_commit
from pipeline.steps.work_folders import work_folder

SAMPLES = 6


def main(variant: str, seed: int) -> None:
    """Trains one variant; a killed run goes on where it stood and ends in the same files."""
    params = load_params()
    layout = Layout(params.profile)
    spec, training = params.variant(variant), params.active.training
    given = input_of(layout, variant)
    manifest = given.folder(layout, spec.dataset) / "manifest.parquet"
    facts = {"variant": variant, "dataset": spec.dataset, "data_hash": data_hash(manifest.parent), "commit": code_commit(), **given.facts}
    device, is_first = device_of(params), ranks().is_first
    with first_of_host_first(device):
        train, val = (packed(params, layout, spec.dataset, split, training.size_px, given.input) for split in ("train", "val"))
    backbone = layout.backbones() / variant
    folder = work_folder("train", variant, spec, training, params.active.threads, seed, manifest, *([backbone] if spec.features else []))
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
    facts |= {"seed": str(seed), "size_px": str(training.size_px), "precision": resolve_precision(training.precision, device)}
    facts |= {"epochs": str(len(history)), "best_epoch": json.dumps(best_row(history))}
    with atomic_folder(layout.run(variant, seed)) as out:
        save_harmonizer(out / "model.safetensors", harmonizer, architecture_of(spec, training), facts)
        write_table(out / "history.parquet", history_table(history))
        write_csv(out / "history.csv", history_table(history))
        samples = sample_grid(harmonizer, Batches(val, device=device), count=SAMPLES)
        write_bytes(out / "samples" / "val.png", encode_png(samples, level=9))
        shutil.copytree(folder / "dvclive", out / "dvclive")


if __name__ == "__main__":
    run_stage(main, __doc__, {"variant": str, "seed": int})
