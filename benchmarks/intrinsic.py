"""Decompositions on the studio's held-out scenes, and what the preprocessing does to composites.

Albedo and shading are judged up to a common factor against the renderer's; the row "true grey" has the renderer's own shading without
its colour, so its albedo's error is what no shading of one channel can avoid. The light is fitted to the largest foreground of each
scene where a lamp gives at least two fifths of the light; "from above" is the guess that needs no looking.

    python -m benchmarks.intrinsic WORLD [--model MODEL] [--composites DIR ...] [--iiw DIR]

WORLD is a folder of the studio (drawn now if it does not exist); without MODEL a network is trained first. DIR of --iiw is
iiw-dataset/data/ of Intrinsic Images in the Wild, which is to be had from its authors.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch

from imharmony.composing.composites import read_composite, to_harmonize
from imharmony.composing.packed_split import square_image, square_mask
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, load_networks, save_networks
from imharmony.intrinsic.compositing import semi_harmonize
from imharmony.intrinsic.decomposition import DARKEST_SHADING, DECOMPOSITIONS, ShadingOf, linear_of, split
from imharmony.intrinsic.judging import ABOVE, disagreement, judged_foreground
from imharmony.intrinsic.learned import learned_shading
from imharmony.intrinsic.light import likely_light
from imharmony.intrinsic.normals import inflate
from imharmony.intrinsic.paints import paints_of
from imharmony.intrinsic.retinex import retinex_log_shading
from imharmony.intrinsic.scenes import KnownScene, read_scenes, shading_pairs
from imharmony.intrinsic.training import fit_shading
from imharmony.metrics.direction import azimuth_error_deg, light_error_deg, normal_errors
from imharmony.metrics.intrinsic import draw_judgements, lmse, si_rmse, whdr
from imharmony.sources.studio import write_studio
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table

SIZE_PX = 96
GREY_STEPS, CHROMATIC_STEPS = (np.logspace(-1.5, 0, 5) for _ in range(2))


def trained(world: Path, model: Path, *, steps: int) -> None:
    started = time.process_time()
    pairs = shading_pairs(read_scenes(world, split="train2017"), size_px=SIZE_PX)
    network = fit_shading(pairs, steps=steps, batch_size=16, learning_rate=2e-3, seed=0, device=torch.device("cpu"))
    save_networks(model, IntrinsicNetworks(network, SIZE_PX), {"scenes": len(pairs.images), "steps": steps})
    print(f"trained on {len(pairs.images)} scenes, {steps} steps of 16, {time.process_time() - started:.0f} s of CPU")


def best_retinex(scenes: list[KnownScene]) -> ShadingOf:
    """Retinex with the thresholds that have the least local error of albedo on training scenes."""

    def cost(grey: float, chromatic: float) -> float:
        found = [np.exp(retinex_log_shading(linear_of(s.image), grey_step=grey, chromatic_step=chromatic)) for s in scenes]
        return float(np.mean([lmse(split(linear_of(s.image), f)[0], s.albedo) for s, f in zip(scenes, found, strict=True)]))

    grey, chromatic = min(((g, c) for g in GREY_STEPS for c in CHROMATIC_STEPS), key=lambda steps: cost(*steps))
    print(f"retinex: grey step {grey:.3f}, chromatic step {chromatic:.3f}, chosen on {len(scenes)} training scenes")
    return lambda image: np.exp(retinex_log_shading(linear_of(image), grey_step=grey, chromatic_step=chromatic))


def print_layers(scenes: list[KnownScene], ways: dict[str, ShadingOf]) -> None:
    scores: dict[str, np.ndarray] = {}
    judgements = [draw_judgements(s.albedo, 300, np.random.default_rng(s.image_id)) for s in scenes]
    for name, way in {**ways, "true grey": None}.items():
        rows = []
        for scene, judged in zip(scenes, judgements, strict=True):
            albedo, shading = split(linear_of(scene.image), scene.shading if way is None else way(scene.image))
            both = [f(e, t) for e, t in ((albedo, scene.albedo), (shading, scene.shading)) for f in (si_rmse, lmse)]
            rows.append([*both, whdr(albedo, judged)])
        scores[name] = np.array(rows)
    print(f"\n{len(scenes)} held-out scenes at {SIZE_PX} px, means")
    print(f"{'shading':<14}{'albedo siRMSE':>14}{'albedo LMSE':>14}{'shading siRMSE':>16}{'shading LMSE':>14}{'WHDR':>8}")
    for name, rows in scores.items():
        a, b, c, d, e = rows.mean(axis=0)
        print(f"{name:<14}{a:>14.3f}{b:>14.4f}{c:>16.3f}{d:>14.4f}{e:>8.3f}")
    rng = np.random.default_rng(0)
    for name in [name for name in ways if name != "learned"] if "learned" in ways else []:
        ours, theirs = scores["learned"][:, 1], scores[name][:, 1]
        drawn = rng.integers(0, len(scenes), (2000, len(scenes)))
        low, high = np.percentile(1 - ours[drawn].mean(axis=1) / theirs[drawn].mean(axis=1), (2.5, 97.5))
        print(f"albedo LMSE, learned against {name}: {1 - ours.mean() / theirs.mean():+.0%} less (95 % {low:+.0%} to {high:+.0%})")


def print_lights(scenes: list[KnownScene], ways: dict[str, ShadingOf]) -> None:
    chosen = [(scene, *lit) for scene in scenes if (lit := judged_foreground(scene))]
    inflated = [inflate(alpha) for _, alpha, _ in chosen]
    errors = [normal_errors(n, s.normals, valid)["median_deg"] for n, (s, _, valid) in zip(inflated, chosen, strict=True)]
    print(f"\n{len(chosen)} foregrounds; inflated normals are off by {np.median(errors):.0f} degrees (median of medians)")
    print(f"{'shading':<14}{'normals':<18}{'azimuth':>9}{'angle':>9}{'trusted':>9}{'azimuth of these':>18}   medians in degrees")
    paints = [paints_of(scene.image, valid) for scene, _, valid in chosen]
    for name, way in {**ways, "true grey": None}.items():
        for kind in ("inflated", "inflated, paints", "true, paints"):
            rows = []
            for (scene, _, valid), balloon, own in zip(chosen, inflated, paints, strict=True):
                normals = scene.normals if kind.startswith("true") else balloon
                known = own if kind.endswith("paints") else None
                shading = scene.shading if way is None else split(linear_of(scene.image), way(scene.image))[1]
                light = likely_light(normals, np.maximum(shading, DARKEST_SHADING), valid, known)
                side, angle = (measure(light.vector, scene.light_direction) for measure in (azimuth_error_deg, light_error_deg))
                rows.append((side, angle, light.is_trusted))
            print_light(name, kind, rows)
    above = [(azimuth_error_deg(ABOVE, s.light_direction), light_error_deg(ABOVE, s.light_direction), False) for s, _, _ in chosen]
    print_light("from above", "-", above)


def print_light(name: str, kind: str, rows: list[tuple[float, float, bool]]) -> None:
    sides, angles, trusted = (np.array(column) for column in zip(*rows, strict=True))
    among = np.nanmedian(sides[trusted.astype(bool)]) if trusted.any() else math.nan
    print(f"{name:<14}{kind:<18}{np.nanmedian(sides):>9.1f}{np.nanmedian(angles):>9.1f}{trusted.mean():>9.0%}{among:>18.1f}")


def print_composites(folder: Path, ways: dict[str, ShadingOf], *, count: int, size_px: int) -> None:
    manifest = [row for row in read_table(folder / "manifest.parquet").to_pylist() if row["split"] == "test"][:count]
    reader = ShardReader(folder)
    changes: dict[str, list[float]] = {name: [] for name in ways}
    untouched = []
    for row in manifest:
        real, composite, matte = read_composite(reader, row["shard"], row["row"])
        real, composite = (square_image(picture.copy(), size_px) for picture in (real, composite))
        mask = square_mask(to_harmonize(matte, row["direction"]).copy(), size_px).astype(np.float32) / 255
        untouched.append(foreground_mse(composite, real, mask))
        for name, way in ways.items():
            changes[name].append(foreground_mse(semi_harmonize(composite, mask, shading_of=way).image, real, mask) - untouched[-1])
    photographs = np.array([row["image_id"] for row in manifest])
    print(f"\n{folder}: {len(manifest)} test composites of {len(set(photographs))} photographs at {size_px} px")
    print(f"untouched: fMSE {np.mean(untouched):.0f}")
    rng, ids = np.random.default_rng(0), np.unique(photographs)
    groups = [np.flatnonzero(photographs == each) for each in ids]
    draws = [np.concatenate([groups[k] for k in rng.integers(0, len(ids), len(ids))]) for _ in range(1000)]
    for name, values in changes.items():
        change = np.array(values)
        low, high = np.percentile([change[draw].mean() for draw in draws], (2.5, 97.5))
        print(f"{name:<14} change of fMSE {change.mean():+7.0f} ({low:+.0f} to {high:+.0f}), made worse {np.mean(change > 0):.0%}")


def print_disagreement(folder: Path, ways: dict[str, ShadingOf]) -> None:
    found = disagreement(folder, ways)
    print(f"\n{folder}: WHDR, lower is better, mean over {len(next(iter(found.values())))} photographs")
    for name, rates in found.items():
        print(f"{name:<14}{np.mean(rates) if rates else math.nan:>8.3f}")


def foreground_mse(output: np.ndarray, real: np.ndarray, mask: np.ndarray) -> float:
    error = np.square(output.astype(np.float64) - real).mean(axis=2)
    return float((error * mask).sum() / mask.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("--scenes", type=int, default=1400, help="to draw if the world does not exist; each sixth is held out")
    parser.add_argument("--model", type=Path, help="a trained shading network")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--composites", type=Path, nargs="*", default=[], help="folders of composites whose test split is harmonized")
    parser.add_argument("--iiw", type=Path, help="photographs and judgements of Intrinsic Images in the Wild")
    parser.add_argument("--count", type=int, default=400, help="composites of each folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.world.exists():
        size = {"width_px": SIZE_PX, "height_px": SIZE_PX}
        write_studio(options.world, purpose="benchmark", scenes=options.scenes, seed=7, workers=1, **size)
    model = options.model or options.world / "shading.safetensors"
    if not model.exists():
        trained(options.world, model, steps=options.steps)
    networks, _ = load_networks(model)
    if networks.shading is None:
        raise SystemExit(f"{model}: no shading network in it; expected model.safetensors of the stage train_shading or train_edits")
    some = [scene for scene, _ in zip(read_scenes(options.world, split="train2017"), range(40), strict=False)]
    ways = {**DECOMPOSITIONS, "retinex": best_retinex(some), "learned": learned_shading(networks.shading, size_px=networks.shading_px)}
    scenes = list(read_scenes(options.world, split="val2017"))
    print_layers(scenes, ways)
    print_lights(scenes, {name: way for name, way in ways.items() if name != "constant"})
    for folder in options.composites:
        print_composites(folder, ways, count=options.count, size_px=SIZE_PX)
    if options.iiw:
        print_disagreement(options.iiw, ways)


if __name__ == "__main__":
    main()
