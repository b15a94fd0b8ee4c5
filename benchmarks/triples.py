"""The starter model and classical methods on published triples: composite, mask and photograph, as iHarmony4 has them.

    python -m benchmarks.triples FOLDER... [--out FILE]

Each folder has ``composite_images``, ``masks`` and ``real_images``, named as there. Foreground MSE at 256 px, in levels of 255 squared.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks.tables import write_csv
from imharmony.colour.ranges import mask_from_uint8
from imharmony.composing.packed_split import square_image, square_mask
from imharmony.evaluation.scoring import metric_tensor
from imharmony.harmonizing.api import Harmonizer
from imharmony.metrics.error import foreground_mse
from imharmony.pictures.images import read_rgb
from imharmony.pictures.mask_files import read_mask

SIZE_PX = 256
METHODS = ("starter", "reinhard", "multiband", "poisson", "mkl", "histogram")


def main() -> None:
    """Scores and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/starter_triples.csv"))
    options = parser.parse_args()
    methods = {name: Harmonizer.load(name) for name in METHODS}
    rows = [_row(path, methods) for folder in options.folders for path in sorted((folder / "composite_images").iterdir())]
    mean = {name: round(float(np.mean([row[name] for row in rows]))) for name in ("untouched", *METHODS)}
    rows.append({"composite": f"mean of {len(rows)}", **mean})
    write_csv(options.out, rows)
    for row in rows:
        print(*row.values(), sep="\t")


def _row(path: Path, methods: dict[str, Harmonizer]) -> dict[str, object]:
    folder, (image, annotation, _) = path.parents[1], path.stem.split("_")
    composite = square_image(read_rgb(path), SIZE_PX)
    real = square_image(read_rgb(next((folder / "real_images").glob(f"{image}.*"))), SIZE_PX)
    mask = square_mask(read_mask(next((folder / "masks").glob(f"{image}_{annotation}.*"))), SIZE_PX)
    pictures = {"untouched": composite} | {name: each.harmonize(composite, mask) for name, each in methods.items()}
    weight = mask_from_uint8(torch.from_numpy(mask)[None])
    errors = {name: foreground_mse(metric_tensor(picture), metric_tensor(real), weight).item() for name, picture in pictures.items()}
    return {"composite": path.name} | {name: round(error) for name, error in errors.items()}


if __name__ == "__main__":
    main()
