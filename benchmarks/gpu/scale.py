"""What is run and how large, on an accelerator at full width and 256 px or on a processor in miniature; and the drawn pictures for it."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import pyarrow as pa
import torch

from imharmony.composing.packed_split import PackedSplit
from imharmony.losses import RECONSTRUCTION_LOSSES
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.training.initialisation import initialise
from imharmony.training.loop import Precision, Recipe
from imharmony.training.participants import Objective, Reconstruction
from imharmony.training.schedules import constant
from pipeline.params.file import load_params

# The networks, and the variants of params.yaml whose widths, losses and points they have here; without critics.
NETWORKS = {"unet": "unet", "attention_unet": "unet_attention", "idih": "idih", "regions": "regions"}
LEARNING_RATE = 2e-4
MEMBERS = 3


@dataclass(frozen=True)
class Scale:
    """Sizes of a device."""

    device: torch.device
    size_px: int
    width_factor: float
    pictures: int
    batch_sizes: tuple[int, ...]
    steps: int  # of the comparison of precisions
    matmul: int  # side of the matrices by which the peak is measured
    least_compiled_s: float  # time that has to be left for a compiled network

    @staticmethod
    def of(device: torch.device) -> "Scale":
        """That of an accelerator or, in miniature, of a processor."""
        if device.type == "cuda":
            return Scale(device, 256, 1.0, 128, (16, 64, 1), 50, 8192, 30.0)
        return Scale(device, 32, 1 / 16, 8, (2, 4, 1), 3, 128, 60.0)

    @cached_property
    def split(self) -> PackedSplit:
        """The pictures that are learned from."""
        return drawn_split(self.pictures, self.size_px, seed=0)

    @cached_property
    def data_hash(self) -> str:
        """What names them: the first 16 hexadecimal digits of the SHA-256 of their bytes."""
        return sha256(b"".join(part.tobytes() for part in (self.split.composite, self.split.real, self.split.mask))).hexdigest()[:16]


def drawn_split(count: int, size_px: int, *, seed: int) -> PackedSplit:
    """``count`` photographs of noise in smooth colours, with a disc whose colours are shifted."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:size_px, :size_px] / size_px
    real = np.clip(rng.uniform(40, 215, (count, 1, 1, 3)) + rng.normal(0, 20, (count, size_px, size_px, 3)), 0, 255)
    centre, radius = rng.uniform(0.3, 0.7, (count, 2, 1, 1)), rng.uniform(0.15, 0.3, (count, 1, 1))
    mask = (np.hypot(across - centre[:, 0], down - centre[:, 1]) < radius).astype(np.uint8)
    shifted = np.where(mask[..., None], np.clip(real * 1.2 + [20, -10, -25], 0, 255), real)
    ids = np.arange(count)
    rows = pa.table({"sample_id": [f"{seed}_{row}" for row in ids], "image_id": ids, "annotation_id": ids, "category": ["disc"] * count})
    return PackedSplit(rows, np.rint(shifted).astype(np.uint8), np.rint(real).astype(np.uint8), mask * 255)


def harmonizer_of(name: str, scale: Scale, *, members: int = 1) -> Harmonizer:
    """A network with its first weights, on the CPU."""
    chosen = load_params().catalogue[NETWORKS[name]].generator
    several = {"members": members} if name == "regions" else {}
    harmonizer = build_harmonizer(
        name=name,
        width=max(1, round(chosen.width * scale.width_factor)),
        size_px=scale.size_px,
        mask_input=chosen.mask_input,
        paste=chosen.paste,
        inference_mode="eval",
        start=chosen.start,
        **several,
    )
    initialise(harmonizer, name="normal", generator=torch.Generator().manual_seed(0))
    return harmonizer


def objective_of(name: str) -> Objective:
    """The variant's losses against the real photograph."""
    losses = load_params().catalogue[NETWORKS[name]].losses
    return Objective({each: Reconstruction(RECONSTRUCTION_LOSSES[each], weight) for each, weight in losses.items()})


def recipe_of(name: str, *, batch_size: int, epochs: int, precision: Precision, steps: int = 100) -> Recipe:
    """Adam at a constant rate, without crops and flips; ``regions`` learns from points, ``steps`` batches of foregrounds an epoch."""
    points = load_params().catalogue[NETWORKS[name]].points
    return Recipe(
        learning_rate=LEARNING_RATE,
        betas=(0.9, 0.999),
        schedule=constant(),
        batch_size=batch_size,
        epochs=epochs,
        precision=precision,
        augment=(),
        points=None if points is None else replace(points, batch_size=batch_size, steps=steps),
        seed=0,
    )


def members_of(name: str, batch_size: int) -> int:
    """Networks of ``regions``, each of which needs a foreground of a batch."""
    return min(MEMBERS, batch_size) if name == "regions" else 1
