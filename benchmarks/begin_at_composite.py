"""What beginning at the composite gives after the same steps: each mended variant trained both ways on one set of photographs.

    python -m benchmarks.begin_at_composite --composites DIR --keep DIR [--size 64] [--epochs 2] [--variants NAME ...]

DIR is a folder of composites: its train split is learned from, its val split chooses the epoch, its test split is scored once. The
variants are those of params.yaml that begin at the composite and learn from pictures without looking through a backbone, one of
those that differ in their data alone, at the scale of the profile ``coco``; what learns from preprocessed pictures is given the
composites here. From one start to the other the weights of all layers but the last are the same, and so are the batches.

Mean foreground MSE: ``val last`` after the last step, ``val kept`` with the weights of the best epoch, which for a network that
begins at the composite may be the untrained one, epoch 0. ``test change`` is in percent of the composites' own, with a percentile
interval over photographs; ``harm`` is the share of test images whose error grew. A training that was done already is read.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.held_out import Images, change_of, images_of
from benchmarks.tables import write_csv
from imharmony.composing.packed_split import PackedSplit, pack_split
from imharmony.storage.descriptions import Start
from imharmony.training.batches import Batches
from imharmony.training.loop import fit
from imharmony.training.state import best_row
from imharmony.training.validation import validate
from pipeline.params.file import load_params
from pipeline.params.training import Training, Variant
from pipeline.steps.assembly import critic_of, harmonizer_of, objective_of, recipe_of

CPU = torch.device("cpu")
STARTS: tuple[Start, ...] = ("published", "composite")


def offered(variants: Mapping[str, Variant]) -> list[str]:
    """The variants that can be trained here."""
    told, first = {"dataset", "protocol", "input", "epochs_factor"}, {}
    for name, variant in variants.items():
        if variant.generator.start == "composite" and variant.points is None and variant.backbone == "none":
            first.setdefault(variant.model_dump_json(exclude=told), name)
    return list(first.values())


def starting(variant: Variant, start: Start) -> Variant:
    """The variant with another start."""
    return variant.model_copy(update={"generator": variant.generator.model_copy(update={"start": start})})


def trained(
    name: str, variant: Variant, training: Training, train: PackedSplit, val: PackedSplit, test: Images, *, epochs: int, keep: Path
) -> dict[str, object]:
    """One training and its scores."""
    harmonizer, recipe = harmonizer_of(variant, training, seed=0), replace(recipe_of(variant, training, seed=0), epochs=epochs)
    start = variant.generator.start
    history = fit(
        harmonizer=harmonizer,
        train=train,
        val=val,
        objective=objective_of(variant, harmonizer, device=CPU),
        critic=critic_of(variant, training, seed=0),
        recipe=recipe,
        device=CPU,
        folder=keep / f"{name}-{start}-{training.size_px}-{epochs}",
        on_epoch=lambda row: print(f"{name} {start}, epoch {row['epoch']}: val fMSE {row['val_fmse']:.0f}", flush=True),
    )
    best, untouched = best_row(history), harmonizer_of(starting(variant, "composite"), training, seed=0)
    found = change_of(harmonizer, test)
    return {
        "variant": name,
        "start": start,
        "steps": epochs * -(-len(train.composite) // recipe.batch_size),
        "epoch_kept": best["epoch"],
        "val_composite": f"{validate(untouched, Batches(val, device=CPU), batch_size=recipe.batch_size).fmse:.0f}",
        "val_last": f"{history[-1]['val_fmse']:.0f}",
        "val_kept": f"{best['val_fmse']:.0f}",
        "test_composite": f"{found.composite:.0f}",
        "test_change": found.mean.text(),
        "harm": f"{found.harm:.0f}",
    }


def main() -> None:
    """Trains what is asked for and writes a row for each training."""
    params = load_params()
    profile = params.profiles["coco"].training
    names = offered(params.catalogue)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--composites", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--variants", nargs="+", default=names, choices=names)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/begin_at_composite.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    train, val, test = (
        pack_split(options.composites, options.keep / "packed", split=split, size_px=options.size) for split in ("train", "val", "test")
    )
    training = profile.model_copy(update={"size_px": options.size, "precision": "fp32"})
    rows = []
    for name in options.variants:
        for start in STARTS:
            variant = starting(params.catalogue[name], start)
            rows.append(trained(name, variant, training, train, val, images_of(test), epochs=options.epochs, keep=options.keep))
            print(rows[-1], flush=True)
    write_csv(options.out, rows)


if __name__ == "__main__":
    main()
