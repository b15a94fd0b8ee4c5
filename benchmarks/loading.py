"""Training batches: per-file decoding as public training code does it, against the packed array.

- per file: the composite, the real photograph and the mask of each sample are opened with Pillow, resized to a square (bicubic;
  the mask bilinear) and put into a batch of float tensors in [-1, 1].
- packed: ``Batches.take`` from the memory-mapped array, which is made once per size; the same tensors.
- fresh: the same with another foreground in every composite, by one transfer or by all that training may use.

    python -m benchmarks.loading --composites data/coco/composites/people [--size-px 256]
"""

import argparse
import os
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.timing import Route, compare
from imharmony.composing.packed_split import pack_split
from imharmony.datasets.iharmony4_export import export_iharmony4
from imharmony.sources.iharmony4_layout import Triple, read_layout
from imharmony.training.batches import Batch, Batches, augmentation_rng
from imharmony.training.resynthesis import CHEAP_TRANSFERS, FreshComposites
from imharmony.training.rules import Resynthesis

SUBSET = "HBenchmark"


def per_file(triples: list[Triple], size_px: int) -> Batch:
    pictures = [
        [_opened(path, mode, size_px) for path, mode in ((each.composite, "RGB"), (each.real, "RGB"), (each.mask, "L"))] for each in triples
    ]
    composite, real, mask = (np.stack(column) for column in zip(*pictures, strict=True))
    images = (torch.from_numpy(part).permute(0, 3, 1, 2).float().div(127.5).sub(1) for part in (composite, real))
    return Batch(*images, torch.from_numpy(mask)[:, None].float().div(255))


def _opened(path: Path, mode: str, size_px: int) -> np.ndarray:
    how = Image.Resampling.BICUBIC if mode == "RGB" else Image.Resampling.BILINEAR
    return np.asarray(Image.open(path).convert(mode).resize((size_px, size_px), how))


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--composites", type=Path, default=Path("data/sample/composites/people"))
    parser.add_argument("--size-px", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    os.environ["TQDM_DISABLE"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        export_iharmony4(options.composites, folder, subset=SUBSET)
        triples = read_layout(folder, SUBSET).triples["train"]
        begin = time.perf_counter()
        packed = pack_split(options.composites, folder / "packed", split="train", size_px=options.size_px)
        print(f"{len(triples)} composites; packed once in {time.perf_counter() - begin:.1f} s")
        batches = Batches(packed, device=torch.device("cpu"))
        rng = np.random.default_rng(0)
        chosen = [np.sort(rng.choice(len(triples), options.batch, replace=False)) for _ in range(options.batches)]
        made = options.batch * options.batches

        def from_files() -> int:
            for index in chosen:
                per_file([triples[position] for position in index], options.size_px)
            return made

        def from_array() -> int:
            for index in chosen:
                batches.take(index)
            return made

        def augmented() -> int:
            for number, index in enumerate(chosen):
                batches.take(index, augmentation_rng(0, epoch=1, step=number))
            return made

        def redrawn(*transfers: str) -> Route:
            fresh = FreshComposites(packed, Resynthesis(transfers, share=1.0), seed=0)

            def from_array() -> int:
                for index in chosen:
                    batches.take(index, fresh=partial(fresh.drawn, epoch=1))
                return made

            return from_array

        routes = {"per file, Pillow": from_files, "packed": from_array, "packed, with random crops and flips": augmented}
        routes |= {
            "packed, fresh by reinhard_lab": redrawn("reinhard_lab"),
            "packed, fresh by every cheap transfer": redrawn(*CHEAP_TRANSFERS),
        }
        compare(routes, rounds=options.rounds)


if __name__ == "__main__":
    main()
