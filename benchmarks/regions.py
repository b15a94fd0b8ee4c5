"""What was tried of a network that sees points of the regions: each idea alone against the same base, on photographs not trained on.

    python -m benchmarks.regions --composites DIR --keep DIR [--ideas NAME ...]

DIR has the folders ``objects`` (its train split is learned from, and some of its composites are the set ``train``, which tells
what is not learned from what is not known of other photographs; its test split is the set ``mixed``), ``people`` and ``graded`` of
composites, as the profile ``coco`` makes them. An idea changes the variant ``regions`` of params.yaml; ``base`` is one member of it,
so that an idea costs minutes. More sets are made of ``mixed``:

- swapped: its composites on another photograph's background; the truth is the foreground's own
- jpeg: its composites compressed at quality 75
- untouched: the photographs themselves

A change is that of the mean foreground MSE in percent of the composites' own, with the 95 % interval over photographs; harm is the
share of images made worse. Of untouched photographs it is the mean CIEDE2000 of the foreground. One seed; a training that was done
is read. ``one taught by three`` needs that of ``three members``.
"""

import argparse
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch

from benchmarks.held_out import Images, change_of, difference_to, images_of
from benchmarks.region_forms import Curved, Quartered, compressed, half_compressed, learning_from
from benchmarks.tables import write_csv
from imharmony.composing.packed_split import PackedSplit, pack_split
from imharmony.evaluation.controls import plan_of, swapped
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.running.seeds import numpy_rng
from imharmony.training.loop import fit
from pipeline.params.file import load_params
from pipeline.params.training import Training, Variant
from pipeline.steps.assembly import harmonizer_of, objective_of, recipe_of

CPU = torch.device("cpu")
QUALITY = 75
OF_TRAIN = 500
WITHOUT_HARM = ("train", "swapped")  # sets whose share made worse says nothing of use
NARROW = ["reinhard_lab", "luminance", "photometric"]

# What each changes of the base, by the place in the variant's section, and `size_px` and `steps` of the whole training, and a `form`
# of benchmarks/region_forms.py.
IDEAS: dict[str, dict[str, object]] = {
    "base": {},
    "three members": {"generator.members": 3, "points.batch_size": 96},
    "five members": {"generator.members": 5, "points.batch_size": 160},
    "without the background": {"generator.name": "regions_foreground_only"},
    "128 px": {"size_px": 128},
    "twice the steps": {"steps": 2600},
    "half the width": {"generator.width": 128},
    "twice the width": {"generator.width": 512},
    "squared error": {"losses": {"mask_weighted_mse": 1.0}},
    "few transfers": {"points.transfers": NARROW},
    "few transfers, squared error": {"points.transfers": NARROW, "losses": {"mask_weighted_mse": 1.0}},
    "nothing graded": {"points.graded": 0.0},
    "graded left oftener": {"points.graded": 0.8, "points.left_as_it_was": 0.6},
    "no LUT": {
        "points.transfers": ["reinhard_lab", "luminance", "reinhard_lalphabeta", "xiao_rgb", "mkl", "histogram", "photometric"],
        "points.grades": ["photometric", "reinhard_lab", "mkl", "histogram", "reinhard_lalphabeta"],
    },
    "10 % untouched": {"points.untouched": 0.1},
    "30 % untouched": {"points.untouched": 0.3},
    "edges always": {"points.hidden_edges": 0.0},
    "edges never": {"points.hidden_edges": 1.0},
    "weights not averaged": {"average_weights": False},
    "less decay": {"optimizer.weight_decay": 0.02},
    "more decay": {"optimizer.weight_decay": 0.1},
    "half of the photographs compressed": {"form": "compressed"},
    "no restraint": {"form": "unrestrained"},
    "curves, no restraint": {"form": "curved"},
    "large foregrounds by quarters": {"form": "quartered"},
    "one taught by three": {"form": "distilled"},
}
OF_BASE = ("unrestrained", "quartered")  # forms of the network that the base trained
TEACHER, FROM_TEACHER = "three members", 0.5


def of_the_idea(base: Variant, changes: Mapping[str, object]) -> Variant:
    """One member of the variant, with the idea's changes."""
    section = base.model_dump(mode="json")
    for key, value in ({"generator.members": 1, "points.batch_size": 32} | dict(changes)).items():
        *groups, last = key.split(".")
        inner = section
        for group in groups:
            inner = inner[group]
        inner[last] = value
    return Variant.model_validate(section)


def sets_of(train: PackedSplit, people: PackedSplit, mixed: PackedSplit, graded: PackedSplit) -> dict[str, Images]:
    """The sets by name."""
    kinds, own = graded.rows["transfer"].to_pylist(), images_of(mixed)
    plan, rows = plan_of(mixed), mixed.rows.select(["sample_id", "image_id"]).to_pylist()
    one = [place for place in plan.looked_at.tolist() if mixed.mask[place].any()]
    first = images_of(mixed, one)
    others = [cast("int", plan.background_of(**rows[place])[1]) for place in one]
    moved = [swapped(mixed, place, np.array(mixed.real[other])) for place, other in zip(one, others, strict=True)]
    some = numpy_rng("regions", "train").choice(len(train.mask), min(len(train.mask), OF_TRAIN), replace=False)
    found = {"train": images_of(train, sorted(some.tolist())), "people": images_of(people), "mixed": own}
    for kind in ("photometric", "lut"):
        found[f"graded_{kind}"] = images_of(graded, [place for place, transfer in enumerate(kinds) if transfer == kind])
    found["swapped"] = first._replace(composite=np.stack(moved))
    found["jpeg"] = own._replace(composite=np.stack([compressed(picture, QUALITY) for picture in own.composite]))
    return found | {"untouched": first._replace(composite=first.real)}


def trained(
    variant: Variant, training: Training, splits: Mapping[str, PackedSplit], path: Path, *, epochs: int, form: str
) -> tuple[Harmonizer, float]:
    """The network and the minutes that its training took; read if it is there."""
    kept = path.with_suffix(".pt")
    harmonizer = harmonizer_of(variant, training, seed=0)
    if form == "curved":
        harmonizer.network = Curved(of_regions(harmonizer))
    if not kept.exists():
        started = time.process_time()
        with learning_from(teacher_of(path.parent, training), share=FROM_TEACHER) if form == "distilled" else nullcontext():
            fit(
                harmonizer=harmonizer,
                train=half_compressed(splits["train"]) if form == "compressed" else splits["train"],
                val=splits["val"],
                objective=objective_of(variant, harmonizer, device=CPU),
                critic=None,
                recipe=replace(recipe_of(variant, training, seed=0), epochs=epochs),
                device=CPU,
                folder=path,
                on_epoch=lambda row: print(f"{path.name}, epoch {row['epoch']}: val fMSE {row['val_fmse']:.0f}", flush=True),
            )
        torch.save({"weights": harmonizer.state_dict(), "cpu_minutes": (time.process_time() - started) / 60}, kept)
    found = torch.load(kept, weights_only=True)
    harmonizer.load_state_dict(found["weights"])
    return harmonizer.infer(), found["cpu_minutes"]


def of_regions(harmonizer: Harmonizer) -> RegionEnsemble:
    """The network, which is one of regions."""
    assert isinstance(harmonizer.network, RegionEnsemble)
    return harmonizer.network


def teacher_of(keep: Path, training: Training) -> RegionEnsemble:
    """The network that the idea ``TEACHER`` trained before."""
    changes = IDEAS[TEACHER]
    harmonizer = harmonizer_of(of_the_idea(load_params().catalogue["regions"], changes), training, seed=0)
    harmonizer.load_state_dict(torch.load(kept_at(keep, TEACHER).with_suffix(".pt"), weights_only=True)["weights"])
    return of_regions(harmonizer)


def kept_at(keep: Path, idea: str) -> Path:
    """Where an idea's training is."""
    return keep / idea.replace(" ", "_").replace(",", "").replace("%", "percent")


def row_of(idea: str, harmonizer: Harmonizer, minutes: float, sets: Mapping[str, Images]) -> dict[str, object]:
    """The table's row."""
    row: dict[str, object] = {"idea": idea, "minutes": f"{minutes:.1f}"}
    for name, images in sets.items():
        if name == "untouched":
            row[name] = difference_to(harmonizer, images).text(1)
        else:
            change = change_of(harmonizer, images)
            row |= {name: change.mean.text()} | ({f"{name}_harm": f"{change.harm:.0f}"} if name not in WITHOUT_HARM else {})
    return row


def main() -> None:
    """Trains what is asked for and writes a row for each idea."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--composites", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--ideas", nargs="+", default=list(IDEAS), choices=list(IDEAS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/region_ideas.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    params = load_params()
    base, coco = params.catalogue["regions"], params.profiles["coco"].training

    def packed(name: str, split: str, size_px: int) -> PackedSplit:
        return pack_split(options.composites / name, options.keep / f"{name}-{size_px}", split=split, size_px=size_px)

    rows, sets = [], {}
    for idea in options.ideas:
        changes = dict(IDEAS[idea])
        size_px, steps = cast("int", changes.pop("size_px", 256)), cast("int", changes.pop("steps", 1300))
        form = cast("str", changes.pop("form", ""))
        if size_px not in sets:
            tests = (packed(name, "test", size_px) for name in ("people", "objects", "graded"))
            sets[size_px] = sets_of(packed("objects", "train", size_px), *tests)
        variant, training = of_the_idea(base, changes), coco.model_copy(update={"size_px": size_px, "precision": "fp32"})
        points = variant.points
        assert points is not None
        splits = {split: packed("objects", split, size_px) for split in ("train", "val")}
        path = kept_at(options.keep, "base" if form in OF_BASE else idea)
        harmonizer, minutes = trained(variant, training, splits, path, epochs=steps // points.steps, form=form)
        network = of_regions(harmonizer)
        if form in ("unrestrained", "curved"):
            network.doubt.zero_()
            network.floor.zero_()
        elif form == "quartered":
            harmonizer.network = Quartered(network)
        rows.append(row_of(idea, harmonizer, minutes, sets[size_px]))
        print(rows[-1], flush=True)
    write_csv(options.out, rows)


if __name__ == "__main__":
    main()
