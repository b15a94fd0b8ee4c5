"""Seconds of the processors and the highest memory of the command ``harmonize`` on one large photograph, by kind of model and megapixels.

    python -m benchmarks.large_photograph [--megapixels 12 24 50 102] [--kinds idih affine ...] [--out FILE.csv]

Each row is one process of the command from its start to its end: a JPEG photograph of 3:2, a soft mask of a quarter of it, a PNG
written. Memory is the most that the process had resident, libraries included. Weights are fresh: what a network costs does not depend
on them. ``fcn+...`` are models of report 001, which get the photograph semi-harmonized: by the back end and the edits that follow.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch

from benchmarks.tables import write_csv
from imharmony.checkpoint import save_harmonizer
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, save_networks
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.intrinsic.recipe import Recipe
from imharmony.networks import GENERATORS
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.running.randomness import torch_seed
from imharmony.storage.files import sha256_of

MEGAPIXELS = (12, 24, 50, 102)
RECIPES = {
    "fcn+learned+learned": Recipe("learned", edits="learned"),
    "fcn+learned+fitted": Recipe("learned"),
    "fcn+luminance+fitted": Recipe("luminance"),
    "fcn+retinex+fitted": Recipe("retinex"),
}
KINDS = ("idih", "affine", *RECIPES)
SIZE_PX, WIDTH, INTRINSIC_PX = 256, 64, 96
COMMAND = "from imharmony.cli import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=MEGAPIXELS)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=[*GENERATORS, *RECIPES])
    parser.add_argument("--out", type=Path, help="a CSV file")
    options = parser.parse_args()
    rows = []
    with TemporaryDirectory(prefix="large-photograph-") as name:
        folder = Path(name)
        write_networks(folder)
        for kind in options.kinds:
            write_model(folder, kind)
        for megapixels in options.megapixels:
            write_pictures(folder, megapixels)
            for kind in options.kinds:
                seconds, memory = run(folder, kind)
                rows.append({"kind": kind, "megapixels": f"{megapixels:g}", "GB": f"{memory / 1e9:.2f}", "cpu_seconds": f"{seconds:.1f}"})
                print("{kind:24}{megapixels:>6} MP{GB:>8} GB{cpu_seconds:>8} s".format(**rows[-1]), flush=True)
    if options.out:
        write_csv(options.out, rows)


def run(folder: Path, kind: str) -> tuple[float, int]:
    """Seconds that processors worked for the command, which a busy machine stretches less, and the most bytes that it had resident."""
    paths = [folder / "photo.jpg", folder / "mask.png", folder / "out.png", "--model", folder / f"{kind}.safetensors"]
    command = [
        sys.executable,
        "-c",
        COMMAND,
        *map(str, paths),
        "--max-megapixels",
        "1000",
        "--intrinsic",
        str(folder / "networks.safetensors"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)


def write_model(folder: Path, kind: str) -> None:
    """A harmonizer with fresh weights, of the width that most variants have."""
    recipe = RECIPES.get(kind)
    architecture = {"name": kind if recipe is None else "fcn", "width": WIDTH, "size_px": SIZE_PX}
    architecture |= {"mask_input": True, "paste": True, "inference_mode": "eval"}
    metadata: dict[str, object] = {"size_px": str(SIZE_PX)}
    if recipe is not None:
        chosen = {field: value for field, value in asdict(recipe).items() if field != "model"}
        is_learned = "learned" in (recipe.backend, recipe.edits)
        chosen["networks_sha256"] = sha256_of(folder / "networks.safetensors") if is_learned else None
        metadata |= {"input": "intrinsic", "preprocessing": chosen}
    with torch_seed(0, torch.device("cpu")):
        harmonizer = build_harmonizer(**architecture)
    save_harmonizer(folder / f"{kind}.safetensors", harmonizer, architecture, metadata)


def write_networks(folder: Path) -> None:
    """The preprocessing's networks with fresh weights, the edits' so that they choose something."""
    with torch_seed(0, torch.device("cpu")):
        shading, edits = ShadingNetwork().eval(), EditNetwork().eval()
        torch.nn.init.normal_(edits.choose.weight)
    networks = IntrinsicNetworks(shading, INTRINSIC_PX, edits, INTRINSIC_PX)
    save_networks(folder / "networks.safetensors", networks, {})


def write_pictures(folder: Path, megapixels: float) -> None:
    """A smooth photograph with grain, and a soft mask of a quarter of it."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(megapixels * 1e6 / height)
    rng = np.random.default_rng(0)
    photo = cv2.resize(rng.integers(20, 236, (12, 18, 3), dtype=np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 9, (512, 512, 3), dtype=np.uint8)
    for top in range(0, height, 512):
        band = photo[top : top + 512]
        np.maximum(band, 4, out=band)
        band -= np.tile(grain, (1, width // 512 + 1, 1))[: len(band), :width]
        np.add(band, 4, out=band, where=band < 250)
    mask = np.zeros((256, 384), np.uint8)
    mask[64:192, 96:288] = 255
    mask = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 2), (width, height), interpolation=cv2.INTER_LINEAR)
    (folder / "photo.jpg").write_bytes(encode_jpeg(photo))
    (folder / "mask.png").write_bytes(encode_png(mask))


if __name__ == "__main__":
    main()
