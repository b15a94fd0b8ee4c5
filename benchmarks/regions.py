"""What a network that sees points of the regions is worth on photographs that it was not trained on, and what it looks at.

    python -m benchmarks.regions --train DIR --people DIR --mixed DIR --keep DIR [--size 128] [--epochs 20 --steps 130]

DIRs are folders of composites: the foregrounds of --train's train split are learned from, the test splits of --people and --mixed
are scored. Of the photographs of --mixed more sets are made:

- graded_photometric, graded_lut: the whole photograph graded, which is the truth; the foreground left as it was, which is the composite
- untouched: the photograph itself
- swapped: composites of --mixed on the background of the next photograph; the truth is the foreground's own

A change is that of the mean foreground MSE against the composites' own, with a percentile interval over photographs; harm is the
share of images whose error grew. Of untouched photographs the change is the mean CIEDE2000 of the foreground.
"""

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8, uint8_from_metric
from imharmony.colour.spaces import ciede2000, lab_from_srgb
from imharmony.composing.composites import recomposed
from imharmony.composing.packed_split import PackedSplit, pack_split
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.seeds import numpy_rng
from imharmony.training.loop import fit
from imharmony.transfer import TRANSFERS
from pipeline.params.file import load_params
from pipeline.steps.architectures import architecture_of
from pipeline.steps.assembly import harmonizer_of, objective_of, recipe_of

CPU = torch.device("cpu")
RESAMPLES = 2000
COLUMNS = ["variant", "size_px", "cpu_minutes", "set", "images", "photographs", "composite_fmse", "change", "low", "high", "harm"]


class Images(NamedTuple):
    """uint8 pictures, masks, and the photograph of each."""

    composite: np.ndarray
    real: np.ndarray
    mask: np.ndarray
    photographs: np.ndarray


def stored(split: PackedSplit) -> Images:
    return Images(split.composite, split.real, split.mask, split.rows["image_id"].to_numpy())


def graded(images: Images, transfer: str) -> Images:
    """One grade of each foreground's photograph."""
    grade, images = TRANSFERS[transfer], untouched(images)
    truths = []
    for place, real in enumerate(images.real):
        truths.append(grade.apply(real.reshape(-1, 3), grade.draw(numpy_rng("grade", transfer, place))).reshape(real.shape))
    pasted = [recomposed(real, mask / 255, truth) for real, mask, truth in zip(images.real, images.mask, truths, strict=True)]
    return images._replace(composite=np.stack(pasted), real=np.stack(truths))


def untouched(images: Images) -> Images:
    """The photograph of each foreground, once."""
    first = {
        (photograph, mask.tobytes()): place
        for place, (photograph, mask) in reversed(list(enumerate(zip(images.photographs, images.mask, strict=True))))
    }
    at = np.sort(list(first.values()))
    return Images(images.real[at], images.real[at], images.mask[at], images.photographs[at])


def swapped(images: Images) -> Images:
    """Each foreground on the background of the next photograph in the list."""
    ids = images.photographs
    other = np.array([next(k % len(ids) for k in range(i + 1, i + len(ids)) if ids[k % len(ids)] != ids[i]) for i in range(len(ids))])
    pasted = [recomposed(images.composite[i], images.mask[i] / 255, images.real[other[i]]) for i in range(len(ids))]
    return Images(np.stack(pasted), images.real, images.mask, ids)


def outputs(harmonizer: Harmonizer, images: Images) -> Iterator[np.ndarray]:
    with torch.inference_mode():
        for composite, mask in zip(images.composite, images.mask, strict=True):
            given = network_from_uint8(torch.from_numpy(composite.copy())[None]), mask_from_uint8(torch.from_numpy(mask.copy())[None])
            yield uint8_from_metric(metric_from_network(harmonizer(*given)))[0].numpy()


def foreground_mse(output: np.ndarray, real: np.ndarray, mask: np.ndarray) -> float:
    return float((np.square(output.astype(np.float64) - real).mean(2) * mask).sum() / mask.sum())


def colour_difference(output: np.ndarray, real: np.ndarray, mask: np.ndarray) -> float:
    difference = ciede2000(lab_from_srgb(output / 255), lab_from_srgb(real / 255))
    return float((difference * mask).sum() / mask.sum())


def resampled(values: np.ndarray, photographs: np.ndarray) -> Iterator[np.ndarray]:
    """Sums of the columns over photographs drawn with replacement."""
    sums = np.stack([values[photographs == each].sum(0) for each in np.unique(photographs)])
    rng = numpy_rng("regions", "bootstrap")
    for _ in range(RESAMPLES):
        yield sums[rng.integers(0, len(sums), len(sums))].sum(0)


def scores(harmonizer: Harmonizer, sets: dict[str, Images]) -> Iterator[dict[str, object]]:
    for name, images in sets.items():
        seen = [place for place in range(len(images.mask)) if images.mask[place].any()]
        images = Images(*(part[seen] for part in images))
        made = list(outputs(harmonizer, images))
        facts = {"set": name, "images": len(made), "photographs": len(set(images.photographs))}
        if name == "untouched":
            far = np.array([colour_difference(*parts) for parts in zip(made, images.real, images.mask, strict=True)])
            means = [total / count for total, count in resampled(np.column_stack([far, np.ones(len(far))]), images.photographs)]
            low, high = np.percentile(means, (2.5, 97.5))
            yield facts | {"composite_fmse": "0", "change": f"{far.mean():.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}", "harm": ""}
            continue
        error, before = (
            np.array([foreground_mse(*parts) for parts in zip(pictures, images.real, images.mask, strict=True)])
            for pictures in (made, images.composite)
        )
        changes = [100 * (after / own - 1) for after, own in resampled(np.column_stack([error, before]), images.photographs)]
        low, high = np.percentile(changes, (2.5, 97.5))
        change, harm = 100 * (error.mean() / before.mean() - 1), 100 * np.mean(error > before)
        numbers = {"change": f"{change:.0f}", "low": f"{low:.0f}", "high": f"{high:.0f}", "harm": f"{harm:.0f}"}
        yield facts | {"composite_fmse": f"{before.mean():.0f}"} | numbers


def trained(
    variant: str, train: PackedSplit, val: PackedSplit, folder: Path, *, size_px: int, epochs: int, steps: int
) -> tuple[Harmonizer, float]:
    """The variant of params.yaml at this size and length, its width that of the profile ``coco``; read if it is there."""
    params = load_params()
    spec, training = params.catalogue[variant], params.profiles["coco"].training
    training = training.model_copy(update={"size_px": size_px, "precision": "fp32"})
    path = folder / f"{variant}-{size_px}.safetensors"
    if not path.exists():
        started = time.process_time()
        harmonizer, recipe = harmonizer_of(spec, training, seed=0), recipe_of(spec, training, seed=0)
        if recipe.points is None:
            raise SystemExit(f"{variant} learns from pictures; expected a variant with `points`")
        fit(
            harmonizer=harmonizer,
            train=train,
            val=val,
            objective=objective_of(spec, harmonizer, device=CPU),
            critic=None,
            recipe=replace(recipe, epochs=epochs, points=replace(recipe.points, steps=steps)),
            device=CPU,
            folder=folder / f"{variant}-{size_px}",
            on_epoch=lambda row: print(f"{variant}, epoch {row['epoch']}: val fMSE {row['val_fmse']:.0f}", flush=True),
        )
        minutes = (time.process_time() - started) / 60
        save_harmonizer(path, harmonizer, architecture_of(spec, training), {"size_px": size_px, "cpu_minutes": f"{minutes:.1f}"})
    harmonizer, facts = load_harmonizer(path)
    return harmonizer, float(facts["cpu_minutes"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("train", "people", "mixed", "keep"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=130, help="of an epoch")
    parser.add_argument("--variants", nargs="+", default=["regions", "regions_foreground_only"])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/regions.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)

    def packed(folder: Path, split: str) -> PackedSplit:
        return pack_split(folder, options.keep / folder.name, split=split, size_px=options.size)

    mixed = stored(packed(options.mixed, "test"))
    sets = {"people": stored(packed(options.people, "test")), "mixed": mixed}
    sets |= {f"graded_{name}": graded(mixed, name) for name in ("photometric", "lut")}
    sets |= {"swapped": swapped(mixed), "untouched": untouched(mixed)}
    rows = []
    for variant in options.variants:
        scale = {"size_px": options.size, "epochs": options.epochs, "steps": options.steps}
        harmonizer, minutes = trained(variant, packed(options.train, "train"), packed(options.train, "val"), options.keep, **scale)
        for row in scores(harmonizer, sets):
            rows.append({"variant": variant, "size_px": options.size, "cpu_minutes": f"{minutes:.1f}"} | row)
            print(rows[-1], flush=True)
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
