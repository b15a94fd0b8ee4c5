"""What every process of a test of parallel training runs: ``python -m tests.parallel_training FOLDER`` under torchrun."""

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import sleep
from unittest import mock

import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.losses import ADVERSARIAL_LOSSES, DOMAIN_TRIPLETS, l1
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.running.ranks import ranks
from imharmony.training.augmentation import CHANGES
from imharmony.training.batches import shuffled
from imharmony.training.loop import Recipe, fit
from imharmony.training.parallel import fabric_on, rows_of
from imharmony.training.participants import CodeTerm, Critic, Objective, Reconstruction
from imharmony.training.rules import Resynthesis
from imharmony.training.schedules import constant
from imharmony.training.state import LoopState
from stages import train
from tests.composites import packed
from tests.imharmony.training.test_point_composites import PLAIN

CPU = torch.device("cpu")
L1 = {"l1": Reconstruction(l1, 10.0)}
FRESH = Resynthesis(("reinhard_lab", "lut"), share=0.5)
POINTS = replace(
    PLAIN,
    transfers=("reinhard_lab", "lut"),
    grades=("photometric",),
    untouched=0.2,
    graded=0.5,
    left_as_it_was=0.5,
    hidden_edges=0.25,
    batch_size=7,
    steps=4,
)

# Recipes by name; what none of them names is that of ``trained``.
KINDS: dict[str, dict] = {
    "reconstruction": {"plays": False, "resynthesis": FRESH},
    "game": {"average_weights": 0.9},
    "accumulated": {"accumulate": 2},
    "codes": {"plays": False, "generator": "bargain"},
    "points": {"plays": False, "generator": "regions", "members": 2, "points": POINTS, "clip_norm": 1.0, "weight_decay": 0.05},
    "batch_norms": {"generator": "unet"},
}


def trained(folder: Path, *, generator: str = "fcn", members: int = 1, plays: bool = True, **changes) -> tuple[list, dict]:
    """The history and the weights of a small training; without batch norms and dropout unless the generator is ``unet``."""
    torch.manual_seed(0)
    shape = {"width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval", "members": members}
    harmonizer = build_harmonizer(name=generator, **shape)
    if generator in ("bargain", "regions"):
        strip(harmonizer)
    codes = CodeTerm(DOMAIN_TRIPLETS["bargainnet"], harmonizer.network.codes, 1.0) if generator == "bargain" else None
    network = nn.Sequential(nn.Conv2d(6, 4, 4, 2), nn.LeakyReLU(), nn.Conv2d(4, 1, 4))
    plain = {"learning_rate": 1e-3, "betas": (0.5, 0.999), "schedule": constant(), "batch_size": 5, "epochs": 3}
    recipe = Recipe(**plain | {"precision": "fp32", "augment": CHANGES, "seed": 0} | changes)

    history = fit(
        harmonizer=harmonizer,
        train=packed(13, 32),
        val=packed(4, 32, seed=1),
        objective=Objective(L1, codes),
        critic=Critic(network, ADVERSARIAL_LOSSES["bce"], 1.0) if plays else None,
        recipe=recipe,
        device=CPU,
        folder=folder,
        on_epoch=lambda _row: None,
    )
    return history, harmonizer.state_dict()


def strip(harmonizer: Harmonizer) -> None:
    """Puts nothing in the place of batch norms and dropout."""
    for module in list(harmonizer.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d | nn.Dropout):
                setattr(module, name, nn.Identity())


def main(folder: Path) -> None:
    """Writes what this process ended with, of each kind, and runs the stage in the folder's workspace."""
    results: dict = {name: trained(folder / name, **changes) for name, changes in KINDS.items()}
    results["restored"] = trained(folder / "game", **KINDS["game"])
    late = mock.patch.object(LoopState, "store", stored_late)  # a process that did not wait would find no epoch stored
    with late, mock.patch("imharmony.training.ways.shuffled", interrupted_in_epoch_two), suppress(KeyboardInterrupt):
        trained(folder / "killed", **KINDS["game"])
    results["resumed"] = trained(folder / "killed", **KINDS["game"])
    try:
        rows_of(fabric_on(CPU), 1)
    except InputError as error:
        results["refused"] = str(error)
    torch.save(results, folder / f"rank{ranks().rank}.pt")
    os.chdir(folder / "workspace")
    train.packed_together = lambda _params, _layout, _dataset, split, size_px, _given: packed({"train": 6, "val": 3}[split], size_px)
    train.main("idih")


def stored_late(state: LoopState, parts: dict, store=LoopState.store) -> None:
    sleep(0.5)
    store(state, parts)


def interrupted_in_epoch_two(count: int, *, batch_size: int, seed: int, epoch: int):
    """An epoch's batches, but for the second epoch."""
    if epoch == 2:
        raise KeyboardInterrupt
    return shuffled(count, batch_size=batch_size, seed=seed, epoch=epoch)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
