"""What caution saves and costs: composites are left as they are where the members of the model trust each other too little.

    python -m benchmarks.cautious --composites FOLDER [--model FILE] [--out FILE]

``FOLDER`` has data sets of composites, each a folder with ``manifest.parquet``; their test photographs are scored. For each data set and
each least trust that is asked for: which share of the composites is left, which share is made worse, and what becomes of the mean
foreground MSE. ``untouched`` are the photographs themselves, where every change is a harm: there the mean CIEDE2000 is given.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks.held_out import Images, images_of
from benchmarks.tables import write_csv
from imharmony.checkpoint import load_harmonizer
from imharmony.colour.ranges import mask_from_uint8, metric_from_network, network_from_uint8, uint8_from_metric
from imharmony.composing.packed_split import pack_split
from imharmony.evaluation.scoring import metric_tensor
from imharmony.metrics.colour_difference import foreground_ciede2000
from imharmony.metrics.error import foreground_mse
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble

LEAST = (0, 0.4, 0.6, 0.8)  # trust; 0 leaves nothing
STARTER = Path("imharmony/starter/model.safetensors")


def main() -> None:
    """Measures and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--composites", type=Path, required=True)
    parser.add_argument("--datasets", nargs="+", default=["people", "luminance", "objects", "graded"])
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cautious.csv"))
    options = parser.parse_args()
    harmonizer, metadata = load_harmonizer(options.model)
    rows: list[dict[str, object]] = []
    for dataset in options.datasets:
        with TemporaryDirectory() as cache:
            split = pack_split(options.composites / dataset, Path(cache), split="test", size_px=int(metadata["size_px"]))
            rows += _rows(dataset, harmonizer.infer(), images_of(split))
    write_csv(options.out, rows)
    for row in rows:
        print(*row.values(), sep="\t")


def _rows(dataset: str, harmonizer: Harmonizer, images: Images) -> list[dict[str, object]]:
    network = harmonizer.network
    if not isinstance(network, RegionEnsemble):
        raise SystemExit("expected a model of several members")
    found = [_one(harmonizer, network, *pictures) for pictures in zip(images.composite, images.real, images.mask, strict=True)]
    trust, error, before, photograph_trust, moved = np.array(found).T
    rows: list[dict[str, object]] = []
    for least in LEAST:
        kept, touched = trust >= least, photograph_trust >= least
        after = np.where(kept, error, before)
        rows.append(
            {
                "dataset": dataset,
                "least_trust": least,
                "composites": len(trust),
                "left_percent": round(100 * float(np.mean(~kept)), 1),
                "worse_percent": round(100 * float(np.mean(after > before)), 1),
                "fmse_change_percent": round(100 * float(after.mean() / before.mean() - 1), 1),
                "untouched_left_percent": round(100 * float(np.mean(~touched)), 1),
                "untouched_ciede2000": round(float(np.where(touched, moved, 0).mean()), 2),
            }
        )
    return rows


def _one(harmonizer: Harmonizer, network: RegionEnsemble, composite: np.ndarray, real: np.ndarray, mask: np.ndarray) -> list[float]:
    """Trust, error after and before, and of the photograph itself trust and what is done to it."""
    opacity = mask_from_uint8(torch.from_numpy(mask.copy())[None])
    trusts, outputs = [], []
    with torch.inference_mode():
        for picture in (composite, real):
            given = network_from_uint8(torch.from_numpy(picture.copy())[None])
            trusts.append(network.trust(torch.cat([given, opacity], 1)).item())
            outputs.append(uint8_from_metric(metric_from_network(harmonizer(given, opacity)))[0].numpy())
    truth = metric_tensor(real.copy())
    errors = [foreground_mse(metric_tensor(picture.copy()), truth, opacity).item() for picture in (outputs[0], composite)]
    return [trusts[0], *errors, trusts[1], foreground_ciede2000(metric_tensor(outputs[1].copy()), truth, opacity).item()]


if __name__ == "__main__":
    main()
